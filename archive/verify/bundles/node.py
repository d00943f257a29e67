"""One capture or page in a bundle, with its proof: checks 1 to 8 and 10."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.attest.keys.signing import verify_ed25519
from archive.attest.statements.envelope import Envelope
from archive.attest.trust.folder import TrustSet
from archive.digest import READ_BYTES, Digest
from archive.errors import EvidenceError, FormatError, LimitExceeded, VerificationError
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.leaf import Leaf, parse_leaf
from archive.log.merkle import leaf_hash, verify_inclusion
from archive.log.note import SignedNote, parse_note, verify_note
from archive.log.proof import TlogProof, parse_proof
from archive.store.catalog.follow import CAPTURE_KINDS
from archive.store.segments.walk import MEMBERS_LIMIT, SegmentEntry
from archive.verify.bundles.bundlefiles import (
    LEAF,
    PROOF,
    SLICE,
    STATEMENT,
    BundleFiles,
    read_whole,
)
from archive.verify.bundles.bundletimes import Bracket, BundleTimes
from archive.verify.reporting.collector import Collector
from archive.verify.statements.entries import CheckedEntry, check_entry
from archive.warc.reading import ReadRecord, RecordWalk

INFLATED_LIMIT_BYTES = 4 << 30
"""Bytes that the records of one slice may unpack to: a bomb ends here."""
_ASCII_NAME = re.compile("[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What could be read of one node; None where it is absent or malformed."""

    leaf: bytes | None
    envelope: Envelope | None
    proof: TlogProof | None
    note: SignedNote | None
    checkpoint: Checkpoint | None


def read_parts(collector: Collector, files: BundleFiles, prefix: str) -> Parts:
    """Read statement, leaf and proof; what is wrong with them is noted."""
    payload = _read(collector, files, prefix + STATEMENT, 1)
    line = _read(collector, files, prefix + LEAF, 2)
    data = _read(collector, files, prefix + PROOF, 7)
    leaf, proof, note, checkpoint = None, None, None, None
    try:
        leaf = parse_leaf(line) if line is not None else None
    except FormatError as error:
        collector.failed(2, "leaf-differs", prefix + LEAF, str(error))
    try:
        if data is not None:
            proof = parse_proof(data)
            note = parse_note(proof.checkpoint_note)
            checkpoint = parse_checkpoint(note.body)
    except FormatError as error:
        collector.failed(7, "inclusion-unproven", prefix + PROOF, str(error))
    return Parts(
        leaf=line,
        envelope=_envelope(collector, payload, leaf, prefix),
        proof=proof,
        note=note,
        checkpoint=checkpoint,
    )


def _envelope(
    collector: Collector, payload: bytes | None, leaf: Leaf | None, prefix: str
) -> Envelope | None:
    if payload is None or leaf is None:
        return None
    try:
        return Envelope(payload=payload, key_id=leaf.key_id, signature=leaf.signature)
    except FormatError as error:
        collector.failed(2, "leaf-differs", prefix + LEAF, str(error))
        return None


def _read(
    collector: Collector, files: BundleFiles, name: str, step: int
) -> bytes | None:
    if name not in files.names:
        collector.not_checked(step, "bundle-incomplete", name, "is not in the bundle")
        return None
    try:
        return read_whole(files, name)
    except EvidenceError as error:
        collector.raised(step, "bundle-file-large", name, error)
        return None


class Node:
    """One capture or page with its proof."""

    def __init__(
        self,
        collector: Collector,
        files: BundleFiles,
        *,
        prefix: str,
        trust: TrustSet | None,
    ) -> None:
        self._collector = collector
        self._files = files
        self._prefix = prefix
        self._trust = trust
        self._subject = prefix.removesuffix("/") or "bundle"

    def check(self, parts: Parts) -> tuple[CheckedEntry | None, Bracket | None]:
        """Run all checks; what could be read, and between which times it was made."""
        checked = self._check_entry(parts)
        if checked is not None:
            self._check_leaf(parts, checked)
        self._check_note(parts)
        if self._trust is None or parts.note is None or parts.checkpoint is None:
            return checked, None
        times = BundleTimes(
            self._collector, self._files, prefix=self._prefix, trust=self._trust
        )
        is_capture = checked is not None and checked.statement.kind in CAPTURE_KINDS
        statement = checked.statement if checked and is_capture else None
        return checked, times.judge(parts.note, parts.checkpoint, statement)

    def _check_entry(self, parts: Parts) -> CheckedEntry | None:
        """Checks 1 and 3 to 6, and 10."""
        entry = self._read_slice(parts.envelope)
        if entry is None or parts.envelope is None:
            return None
        checked = check_entry(
            self._collector, entry, subject=self._subject, trust=self._trust
        )
        if checked is None:
            return None
        kind = checked.statement.kind
        if kind not in CAPTURE_KINDS and "/" not in kind:
            self._collector.failed(
                1,
                "statement-foreign",
                self._subject,
                f"a bundle states a capture or a page, this is a {kind}",
            )
        return checked

    def _read_slice(self, envelope: Envelope | None) -> SegmentEntry | None:
        name = self._prefix + SLICE
        if name not in self._files.names:
            self._collector.not_checked(
                5, "bundle-incomplete", name, "is not in the bundle"
            )
            return None
        try:
            with self._files.open(name) as stream:
                digest = Digest.of_stream(stream)
            records = self._walk(name)
        except (FormatError, OSError) as error:
            self._collector.raised(5, "slice-unreadable", name, error)
            return None
        return SegmentEntry(
            slice_offset=0,
            slice_bytes=self._files.size(name),
            slice_digest=digest,
            records=records,
            statement_offset=0,
            statement_bytes=0,
            envelope=envelope,
            problem=None,
            digest_at=lambda offset, length: self._digest_at(name, offset, length),
        )

    def _walk(self, name: str) -> tuple[ReadRecord, ...]:
        """The records up to the first that cannot be read: the digest judges."""
        records: list[ReadRecord] = []
        left = INFLATED_LIMIT_BYTES
        with self._files.open(name) as stream:
            try:
                for record in RecordWalk(stream, limit_bytes=INFLATED_LIMIT_BYTES):
                    left -= record.header.content_length
                    if left < 0 or len(records) == MEMBERS_LIMIT:
                        raise LimitExceeded("the slice unpacks to too much")
                    records.append(record)
            except FormatError as error:
                self._collector.notices.append(f"{name}: {error}")
        return tuple(records)

    def _digest_at(self, name: str, offset: int, length: int) -> Digest | None:
        if offset + length > self._files.size(name):
            return None
        with self._files.open(name) as stream:
            _skip(stream, offset)
            return Digest.of_chunks(_pieces(stream, length))

    def _check_leaf(self, parts: Parts, checked: CheckedEntry) -> None:
        """Checks 2 and 7: the leaf is that of the statement, and in the tree."""
        if parts.leaf == checked.leaf_line:
            self._collector.passed(2)
        else:
            self._collector.failed(
                2, "leaf-differs", self._prefix + LEAF, "is not that of the statement"
            )
        proof, checkpoint = parts.proof, parts.checkpoint
        if proof is None or checkpoint is None:
            return
        try:
            if proof.index != checked.statement.seq:
                raise FormatError(
                    f"is for entry {proof.index}, not {checked.statement.seq}"
                )
            verify_inclusion(
                leaf_hash=leaf_hash(checked.leaf_line),
                index=proof.index,
                size=checkpoint.size,
                proof=proof.hashes,
                root=checkpoint.root,
            )
        except (VerificationError, FormatError) as error:
            self._collector.raised(7, "inclusion-unproven", self._prefix + PROOF, error)
        else:
            self._collector.passed(7)

    def _check_note(self, parts: Parts) -> None:
        """Check 8: the checkpoint is of the trusted log and signed by its key."""
        if parts.note is None or parts.checkpoint is None:
            return
        name = self._prefix + PROOF
        names = [parts.checkpoint.origin, *(one.name for one in parts.note.signatures)]
        if not all(map(_ASCII_NAME.fullmatch, names)):
            self._collector.failed(
                8, "checkpoint-bad", name, "names a log or signer beyond ASCII"
            )
        if self._trust is None:
            return
        try:
            if parts.checkpoint.origin != self._trust.origin:
                self._collector.not_checked(
                    8, "origin-unknown", name, "is of another log than the bundle"
                )
                return
            verify_note(parts.note, self._trust.log_vkey, verify_ed25519)
        except VerificationError as error:
            self._collector.raised(8, "checkpoint-bad", name, error)
        else:
            self._collector.passed(8)


def _skip(stream: BinaryIO, count: int) -> None:
    while data := stream.read(min(count, READ_BYTES)):
        count -= len(data)


def _pieces(stream: BinaryIO, count: int) -> Iterator[bytes]:
    while data := stream.read(min(count, READ_BYTES)):
        count -= len(data)
        yield data
