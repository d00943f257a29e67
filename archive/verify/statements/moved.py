"""What became of the records of a slice that is not the one that was signed.

Each signed row is sought in what is there: `exact` (same bytes at the same place),
`relocated` (same bytes elsewhere), `recompressed` (the record is the same, its gzip
member is not), `altered`, `missing`. Records nobody signed are counted as `added`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archive.digest import Digest
from archive.warc.reading import ReadRecord

NAMED = 3
"""Records named one by one in a sentence."""

DigestAt = Callable[[int, int], Digest | None]
"""SHA-256 of `[offset, offset + length)` of the slice; None if it ends before."""


class Movement(StrEnum):
    """What became of one signed record."""

    EXACT = "exact"
    RELOCATED = "relocated"
    RECOMPRESSED = "recompressed"
    ALTERED = "altered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """One movement for each signed record, and how many records nobody signed."""

    records: tuple[tuple[str, Movement], ...]
    """Type and movement, in the order they were signed."""
    added: int

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, those that did not happen left out."""
        counts = Counter(str(movement) for _type, movement in self.records)
        found = {str(word): counts[word] for word in Movement if counts[word]}
        return {**found, **({"added": self.added} if self.added else {})}

    def __str__(self) -> str:
        words = [f"{count} {word}" for word, count in self.counts.items()]
        named = [
            f"record {number} ({kind}) {movement}"
            for number, (kind, movement) in enumerate(self.records)
            if movement is not Movement.EXACT
        ]
        if named[:NAMED]:
            words.append("; ".join(named[:NAMED]))
        return f"of {len(self.records)} signed records: {', '.join(words)}"


def trace_records(
    rows: Sequence[Mapping[str, Any]],
    found: Sequence[ReadRecord],
    *,
    base: int = 0,
    digest_at: DigestAt | None = None,
) -> Moves:
    """Seek each signed row in the records found; `base` is where the slice begins.

    `found` may end early, where the slice cannot be read further: `digest_at` then
    still finds what lies behind the damage.
    """
    members = {str(record.member): record.span.offset - base for record in found}
    same = {str(record.record) for record in found}
    ids = {record.header.record_id for record in found}
    moves = []
    for row in rows:
        if members.get(row["member"]) == row["offset"]:
            moves.append((str(row["type"]), Movement.EXACT))
            continue
        place = row["offset"], row["length"]
        lies_there = digest_at(*place) if digest_at else None
        if row["member"] == str(lies_there):
            movement = Movement.EXACT
        elif row["member"] in members:
            movement = Movement.RELOCATED
        elif row["record"] in same:
            movement = Movement.RECOMPRESSED
        elif row["id"] in ids or lies_there is not None:
            movement = Movement.ALTERED
        else:
            movement = Movement.MISSING
        moves.append((str(row["type"]), movement))
    signed = {row["id"] for row in rows}
    return Moves(records=tuple(moves), added=len(ids - signed))
