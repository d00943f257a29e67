"""A campaign from its first day to its last, with everything that goes wrong."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.support.campaign.run import CampaignRun
from tests.support.campaign.world import COUNT, ELECTION, END, RESULT, START, SimSource

DAY = timedelta(days=1)
FORWARDS, BACK = 400 * DAY, -20 * DAY
"""Steps of the command's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often is looked, and how far the clock goes between two looks."""

    calm: timedelta
    day: timedelta
    night: timedelta

    @property
    def recheck(self) -> timedelta:
        """Age of an article at which it is fetched again: it may be gone by then."""
        return 3 * self.calm

    def arguments(self) -> dict[str, str]:
        """As source files say it."""
        spans = {
            "calm": self.calm,
            "day": self.day,
            "night": self.night,
            "recheck": self.recheck,
        }
        return {k: f"{v // timedelta(minutes=1)}m" for k, v in spans.items()}

    def every(self, source: SimSource, now: datetime) -> timedelta:
        if COUNT <= now < RESULT:
            return self.night if source.official else self.day
        return self.day if ELECTION <= now < COUNT else self.calm

    def step(self, now: datetime) -> timedelta:
        if COUNT <= now < RESULT:
            return self.night / 2
        return self.day / 2 if ELECTION <= now < COUNT else self.calm / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was done to the watch, and when by the world's clock."""

    disturbed: list[tuple[str, datetime]] = field(default_factory=list)


def play(run: CampaignRun, pace: Pace) -> Played:
    """From the first day to the last; what is to disturb a round waits for one."""
    disturb, played = disturbances(), Played()
    run.start()
    run.settle()
    now = START
    while now < END:
        now = next_stop(now, now + pace.step(now))
        if disturb and now >= disturb[0][0] and DISTURBANCES[disturb[0][1]](run, now):
            played.disturbed.append((disturb.pop(0)[1], now))
        else:
            run.go_to(now)
    assert disturb == [], "the campaign was over before all went wrong"
    return played


def next_stop(now: datetime, then: datetime) -> datetime:
    """Phases begin at their instant."""
    return min([then, *(at for at in (ELECTION, COUNT, RESULT) if now < at < then)])


def disturbances() -> list[tuple[datetime, str]]:
    """What goes wrong, and from when on."""
    return [
        (START + 9 * DAY, "kill all"),
        (START + 16 * DAY, "clock forwards"),
        (START + 24 * DAY, "kill child"),
        (START + 30 * DAY, "clock back"),
        (START + 36 * DAY, "stop"),
        (ELECTION + timedelta(hours=5), "kill watch"),
        (COUNT + timedelta(hours=7), "kill all"),
        (RESULT + 6 * DAY, "kill watch"),
    ]


def kill_all(run: CampaignRun, now: datetime) -> bool:
    """In the midst of a round: nothing may be lost but time."""
    if not run.begin(now):
        return False
    run.kill(child_too=True)
    run.go_on()
    return True


def kill_watch(run: CampaignRun, now: datetime) -> bool:
    """The child is left alone: it must end by itself and close its jobs."""
    if not run.begin(now):
        return False
    run.kill()
    run.go_on()
    return True


def kill_child(run: CampaignRun, now: datetime) -> bool:
    """The watch takes another child."""
    if not run.begin(now):
        return False
    run.kill_child()
    run.server.held = False
    run.settle()
    return True


def stop(run: CampaignRun, now: datetime) -> bool:
    """As a service manager does it."""
    if not run.begin(now):
        return False
    assert run.stop() == 0
    run.go_on()
    return True


def clock_forwards(run: CampaignRun, now: datetime) -> bool:
    """By more than a year, and put right again a moment later."""
    return _step(run, now, FORWARDS)


def clock_back(run: CampaignRun, now: datetime) -> bool:
    """By some weeks, and put right again."""
    return _step(run, now, BACK)


def _step(run: CampaignRun, now: datetime, by: timedelta) -> bool:
    run.server.truth = by
    run.go_to(now)
    run.server.truth = timedelta()
    run.go_to(now)
    return True


DISTURBANCES = {
    "kill all": kill_all,
    "kill watch": kill_watch,
    "kill child": kill_child,
    "stop": stop,
    "clock forwards": clock_forwards,
    "clock back": clock_back,
}
KILLS = frozenset({"kill all", "kill child"})
"""Whoever was at work has no time to say that it ends."""
