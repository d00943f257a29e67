"""Odd chunks, trailers, and interim heads."""

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    CHUNKED,
    CHUNKED_HELLO,
    HELLO,
    NOISE,
    Case,
    body,
    chunked,
    head,
)

CHUNKINGS = [
    # chunks
    head("chunked", CHUNKED_HELLO),
    head("extension", CHUNKED + b'5;a="b"\r\nhello\r\n0;x\r\n\r\n'),
    head("trailers", CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX: 2\r\n\r\n"),
    head("lf chunks", CHUNKED + b"5\nhello\n0\n\n"),
    head("leading zeros", CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n"),
    head(
        "bad size",
        CHUNKED + b"5\r\nhello\r\nzz\r\nmore",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    head("huge size", CHUNKED + b"f" * 30 + b"\r\nhello", outcome=O.DISCONNECT),
    head("cut in size", CHUNKED + b"5\r\nhello\r\n1", outcome=O.DISCONNECT),
    head("cut in data", CHUNKED + b"5\r\nhel", outcome=O.DISCONNECT),
    head("cut in chunk end", CHUNKED + b"5\r\nhello\r", outcome=O.DISCONNECT),
    head("no last chunk", CHUNKED + b"5\r\nhello\r\n", outcome=O.DISCONNECT),
    body(
        "chunked not last",
        b"Transfer-Encoding: chunked, gzip",
        b"5\r\nhello",
        flags=("transfer-coding", "length-unknown"),
    ),
    body(
        "gzip, chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"5\r\nhello\r\n0\r\n\r\n",
        flags=("transfer-coding",),
    ),
    chunked("1,000 chunks", b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n"),
    chunked("upper-case size", b"A\r\n0123456789\r\n0\r\n\r\n"),
    chunked("spaces around the size", b" 5 \r\nhello\r\n 0 \r\n\r\n"),
    chunked("extension of 3 KB", b"5;" + b"x" * 3000 + b"\r\nhello\r\n0\r\n\r\n"),
    chunked(
        "extension of 5 KB",
        b"5;" + b"x" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    *(
        chunked(
            f"size {size!r}",
            size + b"\r\nhello\r\n0\r\n\r\n",
            outcome=O.DISCONNECT,
            flags=("bad-chunk",),
        )
        for size in (b"0x5", b"+5", b"-5", b"", b"5 5", b"5\x00", "\u0665".encode())
    ),
    chunked(
        "no end of chunk",
        b"5\r\nhello5\r\nhello\r\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked(
        "chunk too long",
        b"5\r\nhello!\r\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked("no line behind the last", b"5\r\nhello\r\n0\r\n", outcome=O.DISCONNECT),
    chunked("cut in a trailer", b"5\r\nhello\r\n0\r\nX-Sum: 1", outcome=O.DISCONNECT),
    chunked("folded trailer", b"5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
    chunked("no-colon trailer", b"5\r\nhello\r\n0\r\nnot a field\r\n\r\n"),
    chunked("60 KB of trailers", b"0\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"),
    chunked(
        "70 KB of trailers",
        b"0\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("long-trailer",),
    ),
    chunked(
        "bytes behind the last", b"5\r\nhello\r\n0\r\n\r\nmore", flags=("surplus",)
    ),
    chunked("nothing in chunks", b"0\r\n\r\n"),
    chunked(
        "size beyond 64 bit", b"1" + b"0" * 16 + b"\r\nhello", outcome=O.DISCONNECT
    ),
    chunked("3 MB in a chunk", b"%x\r\n%s\r\n0\r\n\r\n" % (len(NOISE), NOISE)),
    Case(
        "cut between cr and lf",
        (CHUNKED + b"5\r", 0.03, b"\nhello\r", 0.03, b"\n0\r\n\r", 0.03, b"\n"),
    ),
    Case("reset in chunks", (CHUNKED + b"5\r\nhel", 0.05, "reset"), O.DISCONNECT),
    # interim heads
    Case("100 same packet", (b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO,)),
    Case("103 own packet", (b"HTTP/1.1 103 E\r\nLink: a\r\n\r\n", 0.05, HELLO)),
    Case("five interim", (b"HTTP/1.1 102 P\r\n\r\n" * 5, 0.02, HELLO)),
    head(
        "interim, then nothing",
        b"HTTP/1.1 100 C\r\n\r\n",
        outcome=O.DISCONNECT,
        status=None,
    ),
    head(
        "101 unasked",
        b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nabc",
        status=101,
        flags=("switching-protocols", "surplus"),
    ),
    Case("20 interim", (b"HTTP/1.1 102 P\r\n\r\n" * 20 + HELLO,)),
    head(
        "21 interim",
        b"HTTP/1.1 102 P\r\n\r\n" * 21 + HELLO,
        outcome=O.NOT_HTTP,
        flags=("interim-limit",),
        status=None,
    ),
    Case(
        "interim with length", (b"HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\n" + HELLO,)
    ),
    Case("interim lf only", (b"HTTP/1.1 103 E\nLink: </a>\n\n" + HELLO,)),
    Case("interim 199", (b"HTTP/1.1 199 Odd\r\nWarning: x\r\n\r\n" + HELLO,)),
    Case(
        "interim byte by byte",
        (
            *(s for b in b"HTTP/1.1 103 E\r\n\r\n" for s in (bytes([b]), 0.001)),
            HELLO,
        ),
    ),
    head(
        "cut in the second interim",
        b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 10",
        outcome=O.DISCONNECT,
        status=None,
    ),
]
