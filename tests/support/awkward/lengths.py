"""Odd words of a server on where its body ends, and codings it is not freed of."""

import gzip
import zlib

import brotli
import zstandard

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    BAD,
    CHUNKS,
    GZIPPED,
    HELLO,
    LEN5,
    NOISE,
    OK,
    UNKNOWN,
    Case,
    ask,
    body,
    coded,
    head,
    reply,
)

PLAIN = b"hello " * 99
RAW_DEFLATE = zlib.compress(PLAIN)[2:-4]
LENGTHS = [
    # lengths
    head("zero length", reply(OK)),
    head("no length", OK + b"\r\nhello", flags=("length-unknown",)),
    body("short", b"Content-Length: 9", b"hello", outcome=O.DISCONNECT),
    body("surplus", b"Content-Length: 3", b"hello", flags=("surplus",)),
    body(
        "late surplus",
        b"Connection: close\r\nContent-Length: 3",
        b"hel",
        0.05,
        b"lo",
        flags=("surplus",),
    ),
    head("surplus same packet", reply(OK, b"hello") + b"more", flags=("surplus",)),
    body(
        "equal lengths",
        b"Content-Length: 5\r\nContent-Length: 5",
        b"hello",
        flags=("duplicate-length",),
    ),
    body(
        "conflicting",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"hello",
        flags=("conflicting-length", "length-unknown"),
    ),
    body("5, 5", b"Content-Length: 5, 5", b"hello", flags=("duplicate-length",)),
    body("+5", b"Content-Length: +5", b"hello", flags=("bad-length", "length-unknown")),
    body(
        "negative",
        b"Content-Length: -1",
        b"hello",
        flags=("bad-length", "length-unknown"),
    ),
    body(
        "text",
        b"Content-Length: five",
        b"hello",
        flags=("bad-length", "length-unknown"),
    ),
    body(
        "huge",
        b"Content-Length: " + b"9" * 40,
        b"hello",
        outcome=O.LENGTH,
        flags=("huge-length",),
    ),
    body(
        "length and chunked",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"5\r\nhello\r\n0\r\n\r\n",
        flags=("length-ignored",),
    ),
    head(
        "204 with body", b"HTTP/1.1 204 No\r\n\r\nhello", status=204, flags=("surplus",)
    ),
    head(
        "304 with length", b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", status=304
    ),
    ask("head with body", (HELLO, "close"), method="HEAD", flags=("surplus",)),
    body("length in hex", b"Content-Length: 0x5", b"hello", flags=BAD),
    body("length with a point", b"Content-Length: 5.0", b"hello", flags=BAD),
    body("length with a space", b"Content-Length: 5 5", b"hello", flags=BAD),
    body("length with a semicolon", b"Content-Length: 5;", b"hello", flags=BAD),
    body(
        "length in Arabic digits",
        "Content-Length: \u0665".encode(),
        b"hello",
        flags=BAD,
    ),
    body("empty length", b"Content-Length:", b"hello", flags=BAD),
    body("length and a comma", b"Content-Length: 5,", b"hello"),
    body("zeros before the length", b"Content-Length: 0005", b"hello"),
    body(
        "equal but for zeros",
        b"Content-Length: 5\r\nContent-Length: 05",
        b"hello",
        flags=("duplicate-length",),
    ),
    body(
        "one good and one bad length",
        b"Content-Length: 5\r\nContent-Length: x",
        b"hello",
        flags=BAD,
    ),
    body("length in folds", b"Content-Length:\r\n\t \r\n 5", b"hello"),
    body("short by one", b"Content-Length: 6", b"hello", outcome=O.DISCONNECT),
    body("nothing of the body", b"Content-Length: 6", outcome=O.DISCONNECT),
    head("close at once", OK + b"\r\n", flags=UNKNOWN),
    body("3 MB by length", b"Content-Length: %d" % len(NOISE), NOISE),
    body("3 MB to the close", b"X: y", NOISE, flags=UNKNOWN),
    body("surplus after nothing", b"Content-Length: 0", b"hello", flags=("surplus",)),
    Case(
        "length, kept open",
        (OK + b"Connection: close\r\n" + LEN5 + b"\r\nhello", 0.6, "close"),
    ),
    # transfer codings
    *(
        body(f"chunked as {how!r}", b"Transfer-Encoding:" + how, CHUNKS)
        for how in (
            b"Chunked",
            b" CHUNKED ",
            b"\tchunked\t",
            b", chunked,",
            b"\r\n chunked",
        )
    ),
    *(
        body(
            f"coding {how!r}",
            b"Transfer-Encoding: " + how,
            CHUNKS,
            flags=("transfer-coding",),
        )
        for how in (b"gzip\r\nTransfer-Encoding: chunked", b"chunked, chunked")
    ),
    *(
        body(
            f"not chunked: {how!r}",
            b"Transfer-Encoding: " + how,
            CHUNKS,
            flags=("transfer-coding", "length-unknown"),
        )
        for how in (b"xchunked", b"chunked;q=1", b"\x0bchunked", b"gzip", b'"chunked"')
    ),
    body("identity", b"Transfer-Encoding: identity\r\nContent-Length: 5", b"hello"),
    body("empty coding", b"Transfer-Encoding:\r\nContent-Length: 5", b"hello"),
    body(
        "space before the colon of a coding",
        b"Transfer-Encoding : chunked",
        CHUNKS,
    ),
    # content codings, never touched
    body(
        "gzip", b"Content-Encoding: gzip\r\nContent-Length: %d" % len(GZIPPED), GZIPPED
    ),
    body("broken gzip", b"Content-Encoding: gzip\r\nContent-Length: 9", GZIPPED[:9]),
    body("mislabelled", b"Content-Encoding: br\r\nContent-Length: 5", b"hello"),
    coded("br", b"br", brotli.compress(PLAIN)),
    coded("zstd", b"zstd", zstandard.compress(PLAIN)),
    coded("deflate", b"deflate", zlib.compress(PLAIN)),
    coded("raw deflate", b"deflate", RAW_DEFLATE),
    coded("gzip twice", b"gzip, gzip", gzip.compress(GZIPPED, mtime=0)),
    coded("gzip upper case", b"GZIP", GZIPPED),
    coded("x-gzip", b"x-gzip", GZIPPED),
    coded("gzip with bytes behind", b"gzip", GZIPPED + b"more"),
    coded("two gzip members", b"gzip", GZIPPED * 2),
    coded("gzip with a wrong checksum", b"gzip", GZIPPED[:-8] + bytes(8)),
    coded("gzip of nothing", b"gzip", b""),
    coded("gzip bomb", b"gzip", gzip.compress(bytes(50_000_000), mtime=0)),
    coded("unknown coding", b"aws-chunked", PLAIN),
    coded("broken br", b"br", brotli.compress(PLAIN)[:-3]),
    coded("broken zstd", b"zstd", zstandard.compress(PLAIN)[:-3]),
    body(
        "gzip in chunks",
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(GZIPPED), GZIPPED),
    ),
    body("gzip to the close", b"Content-Encoding: gzip", GZIPPED, flags=UNKNOWN),
]
