"""Limits of the framer: exact, and what comes behind one is kept as it came."""

import pytest

from crawlers.engine.chunks import CHUNK_LINE_LIMIT_BYTES, TRAILER_LIMIT_BYTES
from crawlers.engine.framing import (
    HEAD_LIMIT_BYTES,
    INTERIM_LIMIT_BYTES,
    INTERIM_LIMIT_HEADS,
    SURPLUS_LIMIT_BYTES,
    ResponseFramer,
)
from crawlers.engine.outcome import Progress as P
from tests.support.capturing.following import CHUNKED, HELLO, LENGTH, OK, follow


@pytest.mark.parametrize(
    ("data", "limit", "taken", "payload"),
    [
        (LENGTH + HELLO, 5, 43, HELLO),
        (LENGTH + HELLO, 4, 42, b"hell"),
        (OK + b"\r\nhello", 5, 24, HELLO),
        (OK + b"\r\nhello", 4, 23, b"hell"),
        (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", 5, len(CHUNKED) + 5, b"he"),
        (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", 2, len(CHUNKED) + 2, b""),
    ],
)
def test_limit_keeps_exactly_the_first_bytes_of_the_body(
    data: bytes, limit: int, taken: int, payload: bytes
) -> None:
    whole = follow(data, limit=limit)
    assert (whole.taken, whole.payload) == (taken, payload)
    assert whole.full is (whole.taken < len(data))
    assert follow(data, *range(len(data)), limit=limit) == whole


def test_declared_length_beyond_the_limit_ends_as_soon_as_the_limit_is_reached() -> (
    None
):
    whole = follow(LENGTH + b"hel", limit=3)
    assert whole.full
    assert whole.progress is P.BODY


@pytest.mark.parametrize("extra", [0, 1])
def test_head_limit_is_exact(extra: int) -> None:
    rest = HEAD_LIMIT_BYTES - len(OK + b"X: \r\n\r\n") + extra
    whole = follow(OK + b"X: " + b"a" * rest + b"\r\n\r\n")
    assert whole.progress is (P.UNPARSED if extra else P.END)
    assert ("head-too-long" in whole.flags) is bool(extra)


def test_too_many_interim_heads_make_the_rest_opaque() -> None:
    interim = b"HTTP/1.1 102 P\r\n\r\n"
    fits = follow(interim * INTERIM_LIMIT_HEADS + LENGTH + HELLO)
    assert (fits.progress, len(fits.interim)) == (P.END, INTERIM_LIMIT_HEADS)
    over = follow(interim * (INTERIM_LIMIT_HEADS + 1) + LENGTH + HELLO)
    assert (over.progress, over.flags) == (P.UNPARSED, ("interim-limit",))
    assert len(over.interim) == INTERIM_LIMIT_HEADS


def test_too_large_interim_head_makes_the_rest_opaque() -> None:
    large = b"HTTP/1.1 103 E\r\nX: " + b"a" * INTERIM_LIMIT_BYTES + b"\r\n\r\n"
    assert follow(large + LENGTH + HELLO).flags == ("interim-limit",)


def test_surplus_is_kept_up_to_its_limit() -> None:
    whole = follow(LENGTH + HELLO + b"s" * (SURPLUS_LIMIT_BYTES + 9))
    assert whole.full
    assert whole.sizes[3] == SURPLUS_LIMIT_BYTES


@pytest.mark.parametrize("cut", [0, 100, CHUNK_LINE_LIMIT_BYTES])
def test_chunk_line_limit_is_exact(cut: int) -> None:
    for extra, broken in ((0, False), (1, True)):
        line = b"0;" + b"x" * (CHUNK_LINE_LIMIT_BYTES - 4 + extra) + b"\r\n"
        data = CHUNKED + line + b"\r\n"
        followed = follow(data, len(CHUNKED) + cut)
        assert ("bad-chunk" in followed.flags) is broken
        assert followed == follow(data)


def test_trailer_limit_is_exact() -> None:
    for extra, broken in ((0, False), (1, True)):
        trailer = b"A: " + b"x" * (TRAILER_LIMIT_BYTES - 7 + extra) + b"\r\n\r\n"
        data = CHUNKED + b"0\r\n" + trailer
        assert ("long-trailer" in follow(data).flags) is broken
        assert follow(data, 999, 50_000) == follow(data)


def test_a_body_of_one_byte_chunks_is_followed_in_one_step_for_each_piece() -> None:
    """Not in one for each chunk: a stranger decides how many there are."""
    pieces: list[bytes] = []
    framer = ResponseFramer(
        "GET", limit_bytes=1 << 20, on_payload=pieces.append, on_head=lambda _head: None
    )
    framer.feed(CHUNKED)
    for _ in range(3):
        framer.feed(b"1\r\nx\r\n" * 20_000)
    assert len(pieces) <= 6
    assert b"".join(pieces) == b"x" * 60_000
    framer.feed(b"0\r\n\r\n")
    assert framer.progress is P.END
    assert framer.facts().body_bytes + framer.facts().trailer_bytes == 360_000 + 5
