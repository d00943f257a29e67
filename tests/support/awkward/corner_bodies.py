"""Lengths, codings and chunks that smuggle, and bodies where there are none."""

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    BAD,
    CHUNKED,
    CHUNKED_HELLO,
    CHUNKS,
    HELLO,
    LEN5,
    OK,
    UNKNOWN,
    Case,
    ask,
    body,
    chunked,
    head,
    reply,
)

BODIES_BEYOND = [
    # lengths
    *(
        body(f"length {how!r}", b"Content-Length: " + how, b"hello", flags=BAD)
        for how in (
            b"5\x00",
            b"5_0",
            b"5e0",
            b"\x0b5",
            b"5\x0c",
            b"--5",
            b"5-",
            b"5/10",
            b"0b101",
            b"0o5",
            b"\xb2",
            b'"5"',
            b"5h",
        )
    ),
    body("5, 5, 5", b"Content-Length: 5, 5, 5", b"hello", flags=("duplicate-length",)),
    body(
        "5, 6",
        b"Content-Length: 5, 6",
        b"hello",
        flags=("conflicting-length", "length-unknown"),
    ),
    body("tab before the length", b"Content-Length:\t5", b"hello"),
    body("tab behind the length", b"Content-Length: 5\t ", b"hello"),
    body("length of 60 zeros", b"Content-Length: " + b"0" * 60, b""),
    body("length of 60 zeros and 5", b"Content-Length: " + b"0" * 60 + b"5", b"hello"),
    body(
        "length of 2^53",
        b"Content-Length: 9007199254740992",
        b"hello",
        outcome=O.LENGTH,
        flags=("huge-length",),
    ),
    body(
        "length of 2^64 and 5",
        b"Content-Length: 18446744073709551621",
        b"hello",
        outcome=O.LENGTH,
        flags=("huge-length",),
    ),
    body(
        "length of 2^32 and 5",
        b"Content-Length: 4294967301",
        b"hello",
        outcome=O.LENGTH,
    ),
    # transfer codings
    *(
        body(
            f"coding {how!r}, framed by length",
            b"Transfer-Encoding: " + how + b"\r\nContent-Length: 5",
            b"hello",
            flags=("transfer-coding", "length-ignored", "length-unknown"),
        )
        for how in (b"xyz", b"chunked, xyz", b"chunked x")
    ),
    body("identity, chunked", b"Transfer-Encoding: identity, chunked", CHUNKS),
    body("chunked, identity", b"Transfer-Encoding: chunked, identity", CHUNKS),
    body(
        "deflate, gzip, chunked",
        b"Transfer-Encoding: deflate, gzip, chunked",
        CHUNKS,
        flags=("transfer-coding",),
    ),
    body(
        "conflicting lengths and chunked",
        b"Content-Length: 3\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
        CHUNKS,
        flags=("length-ignored",),
    ),
    body("coding on a folded line", b"Transfer-Encoding:\r\n\tchunked", CHUNKS),
    body(
        "coding with a nul",
        b"Transfer-Encoding: chunked\x00",
        CHUNKS,
        flags=("transfer-coding", "length-unknown"),
    ),
    # chunks
    chunked(
        "extension with a quoted line end",
        b'5;a="x\r\ny"\r\nhello\r\n0\r\n\r\n',
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked(
        "extension with a quoted semicolon", b'5;a="x;\\"y"\r\nhello\r\n0;z="\r\n\r\n'
    ),
    chunked("extension of nothing", b"5;\r\nhello\r\n0;;;\r\n\r\n"),
    chunked("extension behind a space", b"5 ; a\r\nhello\r\n0\t;b\r\n\r\n"),
    chunked("extension with a cr", b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    chunked(
        "extension with all bytes",
        b"5;"
        + bytes(b for b in range(256) if b not in b"\r\n")
        + b"\r\nhello\r\n0\r\n\r\n",
    ),
    *(
        chunked(
            f"size {size!r}",
            size + b"\r\nhello\r\n0\r\n\r\n",
            outcome=O.DISCONNECT,
            flags=("bad-chunk",),
        )
        for size in (
            b"5_0",
            b"0X5",
            b"5 a",
            b"5h",
            b"-0",
            b"\x0b5",
            b'"5"',
            b"5,",
            b"5=a",
            b"\xa05",
            b"5\r",
        )
    ),
    chunked(
        "cr for the end of a size",
        b"5\rhello\r\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked(
        "size of 1,000 zeros",
        b"0" * 1_000 + b"5\r\nhello\r\n" + b"0" * 1_000 + b"\r\n\r\n",
    ),
    chunked(
        "two lfs behind a chunk",
        b"5\r\nhello\n\n0\r\n\r\n",
        outcome=O.DISCONNECT,
        flags=("bad-chunk",),
    ),
    chunked("a reply in a chunk", b"%x\r\n%s\r\n0\r\n\r\n" % (len(HELLO), HELLO)),
    chunked(
        "framing in the trailers",
        b"5\r\nhello\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: gzip\r\n"
        b"Location: /b\r\n\r\n",
    ),
    chunked("trailers ended by lf", b"5\r\nhello\r\n0\r\nX: 1\n\n"),
    chunked("a second reply behind the last", CHUNKS + HELLO, flags=("surplus",)),
    chunked("20,000 chunks in one packet", b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"),
    Case(
        "reset behind the last chunk",
        (CHUNKED + b"5\r\nhello\r\n0\r\n", 0.05, "reset"),
        O.DISCONNECT,
    ),
    Case(
        "chunk held back",
        (CHUNKED, 0.05, b"5", 0.05, b"\r\nhel", 0.05, b"lo\r\n0", 0.05, b"\r\n\r\n"),
    ),
    # bodies where there are none
    head(
        "204 with chunks",
        b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        status=204,
        flags=("surplus",),
    ),
    head(
        "304 with a body",
        b"HTTP/1.1 304 N\r\n" + LEN5 + b"\r\nhello",
        status=304,
        flags=("surplus",),
    ),
    head("205 to the close", b"HTTP/1.1 205 R\r\n\r\nhello", status=205, flags=UNKNOWN),
    ask(
        "head with chunks", (CHUNKED_HELLO, "close"), method="HEAD", flags=("surplus",)
    ),
    ask(
        "head, not http",
        (b"hello", "close"),
        method="HEAD",
        outcome=O.NOT_HTTP,
        status=None,
    ),
    ask(
        "head with an interim", (b"HTTP/1.1 103 E\r\n\r\n" + reply(OK),), method="HEAD"
    ),
]
