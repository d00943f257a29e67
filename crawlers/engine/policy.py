"""May this name, port and very address be contacted (pure).

Only what is made here, a `CheckedAddress`, can be connected to. Every refusal is an
AddressRefused whose text names the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from archive.errors import AddressRefused, UsageProblem
from crawlers.engine.host import BadHostName, parse_host
from crawlers.engine.proxy import Proxy
from crawlers.engine.request import PORT_LIMIT, Target
from crawlers.engine.settings import ConnectTo, EngineSettings, IPAddress, IPNetwork

ALLOWED_PORTS = frozenset({80, 443})
RESERVED_SUFFIXES = ("localhost", "local", "internal", "home.arpa")
"""Names of this machine or its network (RFC 6761, 6762, 8375; .internal by ICANN)."""

_DENIED_IPV4 = tuple(
    (IPv4Network(block), name)
    for block, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
"""IANA special-purpose registry, written out: `is_global` differs between versions."""

_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast; everything else is refused."""
_DENIED_IPV6 = tuple(
    (IPv6Network(block), name)
    for block, name in (
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
    )
)
_IPV4_IN_LOW_BITS = tuple(
    IPv6Network(block)
    for block in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
"""Mapped, compatible, translated and NAT64 forms: the last 32 bits are IPv4."""
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP_IDS = (0x0000_5EFE, 0x0200_5EFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAddress:
    """An address and port that the rules allow; made by this module only."""

    address: IPAddress
    port: int
    allow_network: str | None = None
    """The CIDR block that lifted a refusal."""
    connect_to: str | None = None
    """The redirection of a test set-up that named this address."""

    @property
    def text(self) -> str:
        """`203.0.113.7:443` or `[2001:db8::1]:443`."""
        return format_endpoint(self.address, self.port)


def format_endpoint(address: IPAddress, port: int) -> str:
    """Write address and port the way they stand in records."""
    if isinstance(address, IPv6Address):
        return f"[{address}]:{port}"
    return f"{address}:{port}"


def find_connect_to(target: Target, settings: EngineSettings) -> ConnectTo | None:
    """The redirection that names this very host and port, if there is one."""
    for entry in settings.connect_to:
        if (entry.host, entry.port) == (target.name, target.port):
            return entry
    return None


def check_redirected(entry: ConnectTo) -> CheckedAddress:
    """A redirection names its address itself; that is what allows it."""
    return CheckedAddress(
        address=ip_address(entry.address),
        port=entry.address_port,
        connect_to=entry.text,
    )


def check_proxy(proxy: Proxy) -> CheckedAddress:
    """A proxy is an address of the user's own settings; that is what allows it."""
    return CheckedAddress(address=proxy.host, port=proxy.port)


def check_unresolved(
    name: str, port: int, settings: EngineSettings, *, tor: bool
) -> None:
    """Judge what a proxy looks up: no address is known that could lift a refusal."""
    reason = _refuse_port(port, settings)
    if reason is not None:
        raise AddressRefused(reason)
    check_name(name, tor=tor)


def check_name(name: str, *, tor: bool = False) -> None:
    """Refuse names that only mean something on this machine, its network, or in Tor."""
    for suffix in RESERVED_SUFFIXES:
        if name == suffix or name.endswith("." + suffix):
            raise AddressRefused(f"reserved name: {name} (.{suffix})")
    if not tor and (name == "onion" or name.endswith(".onion")):
        raise AddressRefused(f"onion address without a Tor proxy: {name}")


def check_port(port: int, settings: EngineSettings) -> None:
    """Refuse early what no address can lift: a port nobody opened."""
    if port in ALLOWED_PORTS or port in settings.extra_ports or settings.allow_networks:
        return
    raise AddressRefused(f"port {port} is not among those allowed")


def check_address(
    address: IPAddress, port: int, settings: EngineSettings
) -> CheckedAddress:
    """Allow one address and port, or refuse naming the rule.

    Forms that carry an IPv4 address are unwrapped, and the inner address is judged
    too. A network of `allow_networks` lifts the refusal of address and port.
    """
    inner = embedded_ipv4(address)
    reason = _refuse_port(port, settings) or _refuse_address(address, inner)
    if reason is None:
        return CheckedAddress(address=address, port=port)
    for network in settings.allow_networks:
        if address in network or (inner is not None and inner in network):
            return CheckedAddress(
                address=address, port=port, allow_network=str(network)
            )
    raise AddressRefused(f"{format_endpoint(address, port)}: {reason}")


def check_addresses(
    addresses: Sequence[IPAddress], port: int, settings: EngineSettings
) -> tuple[list[CheckedAddress], list[str]]:
    """Judge each address; the allowed ones in order, and the refusals' texts."""
    allowed: list[CheckedAddress] = []
    refusals: list[str] = []
    for address in dict.fromkeys(addresses):
        try:
            allowed.append(check_address(address, port, settings))
        except AddressRefused as refusal:
            refusals.append(str(refusal))
    return allowed, refusals


def embedded_ipv4(address: IPAddress) -> IPv4Address | None:
    """The IPv4 address that a mapped, compatible, 6to4, NAT64 or ISATAP form holds."""
    if isinstance(address, IPv4Address):
        return None
    value = int(address)
    if address in _SIX_TO_FOUR:
        return IPv4Address(value >> 80 & 0xFFFF_FFFF)
    holds_low = any(address in network for network in _IPV4_IN_LOW_BITS)
    if holds_low or value >> 32 & 0xFFFF_FFFF in _ISATAP_IDS:
        return IPv4Address(value & 0xFFFF_FFFF)
    return None


def _refuse_port(port: int, settings: EngineSettings) -> str | None:
    if port in ALLOWED_PORTS or port in settings.extra_ports:
        return None
    return f"port {port} is not among those allowed"


def _refuse_address(address: IPAddress, inner: IPv4Address | None) -> str | None:
    if isinstance(address, IPv4Address):
        return _find_block(address, _DENIED_IPV4)
    if inner is not None:
        reason = _find_block(inner, _DENIED_IPV4)
        if reason is not None:
            return f"{reason} ({inner})"
        if any(address in network for network in _IPV4_IN_LOW_BITS):
            return None
    if address not in _GLOBAL_IPV6:
        return "not a global unicast address"
    return _find_block(address, _DENIED_IPV6)


def _find_block(
    address: IPAddress, blocks: Sequence[tuple[IPNetwork, str]]
) -> str | None:
    for network, name in blocks:
        if address in network:
            return name
    return None


def parse_connect_to(text: str) -> ConnectTo:
    """Read `host:port=address:port`; IPv6 in brackets. UsageProblem otherwise."""
    source, equals, destination = text.partition("=")
    host, port = _split_endpoint(source, text)
    address, address_port = _split_endpoint(destination, text)
    try:
        name, _literal = parse_host(host)
        _address_name, literal = parse_host(address)
    except BadHostName as error:
        raise UsageProblem(f"{error} in {text!r}") from error
    if not equals or literal is None:
        raise UsageProblem(f"not host:port=address:port: {text!r}")
    return ConnectTo(
        host=name.removesuffix("."),
        port=port,
        address=str(literal),
        address_port=address_port,
        text=text,
    )


def parse_allow_network(text: str) -> IPNetwork:
    """Read a CIDR block; UsageProblem otherwise."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise UsageProblem(f"not a network such as 127.0.0.0/8: {text!r}") from error


def _split_endpoint(text: str, whole: str) -> tuple[str, int]:
    host, _colon, port = text.strip().rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise UsageProblem(f"not host:port=address:port: {whole!r}")
    number = int(port)
    if not 0 < number <= PORT_LIMIT:
        raise UsageProblem(f"not a port number: {whole!r}")
    return host, number
