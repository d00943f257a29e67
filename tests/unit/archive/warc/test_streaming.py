"""A response given piece by piece is whole, or it ends with an error."""

import io
from datetime import UTC, datetime

import pytest

from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import MalformedRecord, TornMember
from archive.warc.member import CHUNK_BYTES, write_stored_member
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    RECORD_END,
    Record,
    format_header,
)
from archive.warc.streaming import stream_entity, stream_response

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = bytes(range(256)) * (3 * CHUNK_BYTES // 256)


def header(block: bytes, type_: str = "response") -> bytes:
    record = Record(
        type=type_,
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        date=datetime(2025, 1, 26, tzinfo=UTC),
        target_uri="http://outlet.example/",
        content_type="application/http; msgtype=response",
        block=MemoryBytes(block),
        block_digest=Digest.of(block),
    )
    return format_header(record.header)


def member(block: bytes, *, type_: str = "response", end: bytes = RECORD_END) -> bytes:
    return write_stored_member(header(block, type_) + block + end)


def taken(data: bytes) -> bytes:
    block = stream_response(io.BytesIO(data))
    assert block is not None
    whole = b"".join(block.pieces)
    assert len(whole) == block.length_bytes
    return whole


@pytest.mark.parametrize("block", [b"", b"x", LONG, LONG + b"x"])
def test_a_response_behind_other_records_comes_whole(block: bytes) -> None:
    assert taken(member(LONG, type_="request") + member(block)) == block


def test_a_slice_without_a_response_has_none() -> None:
    assert stream_response(io.BytesIO(b"")) is None
    assert stream_response(io.BytesIO(member(b"GET /", type_="request"))) is None


@pytest.mark.parametrize(
    "end",
    [b"", RECORD_END[:-1], RECORD_END + b"\n", b"\n\n\n\n", RECORD_END + LONG],
    ids=["none", "short", "long", "other", "another member's worth"],
)
@pytest.mark.parametrize("block", [b"x", LONG], ids=["one piece", "many"])
def test_all_bytes_are_given_only_before_the_end_of_a_record(
    end: bytes, block: bytes
) -> None:
    found = stream_response(io.BytesIO(member(block, end=end)))
    assert found is not None
    given: list[bytes] = []
    with pytest.raises(MalformedRecord, match="does not end where"):
        given.extend(found.pieces)
    assert len(b"".join(given)) < len(block)


def test_a_member_that_is_cut_or_damaged_is_not_given_whole() -> None:
    data = member(LONG)
    with pytest.raises(TornMember):
        taken(data[:-1])
    damaged = bytearray(data)
    damaged[-8] ^= 1  # of the checksum
    with pytest.raises(MalformedRecord, match="no gzip member"):
        taken(bytes(damaged))


def test_a_block_shorter_than_its_length_is_refused() -> None:
    with pytest.raises(MalformedRecord, match="ends before its Content-Length"):
        taken(write_stored_member(header(LONG) + LONG[:-1]))


@pytest.mark.parametrize(
    "content", [b"", b"WARC/1.1\r\n", bytes(HEADER_LIMIT_BYTES * 9)]
)
def test_a_member_without_a_record_header_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedRecord, match="without a whole record header"):
        stream_response(io.BytesIO(write_stored_member(content)))


def test_the_entity_comes_without_the_framing_of_chunks() -> None:
    chunks = b"%x\r\n%s\r\n" % (len(LONG), LONG)
    block = stream_response(io.BytesIO(member(HEAD + chunks + b"0\r\n\r\n")))
    assert block is not None
    head, pieces = stream_entity(block.pieces)
    assert head is not None
    assert head.status == 200
    assert b"".join(pieces) == LONG


def test_what_is_no_http_message_has_no_head() -> None:
    head, pieces = stream_entity(iter([b"HTTP/1.1 200"]))
    assert head is None
    assert b"".join(pieces) == b""
