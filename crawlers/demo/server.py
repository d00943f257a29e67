"""The loopback server of the example sites; it logs every byte it gets and gives.

One address and port for every host; the Host field says which site is meant. Runs in a
thread of its own, because the crawls it answers are child processes of this one.
"""

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from crawlers.demo.content import DemoSites

LOOPBACK = "127.0.0.1"
HEAD_LIMIT_BYTES = 64 * 1024
"""Of a request; our own engine sends less than one."""
START_SECONDS = 10.0
"""A listening socket on loopback is there at once, or never."""
HEAD_END = b"\r\n\r\n"


@dataclass(slots=True, kw_only=True)
class ServedExchange:
    """What one request and its reply were on the wire, as the server saw it."""

    received: bytes
    sent: bytes = b""


class DemoServer:
    """Serves one visit of the example sites at a time; use as `with`."""

    def __init__(self, sites: DemoSites) -> None:
        self._sites = sites
        self.visit = 1
        self.log: list[ServedExchange] = []
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="demo-server")
        self._stop = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._listening = socket.create_server((LOOPBACK, 0))
        self._refusing = socket.socket()
        self._refusing.bind((LOOPBACK, 0))  # bound, never listening: it refuses

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it answers to."""
        return self._sites.hosts

    @property
    def port(self) -> int:
        """Where the sites are."""
        return int(self._listening.getsockname()[1])

    @property
    def refusing_port(self) -> int:
        """A port of ours that answers no connection."""
        return int(self._refusing.getsockname()[1])

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise AssertionError("the loopback server of the demonstration is not up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving and give both ports back."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._refusing.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listening)
        self._ready.set()
        async with server:
            await self._stop.wait()
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a coroutine runs in a task")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                while await self._answer_one(reader, writer):
                    pass
        finally:
            writer.close()

    async def _answer_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer the next request; False where the connection has come to its end."""
        try:
            head = await reader.readuntil(HEAD_END)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return False
        exchange = ServedExchange(received=head)
        self.log.append(exchange)
        host, path = parse_request(head)
        reply = self._sites.reply(host, path, visit=self.visit)
        exchange.sent = reply.data
        writer.write(reply.data)
        await writer.drain()
        return not reply.closes


def parse_request(head: bytes) -> tuple[str, str]:
    """Host and path of a request head; both empty where they are not to be found."""
    line, *fields = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    host = ""
    for field in fields:
        name, _, value = field.partition(":")
        if name.lower() == "host":
            host = value.strip().lower()
    return host, words[1].partition("?")[0] if len(words) > 1 else ""
