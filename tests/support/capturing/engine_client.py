"""A client of the capture engine that remembers, and what makes one and its peers."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.capture import ConnectionFacts, DnsFacts, Exchange, TlsFacts
from crawlers.engine.client import Client, EngineSettings, parse_allow_network
from crawlers.engine.spool import SpoolPlace
from tests.support.awkward.server import AwkwardServer
from tests.support.servers.loopback_proxy import LoopbackProxy


class EngineClient(Client):
    """A client that remembers what it handed to `on_stale`."""

    extra: list[Exchange]


ClientMaker = Callable[..., AbstractAsyncContextManager[EngineClient]]
"""Starts a client; keywords are engine settings."""
ServerMaker = Callable[..., AbstractAsyncContextManager[AwkwardServer]]
"""Starts a server with the replies to play, TLS on request."""
ProxyMaker = Callable[..., AbstractAsyncContextManager[LoopbackProxy]]
"""Starts a proxy of a kind, `connect` or `socks5`."""
ScriptMaker = Callable[..., AbstractAsyncContextManager[int]]
"""Starts a server that reads something, plays steps, reads, plays; gives its port."""
ReadAll = Callable[[Exchange], bytes]
"""All bytes received in an exchange, interim heads first."""


def clients_in(spool_folder: Path) -> ClientMaker:
    """What starts a client; 127.0.0.0/8 is allowed unless settings say else."""

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator[EngineClient]:
        settings.setdefault("allow_networks", (parse_allow_network("127.0.0.0/8"),))
        settings.setdefault("hosts_file", None)
        extra: list[Exchange] = []
        client = EngineClient(
            EngineSettings(**settings),
            spool=SpoolPlace(folder=spool_folder),
            clock=lambda: datetime.now(UTC),
            random_bytes=secrets.token_bytes,
            on_stale=extra.append,
        )
        client.extra = extra
        try:
            yield client
        finally:
            await client.close()

    return start


def read_all(exchange: Exchange) -> bytes:
    """All bytes received, interim heads first."""
    with exchange.response.open() as stream:
        block = stream.read()
    return b"".join(interim.head for interim in exchange.interim) + block


def facts_of(exchange: Exchange) -> ConnectionFacts:
    """What is recorded of its connection. AssertionError: there was none."""
    assert exchange.connection is not None
    return exchange.connection


def dns_of(exchange: Exchange) -> DnsFacts:
    """How its name was resolved. AssertionError: it was not."""
    found = facts_of(exchange).dns
    assert found is not None
    return found


def tls_of(exchange: Exchange) -> TlsFacts:
    """What is recorded of TLS. AssertionError: it was spoken in clear."""
    found = facts_of(exchange).tls
    assert found is not None
    return found
