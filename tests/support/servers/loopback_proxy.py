"""A CONNECT or SOCKS5 proxy on loopback that logs what it is told."""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from crawlers.engine.proxy import parse_proxy
from tests.support.capturing.wire import reset


@dataclass
class LoopbackProxy:
    """A CONNECT or SOCKS5 proxy that logs what it is told and passes bytes on."""

    kind: str
    credentials: tuple[str, str] | None = None
    tor: bool = False
    names: dict[str, str] = field(default_factory=dict)
    """Names that it resolves; others it refuses."""
    ports: dict[int, int] = field(default_factory=dict)
    """Where a port that is asked for really is, if not there."""
    tunnels: int = 0
    port: int = 0
    told: list[bytes] = field(default_factory=list)
    """Every byte of each client up to the tunnel."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def settings(self) -> dict[str, Any]:
        """What makes a client use it."""
        user = "" if self.credentials is None else f"{self.credentials[0]}@"
        scheme = "http" if self.kind == "connect" else "socks5h"
        proxy = parse_proxy(
            f"{scheme}://{user}127.0.0.1:{self.port}",
            self.kind,
            password=None if self.credentials is None else self.credentials[1],
            tor=self.tor,
        )
        return {"proxies": (proxy,), "proxy": self.kind}

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError, EOFError):
            serve = self._serve_connect if self.kind == "connect" else self._serve_socks
            await serve(ProxyClient(reader, writer, self.told))
        writer.transport.abort()

    def find(self, host: str) -> str | None:
        """Where it takes a host to be; None for what is not on loopback."""
        try:
            return str(ip_address(host)) if ip_address(host).is_loopback else None
        except ValueError:
            return self.names.get(host)

    async def _serve_connect(self, client: "ProxyClient") -> None:
        head = await client.read_head()
        place = re.match(rb"CONNECT (\S+):(\d+) HTTP/1.1\r\n", head)
        assert place is not None, head
        host, port = place[1].decode().strip("[]"), int(place[2])
        self.asked.append((host, port))
        login = re.search(rb"\r\nProxy-Authorization: Basic (\S+)\r\n", head)
        if login is not None:
            user, _, password = base64.b64decode(login[1]).decode().partition(":")
            self.logins.append((user, password))
        if self.credentials not in (None, self.logins[-1] if login else None):
            await client.say(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            return
        address = self.find(host)
        if address is None:
            await client.say(b"HTTP/1.1 502 Gone\r\nContent-Length: 4\r\n\r\ngone")
            return
        self.tunnels += 1
        welcome = b"HTTP/1.1 200 Go on\r\nVia: 1.1 p\r\n\r\n"
        await client.pass_on(address, self.ports.get(port, port), welcome)

    async def _serve_socks(self, client: "ProxyClient") -> None:
        _version, count = await client.read(2)
        methods = await client.read(count)
        wanted = 2 if self.tor or self.credentials else 0
        if wanted not in methods:
            await client.say(b"\x05\xff")
            return
        await client.say(bytes((5, wanted)))
        if wanted == 2 and not await self._log_in(client):
            return
        _version, command, _reserved, kind = await client.read(4)
        assert command == 1
        if kind == 3:
            host = (await client.read((await client.read(1))[0])).decode()
        else:
            host = str(ip_address(await client.read(4 if kind == 1 else 16)))
        port = int.from_bytes(await client.read(2), "big")
        self.asked.append((host, port))
        address = self.find(host)
        if address is None:
            await client.say(b"\x05\x04\x00\x01" + bytes(6))
            return
        self.tunnels += 1
        welcome = b"\x05\x00\x00\x01" + bytes(6)
        await client.pass_on(address, self.ports.get(port, port), welcome)

    async def _log_in(self, client: "ProxyClient") -> bool:
        _version, length = await client.read(2)
        user = (await client.read(length)).decode()
        password = (await client.read((await client.read(1))[0])).decode()
        self.logins.append((user, password))
        good = self.tor or self.logins[-1] == self.credentials
        await client.say(b"\x01\x00" if good else b"\x01\x01")
        return good


class ProxyClient:
    """One connection to a LoopbackProxy."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        told: list[bytes],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._told = told
        told.append(b"")

    async def read(self, count: int) -> bytes:
        data = await self._reader.readexactly(count)
        self._told[-1] += data
        return data

    async def read_head(self) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._told[-1] += head
        return head

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def pass_on(self, address: str, port: int, welcome: bytes) -> None:
        """Pass bytes, ends and resets on, in both directions."""
        reader, writer = await asyncio.open_connection(address, port, limit=1 << 21)
        await self.say(welcome)
        try:
            await asyncio.gather(pump(reader, self._writer), pump(self._reader, writer))
        finally:
            writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end; an end stays an end, a reset a reset."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if not writer.transport.is_closing():
            writer.write_eof()
    except ConnectionResetError:
        reset(writer)


@asynccontextmanager
async def serve_proxy(kind: str, **rest: Any) -> AsyncIterator[LoopbackProxy]:
    """Start a proxy of a kind, `connect` or `socks5`."""
    proxy = LoopbackProxy(kind, **rest)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=1 << 21)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
