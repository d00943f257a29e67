"""What an interrupted change of operator keys has stated already: found in the log.

A kill may come between a `key` statement and the key file or trust folder that follows
it. Stated once more, the same change would count from another entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive.attest.keys.signing import P256Signer, verify_p256
from archive.attest.statements.statement import Statement, pae
from archive.errors import FormatError, StoreError
from archive.log.leaf import Leaf, parse_leaf
from archive.log.reader import LogReader
from archive.store.ledger import Ledger
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement

LEAVES_AT_ONCE = 4096
"""Read together: a large log has millions, and some hundred bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new operator key counts from `first_leaf`, the old one until `old_end`."""

    first_leaf: int
    old_end: int


def find_change(
    ledger: Ledger, new: P256Signer, root: P256Signer | None
) -> Change | None:
    """Where the new key has accepted, or the root key has stated it; None if neither.

    A statement of the root key is looked for only where that key is at hand: StoreError
    if the segments do not hold it, FormatError if it names no key that the new one
    takes over from.
    """
    for index, leaf in _key_leaves(ledger):
        if leaf.key_id == new.key_id:
            return Change(first_leaf=index, old_end=index)
    for statement in () if root is None else _stated_by(ledger, root):
        rows = {row["key_id"]: row for row in _operators(statement)}
        if statement.predicate["action"] == "new" and new.key_id in rows:
            first = rows.pop(new.key_id)["first_leaf"]
            old = next(iter(rows.values()), None)
            if old is None:
                raise FormatError(
                    f"entry {statement.seq} states key {new.key_id} and none that it "
                    "takes over from; see what `evidence verify` says"
                )
            return Change(first_leaf=first, old_end=old["end_leaf"])
    return None


def find_end(ledger: Ledger, key_id: str, root: P256Signer) -> int | None:
    """The first entry at which the root key has cut a key off; None if it has not.

    StoreError if the segments do not hold all that it has stated.
    """
    ends = [
        row["end_leaf"]
        for statement in _stated_by(ledger, root)
        for row in _operators(statement)
        if row["key_id"] == key_id and row["end_leaf"] is not None
    ]
    return min(ends, default=None)


def _operators(statement: Statement) -> list[dict[str, Any]]:
    return [row for row in statement.predicate["keys"] if row["role"] == "operator"]


def _stated_by(ledger: Ledger, root: P256Signer) -> list[Statement]:
    """The later `key` statements of the root key, in order; entry 0 is none of them."""
    wanted = {i for i, leaf in _key_leaves(ledger) if leaf.key_id == root.key_id}
    found: dict[int, Statement] = {}
    for segment in reversed(list_segments(ledger.tools.paths.segments)):
        if len(found) == len(wanted):
            break
        for entry in SegmentWalk(segment.path):
            envelope = entry.envelope
            if envelope is None or envelope.key_id != root.key_id:
                continue
            statement = read_statement(entry)
            if statement.seq in wanted:
                message = pae(envelope.payload)
                verify_p256(root.spki_der, envelope.signature, message)
                found[statement.seq] = statement
    if lost := sorted(wanted - found.keys()):  # behind damage the walk goes no further
        raise StoreError(
            f"the segments do not hold entry {lost[0]}, stated by the root key; run "
            "`evidence verify`, restore what it names, then do this again"
        )
    return [found[seq] for seq in sorted(found)]


def _key_leaves(ledger: Ledger) -> Iterator[tuple[int, Leaf]]:
    """Every `key` leaf behind entry 0."""
    log, end = LogReader(ledger.tools.paths.log, ledger.tools.files), ledger.position
    for start in range(1, end.next_leaf, LEAVES_AT_ONCE):
        lines = log.read_leaves(start, min(start + LEAVES_AT_ONCE, end.next_leaf))
        for index, line in enumerate(lines, start=start):
            leaf = parse_leaf(line)
            if leaf.kind == "key":
                yield index, leaf
