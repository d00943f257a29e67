"""Which sources and addresses are due at `now`: pure, clock and chance are arguments.

A clock may be wrong and be put right. Set forwards it makes everything due once; set
back, a last run lies in the future and counts as long ago. Neither keeps a source from
being looked at.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from crawlers.sources.timing import Phase, Schedule

CLOCK_TOLERANCE = timedelta(minutes=1)
"""A last run so far in the future is a clock being put right, not one set back."""
RETRY_CUT = timedelta(minutes=1)
"""Pause after the second run in a row that was cut short; doubles, up to the interval.
The first is gone on with at once."""
DOUBLINGS = 12
"""Of that pause: three days, longer than any interval."""
RECHECK_PAUSE = timedelta(minutes=30)
"""Between two runs of a source where the second is for rechecks alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a source's runs."""

    began_at: datetime | None = None
    """Of the last run from the seeds, by the order of the log; None = never."""
    last_at: datetime | None = None
    """Of the last run of any kind: one for rechecks alone does not stand for both."""
    cuts: int = 0
    """Runs in a row that were killed or stopped."""
    chance: float = 0.0
    """Drawn once a run, `[0, 1)`: its share of the jitter."""
    recheck_at: datetime | None = None
    """When the first address is to be fetched again; None = none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a source is due next, and for what."""

    due_at: datetime
    rechecks_only: bool = False


def next_turn(
    schedule: Schedule, standing: Standing, *, now: datetime, phase: Phase | None
) -> Turn:
    """The next turn as things stand at `now`; it may lie in the past."""
    began, last = standing.began_at, standing.last_at or standing.began_at
    if began is None or last is None or max(began, last) > now + CLOCK_TOLERANCE:
        return Turn(due_at=now)
    every = schedule.every_at(now, phase)
    if standing.cuts:
        return Turn(due_at=last + _retry_after(standing.cuts, every))
    due_at = began + every + standing.chance * min(schedule.jitter, every / 2)
    recheck = standing.recheck_at
    if recheck is not None:
        recheck = max(recheck, last + RECHECK_PAUSE)
        if recheck < due_at:
            return Turn(due_at=recheck, rechecks_only=True)
    return Turn(due_at=due_at)


def _retry_after(cuts: int, every: timedelta) -> timedelta:
    if cuts == 1:
        return timedelta()
    return min(every, RETRY_CUT * (1 << min(cuts - 2, DOUBLINGS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A source that does not run, and the hosts that a run of it would speak to."""

    source_id: str
    turn: Turn
    hosts: frozenset[str]


def choose(
    waiting: Iterable[Waiting], *, now: datetime, busy: frozenset[str], places: int
) -> Sequence[Waiting]:
    """Whose turn it is: the longest due first, never two at one host.

    Who had a turn is due later than who had none, so nobody waits for ever.
    """
    due = sorted(
        (one for one in waiting if one.turn.due_at <= now),
        key=lambda one: (one.turn.due_at, one.source_id),
    )
    chosen: list[Waiting] = []
    taken = set(busy)
    for one in due:
        if len(chosen) >= places:
            break
        if taken.isdisjoint(one.hosts):
            chosen.append(one)
            taken |= one.hosts
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAddress:
    """An article: when it was first captured, and when last asked for."""

    uri: str
    first: datetime
    last: datetime


def recheck_at(seen: SeenAddress, ages: Sequence[timedelta]) -> datetime | None:
    """When it is to be fetched again; None where its last age has passed."""
    due = (seen.first + age for age in sorted(ages))
    return next((at for at in due if at > seen.last), None)


def right_times(
    times: Sequence[datetime], now: datetime
) -> list[tuple[datetime, datetime]]:
    """Between which times runs were made, in their order; equal where a clock is right.

    The log gives the order. What lies in the future was a clock set forwards; what
    lies before what came before it was one set back: as few of them as possible are
    taken for wrong. A wrong one was between the right ones around it, or now.
    """
    kept = frozenset(
        _longest_rise([None if t > now + CLOCK_TOLERANCE else t for t in times])
    )
    right = [time if place in kept else None for place, time in enumerate(times)]
    first = next((time for time in right if time is not None), now)
    low = accumulate(right, lambda before, time: time or before, initial=first)
    high = accumulate(reversed(right), lambda behind, time: time or behind, initial=now)
    return list(zip(list(low)[1:], list(high)[:0:-1], strict=True))


def _longest_rise(times: Sequence[datetime | None]) -> tuple[int, ...]:
    """Places of a longest run of times that never fall; None is passed over."""
    tails: list[datetime] = []
    places: list[int] = []
    before: dict[int, int | None] = {}
    for place, time in enumerate(times):
        if time is None:
            continue
        at = bisect_right(tails, time)
        before[place] = places[at - 1] if at else None
        tails[at:] = [time, *tails[at + 1 :]]
        places[at:] = [place, *places[at + 1 :]]
    chain: list[int] = []
    last: int | None = places[-1] if places else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return tuple(reversed(chain))


def in_shard(source_id: str, *, shard: int, shards: int) -> bool:
    """Whether a source is dealt to this one of `shards` machines, counted from 1."""
    digest = hashlib.sha256(source_id.encode()).digest()
    return int.from_bytes(digest[:8]) % shards == shard - 1
