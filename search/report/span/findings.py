"""Findings of a report over a span of time: kinds, codes, captures; no words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a finding is about."""

    NEW = "new"
    CHANGED = "changed"
    VANISHED = "vanished"
    FAILED = "failed"
    LATE = "late"
    SUSPICIOUS = "suspicious"


PROBLEMS = (Kind.FAILED, Kind.LATE, Kind.SUSPICIOUS)
"""What a person has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """What changed between two captures, as far as it may and can be shown."""

    counts: Mapping[str, int]
    """Paragraphs `added`, `removed`, `moved`, `changed`; of a list its rows `added`,
    `removed`, `corrected`."""
    is_list: bool
    lines: tuple[tuple[str, str], ...]
    """A sign (`+`, `-`, `~`, `>`) and words; empty where they are restricted."""
    more: int = 0
    """Lines that are left out."""
    retitled: bool = False
    """Whether it has another title, which is then the first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    kind: Kind
    code: str
    """Stable, words are made at the edge."""
    uri: str | None = None
    captures: tuple[str, ...] = ()
    """Short ids."""
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    change: ShownChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source in the window."""

    source_id: str | None
    title: str
    group: str
    restricted: bool
    jobs: int
    captured: int
    signals: Mapping[str, int]
    findings: tuple[Finding, ...]

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(one for one in self.findings if one.kind is kind)
