"""Check 19: every removed entry has a tombstone that was stated for exactly it."""

from collections.abc import Mapping
from typing import Any

from archive.attest.envelope import Stub
from archive.instant import format_instant
from archive.log.leaf import parse_leaf
from archive.store.walk import SegmentEntry
from archive.verify.collector import Collector


class Removals:
    """Collects stubs and tombstones; a tombstone may stand in a later segment."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._stubs: list[tuple[int, Stub, str]] = []
        self._tombstones: dict[bytes, Mapping[str, Any]] = {}

    def note_stub(self, entry: SegmentEntry, index: int, *, subject: str) -> None:
        """A stub at a leaf index; it must stand alone, without a slice before it."""
        if entry.stub is None:
            raise AssertionError("only for stubs")
        if entry.records:
            self._collector.failed(
                19,
                "stub-with-slice",
                subject,
                "records before a stub belong to nothing",
            )
        self._stubs.append((index, entry.stub, subject))

    def note_tombstone(self, predicate: Mapping[str, Any], leaf_line: bytes) -> None:
        """A `tombstone` statement and its leaf line."""
        self._tombstones[leaf_line] = predicate

    def finish(self) -> None:
        """Compare each stub with the tombstone it names."""
        for index, stub, subject in self._stubs:
            tombstone = self._tombstones.get(stub.tombstone_leaf)
            removed = str(parse_leaf(stub.removed_leaf).statement_digest)
            if tombstone is None:
                problem = "names a tombstone that is not in the archive"
            elif (tombstone["leaf"], tombstone["statement"]) != (index, removed):
                problem = "names the tombstone of another entry"
            elif tombstone["signed"] != format_instant(stub.date):
                problem = "has not the date of its tombstone"
            else:
                self._collector.passed(19)
                continue
            self._collector.failed(19, "tombstone-missing", subject, problem)
        self._collector.passed(19, 0)
