"""SOCKS5 and CONNECT towards an outer proxy, on the bare socket, before any exchange.

Nothing the proxy says is kept but its code. Bytes that it sends beyond its answer end
the attempt: a site speaks only when asked, so whose they are cannot be known. A proxy
resolves names itself; this module knows of no other way.
"""

import asyncio
import base64
import http
import re
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from crawlers.engine.head import parse_head
from crawlers.engine.proxy import ProxyScheme

ANSWER_LIMIT_BYTES = 64 << 10
"""Heads answering CONNECT, 64 KiB: as much as browsers take."""
NO_ANSWER = "it closed the connection without an answer"

_HEAD_END = re.compile(rb"\n\r?\n")
_SOCKS = 5
_METHOD_NONE, _METHOD_PASSWORD = 0, 2
_OTHER_METHODS = {
    True: "it lets nobody in without SOCKS credentials",
    False: "it takes no SOCKS user name and password",
}
_PASSWORD_VERSION = 1
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_SOCKS_CODES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
    0xF0: "onion service not found",
    0xF1: "onion service descriptor invalid",
    0xF2: "onion service introduction failed",
    0xF3: "onion service rendezvous failed",
    0xF4: "onion service needs client authorization",
    0xF5: "onion service client authorization is wrong",
    0xF6: "onion address invalid",
    0xF7: "onion service introduction timed out",
}
"""RFC 1928 section 6, and Tor's proposal 304."""

IPAddress = IPv4Address | IPv6Address


class ProxyRefused(Exception):
    """The proxy gave no tunnel; the text holds its code. Never leaves the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a proxy is told about who asks."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a tunnel is to end: a name that only the proxy resolves, or an address."""

    host: str | IPAddress
    port: int


async def open_tunnel(
    scheme: ProxyScheme,
    connected: socket.socket,
    endpoint: Endpoint,
    *,
    credentials: Credentials | None,
) -> None:
    """Ask the proxy at the other end of the socket for a tunnel to the endpoint.

    Raises ProxyRefused or OSError. On return the next byte, either way, is the site's.
    """
    ask = _connect if scheme == "http" else _socks
    await ask(connected, endpoint, credentials)
    _check_silence(connected)


def _check_silence(connected: socket.socket) -> None:
    """Refuse a tunnel that is closed already, or speaks before it was asked."""
    try:
        early = connected.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return
    if early:
        raise ProxyRefused("it sent bytes beyond its answer")
    raise ProxyRefused("it closed the tunnel at once")


# -- CONNECT (RFC 9110 section 9.3.6) --------------------------------------------------


async def _connect(
    connected: socket.socket, endpoint: Endpoint, credentials: Credentials | None
) -> None:
    loop = asyncio.get_running_loop()
    host = endpoint.host
    name = f"[{host}]" if isinstance(host, IPv6Address) else str(host)
    lines = [
        f"CONNECT {name}:{endpoint.port} HTTP/1.1",
        f"Host: {name}:{endpoint.port}",
    ]
    if credentials is not None:
        pair = f"{credentials.username}:{credentials.password}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
    await loop.sock_sendall(connected, "\r\n".join([*lines, "", ""]).encode("ascii"))
    status, beyond = await _read_status(connected)
    if status // 100 != 2:
        raise ProxyRefused(f"it answered CONNECT with {status}{_phrase(status)}")
    if beyond:
        raise ProxyRefused("it sent bytes beyond its answer")


async def _read_status(connected: socket.socket) -> tuple[int, int]:
    """Status of the final head, and how many bytes came behind that head."""
    loop = asyncio.get_running_loop()
    answer = b""
    while True:
        found = _HEAD_END.search(answer)
        if found is not None:
            head, answer = answer[: found.end()], answer[found.end() :]
            facts = parse_head(head, 0, bodiless=True)
            if facts is None:
                raise ProxyRefused("its answer to CONNECT is not HTTP")
            if facts.status // 100 != 1:
                return facts.status, len(answer)
            continue
        if len(answer) >= ANSWER_LIMIT_BYTES:
            raise ProxyRefused("its answer to CONNECT has no end")
        piece = await loop.sock_recv(connected, ANSWER_LIMIT_BYTES - len(answer))
        if not piece:
            raise ProxyRefused("its answer was cut short" if answer else NO_ANSWER)
        answer += piece


def _phrase(status: int) -> str:
    """The registered phrase of a status; never the words of the proxy."""
    try:
        return f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        return ""


# -- SOCKS5 (RFC 1928, RFC 1929) -------------------------------------------------------


async def _socks(
    connected: socket.socket, endpoint: Endpoint, credentials: Credentials | None
) -> None:
    loop = asyncio.get_running_loop()
    # One method only: were both offered, a proxy could leave the circuits unseparated.
    method = _METHOD_NONE if credentials is None else _METHOD_PASSWORD
    await loop.sock_sendall(connected, bytes((_SOCKS, 1, method)))
    version, chosen = await _read_exactly(connected, 2)
    if version != _SOCKS:
        raise ProxyRefused("it does not speak SOCKS 5")
    if chosen != method:
        raise ProxyRefused(f"{_OTHER_METHODS[credentials is None]} (method {chosen})")
    if credentials is not None:
        await _log_in(connected, credentials)
    request = bytes((_SOCKS, _CONNECT, 0)) + _format_endpoint(endpoint)
    await loop.sock_sendall(connected, request)
    await _read_reply(connected)


async def _log_in(connected: socket.socket, credentials: Credentials) -> None:
    username = credentials.username.encode()
    password = credentials.password.encode()
    message = bytes((_PASSWORD_VERSION, len(username))) + username
    message += bytes((len(password),)) + password
    await asyncio.get_running_loop().sock_sendall(connected, message)
    _version, status = await _read_exactly(connected, 2)
    if status:
        raise ProxyRefused(f"it refused the credentials (SOCKS status {status})")


def _format_endpoint(endpoint: Endpoint) -> bytes:
    port = struct.pack(">H", endpoint.port)
    host = endpoint.host
    if isinstance(host, str):
        name = host.encode("ascii")
        return bytes((_NAME, len(name))) + name + port
    kind = _IPV4 if isinstance(host, IPv4Address) else _IPV6
    return bytes((kind,)) + host.packed + port


async def _read_reply(connected: socket.socket) -> None:
    """Take the answer to the request, byte for byte and no further."""
    version, code = await _read_exactly(connected, 2)
    if version != _SOCKS:
        raise ProxyRefused("it does not speak SOCKS 5")
    if code:
        words = _SOCKS_CODES.get(code, "unknown")
        raise ProxyRefused(f"it answered with SOCKS code {code}: {words}")
    _reserved, kind = await _read_exactly(connected, 2)
    if kind == _NAME:
        length = (await _read_exactly(connected, 1))[0]
    elif kind in _ADDRESS_BYTES:
        length = _ADDRESS_BYTES[kind]
    else:
        raise ProxyRefused(f"its answer has the unknown address type {kind}")
    await _read_exactly(connected, length + 2)


async def _read_exactly(connected: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < count:
        piece = await loop.sock_recv(connected, count - len(data))
        if not piece:
            raise ProxyRefused("its answer was cut short" if data else NO_ANSWER)
        data += piece
    return data
