"""Who is due, who runs, and what is known of each source: no clock, no process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crawlers.crawl.order import OrderedTurn
from crawlers.sources.campaign import NO_CAMPAIGN, Campaign
from crawlers.sources.schedule import Standing, Waiting, choose, next_turn
from crawlers.sources.source import Source

FAILED_PAUSE = timedelta(minutes=1)
"""Before a source is tried again whose crawl could not even begin (a full disk, say);
the archive holds nothing of such a run."""
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A source whose turn it is."""

    source_id: str
    turn: OrderedTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run that goes on, whatever the registry says meanwhile."""

    began_at: datetime
    hosts: frozenset[str]
    rechecks_only: bool


@dataclass(slots=True, kw_only=True)
class Roster:
    """The sources that are watched; `begin` and `end` tell it what happens."""

    sources: Mapping[str, Source]
    standings: dict[str, Standing]
    campaign: Campaign = NO_CAMPAIGN
    places: int = 4
    """Sources at a time."""
    running: dict[str, Running] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)
    """Not before then: the run before could not begin."""
    apart: set[str] = field(default_factory=set)
    """Those under way when a child hung: which one it was shows when each runs by
    itself, and then it takes nobody along. Until a run of it comes to its end."""

    def begin(self, now: datetime) -> Sequence[Start]:
        """Take those whose turn it is; from now on they run."""
        chosen = choose(
            self._waiting(now),
            now=now,
            busy=frozenset().union(*(run.hosts for run in self.running.values())),
            places=self.places - len(self.running),
        )
        return [self._start(one, now) for one in self._beside(chosen)]

    def _beside(self, chosen: Sequence[Waiting]) -> Sequence[Waiting]:
        """Of those whose turn it is, in their order, the ones that may begin now."""
        if not self.apart.isdisjoint(self.running):
            return ()
        first = next((n for n, one in enumerate(chosen) if self._is_apart(one)), None)
        if first is None:
            return chosen
        if first == 0 and not self.running:
            return chosen[:1]
        return chosen[:first]  # and then no more, until it can have its turn

    def _is_apart(self, one: Waiting) -> bool:
        return one.source_id in self.apart

    def end(
        self, source_id: str, *, cut: bool, chance: float, recheck_at: datetime | None
    ) -> None:
        """A run ended, or was cut short."""
        before = self.standings[source_id]
        run = self.running.pop(source_id)
        if not cut:
            self.apart.discard(source_id)
        self.standings[source_id] = Standing(
            began_at=before.began_at if run.rechecks_only else run.began_at,
            last_at=run.began_at,
            cuts=before.cuts + 1 if cut else 0,
            chance=chance,
            recheck_at=before.recheck_at if cut else recheck_at,
        )

    def fail(self, source_id: str, now: datetime) -> None:
        """A run could not begin: nothing of it is in the archive."""
        del self.running[source_id]
        self.held[source_id] = now + FAILED_PAUSE

    def next_due(self, now: datetime) -> tuple[datetime, str] | None:
        """When the first of those that do not run is due, as things stand."""
        times = ((max(w.turn.due_at, now), w.source_id) for w in self._waiting(now))
        return min(times, default=None)

    def due(self, now: datetime) -> Sequence[str]:
        """Those whose turn it is and that do not run, by name."""
        return sorted(w.source_id for w in self._waiting(now) if w.turn.due_at <= now)

    def _start(self, one: Waiting, now: datetime) -> Start:
        phase = self.campaign.phase_at(now)
        every = self.sources[one.source_id].schedule.every_at(now, phase)
        rechecks_only = one.turn.rechecks_only
        self.running[one.source_id] = Running(
            began_at=now, hosts=one.hosts, rechecks_only=rechecks_only
        )
        self.held.pop(one.source_id, None)
        return Start(
            source_id=one.source_id,
            turn=OrderedTurn(
                every_s=every // ONE_SECOND,
                phase=str(phase) if phase else None,
                rechecks_only=rechecks_only,
            ),
        )

    def _waiting(self, now: datetime) -> Iterator[Waiting]:
        phase = self.campaign.phase_at(now)
        for source_id, source in self.sources.items():
            if source_id in self.running:
                continue
            standing = self.standings.setdefault(source_id, Standing())
            turn = next_turn(source.schedule, standing, now=now, phase=phase)
            held = self.held.get(source_id, now)
            if now < held <= now + FAILED_PAUSE:
                turn = replace(turn, due_at=max(turn.due_at, held))
            yield Waiting(source_id=source_id, turn=turn, hosts=self._hosts(source_id))

    def _hosts(self, source_id: str) -> frozenset[str]:
        return frozenset(host.name for host in self.sources[source_id].hosts)
