"""The order on disk, top to bottom: redo file, segment, acknowledged; then the log.

A `Ledger` owns the open segment of an archive whose lock the caller holds. It is
synchronous and single-threaded: the writer thread, `init` and recovery all use it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive.attest.keys.keyfolder import KeyFolder, StatementSigner
from archive.attest.statements.envelope import Envelope, format_signed_record
from archive.attest.statements.statement import build_statement, pae
from archive.capture import MemoryBytes, SliceLocation
from archive.digest import Digest
from archive.errors import KeyProblem
from archive.files import Files
from archive.instant import format_instant
from archive.log.checkpoint import Checkpoint
from archive.log.headnote import HeadNote
from archive.log.leaf import Leaf, format_leaf
from archive.log.log import TiledLog
from archive.store.anchors.stated import AnchorPredicate
from archive.store.drafts import Draft, new_slice_file, slice_facts
from archive.store.layout import ArchiveIdentity, ArchivePaths
from archive.store.segments.segment import (
    OpenSegment,
    SegmentName,
    create_segment,
    new_segment_name,
    seal_segment,
)
from archive.store.spool import RedoFile, list_spools, spool_path
from archive.warc.member import Effort
from archive.warc.slice import ResourceBlock, SliceMaterial, build_resource_slice

SEGMENT_LIMIT_BYTES = 1 << 30
"""A segment is sealed when it has grown to 1 GiB: one file a copy tool handles."""
SEGMENT_AGE = timedelta(hours=24)
"""A segment is sealed after a day, so that yesterday's file no longer changes."""
FIRST_PREV = "sha256:" + "0" * 64
"""`prev` of entry 0: there is no statement before it."""
WARC_FORMAT = "WARC File Format 1.1"
CONFORMS_TO = (
    "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """One statement on disk: its entry, its digest and where its slice lies."""

    leaf: int
    kind: str
    digest: Digest
    location: SliceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A draft with its statement, ready to be written: record, digest, leaf line."""

    draft: Draft
    record: bytes
    digest: Digest
    line: bytes


def _ignore(_line: str) -> None:
    """Nobody wants to hear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTools:
    """What a ledger is given: place, identity, keys, clock, randomness, limits."""

    paths: ArchivePaths
    identity: ArchiveIdentity
    keys: KeyFolder
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    software: str
    files: Files = field(default_factory=Files)
    segment_limit_bytes: int = SEGMENT_LIMIT_BYTES
    effort: Effort | None = None
    """How hard slices are compressed; None lets each record's media type decide."""
    tell: Callable[[str], None] = _ignore
    """Hears what a person must know while the archive is opened."""

    @property
    def heads(self) -> HeadNote | None:
        """Where the log key notes what it signed; None for keys in memory only."""
        folder = self.keys.folder
        return None if folder is None else HeadNote(folder, self.files)

    def material(self, carriers: dict[Digest, str] | None = None) -> SliceMaterial:
        """What a slice needs besides its content."""
        return make_material(
            self.random_bytes,
            software=self.software,
            effort=self.effort,
            carriers=carriers,
        )


def make_material(
    random_bytes: Callable[[int], bytes],
    *,
    software: str,
    effort: Effort | None,
    carriers: dict[Digest, str] | None,
) -> SliceMaterial:
    """What a slice needs besides its content."""
    return SliceMaterial(
        record_ids=lambda: _new_record_id(random_bytes),
        software=software,
        settings_digest=None,
        carriers={} if carriers is None else carriers,
        effort=effort,
    )


def _new_record_id(random_bytes: Callable[[int], bytes]) -> str:
    """A random UUID of version 4: version 1 would leak the network card."""
    digits = random_bytes(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return (
        f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{variant}{digits[17:20]}-{digits[20:]}"
    )


@dataclass(slots=True, kw_only=True)
class Position:
    """Where the chain of statements stands."""

    next_leaf: int
    prev: str
    pending: list[bytes]
    """Leaf lines of statements on disk that no checkpoint covers yet."""
    refusal: str | None = None
    """Why an earlier writer stopped signing, while nobody has decided otherwise."""
    anchors: Mapping[int, AnchorPredicate] = field(default_factory=dict)
    """What `anchor` statements of the newest segments say, by entry."""


class Ledger:
    """Appends statements durably and publishes checkpoints over them."""

    def __init__(
        self, tools: LedgerTools, position: Position, segment: OpenSegment
    ) -> None:
        self.tools = tools
        self.position = position
        self.segment = segment
        self.planned_bytes = segment.written_bytes
        self.opened_at = tools.clock()
        self._redo = self._open_redo()
        self._log = TiledLog(tools.paths.log, tools.files, tools.heads)

    def commit(
        self, drafts: Sequence[Draft], *, signer: StatementSigner | None = None
    ) -> list[Committed]:
        """Make statements durable: when this returns, each of them is acknowledged."""
        committed = [self.stage(self.sign(draft, signer=signer)) for draft in drafts]
        self.flush()
        return committed

    def sign(self, draft: Draft, *, signer: StatementSigner | None = None) -> Signed:
        """Sign the next statement, which must be staged next. Nothing is written."""
        key = signer or draft.signer or self.tools.keys.operator
        slice_field, slice_hex = slice_facts(draft.facts)
        moment = self.tools.clock()
        payload = build_statement(
            draft.kind,
            {
                **draft.predicate,
                **self._common_fields(moment, draft.salt),
                "slice": slice_field,
            },
            [("capture.warc.gz", slice_hex), *draft.subjects],
        )
        message = pae(payload)
        envelope = Envelope(
            payload=payload, key_id=key.key_id, signature=key.sign(message)
        )
        digest = Digest.of(message)
        return Signed(
            draft=draft,
            record=format_signed_record(
                envelope,
                digest=digest,
                signed=moment,
                first_record_id=draft.facts.first_record_id if draft.facts else None,
            ),
            digest=digest,
            line=leaf_line(draft.kind, digest, envelope),
        )

    def stage(self, signed: Signed) -> Committed:
        """Write a signed statement, behind its slice, to the redo file.

        An error here or in `flush` leaves redo file and segment suspect: throw the
        ledger away and recover. Keep the slice open until `flush` has returned.
        """
        draft, position = signed.draft, self.position
        entry = self._redo.add(
            draft.slice,
            signed.record,
            segment=str(self.segment.name),
            offset_bytes=self.planned_bytes,
            slice_bytes=draft.facts.length_bytes if draft.facts else 0,
        )
        self.planned_bytes = entry.end_bytes
        committed = Committed(
            leaf=position.next_leaf,
            kind=draft.kind,
            digest=signed.digest,
            location=SliceLocation(
                segment=entry.segment,
                offset_bytes=entry.offset_bytes,
                length_bytes=entry.slice_bytes,
            ),
        )
        position.next_leaf += 1
        position.prev = str(signed.digest)
        position.pending.append(signed.line)
        return committed

    def flush(self) -> None:
        """Make everything staged durable: when this returns, it is acknowledged."""
        self._redo.sync()
        # From here a crash loses nothing: the redo file can write the segment again.
        self._redo.copy_waiting(self.segment.append)
        self.segment.sync()

    def checkpoint(self) -> Checkpoint:
        """Log every statement on disk and sign the new tree head."""
        done = self._log.append_and_publish(
            self.position.pending,
            origin=self.tools.identity.origin,
            signer=self.tools.keys.log,
            first=self.position.next_leaf - len(self.position.pending),
        )
        self.position.pending.clear()
        return done

    def is_due_for_sealing(self) -> bool:
        """Whether the open segment is large or old enough to be sealed."""
        age = self.tools.clock() - self.opened_at
        return (
            self.planned_bytes >= self.tools.segment_limit_bytes or age >= SEGMENT_AGE
        )

    def rotate(self) -> None:
        """Seal the open segment and begin the next one with the statement of it."""
        old = self.segment
        self.close()
        seal_segment(self.tools.paths.segments, old.name, files=self.tools.files)
        self._begin_next(old.name)
        self.write_seal(old.name, first_leaf=old.first_leaf)

    def write_seal(self, sealed: SegmentName, *, first_leaf: int) -> None:
        """State a sealed file: size, digest, entries. First in its next segment."""
        path = sealed.sealed_path(self.tools.paths.segments)
        with path.open("rb") as stream:
            digest = Digest.of_stream(stream)
        segment: dict[str, object] = {
            "file": str(sealed),
            "length_bytes": path.stat().st_size,
            "sha256": digest.hex,
            "first_leaf": first_leaf,
            "end_leaf": self.position.next_leaf,
        }
        self._commit_with_warcinfo("seal", {"segment": segment, "reseal": None})
        self.remove_older_redo()

    def write_keys(self, predicate: dict[str, object]) -> None:
        """Write entry 0 of a new archive, signed by the root key."""
        root = self.tools.keys.root
        if root is None:
            raise KeyProblem("the root key is not at hand; it alone may sign keys")
        self._commit_with_warcinfo("key", predicate, signer=root)

    def close(self) -> None:
        """Close the files; nothing is sealed just because a process ends."""
        self.segment.close()
        self._redo.close()

    def _begin_next(self, old: SegmentName) -> None:
        name = new_segment_name(
            old.serial + 1, self.tools.clock(), self.tools.random_bytes
        )
        self.segment = create_segment(
            self.tools.paths.segments,
            name,
            first_leaf=self.position.next_leaf,
            files=self.tools.files,
        )
        self.planned_bytes = 0
        self.opened_at = self.tools.clock()
        self._redo = self._open_redo()

    def _open_redo(self) -> RedoFile:
        path = spool_path(self.tools.paths.spool, self.segment.name.serial)
        return RedoFile(path, self.tools.files)

    def remove_older_redo(self) -> None:
        """Remove the redo files of sealed segments."""
        for serial, path in list_spools(self.tools.paths.spool).items():
            if serial < self.segment.name.serial:
                self.tools.files.remove(path)

    def _commit_with_warcinfo(
        self,
        kind: str,
        predicate: dict[str, object],
        *,
        signer: StatementSigner | None = None,
    ) -> None:
        with new_slice_file(self.tools.paths.spool) as out:
            facts = build_resource_slice(
                (warcinfo_block(self.tools),),
                out,
                material=self.tools.material(),
                warc_date=self.tools.clock(),
            )
            draft = Draft(kind=kind, slice=out, facts=facts, predicate=predicate)
            self.commit([draft], signer=signer)

    def _common_fields(self, moment: datetime, salt: str | None) -> dict[str, object]:
        return {
            "archive": self.tools.identity.archive_id,
            "operator": self.tools.identity.name,
            "prev": self.position.prev,
            "salt": salt or self.tools.random_bytes(32).hex(),
            "seq": self.position.next_leaf,
            "signed": format_instant(moment),
            "software": self.tools.software,
        }


def leaf_line(kind: str, digest: Digest, envelope: Envelope) -> bytes:
    """The one line that goes into the log for a statement."""
    return format_leaf(
        Leaf(
            kind=kind,
            statement_digest=digest,
            key_id=envelope.key_id,
            signature=envelope.signature,
        )
    )


def warcinfo_block(tools: LedgerTools) -> ResourceBlock:
    """The record that opens a segment: software, format, archive id, nothing else."""
    lines = (
        f"software: {tools.software}",
        f"format: {WARC_FORMAT}",
        f"conformsTo: {CONFORMS_TO}",
        f"isPartOf: {tools.identity.archive_id}",
    )
    return ResourceBlock(
        type="warcinfo",
        target_uri=None,
        content_type="application/warc-fields",
        block=MemoryBytes("".join(f"{line}\r\n" for line in lines).encode()),
    )


def begin_ledger(tools: LedgerTools) -> Ledger:
    """Open the ledger of an archive that has no entry yet."""
    name = new_segment_name(0, tools.clock(), tools.random_bytes)
    segment = create_segment(
        tools.paths.segments, name, first_leaf=0, files=tools.files
    )
    return Ledger(tools, Position(next_leaf=0, prev=FIRST_PREV, pending=[]), segment)
