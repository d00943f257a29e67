"""Connections: kept, stale, refused, stopped; addresses checked before sending."""

import asyncio
import contextlib
import errno
import os
import random
import resource
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme

from archive.capture import CaptureOutcome as O
from archive.capture import Exchange, Phase, TlsVerdict
from archive.digest import Digest
from crawlers.engine.client import (
    FetchRequest,
    parse_allow_network,
    parse_connect_to,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
MANY = 50


def get(uri: str, **rest: Any) -> FetchRequest:
    return FetchRequest(uri=uri, timeout_seconds=rest.pop("timeout_seconds", 5), **rest)


# -- keeping connections -----------------------------------------------------------


def test_one_connection_carries_many_exchanges(
    awkward: Any, engine: Any, received: Any
) -> None:
    async def run() -> None:
        async with awkward(*[(OK,)] * MANY) as server, engine() as client:
            made = [
                await client.fetch(get(f"{server.origin}/{n}")) for n in range(MANY)
            ]
            assert server.connections == 1
            assert [x.request for x in made] == [s.received for s in server.log]
            assert [received(x) for x in made] == [s.sent for s in server.log]
            assert [x.connection.sequence for x in made] == list(range(MANY))
            assert len({x.connection.connection_id for x in made}) == 1

    asyncio.run(run())


def test_concurrent_exchanges_never_share_a_connection(
    awkward: Any, engine: Any, received: Any
) -> None:
    replies = [(0.05, OK.replace(b"hello", b"%05d" % n)) for n in range(MANY)]

    async def run() -> None:
        async with awkward(*replies) as server, engine() as client:
            fetches = [client.fetch(get(f"{server.origin}/{n}")) for n in range(MANY)]
            made = await asyncio.gather(*fetches)
            pairs = sorted((x.request, received(x)) for x in made)
            assert pairs == sorted((s.received, s.sent) for s in server.log)

    asyncio.run(run())


def test_a_response_that_says_close_ends_the_connection(
    awkward: Any, engine: Any
) -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def run() -> None:
        async with awkward((closing,), (OK,)) as server, engine() as client:
            for _ in range(2):
                assert (await client.fetch(get(server.origin))).outcome is O.COMPLETE
            assert server.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_stale_connection_is_recorded_and_tried_once_anew(
    ending: str, awkward: Any, engine: Any, received: Any
) -> None:
    async def run() -> None:
        async with awkward((OK,), (ending,), (OK,)) as server, engine() as client:
            await client.fetch(get(server.origin))
            final = await client.fetch(get(f"{server.origin}/b"))
            (dead,) = client.extra
            assert (dead.outcome, dead.flags) == (O.NO_RESPONSE, ("stale",))
            assert dead.request == final.request == server.log[1].received
            assert (final.outcome, final.flags) == (O.COMPLETE, ("after-stale",))
            assert final.connection.sequence == 0
            assert received(final) == OK

    asyncio.run(run())


def test_a_new_connection_that_dies_is_not_tried_again(
    awkward: Any, engine: Any
) -> None:
    async def run() -> None:
        async with awkward(("close",), (OK,)) as server, engine() as client:
            exchange = await client.fetch(get(server.origin))
            assert exchange.outcome is O.NO_RESPONSE
            assert (len(server.log), client.extra) == (1, [])

    asyncio.run(run())


def test_a_post_is_never_sent_twice(awkward: Any, engine: Any) -> None:
    async def run() -> None:
        async with awkward((OK,), ("close",), (OK,)) as server, engine() as client:
            await client.fetch(get(server.origin))
            exchange = await client.fetch(get(server.origin, method="POST", body=b"x"))
            assert exchange.outcome is O.NO_RESPONSE
            assert (len(server.log), client.extra) == (2, [])

    asyncio.run(run())


def test_bytes_on_an_idle_connection_end_it(
    awkward: Any, engine: Any, received: Any
) -> None:
    async def run() -> None:
        replies = ((OK, 0.05, b"HTTP/1.1 200 OK\r\n\r\nforged"), (OK,))
        async with awkward(*replies) as server, engine() as client:
            await client.fetch(get(server.origin))
            await asyncio.sleep(0.15)
            second = await client.fetch(get(server.origin))
            assert received(second) == OK
            assert server.connections == 2

    asyncio.run(run())


def test_idle_connections_end_after_their_time_and_number(
    awkward: Any, engine: Any
) -> None:
    async def run() -> None:
        async with awkward((OK,), (OK,)) as server, engine(idle_seconds=0.05) as client:
            await client.fetch(get(server.origin))
            await asyncio.sleep(0.1)
            await client.fetch(get(server.origin))
            assert server.connections == 2
        async with (
            awkward((OK,)) as one,
            awkward((OK,), (OK,)) as other,
            engine(idle_connections=1) as client,
        ):
            for origin in (other.origin, one.origin, other.origin):
                await client.fetch(get(origin))
            assert other.connections == 2

    asyncio.run(run())


# -- reaching hosts ------------------------------------------------------------------


def test_connect_to_leads_a_name_elsewhere_and_says_so(
    awkward: Any, engine: Any
) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server:
            text = f"site.example:80=127.0.0.1:{server.port}"
            entry = parse_connect_to(text)
            async with engine(connect_to=(entry,), allow_networks=()) as client:
                exchange = await client.fetch(get("http://site.example/a"))
                facts = exchange.connection
                assert exchange.outcome is O.COMPLETE
                assert facts.connect_to == text
                assert facts.allow_network is None
                assert facts.peer == f"127.0.0.1:{server.port}"
                assert facts.dns.origin == "connect_to"
                assert b"Host: site.example\r\n" in server.log[0].received
                other = await client.fetch(get(server.origin))
                assert other.outcome is O.POLICY

    asyncio.run(run())


def test_nobody_listening_is_refused(engine: Any) -> None:
    async def run() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with engine() as client:
            exchange = await client.fetch(get(f"http://127.0.0.1:{port}/"))
            assert (exchange.outcome, exchange.phase) == (O.REFUSED, Phase.TCP)
            assert exchange.request == b""
            assert exchange.response.length_bytes == 0
            assert exchange.connection.dns.addresses == ("127.0.0.1",)

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
    host: str, awkward: Any, engine: Any
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
def test_what_cannot_be_fetched_is_a_policy_exchange(uri: str, engine: Any) -> None:
    async def run() -> None:
        async with engine() as client:
            exchange = await client.fetch(get(uri))
            assert exchange.outcome is O.POLICY
            assert exchange.connection is None
            assert len(exchange.as_given) <= 16_384
            exchange.as_given.encode()

    asyncio.run(run())


def test_a_request_that_would_be_two_is_not_sent(awkward: Any, engine: Any) -> None:
    async def run() -> None:
        async with awkward((OK,)) as server, engine() as client:
            headers = (("X-A", "b\r\n\r\nGET /x HTTP/1.1"),)
            exchange = await client.fetch(get(server.origin, headers=headers))
            assert (exchange.outcome, server.connections) == (O.POLICY, 0)

    asyncio.run(run())


# -- name resolution over a loopback name server -----------------------------------


class NameServer(asyncio.DatagramProtocol):
    """Answers from a table: name -> addresses in turn, or a word."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(question.name.to_text() + " " + kind)
        found = self.table.get(question.name.to_text(), "nxdomain")
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if found == "nxdomain":
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found == "silent":
            return
        elif kind == "A" and found:
            texts = found.pop(0) if isinstance(found[0], list) else found
            response.answer.append(
                dns.rrset.from_text(question.name, 0, "IN", "A", *texts)
            )
        self.transport.sendto(response.to_wire(), peer)


async def start_name_server(table: dict[str, Any]) -> tuple[NameServer, Any, int]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(table), ("127.0.0.1", 0)
    )
    return server, transport, transport.get_extra_info("sockname")[1]


def test_a_name_is_looked_up_and_its_answer_recorded(
    awkward: Any, engine: Any, received: Any
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
                facts = exchange.connection.dns
                assert (facts.origin, facts.addresses) == ("dns", ("127.0.0.1",))
                assert b"\x04site\x07example\x00" in facts.answer
                assert exchange.connection.allow_network == "127.0.0.0/8"
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
    found: Any, words: str, has_answer: bool, engine: Any
) -> None:
    async def run() -> None:
        _names, transport, port = await start_name_server({"site.example.": found})
        async with engine(nameservers=("127.0.0.1",), nameserver_port=port) as client:
            exchange = await client.fetch(get("http://site.example/"))
            assert (exchange.outcome, exchange.phase) == (O.DNS, Phase.DNS)
            assert words in exchange.detail
            assert bool(exchange.connection.dns.answer) is has_answer
            assert exchange.connection.peer is None
        transport.close()

    asyncio.run(run())


def test_a_silent_name_server_ends_with_the_deadline(engine: Any) -> None:
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
    awkward: Any, engine: Any
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
                        assert exchange.connection.peer == f"127.0.0.1:{server.port}"
                assert outcomes == [O.COMPLETE, O.POLICY, O.COMPLETE]
                assert server.connections == 2
            transport.close()

    asyncio.run(run())


LOOKUPS = 1000


def test_a_thousand_flipping_answers_lead_to_nobody_else(
    awkward: Any, engine: Any
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
                    facts = exchange.connection
                    assert set(facts.dns.addresses) == set(answer)
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
    awkward: Any, engine: Any
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
    awkward: Any, engine: Any
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
                assert exchange.connection.peer == f"127.0.0.3:{server.port}"
            transport.close()

    asyncio.run(run())


# -- TLS -----------------------------------------------------------------------------


def server_context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("names", "own_root", "tls", "outcome"),
    [
        (["site.example"], True, "record", O.COMPLETE),
        (["site.example"], True, "require", O.COMPLETE),
        (["other.example"], True, "record", O.COMPLETE),
        (["other.example"], True, "require", O.TLS_REFUSED),
        (["site.example"], False, "record", O.COMPLETE),
        (["site.example"], False, "require", O.TLS_REFUSED),
    ],
)
def test_bad_certificates_are_recorded_or_refused_before_a_byte_is_sent(
    names: list[str], own_root: bool, tls: str, outcome: Any, awkward: Any, engine: Any
) -> None:
    authority = trustme.CA()
    roots = (authority if own_root else trustme.CA()).cert_pem.bytes()
    context = server_context(authority.issue_cert(*names))

    async def run() -> None:
        async with awkward((OK,), tls=context) as server:
            entry = parse_connect_to(f"site.example:443=127.0.0.1:{server.port}")
            async with engine(connect_to=(entry,), roots_pem=roots) as client:
                exchange = await client.fetch(get("https://site.example/", tls=tls))
        facts = exchange.connection.tls
        good = own_root and names == ["site.example"]
        assert exchange.outcome is outcome
        assert facts.verdict is (TlsVerdict.VERIFIED if good else TlsVerdict.FAILED)
        assert (facts.error is None) is good
        assert (facts.version, facts.sni) == ("TLSv1.3", "site.example")
        assert facts.chain_pem.startswith(b"-----BEGIN CERTIFICATE-----")
        assert facts.root_set.startswith("sha256:")
        if outcome is O.TLS_REFUSED:
            assert (exchange.request, server.log) == (b"", [])

    asyncio.run(run())


def test_a_kept_connection_is_refused_too_when_a_good_chain_is_required(
    awkward: Any, engine: Any
) -> None:
    context = server_context(trustme.CA().issue_cert("127.0.0.1"))

    async def run() -> None:
        async with awkward((OK,), (OK,), tls=context) as server, engine() as client:
            uri = server.origin.replace("http:", "https:")
            assert (await client.fetch(get(uri))).outcome is O.COMPLETE
            exchange = await client.fetch(get(uri, tls="require"))
            assert (exchange.outcome, len(server.log)) == (O.TLS_REFUSED, 1)

    asyncio.run(run())


def test_tls_12_is_recorded_with_the_iana_name(awkward: Any, engine: Any) -> None:
    context = server_context(trustme.CA().issue_cert("127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def run() -> None:
        async with awkward((OK,), tls=context) as server, engine() as client:
            uri = server.origin.replace("http:", "https:")
            facts = (await client.fetch(get(uri))).connection.tls
            assert facts.version == "TLSv1.2"
            assert facts.cipher.startswith("TLS_ECDHE_")
            assert facts.sni is None

    asyncio.run(run())


def test_plain_http_on_a_tls_port_is_a_tls_failure(awkward: Any, engine: Any) -> None:
    async def run() -> None:
        async with awkward() as server, engine() as client:
            uri = server.origin.replace("http:", "https:")
            exchange = await client.fetch(get(uri, timeout_seconds=1.0))
            assert (exchange.outcome, exchange.phase) == (O.TIMEOUT, Phase.TLS)

        async def answer(reader: Any, writer: Any) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with engine() as client:
            exchange = await client.fetch(get(f"https://127.0.0.1:{port}/"))
            assert (exchange.outcome, exchange.phase) == (O.TLS, Phase.TLS)
            assert exchange.detail.startswith("TLS: ")
            assert exchange.connection.peer == f"127.0.0.1:{port}"
            assert exchange.request == b""
        listening.close()

    asyncio.run(run())


def test_a_reset_during_the_handshake_is_a_tls_failure(engine: Any) -> None:
    async def run() -> None:
        async def answer(reader: Any, writer: Any) -> None:
            await reader.read(1)
            writer.transport.abort()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with engine() as client:
            exchange = await client.fetch(get(f"https://127.0.0.1:{port}/"))
            assert exchange.outcome is O.TLS
        listening.close()

    asyncio.run(run())


# -- time, size, stopping ----------------------------------------------------------


def test_an_unanswered_connect_ends_with_the_deadline(engine: Any) -> None:
    async def run() -> None:
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        async with engine() as client:
            uri = f"http://127.0.0.1:{address[1]}/"
            exchange = await client.fetch(get(uri, timeout_seconds=1.0))
            assert exchange.outcome is O.TIMEOUT
            assert exchange.phase in (Phase.TCP, Phase.HEAD)
        for one in (*waiting, full):
            one.close()

    asyncio.run(run())


class Stopper:
    """Ends the exchange at the head, or after some bytes."""

    def __init__(self, at_head: bool) -> None:
        self.at_head = at_head
        self.heads: list[bytes] = []
        self.data = b""

    def head_received(self, head: bytes) -> bool:
        self.heads.append(head)
        return not self.at_head

    def payload_received(self, data: bytes) -> bool:
        self.data += data
        return len(self.data) < 3


@pytest.mark.parametrize("at_head", [True, False])
def test_a_listener_can_stop_an_exchange(
    at_head: bool, awkward: Any, engine: Any, received: Any
) -> None:
    async def run() -> None:
        reply = (OK[:38], 0.05, b"hel", "stall")
        async with awkward(reply) as server, engine() as client:
            listener = Stopper(at_head)
            exchange = await client.fetch(get(server.origin), listener=listener)
            assert exchange.outcome is O.STOPPED
            assert received(exchange) == (OK[:38] if at_head else OK[:41])
            assert listener.heads == [OK[:38]]

    asyncio.run(run())


def test_a_cancelled_fetch_still_reports_what_came(
    awkward: Any, engine: Any, received: Any
) -> None:
    async def run() -> None:
        async with awkward((OK[:40], "stall")) as server, engine() as client:
            task = asyncio.create_task(client.fetch(get(server.origin)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (exchange,) = client.extra
            assert exchange.outcome is O.STOPPED
            assert received(exchange) == OK[:40]

    asyncio.run(run())


def test_closing_the_client_ends_running_exchanges_as_stopped(
    awkward: Any, engine: Any
) -> None:
    async def run() -> None:
        async with awkward((OK[:40], "stall")) as server:
            _names, transport, port = await start_name_server(
                {"site.example.": "silent"}
            )
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                tasks = [
                    asyncio.create_task(client.fetch(get(uri)))
                    for uri in (server.origin, "http://site.example/")
                ]
                await asyncio.sleep(0.1)
                await client.close()
                outcomes = [task.result().outcome for task in tasks]
                assert outcomes == [O.STOPPED, O.STOPPED]
                late = await client.fetch(get(server.origin))
                assert late.outcome is O.STOPPED
            transport.close()

    asyncio.run(run())


def test_an_answer_before_the_body_is_sent_is_kept(
    awkward: Any, engine: Any, received: Any
) -> None:
    body = b"x" * 50_000_000
    early = ("early", OK.replace(b"200 OK", b"413 No"), 0.3, "reset")

    async def run() -> None:
        async with awkward(early) as server, engine() as client:
            exchange = await client.fetch(get(server.origin, method="POST", body=body))
            assert (exchange.outcome, exchange.http_status) == (O.COMPLETE, 413)
            assert exchange.flags == ("request-cut",)
            assert received(exchange) == server.log[0].sent
            assert exchange.request.startswith(server.log[0].received)
            assert len(exchange.request) < len(body)

    asyncio.run(run())


def test_a_full_disk_stops_the_exchange_and_says_that_it_was_us(
    awkward: Any,
    engine: Any,
    received: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def fail(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    async def run() -> None:
        large = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 3_000_000
        async with awkward((large, "close")) as server, engine() as client:
            monkeypatch.setattr(os, "write", fail)
            exchange = await client.fetch(get(server.origin))
            monkeypatch.undo()
            assert exchange.outcome is O.STOPPED
            assert "spool-failed" in exchange.flags
            assert exchange.detail.startswith("here: ")
            block = received(exchange)
            assert len(block) > 1 << 20
            assert large.startswith(block)
            assert exchange.wire_digest == Digest.of(block)
            assert list(tmp_path.iterdir()) == []

    asyncio.run(run())


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


PAGE_KIB = resource.getpagesize() // 1024


def test_a_large_body_goes_to_disk_and_memory_stays_flat(
    awkward: Any, engine: Any, tmp_path: Path
) -> None:
    block, blocks = os.urandom(1 << 20), 150
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (blocks << 20)
    expected = Digest.of_chunks([head, *[block] * blocks])

    async def run() -> None:
        async with (
            awkward((head, *[block] * blocks, "unlogged")) as server,
            engine() as client,
        ):
            before = peak = resident_kib()
            request = get(server.origin, timeout_seconds=60)
            task = asyncio.create_task(client.fetch(request))
            while not task.done():
                await asyncio.sleep(0.002)
                peak = max(peak, resident_kib())
            exchange = task.result()
            assert exchange.outcome is O.COMPLETE
            assert exchange.wire_digest == expected
            assert exchange.payload_digest == Digest.of_chunks([block] * blocks)
            with exchange.response.open() as stream:
                assert Digest.of_stream(stream) == expected
            assert len(list(tmp_path.iterdir())) == 1
            exchange.response.close()
            assert list(tmp_path.iterdir()) == []
            assert peak - before < 20_000

    asyncio.run(run())


DRIPPING = 20
DRIP_SECONDS = 1.5


def test_C6_hosts_that_drip_free_their_place_at_the_deadline_and_delay_nobody(
    awkward: Any, engine: Any
) -> None:
    chunks = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",)
    drip = chunks + (0.05, b"1\r\nx\r\n") * 1000

    async def ask(client: Any, origin: str, seconds: float) -> Exchange:
        asked = FetchRequest(uri=origin + "/", timeout_seconds=seconds)
        exchange: Exchange = await client.fetch(asked)
        return exchange

    async def run() -> None:
        async with engine() as client, contextlib.AsyncExitStack() as stack:
            slow = [
                await stack.enter_async_context(awkward(drip)) for _ in range(DRIPPING)
            ]
            fast = await stack.enter_async_context(awkward(*[(OK,)] * 40))
            began = time.monotonic()
            dripping = [
                asyncio.ensure_future(ask(client, s.origin, DRIP_SECONDS)) for s in slow
            ]
            await asyncio.sleep(0.1)
            for _ in range(40):
                exchange = await ask(client, fast.origin, 30)
                assert exchange.outcome is O.COMPLETE
            assert not any(task.done() for task in dripping)  # nobody waited for them
            ended = await asyncio.gather(*dripping)
            took = time.monotonic() - began
            assert {x.outcome for x in ended} == {O.TIMEOUT}
            assert all(x.response.length_bytes > 50 for x in ended)
            assert took <= DRIP_SECONDS * 1.1 + 0.5  # of which 0.5 s for a busy machine

    asyncio.run(run())


EARLY = b"HTTP/1.1 408 Late\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"


def answer_with_the_handshake(listening: socket.socket, tls: ssl.SSLContext) -> None:
    """One connection: the last flight of the handshake and a reply in one packet."""
    connection, _ = listening.accept()
    with connection:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = tls.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                server.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(1 << 16))
        server.write(EARLY)
        connection.sendall(outgoing.read())
        connection.recv(1 << 16)  # the request, too late


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_an_answer_that_comes_with_the_handshake_is_kept(
    engine: Any, received: Any, version: str
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tls.minimum_version = tls.maximum_version = getattr(ssl.TLSVersion, version)

    async def run(port: int) -> None:
        async with engine(roots_pem=authority.cert_pem.bytes()) as client:
            exchange = await client.fetch(get(f"https://127.0.0.1:{port}/"))
            assert (exchange.outcome, exchange.http_status) == (O.COMPLETE, 408)
            assert received(exchange) == EARLY
            assert exchange.request.startswith(b"GET / HTTP/1.1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        arguments = (listening, tls)
        serving = threading.Thread(target=answer_with_the_handshake, args=arguments)
        serving.start()
        asyncio.run(run(listening.getsockname()[1]))
        serving.join(10)
