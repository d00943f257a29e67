"""WARC formats under generated input: what is written reads back; what is read fits."""

import gzip
import io
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import FormatError
from archive.warc.entity import EntityDecoder
from archive.warc.head import parse_http_head
from archive.warc.headerlines import format_record_header
from archive.warc.member import (
    Effort,
    inflate_member,
    scan_members,
    write_member,
    write_stored_member,
)
from archive.warc.payload import decode_payload
from archive.warc.reading import read_records
from archive.warc.record import (
    RECORD_END,
    Record,
    RecordHeader,
    format_header,
    parse_header,
)
from tests.support.judging.examples import examples

EXAMPLES = settings(max_examples=examples(2000), deadline=None)
FEWER = settings(max_examples=examples(500), deadline=None)

ids = st.uuids(version=4).map(lambda value: f"urn:uuid:{value}")
uris = st.text("!#$%&'()*+,-./:;=?@[]_~abzAZ019", min_size=1, max_size=60)
dates = st.datetimes(
    min_value=datetime(1000, 1, 1),  # noqa: DTZ001 hypothesis adds the zone itself
    timezones=st.just(UTC),
)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex).map(Digest)


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(["response", "request", "resource", "metadata"]))
    on_wire = kind in ("response", "request")
    response = kind == "response"
    truncated = st.sampled_from([None, "length", "time", "disconnect", "unspecified"])
    block = draw(st.binary(max_size=40))
    return Record(
        type=kind,
        record_id=draw(ids),
        date=draw(dates),
        target_uri=draw(uris),
        content_type=draw(
            st.sampled_from(["text/plain", "application/http; msgtype=x"])
        ),
        block=MemoryBytes(block),
        block_digest=Digest.of(block),
        payload_digest=draw(st.none() | digests) if response else None,
        concurrent_to=draw(st.none() | ids),
        refers_to=draw(st.none() | ids) if kind == "metadata" else None,
        ip_address=draw(st.none() | st.ip_addresses().map(str)) if on_wire else None,
        protocols=("http/1.1", "tls/1.2") if on_wire and draw(st.booleans()) else (),
        cipher_suite="TLS_AES_128_GCM_SHA256" if on_wire else None,
        truncated=draw(truncated) if response else None,
    )


@EXAMPLES
@given(records())
def test_header_parses_back_to_itself(record: Record) -> None:
    data = format_header(record.header)
    assert parse_header(data) == record.header
    assert format_header(parse_header(data)) == data


@EXAMPLES
@given(records())
def test_header_in_one_go_is_that_of_its_fields(record: Record) -> None:
    assert format_record_header(record) == format_header(record.header)


@EXAMPLES
@given(records(), st.data())
def test_changed_header_is_refused_or_means_its_own_bytes(
    record: Record, data: st.DataObject
) -> None:
    good = format_header(record.header)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        header = parse_header(bytes(bad))
    except FormatError:
        return
    assert format_header(header) == bytes(bad)
    assert header != record.header


@EXAMPLES
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_no_foreign_field_becomes_a_header(fields: list[tuple[str, str]]) -> None:
    with pytest.raises(FormatError):
        RecordHeader(tuple(fields))


@EXAMPLES
@given(st.binary(max_size=300))
def test_random_bytes_are_no_records(data: bytes) -> None:
    for content in (data, write_stored_member(data)):
        try:
            found = list(read_records(io.BytesIO(content)))
        except FormatError:
            continue
        assert found == []
        assert content == b""


@EXAMPLES
@given(records(), st.sampled_from(Effort))
def test_record_reads_back_from_its_member(record: Record, effort: Effort) -> None:
    block = record.block.open().read()
    out = io.BytesIO()
    write_member(out, [format_header(record.header), block, RECORD_END], effort)
    (read,) = read_records(
        io.BytesIO(out.getvalue()), keep=lambda header: header.content_length
    )
    assert (read.header, read.kept, read.block) == (
        record.header,
        block,
        Digest.of(block),
    )


@EXAMPLES
@given(st.lists(st.binary(max_size=2000), max_size=6), st.sampled_from(Effort))
def test_members_are_found_where_they_were_written(
    contents: list[bytes], effort: Effort
) -> None:
    out = io.BytesIO()
    ends = []
    for content in contents:
        write_member(out, [content], effort)
        ends.append(out.tell())
    data = out.getvalue()
    spans = list(scan_members(io.BytesIO(data)))
    assert [span.offset + span.length for span in spans] == ends
    for span, content in zip(spans, contents, strict=True):
        member = data[span.offset : span.offset + span.length]
        assert (
            inflate_member(member, limit_bytes=2000)
            == content
            == gzip.decompress(member)
        )


@EXAMPLES
@given(st.binary(max_size=200_000))
def test_stored_member_is_a_gzip_of_known_length(content: bytes) -> None:
    member = write_stored_member(content)
    blocks = max(1, -(-len(content) // 65_535))
    assert len(member) == 10 + 5 * blocks + len(content) + 8
    assert gzip.decompress(member) == content


@FEWER
@given(st.binary(max_size=400), st.data())
def test_any_changed_bit_of_a_stored_member_shows_in_its_bytes_or_content(
    content: bytes, data: st.DataObject
) -> None:
    member = bytearray(write_stored_member(content))
    member[data.draw(st.integers(0, len(member) - 1))] ^= 1 << data.draw(
        st.integers(0, 7)
    )
    try:
        read = inflate_member(bytes(member), limit_bytes=100_000)
    except FormatError:
        return
    assert write_stored_member(read) != bytes(member)


@EXAMPLES
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.data())
def test_chunk_framing_is_undone_at_any_split(
    chunks: list[bytes], data: st.DataObject
) -> None:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire += b"".join(b"%X\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    wire += b"0\r\nTrailer: x\r\n\r\n"
    decoder = EntityDecoder()
    out, at = b"", 0
    while at < len(wire):
        step = data.draw(st.integers(1, len(wire)))
        out += b"".join(decoder.feed(wire[at : at + step]))
        at += step
    assert (out, decoder.problem) == (b"".join(chunks), None)


@EXAMPLES
@given(
    st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK",
                b"\r\n",
                b"\n",
                b"Transfer-Encoding: chunked",
                b"5",
                b";",
            ]
        )
        | st.binary(max_size=6),
        max_size=20,
    ),
    st.integers(0, 60),
)
def test_any_bytes_give_the_same_entity_at_any_split(
    parts: list[bytes], split: int
) -> None:
    data = b"".join(parts)
    whole, pieces = EntityDecoder(), EntityDecoder()
    expected = b"".join(whole.feed(data))
    got = b"".join([*pieces.feed(data[:split]), *pieces.feed(data[split:])])
    assert (got, pieces.problem, pieces.head) == (expected, whole.problem, whole.head)


@EXAMPLES
@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_a_head(data: bytes) -> None:
    head = parse_http_head(data)
    assert head.length_bytes <= len(data)
    _ = (head.media_type, head.charset, head.content_length, head.content_encoding)


@EXAMPLES
@given(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(["gzip", "deflate", "br", "zstd", "identity"]), max_size=3
    ),
    st.booleans(),
)
def test_any_bytes_are_decoded_within_the_limit(
    data: bytes, codings: list[str], compressed: bool
) -> None:
    body = zlib.compress(data) if compressed else data
    result = decode_payload(body, ", ".join(codings), limit_bytes=100)
    assert len(result.data) <= 100
    if not codings and not compressed and len(data) <= 100:
        assert (result.data, result.problem) == (data, None)
