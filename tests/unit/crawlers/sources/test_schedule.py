"""When sources are due: phases, jitter, wrong clocks, cut runs, rechecks, shards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import SourceError
from crawlers.sources.campaign import parse_campaign
from crawlers.sources.schedule import (
    RECHECK_PAUSE,
    SeenAddress,
    Standing,
    Turn,
    Waiting,
    choose,
    in_shard,
    next_turn,
    recheck_at,
    right_times,
)
from crawlers.sources.timing import DEFAULT_RECHECK, Phase, Schedule, ScheduleWindow

NOW = datetime(2030, 1, 10, 12, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
SCHEDULE = Schedule(
    every=6 * HOUR,
    jitter=HOUR,
    phases={Phase.COUNTING: 10 * MINUTE},
    windows=(ScheduleWindow(since=NOW + DAY, until=NOW + 2 * DAY, every=MINUTE),),
)


def due(
    standing: Standing, now: datetime = NOW, phase: Phase | None = None
) -> datetime:
    return next_turn(SCHEDULE, standing, now=now, phase=phase).due_at


def test_a_source_that_never_ran_is_due_now() -> None:
    assert due(Standing()) == NOW


def test_the_interval_and_a_share_of_the_jitter_pass_between_two_runs() -> None:
    assert due(Standing(began_at=NOW)) == NOW + 6 * HOUR
    assert due(Standing(began_at=NOW, chance=0.5)) == NOW + 6.5 * HOUR
    short = Schedule(every=10 * MINUTE, jitter=HOUR)
    turn = next_turn(short, Standing(began_at=NOW, chance=0.9), now=NOW, phase=None)
    assert turn.due_at < NOW + 15 * MINUTE, "jitter is at most half the interval"


def test_a_tighter_phase_makes_a_source_due_when_it_begins() -> None:
    ran = Standing(began_at=NOW - HOUR)
    assert due(ran) == NOW + 5 * HOUR
    assert due(ran, phase=Phase.COUNTING) < NOW
    assert due(ran, phase=Phase.AFTERMATH) == NOW + 5 * HOUR
    assert due(Standing(began_at=NOW), now=NOW + DAY) < NOW + DAY, "a window"


def test_a_clock_set_back_keeps_no_source_waiting() -> None:
    assert due(Standing(began_at=NOW + 365 * DAY)) == NOW
    put_right = Standing(began_at=NOW + 5 * timedelta(seconds=1))
    assert due(put_right) > NOW + 5 * HOUR, "a few seconds are no reason to run again"


def test_a_clock_set_forwards_makes_each_source_due_once() -> None:
    later = NOW + 365 * DAY
    assert due(Standing(began_at=NOW), now=later) < later
    assert due(Standing(began_at=later), now=later) > later


def test_a_cut_run_is_gone_on_with_at_once_and_a_crashing_one_backs_off() -> None:
    times = [due(Standing(began_at=NOW, cuts=cuts)) - NOW for cuts in range(1, 30)]
    assert times[:4] == [0 * MINUTE, MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert times[-1] == 6 * HOUR, "never longer than the interval"
    assert times == sorted(times)


def test_rechecks_come_between_two_runs_but_not_at_their_heels() -> None:
    soon = Standing(began_at=NOW, recheck_at=NOW + MINUTE)
    turn = next_turn(SCHEDULE, soon, now=NOW, phase=None)
    assert turn == Turn(due_at=NOW + RECHECK_PAUSE, rechecks_only=True)
    late = Standing(began_at=NOW, recheck_at=NOW + 7 * HOUR)
    assert not next_turn(SCHEDULE, late, now=NOW, phase=None).rechecks_only


def test_a_run_for_rechecks_does_not_put_the_next_run_off() -> None:
    standing = Standing(began_at=NOW, last_at=NOW + 5 * HOUR, recheck_at=NOW + 4 * HOUR)
    turn = next_turn(SCHEDULE, standing, now=NOW + 5.9 * HOUR, phase=None)
    assert turn == Turn(due_at=NOW + 5.5 * HOUR, rechecks_only=True)
    later = Standing(began_at=NOW, last_at=NOW + 5.8 * HOUR, recheck_at=NOW)
    turn = next_turn(SCHEDULE, later, now=NOW + 5.9 * HOUR, phase=None)
    assert turn == Turn(due_at=NOW + 6 * HOUR)


def test_an_article_is_fetched_again_at_each_age_once() -> None:
    seen, found = NOW, []
    at = recheck_at(SeenAddress(uri="u", first=NOW, last=seen), DEFAULT_RECHECK)
    while at is not None:
        found.append(at - NOW)
        at = recheck_at(SeenAddress(uri="u", first=NOW, last=at), DEFAULT_RECHECK)
    assert found == list(DEFAULT_RECHECK)
    missed = SeenAddress(uri="u", first=NOW, last=NOW + 8 * DAY)
    assert recheck_at(missed, DEFAULT_RECHECK) == NOW + 30 * DAY


def test_times_of_a_wrong_clock_are_known_by_the_order_of_the_log() -> None:
    def days(*numbers: int) -> list[datetime]:
        return [NOW + number * DAY for number in numbers]

    def at(*numbers: int | tuple[int, int]) -> list[tuple[datetime, ...]]:
        pairs = [(n, n) if isinstance(n, int) else n for n in numbers]
        return [tuple(days(*pair)) for pair in pairs]

    now = NOW + 9 * DAY
    assert right_times(days(1, 2, 3), now) == at(1, 2, 3)
    assert right_times(days(1, 5, -90, 6), now) == at(1, 5, (5, 6), 6), "set back"
    forwards = at(1, (1, 2), (1, 2), (1, 2), 2)
    assert right_times(days(1, 400, 401, 402, 2), now) == forwards
    assert right_times(days(1, 7, 2, 3, 4), now) == at(1, (1, 2), 2, 3, 4)
    assert right_times(days(-90, 1, 2), now) == at(-90, 1, 2), "nobody can know"
    assert right_times(days(5, 400), now) == at(5, (5, 9)), "no later than now"
    assert right_times([], now) == []
    assert right_times(days(400), now) == [(now, now)]


def test_the_longest_due_comes_first_and_no_host_is_spoken_to_twice() -> None:
    def one(source_id: str, minutes: int, *hosts: str) -> Waiting:
        turn = Turn(due_at=NOW - minutes * MINUTE)
        return Waiting(source_id=source_id, turn=turn, hosts=frozenset(hosts))

    waiting = [
        one("later", -1, "l.example"),
        one("young", 1, "y.example"),
        one("old", 9, "t.me"),
        one("shared", 8, "t.me"),
        one("busy", 7, "b.example"),
    ]
    chosen = choose(waiting, now=NOW, busy=frozenset({"b.example"}), places=3)
    assert [c.source_id for c in chosen] == ["old", "young"]
    assert len(choose(waiting, now=NOW, busy=frozenset(), places=1)) == 1


def test_forty_sources_with_runs_of_any_length_never_starve() -> None:
    """Simulated: 4 places, runs of 1 to 90 minutes, an interval of 10 minutes."""
    last = dict.fromkeys(map(str, range(40)), NOW - DAY)
    ends: dict[str, datetime] = {}
    now, longest = NOW, timedelta()
    for _ in range(3_000):
        now += MINUTE
        for name in [n for n, end in ends.items() if end <= now]:
            del ends[name]
        waiting = [
            Waiting(
                source_id=name,
                turn=Turn(due_at=at + 10 * MINUTE),
                hosts=frozenset({name}),
            )
            for name, at in last.items()
            if name not in ends
        ]
        places = 4 - len(ends)
        for chosen in choose(waiting, now=now, busy=frozenset(ends), places=places):
            name = chosen.source_id
            if last[name] > NOW:
                longest = max(longest, now - last[name])
            last[name] = now
            ends[name] = now + (90 if name == "7" else 1 + int(name) % 5) * MINUTE
    assert longest < 90 * MINUTE + 40 * 5 * MINUTE / 3
    assert min(last.values()) > now - 3 * HOUR


def test_shards_deal_every_source_to_one_machine() -> None:
    ids = [f"source-{n}" for n in range(300)]
    dealt = [[in_shard(i, shard=k, shards=3) for k in (1, 2, 3)] for i in ids]
    assert all(sum(row) == 1 for row in dealt)
    assert all(60 < sum(column) < 140 for column in zip(*dealt, strict=True))


CAMPAIGN = """\
title = "Election"
sources = ["viasna", "rec-gov-by"]

[[phase]]
name = "campaign"
from = 2030-01-01T00:00:00+03:00
until = 2030-02-01T00:00:00+03:00

[[phase]]
name = "election-day"
from = 2030-02-01T00:00:00+03:00
until = 2030-02-02T00:00:00+03:00
"""


def test_a_campaign_file_says_which_phase_it_is() -> None:
    campaign = parse_campaign(CAMPAIGN.encode(), Path("c.toml"))
    assert campaign.source_ids == ("viasna", "rec-gov-by")
    assert campaign.phase_at(NOW) is Phase.CAMPAIGN
    assert campaign.phase_at(datetime(2030, 1, 31, 21, tzinfo=UTC)) is (
        Phase.ELECTION_DAY
    )
    assert campaign.phase_at(NOW + 365 * DAY) is None


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('name = "campaign"', 'name = "carnival"', 5),
        ('title = "Election"', "", 1),
        ("2030-02-01T00:00:00+03:00\n\n", "2029-02-01T00:00:00+03:00\n\n", 7),
        ("2030-01-01T00:00:00+03:00", "2030-01-01T00:00:00", 6),
        ("from = 2030-02-01", "from = 2030-01-15", 11),
        ('"viasna"', '"Viasna!"', 2),
        ('title = "Election"', 'title = "E"\ncolour = 1', 2),
    ],
)
def test_a_faulty_campaign_file_is_refused_by_line(
    old: str, new: str, line: int
) -> None:
    assert old in CAMPAIGN
    with pytest.raises(SourceError, match=rf"^c\.toml:{line}: "):
        parse_campaign(CAMPAIGN.replace(old, new, 1).encode(), Path("c.toml"))
