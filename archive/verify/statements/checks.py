"""Checks on one statement: its signer, its slice, its records. Raise or return.

Each function raises an EvidenceError with the reason, or returns nothing: the folder
and capture procedures decide what that means.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from archive.attest.keys.signing import verify_p256
from archive.attest.statements.envelope import Envelope
from archive.attest.statements.statement import Statement, pae
from archive.attest.trust.folder import TrustSet
from archive.attest.values.forms import host_of
from archive.errors import BadSignature, DigestMismatch, MalformedRecord, UnknownKey
from archive.log.leaf import Leaf, format_leaf
from archive.warc.carried import IMPORT_URN
from archive.warc.reading import ReadRecord, RecordRow
from archive.warc.revisit import check_revisit

ROW_FIELDS = ("id", "type", "target_uri", "date")
ROW_DIGESTS = ("payload", "block", "record", "member")
"""In the order in which a difference is told: what was changed, then what follows."""
ROW_PLACE = ("offset", "length")


def leaf_of(statement: Statement, envelope: Envelope) -> bytes:
    """The one leaf line that this statement may have."""
    return format_leaf(
        Leaf(
            kind=statement.kind,
            statement_digest=statement.digest,
            key_id=envelope.key_id,
            signature=envelope.signature,
        )
    )


def is_by_root(statement: Statement) -> bool:
    """Whether the root key must have signed it; a change by turns is by operators."""
    if statement.kind != "key":
        return False
    return statement.predicate["action"] in ("new", "revoke")


def find_key(statement: Statement, envelope: Envelope, trust: TrustSet) -> bytes:
    """The trusted public key (SPKI DER) of a statement's signer; UnknownKey if none."""
    try:
        if is_by_root(statement):
            return trust.get_root(envelope.key_id)
        return trust.get_operator(envelope.key_id).spki_der
    except UnknownKey as error:
        raise UnknownKey(f"entry {statement.seq}: {error}") from error


def check_signature(statement: Statement, envelope: Envelope, spki: bytes) -> None:
    """BadSignature unless the key signed exactly this payload."""
    try:
        verify_p256(spki, envelope.signature, pae(statement.payload))
    except BadSignature as error:
        raise BadSignature(f"entry {statement.seq}: {error}") from error


def check_interval(statement: Statement, envelope: Envelope, trust: TrustSet) -> None:
    """BadSignature unless the key was valid at this entry: `[first, end)` of leaves."""
    if is_by_root(statement):
        return
    if not trust.get_operator(envelope.key_id).covers(statement.seq):
        raise BadSignature(
            f"key {envelope.key_id} was not valid at entry {statement.seq}"
        )


def check_records(
    statement: Statement, records: Sequence[ReadRecord], base: int
) -> None:
    """The signed record table, the WARC headers and the statement must agree.

    `base` is where the slice begins in the stream the records were read from.
    """
    for record in records:
        record.check_digests()
    if statement.kind == "import":
        _check_import(statement.predicate, records)
    if statement.kind not in ("capture", "page"):
        return
    predicate = statement.predicate
    rows = predicate["records"]
    if len(rows) != len(records):
        raise DigestMismatch(
            f"entry {statement.seq}: {len(records)} records, {len(rows)} were signed"
        )
    for position, record in enumerate(records):
        if not _is_row(rows[position], record, base):
            place = f"record {position}"
            _check_row(rows[position], record.row, base=base, place=place)
    _check_headers(predicate, records)


def _check_import(predicate: Mapping[str, Any], records: Sequence[ReadRecord]) -> None:
    """What describes imported records names the file of the statement."""
    named = records[-1].header.target_uri if records else None
    told = named is not None and named.startswith(IMPORT_URN)
    if told and named != f"{IMPORT_URN}{predicate['file']['sha256']}":
        raise DigestMismatch("the records are not of the file that was stated")


def _is_row(row: Mapping[str, Any], record: ReadRecord, base: int) -> bool:
    """Whether a record is exactly the signed one; if not, `_check_row` says why."""
    header, span = record.header, record.span
    payload = header.payload_digest
    return bool(
        row["record"] == f"sha256:{record.record.hex}"
        and row["member"] == f"sha256:{record.member.hex}"
        and row["block"] == f"sha256:{record.block.hex}"
        and row["payload"] == (None if payload is None else str(payload))
        and row["offset"] == span.offset - base
        and row["length"] == span.length
        and row["id"] == header.record_id
        and row["type"] == header.type
        and row["date"] == header.date
        and row["target_uri"] == header.target_uri
    )


def _check_row(
    row: Mapping[str, Any], found: RecordRow, *, base: int, place: str
) -> None:
    actual: dict[str, object] = {field: getattr(found, field) for field in ROW_FIELDS}
    for field in ROW_DIGESTS:
        digest = getattr(found, field)
        actual[field] = None if digest is None else str(digest)
    actual |= {field: getattr(found, field) for field in ROW_PLACE}
    actual["offset"] = found.offset - base
    for field, value in actual.items():
        if row[field] != value:
            raise DigestMismatch(f"{place}: {field} is not the one that was signed")
    raise AssertionError("a row that is not the signed one differs somewhere")


def _check_headers(predicate: Mapping[str, Any], records: Sequence[ReadRecord]) -> None:
    """Address and date of the statement are those of the records."""
    try:
        host = host_of(predicate["target_uri"])
    except ValueError as error:
        raise MalformedRecord(
            f"target_uri {predicate['target_uri'][:80]!r} is no address: {error}"
        ) from error
    if host != predicate["host_alabel"]:
        raise MalformedRecord("host_alabel is not the host of target_uri")
    _check_revisit(predicate, records)
    for record in records:
        header = record.header
        if header.date != predicate["captured_at"]:
            raise MalformedRecord(
                f"WARC-Date of {header.record_id} is not the signed captured_at"
            )
        is_exchange = header.type in ("response", "request", "revisit")
        if is_exchange and header.target_uri != predicate["target_uri"]:
            raise MalformedRecord(
                f"WARC-Target-URI of {header.record_id} is not the signed target_uri"
            )


def _check_revisit(predicate: Mapping[str, Any], records: Sequence[ReadRecord]) -> None:
    """A revisit record is there if, and only if, the statement names what it repeats.

    A revisit comes first: what it refers to is said in the statement once.
    """
    refers_to = predicate["refers_to"]
    types = [record.header.type for record in records]
    if types.count("revisit") != (refers_to is not None):
        raise MalformedRecord("refers_to and the revisit record disagree")
    if refers_to is None:
        return
    if types[0] != "revisit":
        raise MalformedRecord("a revisit record is not the first one of its slice")
    check_revisit(records[0].header, digest=refers_to["digest"])
