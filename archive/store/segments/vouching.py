"""Who vouches for an entry: the signed log for what is in it, the operator beyond it.

Recovery logs and seals what it finds on disk, and what is logged can never be taken
back. So nothing counts because it can be read: whoever could write into the folder may
have written an entry, a redo file, a checkpoint.
"""

from dataclasses import dataclass, field

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import verify_ed25519, verify_p256
from archive.attest.statements.envelope import Envelope, Stub
from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement, pae, parse_common
from archive.errors import (
    BadSignature,
    DigestMismatch,
    FormatError,
    InconsistentCheckpoint,
    UnknownKey,
    VerificationError,
)
from archive.log.checkpoint import open_checkpoint
from archive.log.fields import parse_base64
from archive.log.leaf import parse_leaf
from archive.log.reader import LogReader
from archive.log.tiles import TILE_WIDTH
from archive.store.layout import ArchiveIdentity
from archive.store.segments.walk import SegmentEntry, check_slice, read_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the chain of statements stands: the next entry and what it follows."""

    next_leaf: int
    prev: str


@dataclass(slots=True, kw_only=True)
class Voucher:
    """Says of entries whether they are this archive's; `logged` are in its log."""

    identity: ArchiveIdentity
    keys: KeyFolder
    log: LogReader
    logged: int
    _first: int = 0
    _leaves: list[bytes] = field(default_factory=list)
    """The bundle of leaves read last, and its first index."""

    @classmethod
    def open(
        cls, log: LogReader, *, identity: ArchiveIdentity, keys: KeyFolder
    ) -> "Voucher":
        """Over the stored checkpoint; InconsistentCheckpoint unless we signed it."""
        logged = 0
        note = log.read_checkpoint()
        if note is not None:
            try:
                logged = open_checkpoint(note, keys.log.vkey, verify_ed25519).size
            except (FormatError, VerificationError) as error:
                raise InconsistentCheckpoint(
                    f"the checkpoint of the log is not one of its key ({error}); "
                    "nothing was written: restore log/ from a copy"
                ) from error
        return cls(identity=identity, keys=keys, log=log, logged=logged)

    def read(self, entry: SegmentEntry, after: Place | None) -> Statement:
        """Parse an entry's statement and vouch for it; FormatError, VerificationError.

        `after`: where the chain stands, if that is known. UnknownKind only if it is
        vouched for: then a later version wrote it.
        """
        envelope = entry.envelope
        try:
            statement = read_statement(entry)
        except UnknownKind:
            if envelope is None:
                raise
            statement = parse_common(envelope.payload)
            check_slice(entry, statement)
            self._check(statement, envelope, after)
            raise
        if envelope is not None:
            self._check(statement, envelope, after)
        return statement

    def check_stub(self, stub: Stub, index: int) -> None:
        """VerificationError unless it stands for that entry of the log."""
        if index >= self.logged or self._leaf(index) != stub.removed_leaf:
            raise DigestMismatch(f"a stub of no entry {index} of the log")

    def _check(
        self, statement: Statement, envelope: Envelope, after: Place | None
    ) -> None:
        seq = statement.seq
        if statement.archive_id != self.identity.archive_id:
            raise DigestMismatch(f"entry {seq} was made for another archive")
        if after is not None and (seq, statement.prev) != (after.next_leaf, after.prev):
            raise DigestMismatch(f"entry {seq} does not follow the one before it")
        if seq < self.logged:
            leaf = parse_leaf(self._leaf(seq))
            stated = (statement.digest, envelope.key_id, envelope.signature)
            if stated != (leaf.statement_digest, leaf.key_id, leaf.signature):
                raise DigestMismatch(f"entry {seq} is another one in the log")
            return
        key_id, spki = self._signer(statement)
        if envelope.key_id != key_id:
            raise UnknownKey(f"entry {seq} is signed by another key")
        verify_p256(spki, envelope.signature, pae(statement.payload))

    def _signer(self, statement: Statement) -> tuple[str, bytes]:
        """The key that must have signed; the root key may be elsewhere by now."""
        operator = self.keys.operator
        action = statement.predicate["action"] if statement.kind == "key" else ""
        if action == "accept" and self.keys.next is not None:
            operator = self.keys.next
        if action in ("", "rotate", "accept"):
            return operator.key_id, operator.spki_der
        for key in statement.predicate["keys"]:
            if key["key_id"] == self.identity.root_key_id:
                return key["key_id"], parse_base64(key["spki"], FormatError)
        raise BadSignature(f"entry {statement.seq} does not name the root key")

    def _leaf(self, index: int) -> bytes:
        """A leaf of the log; what is wrong with it is no reason to cut a segment."""
        if not self._first <= index < self._first + len(self._leaves):
            self._first = index // TILE_WIDTH * TILE_WIDTH
            end = min(self._first + TILE_WIDTH, self.logged)
            try:
                self._leaves = list(self.log.read_leaves(self._first, end))
                for leaf in self._leaves:
                    parse_leaf(leaf)
            except (FormatError, VerificationError) as error:
                raise InconsistentCheckpoint(
                    f"the log cannot be read ({error}); nothing was written: "
                    "restore log/ from a copy"
                ) from error
        return self._leaves[index - self._first]
