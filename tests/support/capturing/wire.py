"""Play a reply step by step, and log what was on the wire; read a request whole."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Steps = tuple[bytes | float | str, ...]
"""Words: `close`, `half-close`, `reset`, `stall`; `early`: do not read the body;
`unlogged`: a reply too large for the log."""
LINE_LIMIT_BYTES = 1 << 21
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nmore"
NONE = b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Served:
    """What one request and its reply were on the wire, as the server saw it."""

    received: bytes = b""
    sent: bytes = b""


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
        elif step == "half-close" and writer.can_write_eof():
            writer.write_eof()
        elif step in ("close", "half-close"):  # TLS of asyncio has no half close
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


@dataclass
class AwkwardSites:
    """One server for many hosts; each host plays its reply once, then is plain.

    Runs in a thread of its own, over http and, with a context, over https.
    """

    replies: dict[str, Steps]
    pages: Mapping[str, bytes] = field(default_factory=dict)
    """By host and path, `site.example/x`: served as HTML, any number of times."""
    port: int = 0
    secure_port: int = 0
    log: list[Served] = field(default_factory=list)
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    def steps_for(self, request: bytes) -> Steps:
        """What to answer: a page, the host's one reply, or something plain."""
        path = request.split(b" ", 2)[1].decode("latin-1")
        found = re.search(rb"(?i)\r\nhost: *([^\r:]+)", request)
        host = found[1].decode() if found else ""
        page = self.pages.get(host + path)
        if page is not None:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
            return (head + b"%d\r\n\r\n" % len(page) + page,)
        if path in ("/robots.txt", "/favicon.ico"):
            return (NONE,)
        return self.replies.pop(host, (OK,))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        goes_on = True
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while goes_on:
                request = await read_request(reader, early=False)
                if not request:
                    break
                served = Served(received=request)
                self.log.append(served)
                goes_on = await play(self.steps_for(request), served, writer)
        if goes_on:
            writer.transport.abort()

    async def run(
        self,
        started: threading.Event,
        stop: asyncio.Event,
        *,
        host: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        """Serve until told to stop."""
        plain = await asyncio.start_server(
            self._serve, host, 0, limit=LINE_LIMIT_BYTES, backlog=512
        )
        self.port = plain.sockets[0].getsockname()[1]
        servers = [plain]
        if tls is not None:
            secure = await asyncio.start_server(
                self._serve, host, 0, limit=LINE_LIMIT_BYTES, backlog=512, ssl=tls
            )
            self.secure_port = secure.sockets[0].getsockname()[1]
            servers.append(secure)
        started.set()
        await stop.wait()
        for server in servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextmanager
def serve_sites(
    replies: Mapping[str, Steps],
    *,
    pages: Mapping[str, bytes] | None = None,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[AwkwardSites]:
    """Run such a server beside the test."""
    sites = AwkwardSites(dict(replies), pages or {})
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    work = sites.run(started, stop, host=host, tls=tls)
    thread = threading.Thread(target=loop.run_until_complete, args=(work,))
    thread.start()
    try:
        assert started.wait(10)
        yield sites
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def leads(hosts: Sequence[str], *ports: tuple[int, str]) -> list[str]:
    """Options that lead these hosts elsewhere: pairs of outer port and address."""
    return [
        argument
        for host in hosts
        for outer, place in ports
        for argument in ("--connect-to", f"{host}:{outer}={place}")
    ]
