"""Connections that end, stall or pause where they should not; refusals and hops."""

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    CHUNKED,
    CHUNKED_HELLO,
    HELLO,
    LEN5,
    OK,
    STALL_SECONDS,
    UNKNOWN,
    Case,
    ask,
    head,
    reply,
)

ENDINGS = [
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
    # refusals and hops, that are evidence
    Case("redirect", (reply(b"HTTP/1.1 301 Moved\r\nLocation: /b\r\n"),), status=301),
    Case(
        "file redirect",
        (reply(b"HTTP/1.1 302 F\r\nLocation: file:///x\r\n"),),
        status=302,
    ),
    *(
        Case(
            f"redirect to {where!r}",
            (reply(b"HTTP/1.1 302 F\r\nLocation: " + where + b"\r\n"),),
            status=302,
        )
        for where in (b"//[::1", b"http://\xff.\xfe/", b"http://" + b"a" * 300 + b"/")
    ),
    Case("server error", (reply(b"HTTP/1.1 503 Busy\r\n", b"busy"),), status=503),
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
