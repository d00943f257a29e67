"""Overview: counts, newest captures and address keys, in memory, following the log.

Brought up to date from the catalog by leaf index; restricted captures are never in it.
A `KEY` stands for an address or a source id in paths, so that a path names no site.
"""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from archive.capture import Capture, CaptureOutcome
from archive.digest import format_short_id
from web.access import AccessPolicy, shown_by
from web.coverage import PAGE_ROLE, Coverage, CoverageRow, DayCount
from web.services import ArchiveSource

KEY_BYTES = 16
"""Bytes of SHA-256 that make a key: as many as in a short id."""


def key_of(text: str) -> str:
    """The key of an address or source id: 26 letters."""
    return format_short_id(hashlib.sha256(text.encode()).digest()[:KEY_BYTES])


@dataclass(slots=True, kw_only=True)
class SourceCount:
    """What is held of one source; `source_id` None = captured by hand."""

    source_id: str | None
    pages: int = 0
    failures: int = 0
    newest: datetime | None = None
    ids: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Figures of the whole archive."""

    captures: int
    pages: int
    """Page captures with an answer."""
    listed: int
    """Page captures in the list: failed attempts too."""
    failures: int
    """Attempts that did not end whole: the same count as that of `evidence capture`."""
    sources: int
    addresses: int
    newest: datetime | None


class Overview:
    """Follows one archive; safe to use from several threads."""

    def __init__(self, policy: AccessPolicy) -> None:
        """Start empty; `refresh` reads."""
        self._policy = policy
        self._lock = threading.Lock()
        self._removed = 0
        self._hidden: frozenset[str] = frozenset()
        self._begin()

    def _begin(self) -> None:
        self._next_leaf = 0
        self._captures = 0
        self._failures = 0
        self._newest: datetime | None = None
        self._answered = 0
        self._pages: list[bytes] = []
        self._addresses: dict[str, str] = {}
        self._sources: dict[str | None, SourceCount] = {}
        self._by_outcome: Counter[str] = Counter()
        self._coverage = Coverage()

    def refresh(self, archive: ArchiveSource) -> None:
        """Read what came since the last call."""
        with self._lock:
            archive.catch_up()
            removed = len(archive.tombstones())
            hidden = self._policy.hidden()
            if (removed, hidden) != (self._removed, self._hidden):
                self._begin()  # counted and named here before it went
            self._removed, self._hidden = removed, hidden
            is_shown = shown_by(self._policy)
            for capture in archive.captures(self._next_leaf):
                self._next_leaf = max(self._next_leaf, capture.leaf + 1)
                if capture.kind == "capture" and is_shown(capture):
                    self._add(capture)

    def _add(self, capture: Capture) -> None:
        self._captures += 1
        self._by_outcome[capture.outcome.value] += 1
        self._coverage.add(capture)
        self._addresses.setdefault(key_of(capture.target_uri), capture.target_uri)
        answered = capture.http_status is not None
        failed = capture.outcome is not CaptureOutcome.COMPLETE
        self._failures += failed
        source = self._sources.setdefault(
            capture.source_id, SourceCount(source_id=capture.source_id)
        )
        source.failures += failed
        if capture.role != PAGE_ROLE:
            return
        self._answered += answered
        identifier = bytes.fromhex(capture.capture_id)
        self._pages.append(identifier)
        self._newest = capture.captured_at
        source.ids.append(identifier)
        source.pages += answered
        source.newest = capture.captured_at

    def counts(self) -> Counts:
        """The figures of the home and status pages."""
        with self._lock:
            return Counts(
                captures=self._captures,
                pages=self._answered,
                listed=len(self._pages),
                failures=self._failures,
                sources=sum(1 for name in self._sources if name is not None),
                addresses=len(self._addresses),
                newest=self._newest,
            )

    def outcomes(self) -> list[tuple[str, int]]:
        """How often each outcome occurred, most frequent first."""
        with self._lock:
            return self._by_outcome.most_common()

    def coverage(self, *, days: int) -> tuple[list[date], list[CoverageRow]]:
        """The last days with an attempt, and each source over them."""
        with self._lock:
            newest = self._coverage.newest_days(days)
            return newest, self._coverage.table(newest)

    def days_of(self, source_id: str | None) -> dict[date, DayCount]:
        """Every day of one source."""
        with self._lock:
            return self._coverage.of_source(source_id)

    def failed_ids(self, *, limit: int, offset: int = 0) -> list[str]:
        """Hex ids of attempts that did not end whole, newest first."""
        with self._lock:
            return _newest(self._coverage.failed, limit=limit, offset=offset)

    def newest_ids(self, *, limit: int, offset: int = 0) -> list[str]:
        """Hex ids of page captures, newest first."""
        with self._lock:
            return _newest(self._pages, limit=limit, offset=offset)

    def sources(self) -> list[SourceCount]:
        """All sources by name; captures without a source last."""
        with self._lock:
            return sorted(
                self._sources.values(),
                key=lambda one: (one.source_id is None, one.source_id or ""),
            )

    def source_ids(self, source: SourceCount, *, limit: int, offset: int) -> list[str]:
        """Hex ids of one source's page captures, newest first."""
        with self._lock:
            return _newest(source.ids, limit=limit, offset=offset)

    def find_address(self, key: str) -> str | None:
        """The address a key stands for."""
        with self._lock:
            return self._addresses.get(key)

    def find_source(self, key: str) -> SourceCount | None:
        """The source a key stands for."""
        with self._lock:
            named = [one for one in self._sources.values() if one.source_id is not None]
        return next((one for one in named if key_of(one.source_id or "") == key), None)


def _newest(ids: list[bytes], *, limit: int, offset: int) -> list[str]:
    end = max(len(ids) - offset, 0)
    start = max(end - limit, 0)
    return [identifier.hex() for identifier in reversed(ids[start:end])]
