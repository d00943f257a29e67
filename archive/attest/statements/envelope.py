"""DSSE envelopes, and the two records of a segment that each are one exact byte string.

A statement record is a function of payload and signature alone, a stub record of its
two leaf lines and its date. Reading writes the record again and demands equal bytes.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from archive.attest.statements.statement import (
    PAYLOAD_TYPE,
    STATEMENT_LIMIT_BYTES,
    parse_common,
    statement_digest,
)
from archive.attest.values.canonical import parse_canonical
from archive.attest.values.forms import SIGNATURE_LIMIT_BYTES
from archive.capture import MemoryBytes
from archive.digest import Digest, derive_record_id
from archive.errors import FormatError, LimitExceeded, MalformedStatement
from archive.instant import format_instant, parse_instant
from archive.log.fields import format_base64, parse_base64
from archive.log.leaf import MAX_LEAF_BYTES, parse_leaf
from archive.warc.member import inflate_member, write_stored_member
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    RECORD_END,
    Record,
    RecordHeader,
    format_header,
    parse_header,
)

ENVELOPE_CONTENT_TYPE = "application/vnd.dsse.envelope.v1+json"
STUB_CONTENT_TYPE = "text/plain"
ENVELOPE_LIMIT_BYTES = STATEMENT_LIMIT_BYTES // 3 * 4 + 1024
"""Bytes of an envelope: the largest payload in base64, and 300 bytes around it."""
RECORD_LIMIT_BYTES = HEADER_LIMIT_BYTES + ENVELOPE_LIMIT_BYTES
"""Bytes of a statement or stub record once its member is unpacked."""

_KEY_ID = re.compile(r"[0-9a-f]{16}")
_PARTS = (
    b'{"payload":"',
    b'","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"',
    b'","sig":"',
    b'"}]}',
)
"""What stands around payload, key id and signature in an envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload and the one signature over its PAE."""

    payload: bytes
    key_id: str
    signature: bytes
    """DER of an ECDSA signature; who may sign is judged elsewhere."""

    def __post_init__(self) -> None:
        if _KEY_ID.fullmatch(self.key_id) is None:
            raise MalformedStatement(f"keyid {self.key_id[:40]!r} is not 16 hex digits")
        if not 1 <= len(self.signature) <= SIGNATURE_LIMIT_BYTES:
            raise MalformedStatement(
                f"a signature of {len(self.signature)} bytes; "
                f"{SIGNATURE_LIMIT_BYTES} is the most"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """What stands where a slice and its statement were lawfully removed."""

    removed_leaf: bytes
    """Leaf line of the removed statement, with its newline."""
    tombstone_leaf: bytes
    """Leaf line of the tombstone that allows it."""
    date: datetime
    """`signed` of the tombstone."""


def format_envelope(envelope: Envelope) -> bytes:
    """Write the canonical JSON of an envelope."""
    # Base64, hex digits and our own type need no escapes: this is canonical JSON.
    return (
        f'{{"payload":"{format_base64(envelope.payload)}",'
        f'"payloadType":"{PAYLOAD_TYPE}","signatures":[{{"keyid":"{envelope.key_id}",'
        f'"sig":"{format_base64(envelope.signature)}"}}]}}'
    ).encode("ascii")


def parse_envelope(data: bytes) -> Envelope:
    """Read an envelope of our payload type with one signature, in canonical form."""
    try:
        value = parse_canonical(data, limit_bytes=ENVELOPE_LIMIT_BYTES)
    except LimitExceeded:
        raise
    except FormatError as error:
        raise MalformedStatement(f"envelope: {error}") from error
    match value:
        case {
            "payload": str(payload),
            "payloadType": str(payload_type),
            "signatures": [{"keyid": str(key_id), "sig": str(signature)}],
        } if payload_type == PAYLOAD_TYPE:
            envelope = Envelope(
                payload=parse_base64(payload, MalformedStatement),
                key_id=key_id,
                signature=parse_base64(signature, MalformedStatement),
            )
        case _:
            raise MalformedStatement("not a DSSE envelope with one signature")
    if format_envelope(envelope) != data:
        raise MalformedStatement("the envelope has fields that are not of its form")
    return envelope


def format_statement_record(envelope: Envelope) -> bytes:
    """Write the one gzip member that holds a statement in its segment."""
    statement = parse_common(envelope.payload)
    return format_signed_record(
        envelope,
        digest=statement_digest(envelope.payload),
        signed=statement.signed,
        first_record_id=statement.slice.first_record_id,
    )


def format_signed_record(
    envelope: Envelope, *, digest: Digest, signed: datetime, first_record_id: str | None
) -> bytes:
    """The same, for whoever has just made the payload and knows what stands in it."""
    block = format_envelope(envelope)
    refers_to = (
        "" if first_record_id is None else f"WARC-Refers-To: <{first_record_id}>\r\n"
    )
    # The lines of docs/format.md, section 6; what stands in them was checked before.
    head = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <{derive_record_id(digest)}>\r\n"
        f"WARC-Date: {format_instant(signed)}\r\n{refers_to}"
        f"WARC-Block-Digest: {Digest.of(block)}\r\n"
        f"Content-Type: {ENVELOPE_CONTENT_TYPE}\r\n"
        f"Content-Length: {len(block)}"
    ).encode("ascii")
    return write_stored_member(head + RECORD_END + block + RECORD_END)


def _find_envelope(member: bytes) -> Envelope | None:
    """The envelope as its one form shows it; None where it takes a closer look.

    Whoever calls this writes the record again and compares every byte.
    """
    parts, begin = [], member.find(_PARTS[0])
    for before, behind in pairwise(_PARTS):
        begin += len(before)
        end = member.find(behind, begin)
        parts.append(member[begin:end].decode("latin-1"))
        begin = end
    payload, key_id, signature = parts
    try:
        return Envelope(
            payload=parse_base64(payload, MalformedStatement),
            key_id=key_id,
            signature=parse_base64(signature, MalformedStatement),
        )
    except MalformedStatement:
        return None


def _is_record_of(envelope: Envelope, member: bytes) -> bool:
    try:
        return format_statement_record(envelope) == member
    except FormatError:
        return False


def parse_statement_record(member: bytes) -> Envelope:
    """Read the member of a statement; anything but its one form is refused."""
    found = _find_envelope(member)
    if found is not None and _is_record_of(found, member):
        return found
    _header, block = _open_record(member, ENVELOPE_CONTENT_TYPE)
    envelope = parse_envelope(block)
    if format_statement_record(envelope) != member:
        raise MalformedStatement("the statement record is not in its one written form")
    return envelope


def format_stub_record(stub: Stub) -> bytes:
    """Write the one gzip member that stands for a removed slice and statement."""
    if parse_leaf(stub.tombstone_leaf).kind != "tombstone":
        raise MalformedStatement("the second line of a stub is no tombstone's leaf")
    parse_leaf(stub.removed_leaf)
    block = stub.removed_leaf + stub.tombstone_leaf
    return _format_record(
        Record(
            type="metadata",
            record_id=derive_record_id(Digest.of(block)),
            date=stub.date,
            content_type=STUB_CONTENT_TYPE,
            block=MemoryBytes(block),
            block_digest=Digest.of(block),
        ),
        block,
    )


def parse_stub_record(member: bytes) -> Stub:
    """Read the member of a stub; anything but its one form is refused."""
    header, block = _open_record(member, STUB_CONTENT_TYPE)
    lines = block.splitlines(keepends=True)
    if len(block) > 2 * MAX_LEAF_BYTES or len(lines) != 2:
        raise MalformedStatement("a stub record does not hold two leaf lines")
    stub = Stub(
        removed_leaf=lines[0], tombstone_leaf=lines[1], date=parse_instant(header.date)
    )
    if format_stub_record(stub) != member:
        raise MalformedStatement("the stub record is not in its one written form")
    return stub


def _format_record(record: Record, block: bytes) -> bytes:
    return write_stored_member(format_header(record.header) + block + RECORD_END)


def _open_record(member: bytes, content_type: str) -> tuple[RecordHeader, bytes]:
    data = inflate_member(member, limit_bytes=RECORD_LIMIT_BYTES)
    end = data.find(RECORD_END)
    header = parse_header(data[: end + len(RECORD_END)])
    block = data[end + len(RECORD_END) : -len(RECORD_END)]
    if header.content_type != content_type:
        raise MalformedStatement(
            f"a record of {header.content_type}, not {content_type}"
        )
    return header, block
