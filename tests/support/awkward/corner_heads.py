"""Heads beyond the first table: limits to the byte, line ends, names of fields."""

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    GZIPPED,
    LEN5,
    OK,
    Case,
    chunked,
    head,
    opaque,
    reply,
)

HEAD_LIMIT = 1 << 20
INTERIM_LIMIT = 64 << 10
CHUNK_LINE_LIMIT = 4 << 10
TRAILER_LIMIT = 64 << 10
SURPLUS_LIMIT = 64 << 10
FRAMED = reply(OK, b"hello")


def padded(before: bytes, after: bytes, size: int) -> bytes:
    """Filled up with letters to exactly that many bytes."""
    return before + b"a" * (size - len(before) - len(after)) + after


HEADS_BEYOND = [
    # limits, to the byte
    head(
        "head of 1 MiB",
        padded(OK + b"X: ", b"\r\n" + LEN5 + b"\r\n", HEAD_LIMIT) + b"hello",
    ),
    head(
        "head of 1 MiB and a byte",
        padded(OK + b"X: ", b"\r\n" + LEN5 + b"\r\n", HEAD_LIMIT + 1) + b"hello",
        outcome=O.NOT_HTTP,
        flags=("head-too-long",),
        status=None,
    ),
    head(
        "head of 64 KiB",
        padded(OK + b"X: ", b"\r\n" + LEN5 + b"\r\n", 65_536) + b"hello",
    ),
    head(
        "head of 64 KiB and a byte",
        padded(OK + b"X: ", b"\r\n" + LEN5 + b"\r\n", 65_537) + b"hello",
    ),
    head(
        "interim of 64 KiB",
        padded(b"HTTP/1.1 103 E\r\nX: ", b"\r\n\r\n", INTERIM_LIMIT) + FRAMED,
    ),
    head(
        "interim of 64 KiB and a byte",
        padded(b"HTTP/1.1 103 E\r\nX: ", b"\r\n\r\n", INTERIM_LIMIT + 1) + FRAMED,
        outcome=O.NOT_HTTP,
        flags=("interim-limit",),
        status=None,
    ),
    chunked(
        "chunk line of 4 KiB",
        padded(b"5;", b"\r\n", CHUNK_LINE_LIMIT) + b"hello\r\n0\r\n\r\n",
    ),
    chunked(
        "chunk line of 4 KiB and a byte",
        padded(b"5;", b"\r\n", CHUNK_LINE_LIMIT + 1) + b"hello\r\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked(
        "trailers of 64 KiB", b"0\r\n" + padded(b"X: ", b"\r\n\r\n", TRAILER_LIMIT)
    ),
    chunked(
        "trailers of 64 KiB and a byte",
        b"0\r\n" + padded(b"X: ", b"\r\n\r\n", TRAILER_LIMIT + 1),
        outcome=O.DISCONNECT,
        flags=("long-trailer",),
    ),
    head(
        "surplus of 64 KiB less a byte",
        FRAMED + bytes(SURPLUS_LIMIT - 1),
        flags=("surplus",),
    ),
    # status lines
    opaque("negative status", b"HTTP/1.1 -200 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("status in hex", b"HTTP/1.1 0xC8 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("status of five digits", b"HTTP/1.1 20000 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque(
        "status in Arabic digits",
        "HTTP/1.1 \u0662\u0660\u0660 OK\r\n\r\nhello".encode(),
    ),
    opaque("version without a number", b"HTTP/x.y 200 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("version with a space", b"HTTP/1. 1 200 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("slash missing", b"HTTP 1.1 200 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("nul before the status line", b"\x00" + FRAMED),
    opaque("nuls for the version", b"HTTP/\x00\x00\x00 200 OK\r\n\r\nhello"),
    opaque(
        "vertical tab in the status line",
        b"HTTP/1.1\x0b200\x0bOK\r\n" + LEN5 + b"\r\nhello",
    ),
    opaque("utf-16", "HTTP/1.1 200 OK\r\n\r\nhello".encode("utf-16")),
    opaque("request for a reply", b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
    opaque("http/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    opaque("gzip for a reply", GZIPPED),
    opaque("socks reply", b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"),
    opaque("hello of tls", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"),
    head("http/10.1", reply(b"HTTP/10.1 200 OK\r\n"), flags=("odd-status-line",)),
    head("http/1.10", reply(b"HTTP/1.10 200 OK\r\n"), flags=("odd-status-line",)),
    head("http/01.1", reply(b"HTTP/01.1 200 OK\r\n"), flags=("odd-status-line",)),
    head("status 099", reply(b"HTTP/1.1 099 Low\r\n", b"hello"), status=99),
    head("status 200, twice", reply(OK + OK, b"hello")),
    head("5,000 blank lines", b"\r\n" * 5_000 + FRAMED, flags=("blank-before-status",)),
    head("cr before the status line", b"\r" + FRAMED, flags=("blank-before-status",)),
    # line ends
    head("head ends in lf crlf", OK + LEN5[:-2] + b"\n\r\nhello", flags=("bare-lf",)),
    head("head ends in crlf lf", OK + LEN5 + b"\nhello", flags=("bare-lf",)),
    head("cr alone before the end", OK + LEN5 + b"\r\r\n\r\nhello"),
    head(
        "two crs behind the status line",
        FRAMED.replace(b"\r\n", b"\r\r\n", 1),
        flags=("odd-status-line",),
    ),
    # headers
    head(
        "folded into a length",
        OK + b"X: a\r\n Content-Length: 3\r\n" + LEN5 + b"\r\nhello",
    ),
    head(
        "length behind a fold of nothing", OK + b"X: a\r\n \r\n" + LEN5 + b"\r\nhello"
    ),
    head(
        "length in another's value",
        OK + b"X: Content-Length: 3\r\n" + LEN5 + b"\r\nhello",
    ),
    head(
        "length with a longer name",
        OK + b"X-Content-Length: 3\r\n" + LEN5 + b"\r\nhello",
    ),
    head("cr before a length", OK + b"\rContent-Length: 3\r\n" + LEN5 + b"\r\nhello"),
    head(
        "nul before a length", OK + b"\x00Content-Length: 3\r\n" + LEN5 + b"\r\nhello"
    ),
    head(
        "form feed behind a name",
        OK + b"Content-Length\x0c: 3\r\n" + LEN5 + b"\r\nhello",
    ),
    head(
        "underscore in a length's name",
        OK + b"Content_Length: 3\r\n" + LEN5 + b"\r\nhello",
    ),
    head(
        "long s in a length's name",
        OK + "Content-Length\u017f: 3\r\n".encode() + LEN5 + b"\r\nhello",
    ),
    head(
        "dotless i in a coding's name",
        OK + "Transfer-Encod\u0131ng: chunked\r\n".encode() + LEN5 + b"\r\nhello",
    ),
    head(
        "all bytes but line ends in a value",
        reply(
            OK + b"X: " + bytes(b for b in range(256) if b not in b"\r\n") + b"\r\n",
            b"hello",
        ),
    ),
    head(
        "1,000 cookies",
        reply(
            OK
            + b"".join(
                b"Set-Cookie: c%d=%d; Path=/\r\n" % (n, n) for n in range(1_000)
            ),
            b"hello",
        ),
    ),
    head(
        "odd cookies",
        reply(
            OK
            + b"Set-Cookie: =;;=\x01;\xff\r\nSet-Cookie:\r\n"
            + b"Set-Cookie: a=b; Domain=.com; Expires=never; Max-Age=-x\r\n",
            b"hello",
        ),
    ),
    head("name of 64 KB", reply(OK + b"N" * 65_536 + b": x\r\n", b"hello")),
    head("20,000 folds", reply(OK + b"X: a" + b"\r\n b" * 20_000 + b"\r\n", b"hello")),
    head("content type of nothing", reply(OK + b"Content-Type: \r\n", b"hello")),
    head(
        "content type twice",
        reply(OK + b"Content-Type: text/html\r\nContent-Type: image/png\r\n", b"hello"),
    ),
    head(
        "charset that is none",
        reply(OK + b"Content-Type: text/html; charset=\xff\x00hex\r\n", b"hello"),
    ),
    *(
        Case(
            f"connection {how!r}",
            (OK + b"Connection: " + how + b"\r\n" + LEN5 + b"\r\nhello", 0.01, "close"),
        )
        for how in (
            b"CLOSE",
            b"keep-alive, close",
            b"close, keep-alive",
            b"clos",
            b"upgrade",
            b'"close"',
        )
    ),
    head(
        "keep-alive without time",
        reply(OK + b"Keep-Alive: timeout=0, max=0\r\n", b"hello"),
    ),
]
