"""Tombstones: what was removed, why and on whose authority, as the statement says."""

from dataclasses import dataclass
from datetime import datetime

from archive.attest.statements.statement import Statement
from archive.digest import Digest
from archive.store.drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalOrder:
    """Why something is to be removed, and who orders it: words for the statement."""

    reason: str
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A signed `tombstone` statement."""

    entry: int
    """Leaf index of the statement itself."""
    leaf: int
    """Leaf index of the removed entry."""
    capture_id: str
    reason: str
    authority: str
    removed_at: datetime
    """When the tombstone was signed."""
    line: bytes = b""
    """Leaf line of the statement; empty where a catalog is asked."""

    @property
    def why(self) -> str:
        """The reason on one line."""
        return " ".join(self.reason.split())

    @property
    def short_id(self) -> str:
        """Short id of the removed capture."""
        return Digest(self.capture_id).short_id


def tombstone_of(statement: Statement, line: bytes = b"") -> Tombstone:
    """Read a `tombstone` statement; `line` is its leaf."""
    predicate = statement.predicate
    return Tombstone(
        entry=statement.seq,
        leaf=predicate["leaf"],
        capture_id=predicate["capture"],
        reason=predicate["reason"],
        authority=predicate["authority"],
        removed_at=statement.signed,
        line=line,
    )


def draft_tombstone(
    removed: Statement, order: RemovalOrder, *, segment_sha256: str
) -> Draft:
    """Say that an entry will be removed; `segment_sha256` is of its file until then."""
    return Draft(
        kind="tombstone",
        slice=None,
        facts=None,
        predicate={
            "leaf": removed.seq,
            "statement": str(removed.digest),
            "capture": removed.slice.sha256.hex,
            "reason": order.reason,
            "authority": order.authority,
            "segment_sha256": segment_sha256,
        },
    )
