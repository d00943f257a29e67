"""What `anchor` statements say of tokens: the measure for files below `anchors/`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archive.attest.statements.kinds import UnknownKind
from archive.errors import FormatError, StoreError, VerificationError
from archive.log.leaf import parse_leaf
from archive.log.reader import LogReader
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement

AnchorPredicate = Mapping[str, Any]


class StatedAnchors:
    """Finds the statement of the anchor of a size, by the log and the segments."""

    def __init__(
        self,
        segments: Path,
        log: LogReader,
        *,
        waiting: Sequence[bytes] = (),
        known: Mapping[int, AnchorPredicate] | None = None,
    ) -> None:
        """`waiting`: leaf lines that are on disk and not in the log yet.

        `known`: what recovery has read anyway, by entry.
        """
        self.log = log
        self._segments = segments
        self._waiting = waiting
        self._known = known or {}

    def locate(self, size: int) -> tuple[int, bytes] | None:
        """Entry and leaf line of the statement; None if that is still to come.

        A checkpoint is stamped only when it covers the statement of the anchor before.
        """
        for number, line in enumerate(self._leaves(size)):
            if line.split(b" ", 2)[1] == b"anchor":
                return size + number, line
        return None

    def read(self, leaf: int, line: bytes) -> AnchorPredicate | None:
        """What it says; None if it is not, whole, the one of that leaf line."""
        if leaf in self._known:
            return self._known[leaf]
        try:
            return self._read(leaf, line)
        except (FormatError, VerificationError, StoreError, UnknownKind):
            return None  # damaged: `verify` says so

    def _leaves(self, first: int) -> Iterator[bytes]:
        size = self.log.size
        yield from self.log.read_leaves(min(first, size), size)
        yield from self._waiting

    def _read(self, leaf: int, line: bytes) -> AnchorPredicate | None:
        for found in reversed(list_segments(self._segments)):
            for entry in SegmentWalk(found.path):
                if entry.stub is not None:
                    continue
                statement = read_statement(entry)
                if statement.seq > leaf:
                    break
                if statement.seq == leaf:
                    is_it = statement.digest == parse_leaf(line).statement_digest
                    return statement.predicate if is_it else None
        return None
