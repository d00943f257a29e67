"""The bytes of a slice: what its digests cover, the same twice, in bounded memory."""

import io
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from archive.capture import (
    MemoryBytes,
)
from archive.digest import Digest
from archive.errors import DigestMismatch, MalformedRecord
from archive.warc.entity import EntityDecoder
from archive.warc.member import Effort
from archive.warc.reading import read_slice_rows
from archive.warc.slice import (
    HASHED_AGAIN_BYTES,
    SliceMaterial,
    build_slice,
)
from tests.support.archives.slices import Build, Make, metadata_of, records_of


def test_payload_digest_stands_only_where_the_block_gives_it_again(
    build: Build, make_exchange: Make
) -> None:
    claimed = Digest.of(b"what the engine made of it")
    data, draft = build(make_exchange(payload_digest=claimed, payload_bytes=26))
    assert draft.payload_digest is None
    assert records_of(data)[0].header.payload_digest is None
    assert metadata_of(data)["payload"] == {
        "bytes": 26,
        "disputed": True,
        "sha256": str(claimed),
    }
    assert read_slice_rows(io.BytesIO(data)) == draft.rows


def test_long_body_is_hashed_again_only_where_its_place_is_disputed(
    build: Build, make_exchange: Make
) -> None:
    body = bytes(HASHED_AGAIN_BYTES)
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    data, draft = build(make_exchange(response))
    assert draft.payload_digest == Digest.of(body)
    assert read_slice_rows(io.BytesIO(data)) == draft.rows
    claimed = Digest.of(b"of another place")
    shorter = make_exchange(response, payload_digest=claimed, payload_bytes=1)
    assert build(shorter)[1].payload_digest is None
    framing = make_exchange(response).framing
    assert framing is not None
    framing = replace(framing, head_bytes=9)
    elsewhere = make_exchange(response, payload_digest=claimed, framing=framing)
    assert build(elsewhere)[1].payload_digest is None


def test_payload_of_a_chunked_reply_is_without_chunk_framing(
    build: Build, make_exchange: Make
) -> None:
    response = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Encoding: gzip\r\n\r\n4\r\n\x1f\x8b\x08\x00\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    data, draft = build(make_exchange(response))
    assert draft.payload_digest == Digest.of(b"\x1f\x8b\x08\x00abc")
    assert records_of(data)[0].kept == response
    assert read_slice_rows(io.BytesIO(data)) == draft.rows


def test_changed_spool_is_never_stated(build: Build, make_exchange: Make) -> None:
    exchange = make_exchange()
    changed = exchange.response.open().read().replace(b"Voted", b"v0ted")
    with pytest.raises(DigestMismatch, match="capture it again"):
        build(replace(exchange, response=MemoryBytes(changed)))
    with pytest.raises(DigestMismatch):
        build(replace(exchange, response=_Lying(changed)))


class _Lying(MemoryBytes):
    """Says that it is longer than it is."""

    @property
    def length_bytes(self) -> int:
        return len(self.data) + 1


@pytest.mark.parametrize("uri", ["https://h/\r\nX: 1", "https://h/\x00", "https://h/ä"])
def test_address_with_control_bytes_is_refused(
    build: Build, make_exchange: Make, uri: str
) -> None:
    with pytest.raises(MalformedRecord):
        build(make_exchange(target_uri=uri, connection=None))


def test_writing_the_same_twice_gives_the_same_bytes(
    build: Build, make_exchange: Make
) -> None:
    assert build(make_exchange()) == build(make_exchange())


def test_stored_slices_do_not_depend_on_the_compressor(
    make_exchange: Make,
    make_material: Callable[..., SliceMaterial],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for _ in range(2):
        out = io.BytesIO()
        material = replace(make_material(), effort=Effort.STORED)
        build_slice(make_exchange(), out, material=material)
        made.append(out.getvalue())
        monkeypatch.setattr("archive.warc.member._isal", None)
    assert made[0] == made[1]


def test_member_headers_name_neither_time_nor_system(
    build: Build, make_exchange: Make
) -> None:
    data, draft = build(make_exchange())
    for row in draft.rows:
        header = data[row.offset : row.offset + 10]
        assert header == bytes.fromhex("1f8b08000000000000ff")


class _Zeros:
    """A body of many zeros that is never in memory whole."""

    def __init__(self, head: bytes, length: int) -> None:
        self._head = head
        self.length_bytes = len(head) + length

    def open(self) -> BinaryIO:
        return _ZeroStream(self._head, self.length_bytes)

    def close(self) -> None:
        pass


class _ZeroStream(io.BytesIO):
    def __init__(self, head: bytes, length: int) -> None:
        super().__init__(head)
        self._left = length

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        size = min(size, self._left)
        self._left -= size
        return super().read(size).ljust(size, b"\0")


class _Sink(io.BytesIO):
    """Counts what is written and forgets it."""

    def write(self, data: Any, /) -> int:
        return len(data)


@pytest.mark.parametrize(
    "length", [50_000_000, pytest.param(500_000_000, marks=pytest.mark.slow)]
)
def test_large_body_is_written_in_bounded_memory(
    make_exchange: Make, make_material: Callable[..., SliceMaterial], length: int
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    source = _Zeros(head, length)
    with source.open() as stream:
        wire = Digest.of_stream(stream)
    decoder, payload = EntityDecoder(), Digest.of_chunks
    with source.open() as stream:
        pieces = iter(lambda: stream.read(1 << 20), b"")
        body = payload(part for piece in pieces for part in decoder.feed(piece))
    exchange = make_exchange(response=head, http_status=200)
    exchange = replace(exchange, response=source, wire_digest=wire, payload_digest=body)
    tracemalloc.start()
    try:
        draft = build_slice(exchange, _Sink(), material=make_material())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert draft.payload_digest == body
    assert peak < 16_000_000
