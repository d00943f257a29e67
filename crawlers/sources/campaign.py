"""The observer's own file about one campaign: which sources, and when each phase is.

title = "Presidential election"
sources = ["rec-gov-by", "viasna"]

[[phase]]
name = "campaign"
from = 2030-01-10T00:00:00+03:00
until = 2030-02-20T00:00:00+03:00
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawlers.sources.entry import SOURCE_ID
from crawlers.sources.timing import Phase
from crawlers.sources.toml_table import Table, parse_table, read_file

PHASES_MAX = 100
"""Spans of one campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """A phase and its time, `[since, until)`."""

    phase: Phase
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is watched, and how near the election is."""

    title: str = ""
    source_ids: tuple[str, ...] = ()
    spans: tuple[PhaseSpan, ...] = ()
    """In order of time, none overlapping."""

    def phase_at(self, now: datetime) -> Phase | None:
        """The phase in force; None between phases and outside all."""
        inside = (s.phase for s in self.spans if s.since <= now < s.until)
        return next(inside, None)


NO_CAMPAIGN = Campaign()


def read_campaign(path: Path) -> Campaign:
    """Read the file strictly; SourceError names file and line."""
    return parse_campaign(read_file(path), path)


def parse_campaign(data: bytes, path: Path) -> Campaign:
    """Parse the bytes of the file; `path` is the place of errors."""
    top = parse_table(data, path)
    campaign = Campaign(
        title=top.text_of("title"),
        source_ids=top.texts("sources", pattern=SOURCE_ID),
        spans=tuple(_spans(top)),
    )
    top.finish()
    return campaign


def _spans(top: Table) -> Iterator[PhaseSpan]:
    before: datetime | None = None
    for number, table in enumerate(top.tables("phase", least=0)):
        if number >= PHASES_MAX:
            table.fail("name", f"there are more than {PHASES_MAX} phases")
        span = PhaseSpan(
            phase=table.choice("name", Phase),
            since=table.moment("from"),
            until=table.moment("until"),
        )
        table.finish()
        if span.until <= span.since:
            table.fail("until", "is not after the beginning")
        if before is not None and span.since < before:
            table.fail("from", "the phase before has not ended then")
        before = span.until
        yield span
