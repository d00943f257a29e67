"""Where a body begins and ends, and chunk framing undone."""

import io

import pytest

from archive.warc.entity import (
    CHUNK_LINE_LIMIT_BYTES,
    TRAILER_LIMIT_BYTES,
    EntityDecoder,
    Problem,
    decode_entity,
    entity_body,
    read_entity,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

CASES = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", None),
    "zero": (OK + b"Content-Length: 0\r\n\r\n", b"", None),
    "to the end": (OK + b"\r\nhello", b"hello", None),
    "short": (OK + b"Content-Length: 9\r\n\r\nhello", b"hello", Problem.CUT),
    "surplus": (OK + b"Content-Length: 3\r\n\r\nhello", b"hel", Problem.SURPLUS),
    "conflict": (OK + b"Content-Length: 3, 4\r\n\r\nhello", b"hello", None),
    "no content": (b"HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", b"", None),
    "not modified": (b"HTTP/1.1 304 x\r\n\r\nxx", b"", Problem.SURPLUS),
    "switching": (b"HTTP/1.1 101 x\r\n\r\nxx", b"", Problem.SURPLUS),
    "no head": (b"HTTP/1.1 200 OK\r\nA: b\r\n", b"", Problem.CUT),
    "chunks": (CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"hello!", None),
    "upper hex": (CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", None),
    "zeros": (CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n", b"hello", None),
    "spaces": (CHUNKED + b" 5 \r\nhello\r\n0\r\n\r\n", b"hello", None),
    "extension": (CHUNKED + b'5;a="b\x00"\r\nhello\r\n0;c\r\n\r\n', b"hello", None),
    "line feeds": (CHUNKED + b"5\nhello\n0\n\n", b"hello", None),
    "trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"hello", None),
    "behind": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\nmore", b"hello", Problem.SURPLUS),
    "no last": (CHUNKED + b"5\r\nhello\r\n", b"hello", Problem.CUT),
    "cut size": (CHUNKED + b"5\r\nhello\r\n1", b"hello", Problem.CUT),
    "cut data": (CHUNKED + b"5\r\nhel", b"hel", Problem.CUT),
    "cut end": (CHUNKED + b"5\r\nhello\r", b"hello", Problem.CUT),
    "cut trailer": (CHUNKED + b"5\r\nhello\r\n0\r\n", b"hello", Problem.CUT),
    "bad size": (CHUNKED + b"5\r\nhello\r\nz\r\nx", b"hello", Problem.CORRUPT),
    "negative": (CHUNKED + b"-5\r\nhello\r\n", b"", Problem.CORRUPT),
    "prefixed": (CHUNKED + b"0x5\r\nhello\r\n", b"", Problem.CORRUPT),
    "huge": (CHUNKED + b"F" * 99 + b"\r\nhello\r\n", b"hello\r\n", Problem.CUT),
    "many zeros": (CHUNKED + b"0" * 99 + b"5\r\nhello\r\n0\r\n\r\n", b"hello", None),
    "no size": (CHUNKED + b"\r\nhello\r\n", b"", Problem.CORRUPT),
    "no line end": (CHUNKED + b"5\r\nhelloXX1\r\n", b"hello", Problem.CORRUPT),
    "half line end": (CHUNKED + b"5\r\nhello\rX", b"hello", Problem.CORRUPT),
    "length beside": (
        OK
        + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
        None,
    ),
    "chunked not last": (
        OK + b"Transfer-Encoding: chunked, gzip\r\nContent-Length: 1\r\n\r\nhello",
        b"hello",
        None,
    ),
    "gzip, chunked": (
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n",
        b"\x1f\x8b",
        None,
    ),
    "identity": (
        OK + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhello",
        b"he",
        Problem.SURPLUS,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_body_is_found_and_its_defect_named(case: str) -> None:
    data, body, problem = CASES[case]
    entity = read_entity(io.BytesIO(data), limit_bytes=1000)
    assert (entity.body, entity.problem) == (body, problem)
    assert entity.complete is (problem in (None, Problem.SURPLUS))
    assert decode_entity(data, limit_bytes=1000) == entity
    assert b"".join(entity_body(io.BytesIO(data))) == body


@pytest.mark.parametrize("case", CASES)
def test_body_is_the_same_however_the_bytes_arrive(case: str) -> None:
    data, body, problem = CASES[case]
    for split in range(len(data) + 1):
        decoder = EntityDecoder()
        parts = [*decoder.feed(data[:split]), *decoder.feed(data[split:])]
        assert (b"".join(parts), decoder.problem) == (body, problem), split
    decoder = EntityDecoder()
    parts = [part for byte in data for part in decoder.feed(bytes([byte]))]
    assert (b"".join(parts), decoder.problem) == (body, problem)


def test_head_request_has_no_body() -> None:
    data = OK + b"Content-Length: 5\r\n\r\n"
    entity = read_entity(io.BytesIO(data), limit_bytes=10, method="HEAD")
    assert (entity.body, entity.problem) == (b"", None)
    assert decode_entity(data, limit_bytes=10, method="HEAD") == entity


def test_limit_keeps_what_came_before() -> None:
    data = OK + b"\r\n" + bytes(100)
    entity = read_entity(io.BytesIO(data), limit_bytes=40)
    assert (entity.body, entity.problem) == (bytes(40), Problem.LIMIT)
    assert decode_entity(data, limit_bytes=40) == entity
    assert decode_entity(data, limit_bytes=100).problem is None


@pytest.mark.parametrize(
    "tail",
    [
        b"1;" + b"x" * CHUNK_LINE_LIMIT_BYTES + b"\r\nh\r\n",
        b"0\r\n" + b"A: b\r\n" * (TRAILER_LIMIT_BYTES // 6 + 1),
    ],
)
def test_endless_lines_are_cut_off(tail: bytes) -> None:
    decoder = EntityDecoder()
    assert b"".join(decoder.feed(CHUNKED + tail)) == b""
    assert decoder.problem is Problem.CORRUPT


def test_endless_head_is_cut_off() -> None:
    decoder = EntityDecoder()
    for _ in range(40):
        assert list(decoder.feed(b"A: " + bytes(64 * 1024))) == []
    assert (decoder.head, decoder.problem) == (None, Problem.CORRUPT)
