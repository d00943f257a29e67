"""Which address is connected to: names, redirections of tests, refused addresses."""

import asyncio
import random
import socket
from typing import Any

import pytest

from archive.capture import CaptureOutcome as O
from archive.capture import Phase
from crawlers.engine.client import (
    parse_allow_network,
    parse_connect_to,
)
from tests.support.capturing.engine_client import (
    ClientMaker,
    ReadAll,
    ServerMaker,
    dns_of,
    facts_of,
)
from tests.support.judging.asking import OK, get
from tests.support.servers.name_server import start_name_server

# -- reaching hosts ------------------------------------------------------------------


def test_connect_to_leads_a_name_elsewhere_and_says_so(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server:
            text = f"site.example:80=127.0.0.1:{server.port}"
            entry = parse_connect_to(text)
            async with engine(connect_to=(entry,), allow_networks=()) as client:
                exchange = await client.fetch(get("http://site.example/a"))
                facts = facts_of(exchange)
                assert exchange.outcome is O.COMPLETE
                assert facts.connect_to == text
                assert facts.allow_network is None
                assert facts.peer == f"127.0.0.1:{server.port}"
                assert dns_of(exchange).origin == "connect_to"
                assert b"Host: site.example\r\n" in server.log[0].received
                other = await client.fetch(get(server.origin))
                assert other.outcome is O.POLICY

    asyncio.run(run())


def test_nobody_listening_is_refused(engine: ClientMaker) -> None:
    async def run() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with engine() as client:
            exchange = await client.fetch(get(f"http://127.0.0.1:{port}/"))
            assert (exchange.outcome, exchange.phase) == (O.REFUSED, Phase.TCP)
            assert exchange.request == b""
            assert exchange.response.length_bytes == 0
            assert dns_of(exchange).addresses == ("127.0.0.1",)

    asyncio.run(run())


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "2130706433", "0", "0.0.0.0", "127.127.127.127", "localhost",
    "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal",
    "x.home.arpa", "１２７.０.０.１", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[fe80::1]",
    "[fec0::1]", "[fc00::1]", "[2001:0:7f00:1::1]", "10.0.0.1", "192.168.0.1",
    "169.254.169.254", "100.64.0.1", "172.16.0.1", "192.0.0.8", "192.88.99.1",
    "224.0.0.1", "255.255.255.255", "site.onion", "user@127.0.0.1", "[fe80::1%25lo]",
    "%31%32%37.0.0.1", "127.0.0.1\\@site.example", "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_a_forbidden_host_is_contacted(
    host: str, awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server:
            settings = {"allow_networks": (), "extra_ports": frozenset({server.port})}
            async with engine(**settings) as client:
                uri = f"http://{host}:{server.port}/"
                exchange = await client.fetch(get(uri))
                assert exchange.outcome is O.POLICY
                assert exchange.detail
                assert (exchange.request, exchange.response.length_bytes) == (b"", 0)
                assert exchange.target_uri.isascii()
            assert server.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "javascript:x",
        "data:," + "x" * 99_999,
        "",
        "\ud800",
        "a b",
    ],
)
def test_what_cannot_be_fetched_is_a_policy_exchange(
    uri: str, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with engine() as client:
            exchange = await client.fetch(get(uri))
            assert exchange.outcome is O.POLICY
            assert exchange.connection is None
            assert len(exchange.as_given) <= 16_384
            exchange.as_given.encode()

    asyncio.run(run())


def test_a_request_that_would_be_two_is_not_sent(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server, engine() as client:
            headers = (("X-A", "b\r\n\r\nGET /x HTTP/1.1"),)
            exchange = await client.fetch(get(server.origin, headers=headers))
            assert (exchange.outcome, server.connections) == (O.POLICY, 0)

    asyncio.run(run())


# -- name resolution over a loopback name server -----------------------------------


def test_a_name_is_looked_up_and_its_answer_recorded(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server:
            names, transport, port = await start_name_server(
                {"site.example.": ["127.0.0.1"]}
            )
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                exchange = await client.fetch(
                    get(f"http://site.example.:{server.port}/")
                )
                assert received(exchange) == OK
                facts = dns_of(exchange)
                assert (facts.origin, facts.addresses) == ("dns", ("127.0.0.1",))
                assert b"\x04site\x07example\x00" in (facts.answer or b"")
                assert facts_of(exchange).allow_network == "127.0.0.0/8"
                host = f"Host: site.example.:{server.port}\r\n".encode()
                assert host in exchange.request
                assert sorted(names.asked) == ["site.example. A", "site.example. AAAA"]
            transport.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("found", "words", "has_answer"),
    [
        ("nxdomain", "does not exist", True),
        ("servfail", "failed", True),
        ([], "no address", True),
    ],
)
def test_names_without_address_are_dns_failures(
    found: Any, words: str, has_answer: bool, engine: ClientMaker
) -> None:
    async def run() -> None:
        _names, transport, port = await start_name_server({"site.example.": found})
        async with engine(nameservers=("127.0.0.1",), nameserver_port=port) as client:
            exchange = await client.fetch(get("http://site.example/"))
            assert (exchange.outcome, exchange.phase) == (O.DNS, Phase.DNS)
            assert words in exchange.detail
            assert bool(dns_of(exchange).answer) is has_answer
            assert facts_of(exchange).peer is None
        transport.close()

    asyncio.run(run())


def test_a_silent_name_server_ends_with_the_deadline(engine: ClientMaker) -> None:
    async def run() -> None:
        _names, transport, port = await start_name_server({"site.example.": "silent"})
        async with engine(nameservers=("127.0.0.1",), nameserver_port=port) as client:
            exchange = await client.fetch(
                get("http://site.example/", timeout_seconds=1.0)
            )
            assert (exchange.outcome, exchange.phase) == (O.TIMEOUT, Phase.DNS)
        transport.close()

    asyncio.run(run())


def test_a_name_that_flips_to_a_private_address_is_refused_then(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,), (OK,)) as server:
            flipping = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]]
            _names, transport, port = await start_name_server(
                {"site.example.": flipping}
            )
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                uri = f"http://site.example:{server.port}/"
                outcomes = []
                for _ in range(3):
                    exchange = await client.fetch(get(uri, close=True))
                    outcomes.append(exchange.outcome)
                    if exchange.outcome is O.COMPLETE:
                        assert facts_of(exchange).peer == f"127.0.0.1:{server.port}"
                assert outcomes == [O.COMPLETE, O.POLICY, O.COMPLETE]
                assert server.connections == 2
            transport.close()

    asyncio.run(run())


LOOKUPS = 1000


def test_a_thousand_flipping_answers_lead_to_nobody_else(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    chance = random.Random(4)
    good, bad = "127.0.0.2", ("127.0.0.1", "127.0.0.3", "10.0.0.1", "0.0.0.0")
    answers = [
        chance.sample([good, *bad], chance.randint(1, 4)) for _ in range(LOOKUPS)
    ]
    hits: list[Any] = []

    async def canary(_reader: Any, writer: Any) -> None:
        hits.append(writer)
        writer.close()

    async def run() -> None:
        async with awkward(*[(OK, "close")] * LOOKUPS, host=good) as server:
            canaries = [
                await asyncio.start_server(canary, host, server.port)
                for host in ("127.0.0.1", "127.0.0.3")
            ]
            names, transport, port = await start_name_server(
                {"site.example.": list(answers)}
            )
            async with engine(
                nameservers=("127.0.0.1",),
                nameserver_port=port,
                allow_networks=(parse_allow_network(f"{good}/32"),),
            ) as client:
                uri = f"http://site.example:{server.port}/"
                for answer in answers:
                    exchange = await client.fetch(get(uri, close=True))
                    facts = facts_of(exchange)
                    assert set(dns_of(exchange).addresses) == set(answer)
                    if good in answer:
                        assert exchange.outcome is O.COMPLETE
                        assert facts.peer == f"{good}:{server.port}"
                    else:
                        assert (exchange.outcome, facts.peer) == (O.POLICY, None)
            assert len(names.asked) == 2 * LOOKUPS
            assert server.connections == sum(good in answer for answer in answers)
            assert 300 < server.connections < 900
            for listening in canaries:
                listening.close()
            transport.close()

    asyncio.run(run())
    assert hits == []


def test_of_mixed_addresses_only_the_allowed_is_tried(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server:
            table = {"site.example.": ["10.0.0.1", "127.0.0.1"]}
            _names, transport, port = await start_name_server(table)
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                exchange = await client.fetch(
                    get(f"http://site.example:{server.port}/")
                )
                assert exchange.outcome is O.COMPLETE
                assert exchange.flags == ("address-refused",)
            transport.close()

    asyncio.run(run())


def test_the_second_address_is_tried_when_the_first_refuses(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,), host="127.0.0.3") as server:
            table = {"site.example.": ["127.0.0.2", "127.0.0.3"]}
            _names, transport, port = await start_name_server(table)
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                exchange = await client.fetch(
                    get(f"http://site.example:{server.port}/")
                )
                assert facts_of(exchange).peer == f"127.0.0.3:{server.port}"
            transport.close()

    asyncio.run(run())
