"""How often a source is looked at: `[schedule]`, and the interval in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """Parts of a campaign; when each begins and ends is the observer's to say."""

    NOMINATION = "nomination"
    CAMPAIGN = "campaign"
    EARLY_VOTING = "early-voting"
    ELECTION_DAY = "election-day"
    COUNTING = "counting"
    AFTERMATH = "aftermath"


DEFAULT_EVERY = timedelta(days=1)
DEFAULT_RECHECK = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
"""Ages of an article at which it is fetched again: edits and removals show then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWindow:
    """A span of time `[since, until)` with an interval of its own."""

    since: datetime
    until: datetime
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a source is due."""

    every: timedelta = DEFAULT_EVERY
    """Where neither a window nor a phase says otherwise."""
    jitter: timedelta = timedelta()
    """A run may begin this much later, so that no server sees a clock."""
    phases: Mapping[Phase, timedelta] = field(default_factory=dict)
    windows: tuple[ScheduleWindow, ...] = ()
    recheck: tuple[timedelta, ...] = DEFAULT_RECHECK
    """Ascending; empty = articles are fetched once."""

    def every_at(self, now: datetime, phase: Phase | None) -> timedelta:
        """The interval in force: a window's, else the phase's, else the usual one."""
        inside = [w.every for w in self.windows if w.since <= now < w.until]
        if inside:
            return min(inside)
        return self.phases.get(phase, self.every) if phase else self.every
