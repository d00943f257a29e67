"""TLS: verdicts recorded, refused before a byte is sent, failures of the handshake."""

import asyncio
import socket
import ssl
import threading
from typing import Any

import pytest
import trustme

from archive.capture import CaptureOutcome as O
from archive.capture import Phase, TlsVerdict
from crawlers.engine.client import (
    parse_connect_to,
)
from tests.support.capturing.engine_client import (
    ClientMaker,
    ReadAll,
    ServerMaker,
    facts_of,
    tls_of,
)
from tests.support.judging.asking import OK, get


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
    names: list[str],
    own_root: bool,
    tls: str,
    outcome: O,
    awkward: ServerMaker,
    engine: ClientMaker,
) -> None:
    authority = trustme.CA()
    roots = (authority if own_root else trustme.CA()).cert_pem.bytes()
    context = server_context(authority.issue_cert(*names))

    async def run() -> None:
        async with awkward((OK,), tls=context) as server:
            entry = parse_connect_to(f"site.example:443=127.0.0.1:{server.port}")
            async with engine(connect_to=(entry,), roots_pem=roots) as client:
                exchange = await client.fetch(get("https://site.example/", tls=tls))
        facts = tls_of(exchange)
        good = own_root and names == ["site.example"]
        assert exchange.outcome is outcome
        assert facts.verdict is (TlsVerdict.VERIFIED if good else TlsVerdict.FAILED)
        assert (facts.error is None) is good
        assert (facts.version, facts.sni) == ("TLSv1.3", "site.example")
        assert facts.chain_pem is not None
        assert facts.root_set is not None
        assert facts.chain_pem.startswith(b"-----BEGIN CERTIFICATE-----")
        assert facts.root_set.startswith("sha256:")
        if outcome is O.TLS_REFUSED:
            assert (exchange.request, server.log) == (b"", [])

    asyncio.run(run())


def test_a_kept_connection_is_refused_too_when_a_good_chain_is_required(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    context = server_context(trustme.CA().issue_cert("127.0.0.1"))

    async def run() -> None:
        async with awkward((OK,), (OK,), tls=context) as server, engine() as client:
            uri = server.origin.replace("http:", "https:")
            assert (await client.fetch(get(uri))).outcome is O.COMPLETE
            exchange = await client.fetch(get(uri, tls="require"))
            assert (exchange.outcome, len(server.log)) == (O.TLS_REFUSED, 1)

    asyncio.run(run())


def test_tls_12_is_recorded_with_the_iana_name(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    context = server_context(trustme.CA().issue_cert("127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def run() -> None:
        async with awkward((OK,), tls=context) as server, engine() as client:
            uri = server.origin.replace("http:", "https:")
            facts = tls_of(await client.fetch(get(uri)))
            assert facts.version == "TLSv1.2"
            assert facts.cipher.startswith("TLS_ECDHE_")
            assert facts.sni is None

    asyncio.run(run())


def test_plain_http_on_a_tls_port_is_a_tls_failure(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
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
            assert facts_of(exchange).peer == f"127.0.0.1:{port}"
            assert exchange.request == b""
        listening.close()

    asyncio.run(run())


def test_a_reset_during_the_handshake_is_a_tls_failure(engine: ClientMaker) -> None:
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
    engine: ClientMaker, received: ReadAll, version: str
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
