"""What the engine records equals, byte for byte, what the awkward server logged."""

import asyncio
import gzip
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from archive.capture import CaptureOutcome as O
from archive.digest import Digest
from crawlers.engine.client import FetchRequest
from crawlers.engine.flags import ENGINE_FLAGS

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKED_HELLO = CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"
GZIPPED = gzip.compress(b"hello" * 100, mtime=0)


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
        timeout_seconds=0.2,
    ),
    ask("stall in body", (HELLO[:-1], "stall"), outcome=O.TIMEOUT, timeout_seconds=0.2),
    ask(
        "stall without http",
        (b"220 ready\r\n", "stall"),
        outcome=O.NOT_HTTP,
        flags=("cut-time",),
        status=None,
        timeout_seconds=0.2,
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
BY_NAME = {case.name: case for case in CASES}


def fill(case: Case, origin: str) -> FetchRequest:
    asked = dict(case.request or {})
    return FetchRequest(uri=origin + asked.pop("path", "/"), **asked)


def check(case: Case, exchange: Any, served: Any, everything: bytes) -> None:
    framing = exchange.framing
    assert (exchange.outcome, exchange.http_status) == (case.outcome, case.status)
    assert set(exchange.flags) == set(case.flags) <= ENGINE_FLAGS.keys()
    assert exchange.request == served.received
    if case.cut:
        assert served.sent.startswith(everything)
        assert framing.body_bytes == 50
    else:
        assert everything == served.sent
    block = everything[sum(len(interim.head) for interim in exchange.interim) :]
    assert exchange.wire_digest == (Digest.of(block) if block else None)
    sizes = 0
    if framing is not None:
        sizes = framing.head_bytes + framing.body_bytes
        sizes += framing.trailer_bytes + framing.surplus_bytes
    assert sizes == len(block)


def test_the_table_holds_enough_cases() -> None:
    assert len(BY_NAME) == len(CASES) >= 80


@pytest.mark.parametrize("name", BY_NAME)
def test_recorded_bytes_equal_the_servers_log(
    name: str, awkward: Any, engine: Any, received: Any
) -> None:
    case = BY_NAME[name]

    async def run() -> None:
        async with awkward(case.steps) as server, engine() as client:
            exchange = await client.fetch(fill(case, server.origin))
            check(case, exchange, server.log[0], received(exchange))
            assert client.extra == []
            assert len(server.log) == 1

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["connect", "socks5"])
@pytest.mark.parametrize("name", BY_NAME)
def test_recorded_bytes_equal_the_servers_log_through_a_proxy(
    name: str, kind: str, *, awkward: Any, engine: Any, received: Any, proxied: Any
) -> None:
    case = BY_NAME[name]

    async def run() -> None:
        async with (
            awkward(case.steps) as server,
            proxied(kind) as proxy,
            engine(**proxy.settings) as client,
        ):
            exchange = await client.fetch(fill(case, server.origin))
            check(case, exchange, server.log[0], received(exchange))
            facts = exchange.connection
            assert (facts.proxy, facts.peer) == (kind, None)
            assert proxy.asked == [("127.0.0.1", server.port)]
            assert client.extra == []
            assert len(server.log) == 1

    asyncio.run(run())


UNDER_TLS = [
    "query", "post", "chunked", "trailers", "byte by byte", "five interim",
    "surplus", "no length", "short", "cut in head", "reset in body", "bad size",
    "no status", "empty reply", "head", "stall in body", "nearly 1 MiB head",
]  # fmt: skip


@pytest.mark.parametrize("name", UNDER_TLS)
def test_recorded_bytes_equal_the_servers_log_under_tls(
    name: str, awkward: Any, engine: Any, received: Any
) -> None:
    case = BY_NAME[name]
    authority = trustme.CA()
    context = authority.issue_cert("127.0.0.1")
    server_side = make_server_context(context)

    async def run() -> None:
        async with (
            awkward(case.steps, tls=server_side) as server,
            engine(roots_pem=authority.cert_pem.bytes()) as client,
        ):
            origin = server.origin.replace("http:", "https:")
            exchange = await client.fetch(fill(case, origin))
            check(case, exchange, server.log[0], received(exchange))
            assert exchange.connection.tls.verdict == "VERIFIED"

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["connect", "socks5"])
@pytest.mark.parametrize("name", UNDER_TLS)
def test_recorded_bytes_equal_the_servers_log_under_tls_through_a_proxy(
    name: str, kind: str, *, awkward: Any, engine: Any, received: Any, proxied: Any
) -> None:
    case = BY_NAME[name]
    authority = trustme.CA()
    server_side = make_server_context(authority.issue_cert("site.example"))

    async def run() -> None:
        async with (
            awkward(case.steps, tls=server_side) as server,
            proxied(kind, names={"site.example": "127.0.0.1"}) as proxy,
            engine(
                roots_pem=authority.cert_pem.bytes(),
                extra_ports=frozenset({server.port}),
                **proxy.settings,
            ) as client,
        ):
            origin = f"https://site.example:{server.port}"
            exchange = await client.fetch(fill(case, origin))
            check(case, exchange, server.log[0], received(exchange))
            assert exchange.connection.tls.verdict == "VERIFIED"
            assert exchange.connection.dns is None
            assert proxy.asked == [("site.example", server.port)]

    asyncio.run(run())


def make_server_context(certificate: trustme.LeafCert) -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
