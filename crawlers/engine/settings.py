"""What a client is told once, what it is asked each time, and the shared bounds.

Other bounds stand in the module that keeps them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Literal, Protocol

from archive.capture import ExchangeContext
from archive.errors import SettingsError, UsageProblem
from crawlers.engine.proxy import Proxy

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
RandomBytes = Callable[[int], bytes]

KIBI = 1 << 10
MEBI = 1 << 20

BODY_LIMIT_BYTES = 2 << 30
"""Body kept of one response, 2 GiB: the largest file an observer was seen to need."""
REQUEST_SECONDS = 180.0
"""Whole exchange, name resolution included: slow hosts answer, dead ones let go."""
MEMORY_BYTES = MEBI
"""Response held in memory, 1 MiB: nearly every page; beyond it a spool file."""
URI_LIMIT_BYTES = 8 * KIBI
"""Longest URI asked for, 8 KiB: servers commonly refuse longer request lines."""
AS_GIVEN_LIMIT_CHARACTERS = 16 * KIBI
"""Of an address found in a page; `data:` addresses run to megabytes."""
IDLE_SECONDS = 15.0
"""A kept connection is used again within 15 s: below what servers usually allow."""
IDLE_CONNECTIONS = 64
"""Kept connections in all: far below the usual 1,024 open files of a process."""

USER_AGENT = "Mozilla/5.0 (compatible)"
"""Names neither product nor operator nor machine: a source is not told who asks."""
DEFAULT_HEADERS = (
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate, br"),
)
"""Sent where the caller gives no header of that name; codings are those we decode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectTo:
    """Test set-ups only: `host:port` leads to `address:port`; `text` is recorded."""

    host: str
    """A-label without trailing dot, or the canonical text of an IP literal."""
    port: int
    address: str
    address_port: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Everything that holds for all requests of one client."""

    connect_to: tuple[ConnectTo, ...] = ()
    allow_networks: tuple[IPNetwork, ...] = ()
    """Networks whose addresses may be reached in spite of the rules, on every port."""
    extra_ports: frozenset[int] = frozenset()
    """Allowed beside 80 and 443."""
    user_agent: str = USER_AGENT
    default_headers: tuple[tuple[str, str], ...] = DEFAULT_HEADERS
    nameservers: tuple[str, ...] = ()
    """Addresses of recursive name servers; empty = the system's."""
    nameserver_port: int = 53
    hosts_file: Path | None = Path("/etc/hosts")
    roots_pem: bytes | None = None
    """Root certificates for the verdict; None = the system's."""
    idle_seconds: float = IDLE_SECONDS
    idle_connections: int = IDLE_CONNECTIONS
    proxies: tuple[Proxy, ...] = ()
    """Those that a request may name."""
    proxy: str | None = None
    """Label of the one for requests that name none; then nothing goes past a proxy."""

    def __post_init__(self) -> None:
        labels = [proxy.label for proxy in self.proxies]
        if len(set(labels)) != len(labels):
            raise SettingsError("two proxies have the same label; rename one")
        if self.proxy is not None and self.proxy not in labels:
            raise SettingsError(f"no proxy is called {self.proxy}; describe it first")

    def find_proxy(self, label: str | None) -> Proxy | None:
        """The proxy of a request; None = directly. UsageProblem: no such label."""
        wanted = self.proxy if label is None else label
        if wanted is None:
            return None
        for proxy in self.proxies:
            if proxy.label == wanted:
                return proxy
        # The text is not repeated: it may be a whole address with a password.
        raise UsageProblem("the request names a proxy that nobody described")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One thing to fetch; header values are octets spelled as ISO-8859-1."""

    uri: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    context: ExchangeContext = field(default_factory=ExchangeContext)
    timeout_seconds: float = REQUEST_SECONDS
    limit_bytes: int = BODY_LIMIT_BYTES
    """Bytes of body kept; of an unparsable response, bytes in all."""
    tls: Literal["record", "require"] = "record"
    """`require`: nothing is sent unless the certificate chain is VERIFIED."""
    proxy: str | None = None
    """Label of the proxy for this request; None = the client's own, if it has one."""
    close: bool = False
    """Ask for a connection of its own that ends with the response."""
    as_given: str | None = None
    """The address as found, where `uri` is already a cleaned form of it."""
    flags: tuple[str, ...] = ()
    """Remarks of the caller, recorded with the exchange's own."""


class Listener(Protocol):
    """Hears a response while it arrives; False from either method ends the exchange."""

    def head_received(self, head: bytes) -> bool:
        """Take the head of the final response, exactly as received."""
        ...

    def payload_received(self, data: bytes) -> bool:
        """Take a piece of the body, transfer coding removed, content coding not."""
        ...
