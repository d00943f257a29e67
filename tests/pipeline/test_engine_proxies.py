"""Proxies in front of the engine: what they may be told, and never gone past."""

import asyncio
import base64
import socket
from typing import Any

import pytest

from archive.capture import CaptureOutcome as O
from archive.capture import ExchangeContext, Phase
from crawlers.engine.client import parse_connect_to
from crawlers.engine.proxy import parse_proxy
from tests.support.capturing.engine_client import (
    ClientMaker,
    ProxyMaker,
    ReadAll,
    ScriptMaker,
    ServerMaker,
    dns_of,
    facts_of,
)
from tests.support.judging.asking import OK, get

CANARY = "canary-hunter2"
KINDS = ("connect", "socks5")


# -- credentials -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_are_told_to_the_proxy_and_to_nobody_else(
    kind: str,
    *,
    awkward: ServerMaker,
    engine: ClientMaker,
    proxied: ProxyMaker,
    received: ReadAll,
) -> None:
    pair = ("alice ў", CANARY)

    async def run() -> None:
        async with (
            awkward((OK,)) as server,
            proxied(kind, credentials=pair) as proxy,
            engine(**proxy.settings) as client,
        ):
            exchange = await client.fetch(get(server.origin))
            assert received(exchange) == OK
            assert proxy.logins == [pair]
            told = b"".join(s.received for s in server.log) + repr(exchange).encode()
            encoded = base64.b64encode(":".join(pair).encode())
            for secret in (CANARY.encode(), b"alice", encoded):
                assert secret not in told

    asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("connect", ("alice", "wrong"), "407 Proxy Authentication Required"),
        ("connect", None, "407 Proxy Authentication Required"),
        ("socks5", ("alice", "wrong"), "refused the credentials (SOCKS status 1)"),
        ("socks5", None, "lets nobody in without SOCKS credentials (method 255)"),
    ],
)
def test_refused_credentials_are_named_and_not_shown(
    kind: str, given: Any, words: str, *, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with proxied(kind, credentials=("alice", CANARY)) as proxy:
            user = "" if given is None else f"{given[0]}@"
            scheme = "http" if kind == "connect" else "socks5h"
            url = f"{scheme}://{user}127.0.0.1:{proxy.port}"
            other = parse_proxy(url, kind, password=given and given[1])
            async with engine(proxies=(other,), proxy=kind) as client:
                exchange = await client.fetch(get("http://site.example/"))
                assert exchange.outcome is O.PROXY
                assert exchange.detail == (
                    f"proxy {kind}: it answered CONNECT with {words}"
                    if kind == "connect"
                    else f"proxy {kind}: it {words}"
                )
                assert "alice" not in repr(exchange)

    asyncio.run(run())


def test_a_proxy_that_wants_no_password_is_not_told_one(
    engine: ClientMaker, scripted: ScriptMaker
) -> None:
    async def run() -> None:
        async with scripted((b"\x05\x00",)) as port:
            url = f"socks5h://u@127.0.0.1:{port}"
            proxy = parse_proxy(url, "office", password=CANARY)
            async with engine(proxies=(proxy,), proxy="office") as client:
                exchange = await client.fetch(get("http://site.example/"))
                assert exchange.outcome is O.PROXY
                assert "takes no SOCKS user name" in exchange.detail

    asyncio.run(run())


# -- never past the proxy --------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_that_is_down_is_never_gone_past(
    scheme: str, *, awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        proxy = parse_proxy(f"{scheme}://127.0.0.1:{port}", "office")
        async with (
            awkward((OK,)) as server,
            engine(proxies=(proxy,), proxy="office") as client,
        ):
            for uri in (server.origin, "http://site.example/", "https://site.example/"):
                exchange = await client.fetch(get(uri))
                assert (exchange.outcome, exchange.phase) == (O.PROXY, Phase.PROXY)
                assert exchange.detail == "proxy office: Connection refused"
                assert facts_of(exchange).peer is None
            assert server.connections == 0
            assert client._resolver is None

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_a_stale_connection_is_tried_anew_through_the_proxy(
    kind: str,
    *,
    awkward: ServerMaker,
    engine: ClientMaker,
    proxied: ProxyMaker,
    received: ReadAll,
) -> None:
    async def run() -> None:
        async with (
            awkward((OK,), ("close",), (OK,)) as server,
            proxied(kind) as proxy,
            engine(**proxy.settings) as client,
        ):
            await client.fetch(get(server.origin))
            final = await client.fetch(get(f"{server.origin}/b"))
            assert (final.outcome, final.flags) == (O.COMPLETE, ("after-stale",))
            assert received(final) == OK
            (dead,) = client.extra
            assert facts_of(dead).proxy == facts_of(final).proxy == kind
            assert len(proxy.asked) == 2

    asyncio.run(run())


def test_a_label_nobody_described_is_refused_and_not_repeated(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server, engine() as client:
            for label in ("office", f"http://u:{CANARY}@127.0.0.1:1"):
                exchange = await client.fetch(get(server.origin, proxy=label))
                assert exchange.outcome is O.POLICY
                assert label not in f"{exchange.detail}{exchange.connection}"
            assert server.connections == 0

    asyncio.run(run())


def test_proxies_are_kept_apart_from_each_other_and_from_none(
    awkward: ServerMaker, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with (
            awkward(*[(OK,)] * 6) as server,
            proxied("connect") as one,
            proxied("socks5") as other,
        ):
            proxies = one.settings["proxies"] + other.settings["proxies"]
            async with engine(proxies=proxies) as client:
                labels = ("connect", "socks5", None) * 2
                made = [
                    await client.fetch(get(server.origin, proxy=label))
                    for label in labels
                ]
            assert [facts_of(x).proxy for x in made] == list(labels)
            assert [facts_of(x).sequence for x in made] == [0, 0, 0, 1, 1, 1]
            assert server.connections == 3
            assert (len(one.asked), len(other.asked)) == (1, 1)
            assert facts_of(made[2]).peer == f"127.0.0.1:{server.port}"

    asyncio.run(run())


# -- what is asked of a proxy ----------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_resolves_and_no_address_is_recorded(
    kind: str,
    *,
    awkward: ServerMaker,
    engine: ClientMaker,
    proxied: ProxyMaker,
    received: ReadAll,
) -> None:
    async def run() -> None:
        async with (
            awkward((OK,), (OK,)) as server,
            proxied(kind, names={"xn--e1aybc.example": "127.0.0.1"}) as proxy,
            engine(extra_ports=frozenset({server.port}), **proxy.settings) as client,
        ):
            exchange = await client.fetch(get(f"http://тест.example.:{server.port}/"))
            assert received(exchange) == OK
            assert proxy.asked == [("xn--e1aybc.example", server.port)]
            facts = facts_of(exchange)
            assert (facts.peer, facts.dns, facts.allow_network) == (None, None, None)
            assert exchange.timings.dns_us is None
            assert exchange.timings.connected_us is not None
            gone = await client.fetch(get("http://gone.example/"))
            assert gone.outcome is O.PROXY

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_literals_are_judged_and_asked_for_as_addresses(
    kind: str, *, awkward: ServerMaker, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with (
            awkward((OK,)) as server,
            proxied(kind) as proxy,
            engine(**proxy.settings) as client,
        ):
            exchange = await client.fetch(get(f"http://0x7f.1:{server.port}/"))
            assert exchange.outcome is O.COMPLETE
            assert proxy.asked == [("127.0.0.1", server.port)]
            facts = facts_of(exchange)
            assert facts.allow_network == "127.0.0.0/8"
            assert (dns_of(exchange).origin, dns_of(exchange).addresses) == (
                "literal",
                ("127.0.0.1",),
            )
            refused = await client.fetch(get("http://[::1]/"))
            assert refused.outcome is O.POLICY
            assert len(proxy.asked) == 1

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_ipv6_literals_are_asked_for_in_their_own_form(
    kind: str, *, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with proxied(kind) as proxy, engine(**proxy.settings) as client:
            await client.fetch(get("http://[2a00:1450::1]/", timeout_seconds=1.0))
            assert proxy.asked == [("2a00:1450::1", 80)]

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirection_of_a_test_setup_is_asked_of_the_proxy_and_recorded(
    kind: str, *, awkward: ServerMaker, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server, proxied(kind) as proxy:
            entry = parse_connect_to(f"site.example:80=127.0.0.1:{server.port}")
            async with engine(connect_to=(entry,), **proxy.settings) as client:
                exchange = await client.fetch(get("http://site.example/"))
            assert exchange.outcome is O.COMPLETE
            assert proxy.asked == [("127.0.0.1", server.port)]
            facts = facts_of(exchange)
            assert (facts.connect_to, facts.peer) == (entry.text, None)

    asyncio.run(run())


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.0.1.", "0x7f000001", "0177.0.0.1", "2130706433", "0",
    "localhost", "LOCALHOST.", "a.localhost", "printer.local", "db.internal",
    "x.home.arpa", "１２７.０.０.１", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]", "10.0.0.1",
    "192.168.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "site.onion", "onion",
    "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_spelling_of_a_forbidden_host_is_asked_of_a_proxy(
    kind: str, *, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    async def run() -> None:
        async with (
            proxied(kind) as proxy,
            engine(allow_networks=(), **proxy.settings) as client,
        ):
            for host in SPELLINGS:
                exchange = await client.fetch(get(f"http://{host}/"))
                assert exchange.outcome is O.POLICY, host
            for port in (22, 8080):  # no address could lift it, so none does
                exchange = await client.fetch(get(f"http://a.example:{port}/"))
                assert exchange.outcome is O.POLICY
            assert proxy.told == []

    asyncio.run(run())


# -- Tor -------------------------------------------------------------------------------


def test_onion_addresses_are_reached_through_tor_with_a_circuit_for_each_job(
    awkward: ServerMaker, engine: ClientMaker, proxied: ProxyMaker
) -> None:
    jobs = [("s1", "j1"), ("s1", "j1"), ("s1", "j2"), ("s2", "j1"), (None, None)]
    host = "a" * 56 + ".onion"

    async def run() -> None:
        async with (
            awkward(*[(OK,)] * 6) as server,
            proxied("socks5", tor=True, names={host: "127.0.0.1"}) as proxy,
            engine(extra_ports=frozenset({server.port}), **proxy.settings) as client,
        ):
            for source, job in jobs:
                context = ExchangeContext(source_id=source, job_id=job)
                uri = f"http://{host}:{server.port}/"
                exchange = await client.fetch(get(uri, context=context))
                assert exchange.outcome is O.COMPLETE, exchange.detail
                assert facts_of(exchange).proxy == "socks5"
            assert proxy.asked == [(host, server.port)] * 4
            assert server.connections == 4
            users, words = zip(*proxy.logins, strict=True)
            assert len(set(proxy.logins)) == 4
            assert users[0] == users[1]  # one source, two jobs
            assert words[0] != words[1]
            spoken = " ".join((*users, *words))
            assert all(name not in spoken for name in ("s1", "s2", "j1", "j2"))
            refused = await client.fetch(get("http://localhost/"))
            assert refused.outcome is O.POLICY

    asyncio.run(run())
