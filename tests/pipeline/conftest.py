"""An awkward loopback server that logs every byte, for tests of the capture engine.

A server plays its replies one by one, whichever connection asks. A reply is a tuple of
steps: bytes are written, numbers are seconds to wait, words act on the connection.
"""

import asyncio
import contextlib
import re
import secrets
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Exchange
from crawlers.engine.client import Client, EngineSettings, parse_allow_network

Steps = tuple[bytes | float | str, ...]
"""Words: `close`, `half-close`, `reset`, `stall`; `early`: do not read the body;
`unlogged`: a reply too large for the log."""


@dataclass
class Served:
    """What one request and its reply were on the wire, as the server saw it."""

    received: bytes = b""
    sent: bytes = b""


@dataclass
class AwkwardServer:
    """Plays replies in order and keeps the log."""

    replies: list[Steps]
    port: int = 0
    log: list[Served] = field(default_factory=list)
    connections: int = 0
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while await self._serve_one(reader, writer):
                pass
        writer.transport.abort()

    async def _serve_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        steps = self.replies[0] if self.replies else ()
        request = await read_request(reader, early="early" in steps)
        if not request:
            return False
        served = Served(received=request)
        self.log.append(served)
        if not self.replies:
            return False
        del self.replies[0]
        return await play(steps, served, writer)


async def read_request(reader: asyncio.StreamReader, *, early: bool) -> bytes:
    """Head and, by Content-Length, body; whatever came if it ends before."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if early or length is None:
        return head
    try:
        return head + await reader.readexactly(int(length[1]))
    except asyncio.IncompleteReadError as error:
        return head + error.partial


async def play(steps: Steps, served: Served, writer: asyncio.StreamWriter) -> bool:
    """Do the steps; True if the connection may carry another request."""
    for step in steps:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
            if "unlogged" not in steps:
                served.sent += step
        elif isinstance(step, int | float):
            await asyncio.sleep(step)
        elif step == "half-close":
            writer.write_eof()
        elif step == "close":
            writer.close()
            return False
        elif step == "reset":
            reset(writer)
            return False
        elif step == "stall":
            await asyncio.sleep(3600)
    return True


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


ServerMaker = Callable[..., AbstractAsyncContextManager[AwkwardServer]]


@pytest.fixture
def awkward() -> ServerMaker:
    """Give what starts a server with the replies to play, TLS on request."""

    @asynccontextmanager
    async def start(
        *replies: Steps, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator[AwkwardServer]:
        awkward_server = AwkwardServer(replies=list(replies))
        server = await asyncio.start_server(
            awkward_server.serve, host, 0, ssl=tls, limit=1 << 21
        )
        awkward_server.port = server.sockets[0].getsockname()[1]
        try:
            yield awkward_server
        finally:
            server.close()
            for task in awkward_server.tasks:
                task.cancel()
            await asyncio.gather(*awkward_server.tasks, return_exceptions=True)

    return start


class EngineClient(Client):
    """A client that remembers what it handed to `on_stale`."""

    extra: list[Exchange]


ClientMaker = Callable[..., AbstractAsyncContextManager[EngineClient]]


@pytest.fixture
def engine(tmp_path: Path) -> ClientMaker:
    """Give what starts a client; 127.0.0.0/8 is allowed unless settings say else."""

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator[EngineClient]:
        settings.setdefault("allow_networks", (parse_allow_network("127.0.0.0/8"),))
        settings.setdefault("hosts_file", None)
        extra: list[Exchange] = []
        client = EngineClient(
            EngineSettings(**settings),
            spool_folder=tmp_path,
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


@pytest.fixture
def received() -> Callable[[Exchange], bytes]:
    """Give all bytes of an exchange, interim heads first."""
    return read_all
