"""The loopback proxy between one browser run and the engine; closed to all others.

Listens on 127.0.0.1, on a port the system chooses. Without the credential of the run
nothing is answered but 407. Inside tunnels it shows the pinned certificate.
"""

import asyncio
import base64
import contextlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crawlers.browser.channel import Channel, ChannelClosed
from crawlers.browser.message import BadBrowserRequest, BrowserRequest, parse_request
from crawlers.browser.traffic import Announced, PageTraffic, Refusal
from crawlers.engine.tls import LoopbackAuthority

HEAD_BYTES = 256 << 10
"""Head of a browser's request; Chromium's own limit for headers is as large."""
BODY_BYTES = 64 << 20
"""Body of a browser's request, held in memory."""
FIRST_TLS_BYTE = 0x16
"""A handshake record; anything else in a tunnel is a WebSocket in the clear."""
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
NEEDS_CREDENTIAL = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="page"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
GREETING = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
STATUSES: dict[Refusal, bytes] = {
    "unannounced": b"403 Forbidden",
    "no-credential": b"407 Proxy Authentication Required",
    "websocket": b"501 Not Implemented",
    "page-requests": b"403 Forbidden",
    "page-bytes": b"403 Forbidden",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may come in, and with what the proxy shows itself."""

    user: str
    password: str
    greeting: str
    authority: LoopbackAuthority

    def opens_to(self, authorization: str | None) -> bool:
        """Whether that is the credential of this run."""
        pair = f"{self.user}:{self.password}".encode("ascii")
        wanted = b"Basic " + base64.b64encode(pair)
        return hmac.compare_digest((authorization or "").encode("latin-1"), wanted)


@asynccontextmanager
async def open_proxy(gate: Gate, traffic: PageTraffic) -> AsyncIterator[int]:
    """Listen while the body runs; gives the port. Connections end with the body."""
    proxy = _Proxy(gate, traffic)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()


class _Proxy:
    """Serves the connections of one browser run."""

    def __init__(self, gate: Gate, traffic: PageTraffic) -> None:
        self._gate = gate
        self._traffic = traffic
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry requests until one side ends the connection."""
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a connection outside a task")
        self._tasks.add(task)
        channel = Channel(reader, writer)
        try:
            with contextlib.suppress(ChannelClosed, BadBrowserRequest):
                while await self._serve_one(channel):
                    pass
        except asyncio.CancelledError:
            # Our own `end`; asyncio's callback would report a cancelled task.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            channel.close()

    async def end(self) -> None:
        """End every connection; exchanges that run are kept as far as they came."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve_one(self, channel: Channel) -> bool:
        """One request to the proxy itself; False ends the connection."""
        request = await self._read(channel, origin=None)
        is_tunnel = request.method == "CONNECT"
        is_greeting = request.uri.startswith(self._gate.greeting)
        if not self._gate.opens_to(request.proxy_authorization):
            if not is_greeting:
                named = f"https://{request.uri}/" if is_tunnel else request.uri
                self._traffic.block(named.partition("?")[0], "no-credential")
            channel.write(NEEDS_CREDENTIAL)
            return False
        if is_greeting:
            channel.write(GREETING)
            return False
        if not is_tunnel:
            return await self._carry(request, channel)
        channel.write(ESTABLISHED)
        scheme = "http"
        if await channel.read_first() == FIRST_TLS_BYTE:
            await channel.start_tls(self._gate.authority.context)
            scheme = "https"
        origin = f"{scheme}://{request.uri}"
        while await self._carry(await self._read(channel, origin=origin), channel):
            pass
        return False

    async def _read(self, channel: Channel, *, origin: str | None) -> BrowserRequest:
        head = await channel.read_until(b"\r\n\r\n", limit_bytes=HEAD_BYTES)
        return parse_request(head, origin=origin)

    async def _carry(self, request: BrowserRequest, channel: Channel) -> bool:
        """Let the page's traffic answer, or refuse."""
        length = request.body_bytes
        if length > BODY_BYTES:
            raise BadBrowserRequest(f"a request body over {BODY_BYTES} bytes")
        body = await channel.read_exactly(length)
        verdict = await self._traffic.admit(request)
        if isinstance(verdict, Announced):
            return await self._traffic.answer(
                request, body, announced=verdict, to=channel
            )
        self._traffic.block(request.uri, verdict)
        status = STATUSES[verdict]
        channel.write(
            b"HTTP/1.1 "
            + status
            + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        return False
