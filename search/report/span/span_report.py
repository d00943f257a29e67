"""A whole report over a span of time, and its stable JSON."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from archive.instant import format_instant
from search.report.span.findings import (
    PROBLEMS,
    Finding,
    Kind,
    ShownChange,
    SourceReport,
)
from search.report.span.period import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All sources of one archive in a window."""

    archive_id: str
    archive_name: str
    window: Window
    sources: tuple[SourceReport, ...]

    @property
    def counts(self) -> Counter[Kind]:
        """How many findings of each kind."""
        return Counter(one.kind for source in self.sources for one in source.findings)

    @property
    def captured(self) -> int:
        """Captures of all sources."""
        return sum(source.captured for source in self.sources)

    @property
    def jobs(self) -> int:
        """Jobs of all sources."""
        return sum(source.jobs for source in self.sources)

    @property
    def has_problems(self) -> bool:
        """Whether a person has to look at it."""
        return any(self.counts[kind] for kind in PROBLEMS)

    def as_json(self) -> dict[str, Any]:
        """Codes and parameters; words are for people."""
        return {
            "archive_id": self.archive_id,
            "archive": self.archive_name,
            "since": format_instant(self.window.since),
            "until": format_instant(self.window.until),
            "captured": self.captured,
            "jobs": self.jobs,
            "counts": {str(kind): self.counts[kind] for kind in Kind},
            "has_problems": self.has_problems,
            "sources": [_source_json(source) for source in self.sources],
        }


def _source_json(source: SourceReport) -> dict[str, Any]:
    return {
        "source_id": source.source_id,
        "title": source.title,
        "group": source.group,
        "restricted": source.restricted,
        "jobs": source.jobs,
        "captured": source.captured,
        "signals": dict(source.signals),
        "findings": [_finding_json(finding) for finding in source.findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": str(finding.kind),
        "code": finding.code,
        "uri": finding.uri,
        "captures": list(finding.captures),
        "parameters": dict(finding.parameters),
        "change": _change_json(finding.change),
    }


def _change_json(change: ShownChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "counts": dict(change.counts),
        "is_list": change.is_list,
        "retitled": change.retitled,
        "lines": [{"sign": sign, "text": text} for sign, text in change.lines],
        "more": change.more,
    }
