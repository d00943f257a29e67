"""Replies that servers should not give and do: RFC 9112, its corners, and beyond.

A case says what the server sends, step by step (`tests/support/wire.py`), and how
the engine must judge it. The bytes must be kept in every case.
"""

import gzip
import zlib
from dataclasses import dataclass
from typing import Any

import brotli
import zstandard

from archive.capture import CaptureOutcome as O

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKED_HELLO = CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"
GZIPPED = gzip.compress(b"hello" * 100, mtime=0)
STALL_SECONDS = 2.0
"""Long enough for a handshake and a request on a crowded machine: else the deadline
comes before the server was asked, which is another case."""


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[bytes | float | str, ...]
    outcome: O = O.COMPLETE
    flags: tuple[str, ...] = ()
    status: int | None = 200
    request: dict[str, Any] | None = None
    cut: bool = False
    """The engine stops before the server does: the log may hold more."""


def reply(head: bytes, body: bytes = b"") -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def body(name: str, framing: bytes, *steps: Any, **rest: Any) -> Case:
    return Case(name, (OK + framing + b"\r\n\r\n", *steps, "close"), **rest)


def head(name: str, block: bytes, **rest: Any) -> Case:
    return Case(name, (block, "close"), **rest)


def ask(
    name: str, steps: tuple[bytes | float | str, ...] = (HELLO,), **rest: Any
) -> Case:
    kept = {k: rest.pop(k) for k in ("outcome", "flags", "status", "cut") if k in rest}
    return Case(name, steps, request=rest, **kept)


LATIN1 = "Дата".encode("cp1251")
CASES = [
    # requests
    ask("query", path="/a?b=c&d=%20"),
    ask("empty query", path="/a?"),
    ask("long url", path="/" + "a" * 8000),
    ask("non-ascii path", path="/выборы/2025?q=ў"),
    ask("head", (reply(OK),), method="HEAD"),
    ask("post", method="POST", body=b"a=b\x00\xff"),
    ask("post without body", method="POST"),
    ask("duplicate header", headers=(("X-A", "1"), ("x-a", "2"))),
    ask("own user agent", headers=(("User-Agent", "Other/1"),)),
    ask("latin-1 header", headers=(("X-Name", "\xe9\xff"),)),
    ask("fragment", path="/a#b"),
    ask("connection close asked", (HELLO, "close"), close=True),
    # status lines
    head("odd reason", reply(b"HTTP/1.1 200 \xd0\x94\xd0\xb0 \xff!\r\n")),
    head("no reason", reply(b"HTTP/1.1 200\r\n")),
    head("status 999", reply(b"HTTP/1.1 999 Denied\r\n"), status=999),
    head("http/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", flags=("length-unknown",)),
    head("icy", b"ICY 200 OK\r\n\r\nx", flags=("odd-status-line", "length-unknown")),
    head("no status", b"<html>hello</html>", outcome=O.NOT_HTTP, status=None),
    head("status text", b"HTTP/1.1 abc OK\r\n\r\nx", outcome=O.NOT_HTTP, status=None),
    head("blank lines first", b"\r\n\r\n" + HELLO, flags=("blank-before-status",)),
    head("lf only", HELLO.replace(b"\r\n", b"\n"), flags=("bare-lf",)),
    head("ssh banner", b"SSH-2.0-OpenSSH_9.2\r\n", outcome=O.NOT_HTTP, status=None),
    # headers
    head("header case", reply(OK + b"x-lower: 1\r\nX-UPPER: 2\r\n", b"hello")),
    head("two cookies", reply(OK + b"Set-Cookie: a\r\nSet-Cookie: b\r\n")),
    head("folded", reply(OK + b"X-A: one\r\n two\r\n\tthree\r\n", b"hello")),
    head("folded length", OK + b"Content-Length:\r\n 5\r\n\r\nhello"),
    head("empty value", reply(OK + b"X-A:\r\nX-B:   \r\n")),
    head("inner spaces", reply(OK + b"X-A:   a   b   \r\n")),
    head("8-bit", reply(OK + b"X-A: " + LATIN1 + "Ў\r\n".encode())),
    head("nul", reply(OK + b"X-A: a\x00b\r\n")),
    head("no colon", reply(OK + b"this is no header\r\n", b"hello")),
    head("space in name", reply(OK + b"X A: 1\r\n")),
    head("space before colon", OK + b"Content-Length : 5\r\n\r\nhello"),
    head("20 KB line", reply(OK + b"X-A: " + b"a" * 20_000 + b"\r\n")),
    head("nearly 1 MiB head", reply(OK + (b"X-A: " + b"a" * 9_000 + b"\r\n") * 115)),
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
    # content codings, never touched
    body(
        "gzip", b"Content-Encoding: gzip\r\nContent-Length: %d" % len(GZIPPED), GZIPPED
    ),
    body("broken gzip", b"Content-Encoding: gzip\r\nContent-Length: 9", GZIPPED[:9]),
    body("mislabelled", b"Content-Encoding: br\r\nContent-Length: 5", b"hello"),
    # connection
    head("empty reply", b"", outcome=O.NO_RESPONSE, status=None),
    Case("reset before reply", ("reset",), outcome=O.NO_RESPONSE, status=None),
    Case(
        "cut in head",
        (b"HTTP/1.1 200 OK\r\nContent-", "close"),
        O.DISCONNECT,
        status=None,
    ),
    Case(
        "reset in head",
        (b"HTTP/1.1 200 OK\r\n", 0.05, "reset"),
        O.DISCONNECT,
        status=None,
    ),
    Case("reset in body", (HELLO[:-2], 0.05, "reset"), O.DISCONNECT),
    Case(
        "reset in close body",
        (OK + b"\r\nhel", 0.05, "reset"),
        O.DISCONNECT,
        ("length-unknown",),
    ),
    Case("half close", (HELLO, "half-close")),
    Case("byte by byte", tuple(s for b in CHUNKED_HELLO for s in (bytes([b]), 0.001))),
    head("second response", HELLO + HELLO, flags=("surplus",)),
    ask(
        "stall in head",
        (b"HTTP/1.1 200 OK\r\n", "stall"),
        outcome=O.TIMEOUT,
        status=None,
        timeout_seconds=STALL_SECONDS,
    ),
    ask(
        "stall in body",
        (HELLO[:-1], "stall"),
        outcome=O.TIMEOUT,
        timeout_seconds=STALL_SECONDS,
    ),
    ask(
        "stall without http",
        (b"220 ready\r\n", "stall"),
        outcome=O.NOT_HTTP,
        flags=("cut-time",),
        status=None,
        timeout_seconds=STALL_SECONDS,
    ),
    ask(
        "over the limit",
        (OK + b"\r\n" + b"a" * 100,),
        outcome=O.LENGTH,
        cut=True,
        flags=("length-unknown",),
        limit_bytes=50,
    ),
    ask(
        "declared over the limit",
        (reply(OK, b"a" * 100),),
        outcome=O.LENGTH,
        cut=True,
        limit_bytes=50,
    ),
    ask(
        "chunks over the limit",
        (CHUNKED + b"64\r\n" + b"a" * 100,),
        outcome=O.LENGTH,
        cut=True,
        limit_bytes=50,
    ),
    Case("redirect", (reply(b"HTTP/1.1 301 Moved\r\nLocation: /b\r\n"),), status=301),
    Case(
        "file redirect",
        (reply(b"HTTP/1.1 302 F\r\nLocation: file:///x\r\n"),),
        status=302,
    ),
    Case("server error", (reply(b"HTTP/1.1 503 Busy\r\n", b"busy"),), status=503),
]

LEN5 = b"Content-Length: 5\r\n"
NOISE = bytes(range(256)) * 12_000
"""3 MB: beyond what is kept in memory."""
UNKNOWN = ("length-unknown",)
BAD = ("bad-length", "length-unknown")


def chunked(name: str, chunks: bytes, **rest: Any) -> Case:
    return head(name, CHUNKED + chunks, **rest)


def coded(name: str, coding: bytes, data: bytes) -> Case:
    fields = b"Content-Encoding: %s\r\nContent-Length: %d" % (coding, len(data))
    return body(name, fields, data)


def opaque(name: str, data: bytes, **rest: Any) -> Case:
    return head(name, data, outcome=O.NOT_HTTP, status=None, **rest)


CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
PLAIN = b"hello " * 99
RAW_DEFLATE = zlib.compress(PLAIN)[2:-4]
CASES += [
    # requests
    *(
        ask(f"method {method}", method=method)
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "x")
    ),
    ask("put with body", method="PUT", body=b"x" * 70_000),
    ask("delete with body", method="DELETE", body=b"x"),
    ask("dots in the path", path="/a/../b/./c//d/%2e%2e/e"),
    ask("odd characters in the path", path="/a b\"<>{}|^`'\\c;d=e,f"),
    ask("broken percent", path="/%zz%4/%"),
    ask("double query", path="/?a?b&&c=&=d#e?f"),
    ask("encoded slash", path="/a%2Fb%00c"),
    ask("long query", path="/?" + "q" * 7900),
    ask("header of 60 KB", headers=(("X-Long", "a" * 60_000),)),
    ask("empty header", headers=(("X-Empty", ""),)),
    ask("many headers", headers=tuple((f"X-{n}", str(n)) for n in range(500))),
    ask(
        "range",
        (b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/9\r\n" + LEN5 + b"\r\nhello",),
        headers=(("Range", "bytes=0-4"),),
        status=206,
    ),
    ask(
        "condition",
        (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",),
        headers=(("If-None-Match", "x"),),
        status=304,
    ),
    ask(
        "100 for a body",
        (b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, HELLO),
        method="POST",
        headers=(("Expect", "100-continue"),),
        body=b"data",
    ),
    ask(
        "417 for a body",
        (reply(b"HTTP/1.1 417 No\r\n"),),
        method="POST",
        headers=(("Expect", "100-continue"),),
        body=b"data",
        status=417,
    ),
    ask(
        "head with chunked",
        (OK + b"Transfer-Encoding: chunked\r\n\r\n",),
        method="HEAD",
    ),
    ask("head without length", (OK + b"\r\n",), method="HEAD"),
    # status lines
    head("two spaces", reply(b"HTTP/1.1  200  OK\r\n"), flags=("odd-status-line",)),
    head("tabs", reply(b"HTTP/1.1\t200\tOK\r\n"), flags=("odd-status-line",)),
    head("lower case", reply(b"http/1.1 200 ok\r\n"), flags=("odd-status-line",)),
    head("http/2 in words", reply(b"HTTP/2 200\r\n"), flags=("odd-status-line",)),
    head("http/1.2", reply(b"HTTP/1.2 200 OK\r\n"), flags=("odd-status-line",)),
    head("http/0.9", reply(b"HTTP/0.9 200 OK\r\n"), flags=("odd-status-line",)),
    head("status 000", reply(b"HTTP/1.1 000 Zero\r\n"), status=0),
    head("status 600", reply(b"HTTP/1.1 600 High\r\n", b"hello"), status=600),
    head("spaces for a reason", reply(b"HTTP/1.1 200    \r\n")),
    head(
        "cr in the reason", reply(b"HTTP/1.1 200 O\rK\r\n"), flags=("odd-status-line",)
    ),
    head("nul in the reason", reply(b"HTTP/1.1 200 O\x00K\r\n")),
    head("reason of 100 KB", reply(b"HTTP/1.1 200 " + b"K" * 100_000 + b"\r\n")),
    opaque("status of four digits", b"HTTP/1.1 2000 OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n"),
    opaque("no space behind status", b"HTTP/1.1 200OK\r\n" + LEN5 + b"\r\nhello"),
    opaque("space before status line", b" HTTP/1.1 200 OK\r\n\r\nhello"),
    opaque("bom before status line", b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n\r\nhello"),
    opaque("no version", b"HTTP 200 OK\r\n\r\nhello"),
    head(
        "http/1.0 kept alive", reply(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n")
    ),
    head(
        "http/1.0 chunked",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        flags=("chunked-before-http11",),
    ),
    head("205 with body", reply(b"HTTP/1.1 205 Reset\r\n", b"hello"), status=205),
    head("204 with length", b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n", status=204),
    head(
        "304 with chunks",
        b"HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        status=304,
        flags=("surplus",),
    ),
    # not HTTP at all
    opaque("smtp banner", b"220 mail.example ESMTP\r\n"),
    opaque("http/2 settings frame", bytes(3) + b"\x04" + bytes(5) + b"\x00\x00\x12"),
    opaque("tls alert in the clear", b"\x15\x03\x03\x00\x02\x02\x28"),
    opaque("3 MB of noise", NOISE),
    opaque("bare html", b"<!doctype html>\n<p>hello\n" * 99),
    opaque("json", b'{"error": "no"}'),
    opaque("icecast stream", b"OK2\r\nicy-name: x\r\n\r\nmusic"),
    opaque("zeros", bytes(100)),
    *(
        head(f"only {data!r}", data, outcome=O.DISCONNECT, status=None)
        for data in (
            b"H",
            b"HTTP/",
            b"HTTP/1.1 200 OK",
            b"\r\n",
            b"\n\n\n",
            b"HTTP/1.1 200 OK\r\n",
        )
    ),
    head(
        "cr for line ends",
        b"HTTP/1.1 200 OK\rContent-Length: 5\r\rhello",
        outcome=O.DISCONNECT,
        status=None,
    ),
    # headers
    head("64 KB line", reply(OK + b"X-A: " + b"a" * 65_536 + b"\r\n")),
    head("10,000 lines", reply(OK + b"A: b\r\n" * 10_000)),
    head("mixed line ends", OK + b"A: b\n" + LEN5 + b"\nhello", flags=("bare-lf",)),
    head("cr in a value", reply(OK + b"X-A: a\rb\r\n")),
    head("cr before the name", reply(OK + b"\rX-A: a\r\n")),
    head("two crs", reply(OK + b"X-A: a\r\r\n")),
    head("empty name", reply(OK + b": value\r\n")),
    head("8-bit name", reply(OK + LATIN1 + b": value\r\n")),
    head("nul in a name", reply(OK + b"X\x00A: 1\r\n")),
    head("first line folded", OK + b" odd\r\n" + LEN5 + b"\r\nhello"),
    head("line of spaces", OK + LEN5 + b"   \r\nX: y\r\n\r\nhello"),
    head("control bytes", reply(OK + b"X-A: \x01\x02\x7f\x1b[31m\r\n")),
    head(
        "two locations",
        reply(b"HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\n"),
        status=302,
    ),
    head("http/2 names", reply(OK + b":status: 200\r\n")),
    head("upper-case length", OK + b"CONTENT-LENGTH:5\r\n\r\nhello"),
    # lengths
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
    # chunks
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
    # content codings, never touched
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
    # connection
    Case(
        "slow head",
        (
            b"HTTP/1.1 200 OK\r\n",
            0.1,
            b"Content-Le",
            0.1,
            b"ngth: 5\r\n\r\n",
            0.1,
            b"hello",
        ),
    ),
    Case("half close to the end", (OK + b"\r\nhello", "half-close"), flags=UNKNOWN),
    Case("half close in the body", (HELLO[:-1], "half-close"), O.DISCONNECT),
    Case("reset after the end", (HELLO, 0.05, "reset")),
    Case(
        "reset behind close",
        (OK + b"Connection: close\r\n" + LEN5 + b"\r\nhello", 0.05, "reset"),
    ),
    Case(
        "upgrade offered",
        (OK + b"Upgrade: h2c\r\nConnection: Upgrade\r\n" + LEN5 + b"\r\nhello",),
    ),
    Case("alt-svc", (OK + b'Alt-Svc: h3=":443"\r\n' + LEN5 + b"\r\nhello",)),
    head("two responses at once", HELLO + CHUNKED_HELLO, flags=("surplus",)),
    head("surplus of 60 KB", HELLO + bytes(60_000), flags=("surplus",)),
    # refusals that are evidence
    *(
        Case(
            f"status {code}",
            (reply(b"HTTP/1.1 %d X\r\nRetry-After: 1\r\n" % code, b"no"),),
            status=code,
        )
        for code in (400, 401, 403, 404, 410, 429, 451, 500, 502, 504, 511, 530)
    ),
    *(
        Case(
            f"hop {code}",
            (reply(b"HTTP/1.1 %d X\r\nLocation: /b\r\n" % code, b"go"),),
            status=code,
        )
        for code in (300, 302, 303, 305, 307, 308)
    ),
]
BY_NAME = {case.name: case for case in CASES}
UNSAYABLE = {"timeout_seconds", "limit_bytes", "close"}
"""What a line of a list cannot ask of the engine."""


def sayable() -> list[Case]:
    """The cases that `evidence capture --from` can ask for."""
    return [
        case
        for case in CASES
        if not UNSAYABLE & set(case.request or ()) and b"\xff" not in body_of(case)
    ]


def gettable() -> list[Case]:
    """Those that a crawl and a browser can ask for: a plain GET for any path."""
    return [case for case in sayable() if not set(case.request or ()) - {"path"}]


def body_of(case: Case) -> bytes:
    data: bytes = (case.request or {}).get("body", b"")
    return data


def path_of(case: Case) -> str:
    path: str = (case.request or {}).get("path", "/")
    return path
