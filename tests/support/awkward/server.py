"""A loopback server that plays replies and logs every byte.

A reply is a tuple of steps: bytes are written, numbers are seconds to wait, words act
on the connection (`tests/support/capturing/wire.py`).
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.capturing.wire import Served, Steps, play, read_request


@dataclass
class AwkwardServer:
    """Plays replies in order and keeps the log."""

    replies: list[Steps]
    host: str = "127.0.0.1"
    port: int = 0
    log: list[Served] = field(default_factory=list)
    connections: int = 0
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

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


@asynccontextmanager
async def serve_replies(
    *replies: Steps, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[AwkwardServer]:
    """Play one reply after the other, whichever connection asks."""
    made = AwkwardServer(replies=list(replies), host=host)
    server = await asyncio.start_server(made.serve, host, 0, ssl=tls, limit=1 << 21)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)


@asynccontextmanager
async def serve_turns(*turns: Steps) -> AsyncIterator[int]:
    """Read something, play steps, read, play ... on every connection; give the port."""
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            for steps in turns:
                if not await reader.read(1 << 16):
                    break
                if not await play(steps, Served(), writer):
                    return
            await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
