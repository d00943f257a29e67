"""The way through a proxy to those we ask ourselves: witnesses, authorities, lists.

What `archive.transport` is handed in place of connecting directly. Like `proxied`, it
connects to the proxy's address alone and looks no name up.
"""

import asyncio
import errno
import os
import socket
from ipaddress import ip_address

from archive.transport import Connect
from crawlers.engine.circuits import Circuits
from crawlers.engine.connection import connect_any
from crawlers.engine.policy import check_proxy
from crawlers.engine.proxy import Proxy
from crawlers.engine.settings import RandomBytes
from crawlers.engine.tunnel import (
    Credentials,
    Endpoint,
    IPAddress,
    ProxyRefused,
    open_tunnel,
)

HOST_CHARACTERS = 253
"""Of a name (RFC 1035); SOCKS gives its length one byte."""
CIRCUIT_OWNER = "peers"
"""No source: their circuits are never those of captures."""


class PeerConnector:
    """An `archive.transport.Connect`; each host has a Tor circuit of its own."""

    def __init__(self, proxy: Proxy, *, random_bytes: RandomBytes) -> None:
        self._proxy = proxy
        self._circuits = Circuits(proxy, random_bytes=random_bytes)

    def __call__(self, host: str, port: int, seconds: float) -> socket.socket:
        """A blocking socket with a tunnel to the host; OSError names the proxy's label.

        For threads without a running event loop.
        """
        endpoint = Endpoint(host=_read_host(host), port=port)
        credentials = self._circuits.credentials(CIRCUIT_OWNER, host)
        try:
            connected = asyncio.run(self._reach(endpoint, credentials, seconds))
        except ProxyRefused as refusal:
            raise self._unreachable(str(refusal)) from refusal
        except TimeoutError:
            raise
        except OSError as error:
            # Not `strerror`, which asyncio makes of the address of the proxy.
            words = os.strerror(error.errno) if error.errno else "connection lost"
            raise self._unreachable(words) from error
        connected.setblocking(True)
        return connected

    async def _reach(
        self, endpoint: Endpoint, credentials: Credentials | None, seconds: float
    ) -> socket.socket:
        async with asyncio.timeout(seconds):
            connected, _ = await connect_any([check_proxy(self._proxy)])
            try:
                await open_tunnel(
                    self._proxy.scheme, connected, endpoint, credentials=credentials
                )
            except BaseException:
                connected.close()
                raise
        return connected

    def _unreachable(self, words: str) -> OSError:
        return OSError(errno.EHOSTUNREACH, f"proxy {self._proxy.label}: {words}")


def find_connector(proxy: Proxy | None, *, random_bytes: RandomBytes) -> Connect | None:
    """How peers are reached through that proxy; None, directly, without one."""
    return None if proxy is None else PeerConnector(proxy, random_bytes=random_bytes)


def _read_host(host: str) -> str | IPAddress:
    """An address as such, else a name for the proxy; OSError for what is neither."""
    try:
        return ip_address(host)
    except ValueError:
        if len(host) > HOST_CHARACTERS or not host.isascii():
            raise OSError(errno.EINVAL, "this is no name of a host") from None
        return host
