"""Check 19: every removed entry has a tombstone that was stated for exactly it.

A tombstone whose entry is still there is a removal that is not done yet: nothing is
lost, and that is said. A new seal must name the tombstone that it was made for.
"""

from collections.abc import Mapping
from typing import Any

from archive.attest.statements.envelope import Stub
from archive.digest import Digest
from archive.instant import format_instant
from archive.log.leaf import parse_leaf
from archive.store.segments.walk import SegmentEntry
from archive.verify.reporting.collector import Collector


class Removals:
    """Collects stubs and tombstones; a tombstone may stand in a later segment."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._stubs: list[tuple[int, Stub, str]] = []
        self._segments: dict[int, str] = {}
        """Names of the segments with stubs, by leaf index."""
        self._tombstones: dict[bytes, Mapping[str, Any]] = {}
        self._reseals: dict[int, tuple[Mapping[str, Any], str]] = {}

    def note_stub(
        self, entry: SegmentEntry, index: int, *, segment: str, subject: str
    ) -> None:
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
        self._segments[index] = segment

    def note_tombstone(self, predicate: Mapping[str, Any], leaf_line: bytes) -> None:
        """A `tombstone` statement and its leaf line."""
        self._tombstones[leaf_line] = predicate

    def note_reseal(self, predicate: Mapping[str, Any], *, subject: str) -> None:
        """A `seal` over a segment that was written anew."""
        reseal = predicate["reseal"]
        self._reseals[reseal["tombstone"]] = (predicate["segment"], subject)

    def unsealed_segments(self) -> set[str]:
        """Segments with a stub and no new seal for it: a removal is not finished."""
        sealed = self._reseals.keys()
        done = {
            tombstone["leaf"]
            for tombstone in self._tombstones.values()
            if tombstone["seq"] in sealed
        }
        return {name for leaf, name in self._segments.items() if leaf not in done}

    def finish(self) -> None:
        """Compare stubs, tombstones and new seals with each other."""
        self._check_stubs()
        self._check_reseals()
        self._tell()
        self._collector.passed(19, 0)

    def _check_reseals(self) -> None:
        leaves = {
            tombstone["seq"]: tombstone["leaf"]
            for tombstone in self._tombstones.values()
        }
        for entry, (segment, subject) in self._reseals.items():
            leaf = leaves.get(entry)
            if leaf is not None and segment["first_leaf"] <= leaf < segment["end_leaf"]:
                self._collector.passed(19)
                continue
            self._collector.failed(
                19,
                "reseal-unfounded",
                subject,
                f"seals {segment['file']} anew for entry {entry}, no tombstone "
                "of an entry in it",
            )

    def _tell(self) -> None:
        """What was removed, and what is to be: a reader must see it without asking."""
        for tombstone in self._tombstones.values():
            leaf, by = tombstone["leaf"], tombstone["authority"]
            capture = Digest(tombstone["capture"]).short_id
            why = f"{capture} (entry {leaf}) by order of {by}: {tombstone['reason']}"
            if leaf in self._segments:
                self._collector.notice(f"removed on {tombstone['signed']}: {why}")
            else:
                self._collector.notice(
                    f"to be removed and still here: {why}; any writing verb finishes it"
                )

    def _check_stubs(self) -> None:
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
