"""Whatever a proxy answers, or not: a failure of its own, or no byte of it kept."""

import asyncio
import re
from typing import Any

import pytest

from archive.capture import CaptureOutcome as O
from archive.capture import Phase
from crawlers.engine.proxy import parse_proxy
from tests.support.capturing.engine_client import (
    ClientMaker,
    ReadAll,
    ScriptMaker,
    facts_of,
)
from tests.support.judging.asking import OK, get

OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
CANARY = "canary-hunter2"
Turns = tuple[tuple[bytes | float | str, ...], ...]


# -- answers that open no tunnel -------------------------------------------------------


HEAD_LIMIT = 64 << 10


CONNECT_ANSWERS: dict[str, tuple[Any, str]] = {
    "403": ((b"HTTP/1.1 403 No\r\n\r\n", "close"), "CONNECT with 403 Forbidden"),
    "403 with body": (
        (b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!", "close"),
        "CONNECT with 403 Forbidden",
    ),
    "407": (
        (
            b"HTTP/1.1 407 "
            + CANARY.encode()
            + b"\r\nProxy-Authenticate: Basic\r\n\r\n",
        ),
        "CONNECT with 407 Proxy Authentication Required",
    ),
    "502": ((b"HTTP/1.0 502 Bad\r\n\r\n",), "CONNECT with 502 Bad Gateway"),
    "unknown code": ((b"HTTP/1.1 599 X\r\n\r\n",), "CONNECT with 599"),
    "redirect": (
        (b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1/\r\n\r\n",),
        "CONNECT with 302 Found",
    ),
    "101": ((b"HTTP/1.1 101 S\r\n\r\n", "close"), "cut short|without an answer"),
    "extra bytes": ((OPEN + b"x",), "bytes beyond its answer"),
    "a whole response behind": ((OPEN + OK,), "bytes beyond its answer"),
    "not http": ((b"SSH-2.0-x\r\n\r\n",), "not HTTP"),
    "plain html": ((b"<html>\r\n\r\n</html>", "close"), "not HTTP"),
    "cut": ((b"HTTP/1.1 200 OK\r\n", "close"), "cut short"),
    "nothing": (("close",), "without an answer"),
    "reset": (("reset",), "Connection reset by peer"),
    "head without end": ((b"HTTP/1.1 200 OK\r\nX: " + b"a" * HEAD_LIMIT,), "no end"),
}


FIRST = b"\x05\x00"


SOCKS_ANSWERS: dict[str, tuple[Any, str]] = {
    **{
        f"code {code}": (
            ((FIRST,), (bytes((5, code, 0, 1)) + bytes(6), "close")),
            f"SOCKS code {code}: {words}",
        )
        for code, words in (
            (1, "general failure"),
            (2, "not allowed by its rules"),
            (3, "network unreachable"),
            (4, "host unreachable"),
            (5, "connection refused"),
            (6, "time to live expired"),
            (7, "command not supported"),
            (8, "address type not supported"),
            (0xF0, "onion service not found"),
            (0xF6, "onion address invalid"),
            (0x99, "unknown"),
        )
    },
    "short error": (((FIRST,), (b"\x05\x05", "close")), "SOCKS code 5"),
    "no method": (((b"\x05\xff", "close"),), r"nobody in .*\(method 255\)"),
    "password wanted": (((b"\x05\x02", "close"),), r"nobody in .*\(method 2\)"),
    "socks 4": (((b"\x04\x5a", "close"),), "does not speak SOCKS 5"),
    "http": (((b"HTTP/1.1 400 Bad\r\n\r\n", "close"),), "does not speak SOCKS 5"),
    "http later": (((FIRST,), (b"HTTP", "close")), "does not speak SOCKS 5"),
    "odd address": (((FIRST,), (b"\x05\x00\x00\x09\x00\x00",)), "address type 9"),
    "cut in greeting": (((b"\x05", "close"),), "cut short"),
    "cut in answer": (((FIRST,), (b"\x05\x00\x00\x01\x7f", "close")), "cut short"),
    "nothing": ((("close",),), "without an answer"),
    "nothing later": (((FIRST, "half-close"),), "without an answer"),
    "reset": ((("reset",),), "Connection reset by peer"),
    "extra bytes": (((FIRST,), (b"\x05\x00\x00\x01" + bytes(6) + b"x",)), "beyond"),
    "extra after a name": (
        ((FIRST,), (b"\x05\x00\x00\x03\x04host\x00\x50" + OK,)),
        "beyond",
    ),
}


CASES = [
    *(
        pytest.param("http", (steps,), words, id=f"connect: {name}")
        for name, (steps, words) in CONNECT_ANSWERS.items()
    ),
    *(
        pytest.param("socks5h", turns, words, id=f"socks: {name}")
        for name, (turns, words) in SOCKS_ANSWERS.items()
    ),
]


@pytest.mark.parametrize(("scheme", "turns", "words"), CASES)
def test_a_proxy_that_opens_no_tunnel_is_a_failure_of_its_own(
    scheme: str, turns: Turns, words: str, *, scripted: ScriptMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with scripted(*turns) as port:
            proxy = parse_proxy(f"{scheme}://127.0.0.1:{port}", "office")
            async with engine(proxies=(proxy,), proxy="office") as client:
                exchange = await client.fetch(get("http://site.example/a"))
        assert (exchange.outcome, exchange.phase) == (O.PROXY, Phase.PROXY)
        assert exchange.detail.startswith("proxy office: ")
        assert re.search(words, exchange.detail), exchange.detail
        assert (exchange.request, exchange.response.length_bytes) == (b"", 0)
        facts = facts_of(exchange)
        assert (facts.proxy, facts.peer, facts.dns) == ("office", None, None)
        for secret in (CANARY, "127.0.0.1", str(port)):
            assert secret not in f"{exchange.detail}{facts}"

    asyncio.run(run())


def test_a_tunnel_closed_at_once_is_no_answer_of_the_site(
    scripted: ScriptMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with scripted((OPEN, "close")) as port:
            proxy = parse_proxy(f"http://127.0.0.1:{port}", "office")
            async with engine(proxies=(proxy,), proxy="office") as client:
                exchange = await client.fetch(get("http://site.example/a"))
        assert exchange.outcome in (O.PROXY, O.NO_RESPONSE)
        assert exchange.response.length_bytes == 0

    asyncio.run(run())


# -- odd answers that open one ---------------------------------------------------------


OPENINGS: dict[str, tuple[str, Turns]] = {
    "http/1.0": ("http", ((b"HTTP/1.0 200 OK\r\n\r\n",),)),
    "no reason": ("http", ((b"HTTP/1.1 200\r\n\r\n",),)),
    "204": ("http", ((b"HTTP/1.1 204 N\r\n\r\n",),)),
    "length": ("http", ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",),)),
    "chunked": ("http", ((OPEN[:-2] + b"Transfer-Encoding: chunked\r\n\r\n",),)),
    "lf only": ("http", ((b"HTTP/1.1 200 OK\n\n",),)),
    "100 first": ("http", ((b"HTTP/1.1 100 C\r\n\r\n" + OPEN,),)),
    "100 before": ("http", ((b"HTTP/1.1 100 C\r\n\r\n", 0.05, OPEN),)),
    "byte by byte": ("http", (tuple(x for b in OPEN for x in (bytes((b,)), 0.001)),)),
    "long head": ("http", ((OPEN[:-2] + b"X: " + b"a" * 60_000 + b"\r\n\r\n",),)),
    "socks": ("socks5h", ((FIRST,), (b"\x05\x00\x00\x01" + bytes(6),))),
    "socks ipv6": ("socks5h", ((FIRST,), (b"\x05\x00\x00\x04" + bytes(18),))),
    "socks name": ("socks5h", ((FIRST,), (b"\x05\x00\x00\x03\x02ab" + bytes(2),))),
    "socks no name": ("socks5h", ((FIRST,), (b"\x05\x00\x00\x03\x00" + bytes(2),))),
    "socks byte by byte": (
        "socks5h",
        (
            (FIRST[:1], 0.01, FIRST[1:]),
            tuple(
                x for b in b"\x05\x00\x00\x01" + bytes(6) for x in (bytes((b,)), 0.01)
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_nothing_of_the_proxys_answer_is_in_the_exchange(
    name: str, *, scripted: ScriptMaker, engine: ClientMaker, received: ReadAll
) -> None:
    scheme, turns = OPENINGS[name]

    async def run() -> None:
        async with scripted(*turns, (OK,)) as port:
            proxy = parse_proxy(f"{scheme}://127.0.0.1:{port}", "office")
            async with engine(proxies=(proxy,), proxy="office") as client:
                exchange = await client.fetch(get("http://site.example/a"))
                assert (exchange.outcome, exchange.flags) == (O.COMPLETE, ())
                assert received(exchange) == OK
                assert exchange.request.startswith(b"GET /a HTTP/1.1\r\nHost: site.ex")

    asyncio.run(run())


# -- answers that do not come ----------------------------------------------------------


STALLS: dict[str, tuple[str, Turns]] = {
    "connect": ("http", (("stall",),)),
    "connect in head": ("http", ((b"HTTP/1.1 200 OK\r\n", "stall"),)),
    "connect after 100": ("http", ((b"HTTP/1.1 100 C\r\n\r\n", "stall"),)),
    "greeting": ("socks5h", (("stall",),)),
    "in greeting": ("socks5h", ((b"\x05", "stall"),)),
    "answer": ("socks5h", ((FIRST,), ("stall",))),
    "in answer": ("socks5h", ((FIRST,), (b"\x05\x00\x00\x01", "stall"))),
}


@pytest.mark.parametrize("name", STALLS)
def test_a_proxy_that_stalls_ends_with_the_deadline(
    name: str, *, scripted: ScriptMaker, engine: ClientMaker
) -> None:
    scheme, turns = STALLS[name]

    async def run() -> None:
        async with scripted(*turns) as port:
            proxy = parse_proxy(f"{scheme}://127.0.0.1:{port}", "office")
            async with engine(proxies=(proxy,), proxy="office") as client:
                exchange = await client.fetch(
                    get("http://site.example/", timeout_seconds=1.0)
                )
                assert (exchange.outcome, exchange.phase) == (O.TIMEOUT, Phase.PROXY)
                assert facts_of(exchange).proxy == "office"
                assert exchange.request == b""

    asyncio.run(run())


def test_closing_the_client_ends_a_tunnel_half_dug(
    scripted: ScriptMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with scripted(("stall",)) as port:
            proxy = parse_proxy(f"http://127.0.0.1:{port}", "office")
            async with engine(proxies=(proxy,), proxy="office") as client:
                task = asyncio.create_task(client.fetch(get("http://site.example/")))
                await asyncio.sleep(0.1)
                await client.close()
                assert task.result().outcome is O.STOPPED

    asyncio.run(run())
