"""Sources when they are due, for ever or one round: a loop over a child that crawls.

The archive is the state: what ran last is read from its signed job records, so a watch
that was killed goes on where it was. The child is there only while something is due,
holds the archive then, and is replaced now and then; one that dies is replaced, and its
jobs are closed by the next one.
"""

import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from archive.errors import (
    ArchiveLocked,
    ArchiveMissing,
    EvidenceError,
    FetchFailed,
    KeyProblem,
    LogError,
    SettingsError,
    SourceError,
    StoreError,
)
from archive.instant import format_instant, parse_instant
from archive.store.layout import hold_watch
from crawlers.crawl import silence
from crawlers.crawl.kept import Child
from crawlers.crawl.order import CrawlOrder, CrawlResult
from crawlers.crawl.process import (
    CLOSE_SECONDS,
    CrewProcess,
    Message,
    close_jobs,
    rebuild_error,
    say_closed,
)
from crawlers.crawl.roster import Roster
from crawlers.crawl.stopping import STOP_SIGNALS, Waker
from crawlers.sources.campaign import Campaign
from crawlers.sources.source import Source

LOCKED_SECONDS = 5.0
"""Until the archive is tried again that somebody else writes to."""
FAILED_SECONDS = 60.0
"""The same after another failure of the archive: a full disk, say."""
CHANCE_BYTES = 6
LOOK_SIGNALS = (signal.SIGCONT,)
"""Who was stopped for a while looks at the clock at once."""
RELOAD_SIGNALS = (signal.SIGHUP,)
HOPELESS = (ArchiveMissing, KeyProblem, SettingsError, SourceError)
"""Trying again would not help: the person has to act."""


Tell = Callable[[Message], None]
Reload = Callable[[], tuple[Mapping[str, Source], Campaign]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """What is watched into which archive."""

    order: CrawlOrder
    """What all orders have in common; its source is filled in."""
    reload: Reload
    """Reads registry and campaign again; SourceError where a file is faulty."""
    once: bool = False
    """End when all that is due now has been crawled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Clock, chance, and whom to tell."""

    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    tell: Tell
    """Hears of each event: `crawled`, `problem`, `waiting`, `stopping`."""

    def chance(self) -> float:
        """A number in `[0, 1)`."""
        drawn = int.from_bytes(self.random_bytes(CHANCE_BYTES))
        return float(drawn / (1 << 8 * CHANCE_BYTES))


class Watch:
    """One watch over one archive; `run` returns when it is stopped or done."""

    def __init__(self, plan: WatchPlan, roster: Roster, tools: Tools) -> None:
        self._plan = plan
        self._roster = roster
        self._tools = tools
        self._waker = Waker()
        self._child: Child | None = None
        self._stopping = False
        self._not_before = 0.0
        """Steady clock: until then nothing is begun; the archive is not to be had."""
        self._problem: str | None = None
        self._waiting: tuple[str, str] | None = None
        self.results: list[CrawlResult] = []
        self.failures: list[EvidenceError] = []
        """Of one round; a watch that goes on for ever keeps only what it ends with."""

    def run(self) -> None:
        """Crawl what is due; errors that only a person can put right are raised."""
        numbers = (*STOP_SIGNALS, *LOOK_SIGNALS, *RELOAD_SIGNALS)
        with (
            hold_watch(self._plan.order.archive),
            self._waker.listening(*numbers),
            ExitStack() as stack,
        ):
            stack.callback(self._leave)
            while not self._is_over():
                self._begin()
                self._tell_waiting()
                answers = self._child.process.answers if self._child else None
                heard = self._waker.wait(silence.LOOK_SECONDS, answers)
                if heard:
                    self._take()
                self._watch_child(heard=heard)
                self._hear()
            if self._plan.once and self._stopping:
                self._name_the_rest()

    def _is_over(self) -> bool:
        if self._child is not None or self._roster.running:
            return False
        if self._stopping:
            return True
        return self._plan.once and self._due() is None

    def _is_round_over(self) -> bool:
        """Whether one round has nothing left to begin: its child need not be kept."""
        return self._plan.once and not self._roster.running and self._due() is None

    def _due(self) -> str | None:
        """The source whose turn it is, or that waits for a place or the archive."""
        now = self._tools.clock()
        found = self._roster.next_due(now)
        return found[1] if found and found[0] <= now else None

    def _name_the_rest(self) -> None:
        """Say what one round did not get to."""
        rest = self._roster.due(self._tools.clock())
        if rest:
            self.failures.append(FetchFailed(f"stopped; not begun: {', '.join(rest)}"))

    def _hear(self) -> None:
        """Act on the signals that came."""
        while self._waker.heard:
            number = self._waker.heard.pop(0)
            self._waiting = None
            if number in RELOAD_SIGNALS:
                self._reload()
            elif number in STOP_SIGNALS:
                if not self._stopping:
                    self._tell("stopping")
                self._stopping = True
                if self._child is not None:
                    self._child.process.ask_to_stop()
                    self._child.finish()

    def _reload(self) -> None:
        """Read registry and campaign again; a faulty file changes nothing."""
        try:
            sources, campaign = self._plan.reload()
        except SourceError as error:
            self._tell_problem(None, str(error))
            return
        self._roster.sources, self._roster.campaign = sources, campaign
        if self._child is not None:  # it knows the registry of before
            self._child.retired = True

    def _begin(self) -> None:
        """Send those whose turn it is to the child, or let an idle child go."""
        child, steady = self._child, time.monotonic()
        if self._stopping or steady < self._not_before:
            return
        if child is not None and (child.is_spent(steady) or self._is_round_over()):
            if not self._roster.running:
                child.finish()
            return
        for start in self._roster.begin(self._tools.clock()):
            if self._child is None:
                self._child = Child(process=CrewProcess())
            order = replace(
                self._plan.order, source_id=start.source_id, turn=start.turn
            )
            self._child.send(order)

    def _take(self) -> None:
        """Take in what the child says."""
        child = self._child
        if child is None:
            raise AssertionError("there is no child to speak")
        messages = child.process.take()
        if messages is None:
            self._lose(child)
            return
        for message in messages:
            if "result" in message:
                child.has_crawled = True
                self._finish(CrawlResult.from_json(message["result"]))
            elif "error" in message:
                self._fail(child, message["error"])
        if messages:  # a sign of life is no work
            child.idle_since = None if self._roster.running else time.monotonic()

    def _watch_child(self, *, heard: bool) -> None:
        """End a child that gives no sign of life; its end is heard as any other's."""
        child = self._child
        if child is None or child.is_stuck:
            return
        if child.process.is_stuck(heard=heard):
            child.is_stuck = True
            child.process.end_stuck(self._plan.order.archive)

    def _finish(self, result: CrawlResult) -> None:
        at = result.recheck_at
        self._roster.end(
            result.source_id,
            cut=result.was_cut,
            chance=self._tools.chance(),
            recheck_at=parse_instant(at) if at else None,
        )
        self._problem = None
        self._tell("crawled", **result.as_json())
        if self._plan.once:
            self.results.append(result)
            self._drop(result.source_id)

    def _fail(self, child: "Child", error: Message) -> None:
        """A crawl could not begin or go on, or the child could not open the archive."""
        source_id, rebuilt = error["source_id"], rebuild_error(error)
        if source_id is None:
            child.failure = rebuilt
            return
        self._roster.fail(source_id, self._tools.clock())
        self._tell_problem(source_id, str(rebuilt))
        if self._plan.once:
            self.failures.append(rebuilt)
            self._drop(source_id)
        if isinstance(rebuilt, StoreError | LogError):
            child.retired = True  # its writer is broken; the next one recovers

    def _lose(self, child: "Child") -> None:
        """The child is gone: with all done, or killed, or unable to work."""
        code = child.close()
        self._child = None
        left, failure = sorted(self._roster.running), child.failure
        now = self._tools.clock()
        for source_id in left:
            if failure is not None or self._stopping:
                self._roster.fail(source_id, now)
            else:
                self._cut(source_id, is_stuck=child.is_stuck)
        has_open = bool(child.process.open_jobs)
        if left and failure is None and (has_open or not self._stopping):
            self._end_of(child, left, code)
        if child.waits_unsigned and not self._stopping:
            self._keep_waiting(child)
        elif isinstance(failure, HOPELESS) or (failure and self._plan.once):
            raise failure
        elif isinstance(failure, ArchiveLocked):
            self._not_before = time.monotonic() + LOCKED_SECONDS
            self._tell_problem(None, f"{failure}; it is tried again")
        elif failure is not None:
            self._not_before = time.monotonic() + FAILED_SECONDS
            self._tell_problem(None, f"{failure}; it is tried again every minute")

    def _cut(self, source_id: str, *, is_stuck: bool) -> None:
        """A run ended with the child: it is gone on with, in one round once only."""
        chance = self._tools.chance()
        self._roster.end(source_id, cut=True, chance=chance, recheck_at=None)
        if is_stuck:
            self._roster.apart.add(source_id)
        if self._plan.once and self._roster.standings[source_id].cuts > 1:
            self.failures.append(
                FetchFailed(
                    f"the crawl of {source_id} was cut short twice in a row; what it"
                    " acknowledged is in the archive, and its next crawl goes on there"
                )
            )
            self._drop(source_id)

    def _end_of(self, child: Child, left: Sequence[str], code: int) -> None:
        """Close the jobs of a child that had not done all, and say how it ended."""
        stopping, names = self._stopping, ", ".join(left)
        jobs = child.process.open_jobs
        closed = close_jobs(
            self._plan.order,
            jobs=jobs,
            seconds=CLOSE_SECONDS if stopping else math.inf,
            is_enough=lambda: self._waker.count_stops() + stopping > 1,
        )
        why = f"ended early (code {code})"
        if child.is_stuck:
            why = child.process.why_ended(names)
        words = f"the crawling process {why}; {say_closed(closed, jobs=jobs)}"
        if not stopping:
            words += (
                ", and each goes on by itself" if child.is_stuck else "; it goes on"
            )
        elif self._plan.once or not closed:
            self.failures.append(FetchFailed(words))
            return
        self._tell_problem(None, words)

    def _keep_waiting(self, child: "Child") -> None:
        """Go on without a key: what was captured waits, and so may what comes."""
        if child.failure is not None:
            self._tell_problem(None, str(child.failure))
            if self._plan.once:
                self.failures.append(child.failure)

    def _drop(self, source_id: str) -> None:
        """In one round each source has one turn."""
        others = {k: v for k, v in self._roster.sources.items() if k != source_id}
        self._roster.sources = others

    def _leave(self) -> None:
        """Whatever happens, no child stays behind."""
        if self._child is not None:
            self._child.process.ask_to_stop()
            self._child.close()

    def _tell_waiting(self) -> None:
        """Say what is next, once, when nothing runs."""
        if self._roster.running or self._stopping or self._plan.once:
            self._waiting = None
            return
        found = self._roster.next_due(self._tools.clock())
        if found is None or found[0] <= self._tools.clock():
            return
        if self._waiting is None:
            self._waiting = (found[1], format_instant(found[0]))
            self._tell("waiting", source_id=found[1], until=format_instant(found[0]))

    def _tell_problem(self, source_id: str | None, words: str) -> None:
        """Say it once, not at every try."""
        if words != self._problem:
            self._problem = words
            self._tell("problem", source_id=source_id, message=words)

    def _tell(self, event: str, **facts: object) -> None:
        at = format_instant(self._tools.clock())
        self._tools.tell({"event": event, "at": at, **facts})
