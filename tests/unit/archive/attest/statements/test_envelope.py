"""The statement record and the stub record are one exact byte string each."""

import base64
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.statements.envelope import (
    Envelope,
    Stub,
    format_envelope,
    format_statement_record,
    format_stub_record,
    parse_envelope,
    parse_statement_record,
    parse_stub_record,
)
from archive.attest.statements.statement import build_statement, pae, statement_digest
from archive.attest.values.canonical import dump_canonical
from archive.digest import Digest, derive_record_id
from archive.errors import FormatError, MalformedStatement
from archive.log.leaf import Leaf, format_leaf

PredicateOf = Callable[[str], dict[str, Any]]


@pytest.fixture
def envelope(predicate_of: PredicateOf, keys: KeyFolder) -> Envelope:
    payload = build_statement("capture", predicate_of("capture"))
    return Envelope(
        payload=payload,
        key_id=keys.operator.key_id,
        signature=keys.operator.sign(pae(payload)),
    )


def leaf_line(kind: str, keys: KeyFolder) -> bytes:
    return format_leaf(
        Leaf(
            kind=kind,
            statement_digest=Digest.of(kind.encode()),
            key_id=keys.operator.key_id,
            signature=keys.operator.sign(kind.encode()),
        )
    )


def test_pae_is_that_of_dsse() -> None:
    assert pae(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
    expected = hashlib.sha256(pae(b"{}")).hexdigest()
    assert statement_digest(b"{}").hex == expected


def test_the_record_is_written_as_the_format_says(envelope: Envelope) -> None:
    block = format_envelope(envelope)
    digest = hashlib.sha256(pae(envelope.payload)).digest()
    expected = (
        "WARC/1.1\r\n"
        "WARC-Type: metadata\r\n"
        f"WARC-Record-ID: <{derive_record_id(Digest(digest.hex()))}>\r\n"
        "WARC-Date: 2025-01-26T08:00:00.123456Z\r\n"
        "WARC-Refers-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        f"WARC-Block-Digest: sha256:{hashlib.sha256(block).hexdigest()}\r\n"
        "Content-Type: application/vnd.dsse.envelope.v1+json\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    ).encode() + block
    member = format_statement_record(envelope)
    assert gzip.decompress(member) == expected + b"\r\n\r\n"
    assert member[:11] == bytes.fromhex("1f8b08000000000000ff01")
    assert block.startswith(b'{"payload":"')
    assert b'"payloadType":"application/vnd.in-toto+json","signatures":[{"key' in block


def test_the_record_id_is_a_version_8_uuid_cut_from_the_digest() -> None:
    digest = Digest("ff" * 32)
    assert derive_record_id(digest) == "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff"
    assert derive_record_id(Digest("00" * 32)).startswith(
        "urn:uuid:00000000-0000-8000-8"
    )


def test_a_statement_without_slice_refers_to_nothing(
    predicate_of: PredicateOf, keys: KeyFolder
) -> None:
    payload = build_statement("anchor", predicate_of("anchor"))
    envelope = Envelope(
        payload=payload, key_id=keys.operator.key_id, signature=b"\x30\x00"
    )
    member = format_statement_record(envelope)
    assert b"WARC-Refers-To" not in gzip.decompress(member)
    assert parse_statement_record(member) == envelope


def test_a_long_statement_is_stored_in_blocks_of_65535_bytes(
    predicate_of: PredicateOf, keys: KeyFolder
) -> None:
    used = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(2_000)]
    predicate = predicate_of("page") | {"main": used[0], "captures": used}
    payload = build_statement("page", predicate)
    envelope = Envelope(
        payload=payload,
        key_id=keys.operator.key_id,
        signature=keys.operator.sign(pae(payload)),
    )
    member = format_statement_record(envelope)
    assert len(member) > 5 * 65_535
    assert member[10:15] == bytes.fromhex("00ffff0000")
    assert parse_statement_record(member) == envelope


def test_another_library_reads_the_record(envelope: Envelope) -> None:
    stream = io.BytesIO(format_statement_record(envelope))
    (record,) = [
        (record.rec_type, record.content_stream().read())
        for record in ArchiveIterator(stream, check_digests=True)
    ]
    assert record == ("metadata", format_envelope(envelope))


def test_no_bit_of_a_statement_record_can_flip(envelope: Envelope) -> None:
    member = format_statement_record(envelope)
    for place in range(len(member)):
        altered = bytearray(member)
        altered[place] ^= 1 << (place % 8)
        with pytest.raises(FormatError):
            parse_statement_record(bytes(altered))


def test_no_cut_of_a_statement_record_is_read(envelope: Envelope) -> None:
    member = format_statement_record(envelope)
    for length in range(0, len(member), 7):
        with pytest.raises(FormatError):
            parse_statement_record(member[:length])
    for tail in (b"\0", member):
        with pytest.raises(FormatError):
            parse_statement_record(member + tail)


def test_the_same_record_in_another_gzip_form_is_refused(envelope: Envelope) -> None:
    content = gzip.decompress(format_statement_record(envelope))
    for level in (0, 1, 9):
        press = zlib.compressobj(level, wbits=31)
        with pytest.raises(MalformedStatement):
            parse_statement_record(press.compress(content) + press.flush())


def test_a_changed_header_line_is_refused(envelope: Envelope) -> None:
    content = gzip.decompress(format_statement_record(envelope))
    from archive.warc.member import write_stored_member

    for old, new in [
        (b"08:00:00.123456Z\r", b"09:00:00.123456Z\r"),
        (b"-000000000001>", b"-000000000002>"),
        (b"WARC-Block-Digest: sha256:", b"WARC-Block-Digest: sha256:0"),
        (b"WARC/1.1", b"WARC/1.0"),
        (b"WARC-Type: metadata\r\n", b"WARC-Type: metadata\r\nX-Y: z\r\n"),
        (b"Content-Length: ", b"Content-Length: 0"),
        (b"\r\n\r\n", b"\r\n\r\n "),
    ]:
        assert old in content
        with pytest.raises(FormatError):
            parse_statement_record(write_stored_member(content.replace(old, new, 1)))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(FormatError):
        parse_statement_record(gzip.compress(bytes(50_000_000)))


def test_envelopes_have_one_form(envelope: Envelope) -> None:
    data = format_envelope(envelope)
    assert parse_envelope(data) == envelope
    payload = base64.b64encode(envelope.payload).decode()
    signature = {
        "keyid": envelope.key_id,
        "sig": base64.b64encode(envelope.signature).decode(),
    }
    good = {
        "payload": payload,
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [signature],
    }
    assert dump_canonical(good) == data
    spoils: tuple[dict[str, object], ...] = (
        {"signatures": []},
        {"signatures": [signature, signature]},
        {"signatures": [signature | {"cert": "x"}]},
        {"signatures": [signature | {"keyid": "0123"}]},
        {"signatures": [signature | {"sig": ""}]},
        {"signatures": [signature | {"sig": "AA"}]},
        {"signatures": [signature | {"sig": base64.b64encode(bytes(73)).decode()}]},
        {"payloadType": "application/json"},
        {"payload": payload + "\n"},
        {"payload": 5},
        {"more": 1},
    )
    for spoil in spoils:
        with pytest.raises(MalformedStatement):
            parse_envelope(dump_canonical(good | spoil))
    with pytest.raises(MalformedStatement):
        parse_envelope(data + b"\n")
    with pytest.raises(MalformedStatement):
        parse_envelope(b"[]")


def test_a_stub_is_read_back_and_nothing_beside_it(keys: KeyFolder) -> None:
    stub = Stub(
        removed_leaf=leaf_line("capture", keys),
        tombstone_leaf=leaf_line("tombstone", keys),
        date=datetime(2025, 1, 27, tzinfo=UTC),
    )
    member = format_stub_record(stub)
    assert parse_stub_record(member) == stub
    content = gzip.decompress(member)
    assert content.endswith(stub.removed_leaf + stub.tombstone_leaf + b"\r\n\r\n")
    assert b"Content-Type: text/plain\r\n" in content
    for place in range(len(member)):
        altered = bytearray(member)
        altered[place] ^= 1 << (place % 8)
        with pytest.raises(FormatError):
            parse_stub_record(bytes(altered))
    with pytest.raises(MalformedStatement):
        format_stub_record(replace(stub, tombstone_leaf=stub.removed_leaf))


def test_a_stub_is_no_statement_and_a_statement_no_stub(
    envelope: Envelope, keys: KeyFolder
) -> None:
    leaf = leaf_line("tombstone", keys)
    moment = datetime(2025, 1, 27, tzinfo=UTC)
    stub = Stub(removed_leaf=leaf, tombstone_leaf=leaf, date=moment)
    with pytest.raises(MalformedStatement):
        parse_statement_record(format_stub_record(stub))
    with pytest.raises(MalformedStatement):
        parse_stub_record(format_statement_record(envelope))
