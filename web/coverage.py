"""Coverage: how much was captured of each source on each day, and what failed.

Filled by the overview as it follows the log; days are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date

from archive.capture import Capture, CaptureOutcome

PAGE_ROLE = "page"


@dataclass(slots=True, kw_only=True)
class DayCount:
    """One source on one day."""

    pages: int = 0
    """Page captures with an answer."""
    failures: int = 0
    """Attempts of any kind that did not end whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One source over some days; a day without an entry had no attempt."""

    source_id: str | None
    days: Mapping[date, DayCount]


@dataclass(slots=True)
class Coverage:
    """Counts by source and day, and the failures in the order of the log."""

    _days: dict[str | None, dict[date, DayCount]] = field(default_factory=dict)
    _failed: list[bytes] = field(default_factory=list)

    def add(self, capture: Capture) -> None:
        """Count one capture that may be shown."""
        day = capture.captured_at.astimezone(UTC).date()
        of_source = self._days.setdefault(capture.source_id, {})
        count = of_source.setdefault(day, DayCount())
        if capture.outcome is not CaptureOutcome.COMPLETE:
            count.failures += 1
            self._failed.append(bytes.fromhex(capture.capture_id))
        if capture.role == PAGE_ROLE and capture.http_status is not None:
            count.pages += 1

    @property
    def failed(self) -> list[bytes]:
        """Ids of all attempts that did not end whole, oldest first."""
        return self._failed

    def of_source(self, source_id: str | None) -> dict[date, DayCount]:
        """The days of one source, in order."""
        return dict(sorted(self._days.get(source_id, {}).items()))

    def newest_days(self, limit: int) -> list[date]:
        """The last days with an attempt, oldest first."""
        days = sorted({day for of_source in self._days.values() for day in of_source})
        return days[-limit:]

    def table(self, days: list[date]) -> list[CoverageRow]:
        """All sources by name over these days; captures by hand last."""
        names = sorted(self._days, key=lambda name: (name is None, name or ""))
        return [
            CoverageRow(
                source_id=name,
                days={
                    day: self._days[name][day]
                    for day in days
                    if day in self._days[name]
                },
            )
            for name in names
        ]
