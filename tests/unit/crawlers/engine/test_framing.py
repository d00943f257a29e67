"""The framing finds the same end however the bytes are cut, and loses none."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.engine.outcome import Progress as P
from tests.support.capturing.following import (
    BIG_LIMIT,
    CHUNKED,
    HELLO,
    LENGTH,
    OK,
    follow,
)


def one(
    name: str, data: bytes, progress: P, payload: bytes, *flags: str, **rest: Any
) -> Any:
    return pytest.param(data, progress, payload, flags, rest, id=name)


TABLE = [
    # lengths
    one("length", LENGTH + HELLO, P.END, HELLO),
    one("zero", OK + b"Content-Length: 0\r\n\r\n", P.END, b""),
    one("short", LENGTH + b"hel", P.BODY, b"hel"),
    one("surplus", LENGTH + b"hello!", P.SURPLUS, HELLO, "surplus"),
    one("leading zeros", OK + b"Content-Length: 0005\r\n\r\nhello", P.END, HELLO),
    one(
        "equal twice",
        OK + b"Content-Length: 5\r\ncontent-length:5\r\n\r\nhello",
        P.END,
        HELLO,
        "duplicate-length",
    ),
    one(
        "list of equal",
        OK + b"Content-Length: 5, 5\r\n\r\nhello",
        P.END,
        HELLO,
        "duplicate-length",
    ),
    one(
        "conflicting",
        OK + b"Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
        P.END,
        HELLO,
        "length-unknown",
        "conflicting-length",
    ),
    *(
        one(
            f"bad length {value!r}",
            OK + b"Content-Length: " + value + b"\r\n\r\nhello",
            P.END,
            HELLO,
            "length-unknown",
            "bad-length",
        )
        for value in (
            b"+5",
            b"-1",
            b"five",
            b"",
            b"0x5",
            b"5 5",
            b"5.0",
            b"\xb2",
            b"5;",
        )
    ),
    one(
        "huge",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello",
        P.BODY,
        HELLO,
        "huge-length",
    ),
    one("none", OK + b"\r\nhello", P.END, HELLO, "length-unknown"),
    one("204", b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n", P.END, b""),
    one("304 with body", b"HTTP/1.1 304 N\r\n\r\nx", P.SURPLUS, b"", "surplus"),
    one("head", LENGTH, P.END, b"", method="HEAD"),
    one("head with body", LENGTH + HELLO, P.SURPLUS, b"", "surplus", method="HEAD"),
    one(
        "101",
        b"HTTP/1.1 101 S\r\n\r\n",
        P.END,
        b"",
        "switching-protocols",
    ),
    # status lines
    one("no reason", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", P.END, b""),
    one("http/1.0", b"HTTP/1.0 200 OK\r\n\r\nx", P.END, b"x", "length-unknown"),
    one(
        "two spaces",
        b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
        P.END,
        b"",
        "odd-status-line",
    ),
    one(
        "icy", b"ICY 200 OK\r\n\r\nx", P.END, b"x", "length-unknown", "odd-status-line"
    ),
    one(
        "lower case",
        b"http/1.1 200 ok\r\nContent-Length: 0\r\n\r\n",
        P.END,
        b"",
        "odd-status-line",
    ),
    one(
        "blank lines first",
        b"\r\n\n\r\n" + LENGTH + HELLO,
        P.END,
        HELLO,
        "bare-lf",
        "blank-before-status",
    ),
    one("lf only", LENGTH.replace(b"\r", b"") + HELLO, P.END, HELLO, "bare-lf"),
    one("not http", b"<html>", P.UNPARSED, b""),
    one("nearly http", b"HTTPS/1.1 200 OK\r\n\r\n", P.UNPARSED, b""),
    one("status text", b"HTTP/1.1 abc\r\n\r\n", P.UNPARSED, b""),
    one("four digits", b"HTTP/1.1 2000 OK\r\n\r\n", P.UNPARSED, b""),
    one("status text, then cut", b"HTTP/1.1 abc\r\nX: y", P.UNPARSED, b""),
    one("cut in status line", b"HTTP/1.1 ab", P.HEAD, b""),
    one("cut in headers", b"HTTP/1.1 200 OK\r\nX: y\r\n", P.HEAD, b""),
    one("nothing", b"", P.HEAD, b""),
    # headers
    one("folded", OK + b"Content-Length:\r\n\t5\r\n\r\nhello", P.END, HELLO),
    one("folded first", OK + b" x\r\nContent-Length: 5\r\n\r\nhello", P.END, HELLO),
    one("space before colon", OK + b"Content-Length \t: 5\r\n\r\nhello", P.END, HELLO),
    one(
        "other name",
        OK + b"X-Content-Length: 1\r\n" + LENGTH[17:] + HELLO,
        P.END,
        HELLO,
    ),
    one(
        "nul, no colon", OK + b"a\x00b\r\n\xff\r\n" + LENGTH[17:] + HELLO, P.END, HELLO
    ),
    one(
        "identity coding",
        OK + b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
        P.END,
        HELLO,
    ),
    # chunks
    one("chunked", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", P.END, HELLO),
    one("two chunks", CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", P.END, HELLO),
    one("extension", CHUNKED + b'5 ;a="b"\r\nhello\r\n0;c\r\n\r\n', P.END, HELLO),
    one("trailers", CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", P.END, HELLO),
    one("lf chunks", CHUNKED + b"5\nhello\n0\n\n", P.END, HELLO),
    one("hex case", CHUNKED + b"00A\r\n0123456789\r\n0\r\n\r\n", P.END, b"0123456789"),
    one("surplus", CHUNKED + b"0\r\n\r\nx", P.SURPLUS, b"", "surplus"),
    *(
        one(f"bad chunk {rest!r}", CHUNKED + rest, P.BODY, payload, "bad-chunk")
        for rest, payload in (
            (b"x\r\nhello\r\n0\r\n\r\n", b""),
            (b"\r\nhello", b""),
            (b"-5\r\nhello", b""),
            (b"5 5\r\nhello", b""),
            (b"0x5\r\nhello", b""),
            (b"5\r\nhelloX\r\n0\r\n\r\n", HELLO),
            (b"5\r\nhello\r\r\n0\r\n\r\n", HELLO),
        )
    ),
    one("cut in data", CHUNKED + b"5\r\nhel", P.BODY, b"hel"),
    one("cut behind data", CHUNKED + b"5\r\nhello\r\n", P.BODY, HELLO),
    one("cut in trailer", CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\n", P.BODY, HELLO),
    one("huge chunk", CHUNKED + b"f" * 99 + b"\r\nhello", P.BODY, HELLO),
    one(
        "length too",
        OK + b"Content-Length: 9\r\n" + CHUNKED[17:] + b"0\r\n\r\n",
        P.END,
        b"",
        "length-ignored",
    ),
    one(
        "gzip, chunked",
        OK + b"Transfer-Encoding: gzip\r\n" + CHUNKED[17:] + b"1\r\nx\r\n0\r\n\r\n",
        P.END,
        b"x",
        "transfer-coding",
    ),
    one(
        "chunked, gzip",
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n1\r\nx",
        P.END,
        b"1\r\nx",
        "length-unknown",
        "transfer-coding",
    ),
    one(
        "chunked in 1.0",
        CHUNKED.replace(b"1.1", b"1.0") + b"1\r\nx\r\n0\r\n\r\n",
        P.END,
        b"x",
        "chunked-before-http11",
    ),
    # interim heads
    one("100", b"HTTP/1.1 100 C\r\n\r\n" + LENGTH + HELLO, P.END, HELLO),
    one("103s", b"HTTP/1.1 103 E\r\nA: b\r\n\r\n" * 5 + LENGTH + HELLO, P.END, HELLO),
    one("only 100", b"HTTP/1.1 100 C\r\n\r\n", P.HEAD, b""),
    one("100, then noise", b"HTTP/1.1 100 C\r\n\r\n\x00\x01", P.UNPARSED, b""),
]


@pytest.mark.parametrize(("data", "progress", "payload", "flags", "rest"), TABLE)
def test_end_payload_and_flags(
    data: bytes,
    progress: Any,
    payload: bytes,
    flags: tuple[str, ...],
    rest: dict[str, Any],
) -> None:
    followed = follow(data, **rest)
    assert (followed.progress, followed.payload) == (progress, payload)
    assert followed.flags == flags
    assert followed.taken == len(data)
    assert sum(followed.sizes) + sum(len(i.head) for i in followed.interim) == len(data)


@pytest.mark.parametrize(("data", "progress", "payload", "flags", "rest"), TABLE)
def test_same_result_split_at_every_byte(
    data: bytes,
    progress: Any,
    payload: bytes,
    flags: tuple[str, ...],
    rest: dict[str, Any],
) -> None:
    whole = follow(data, **rest)
    for cut in range(len(data) + 1):
        assert follow(data, cut, **rest) == whole
    assert follow(data, *range(len(data)), **rest) == whole


ALPHABET = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n\r\n", b"Content-Length: 5", b"\r\n",
    b"Transfer-Encoding: chunked", b"\n", b"\r", b"5\r\n", b"hello", b"0\r\n", b" ",
    b"HTTP/1.1 304 N\r\n", b"Connection: close\r\n", b"ICY 200 OK\n", b"\x00", b";",
    b"x",
]  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_any_bytes_any_cuts_any_limit_same_result(data: st.DataObject) -> None:
    wire = b"".join(data.draw(st.lists(st.sampled_from(ALPHABET), max_size=14)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=5)))
    limit = data.draw(st.sampled_from([1, 3, 5, 9, BIG_LIMIT]))
    whole = follow(wire, limit=limit)
    assert follow(wire, *cuts, limit=limit) == whole
    interim = sum(len(i.head) for i in whole.interim)
    assert sum(whole.sizes) + interim == whole.taken <= len(wire)
    assert whole.taken == len(wire) or whole.full


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, close\r\n\r\n",
            False,
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0, 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 101 S\r\n\r\n", False),
        (b"\r\nHTTP/1.1 204 N\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx", False),
    ],
)
def test_only_an_undoubted_end_leaves_the_connection_usable(
    head: bytes, reusable: bool
) -> None:
    assert follow(head).reusable is reusable


def test_reset_does_not_end_a_close_delimited_body() -> None:
    assert follow(OK + b"\r\nhello", clean=False).progress is P.BODY


def test_the_final_head_is_handed_over_exactly() -> None:
    whole = follow(b"HTTP/1.1 100 C\r\n\r\n" + LENGTH + HELLO)
    assert whole.heads == (LENGTH,)
    assert whole.declared == 5
