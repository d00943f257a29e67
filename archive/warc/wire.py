"""Header values that say how an exchange was carried: peer, protocols, cipher."""

import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from archive.capture import ConnectionFacts

PEERS_KEPT: Final = 1024
"""Addresses kept after reading: every response of a site comes from the same few."""
HTTP_PROTOCOL: Final = "http/1.1"
"""The only version our engine speaks; what the server answers stands in its block."""
_TLS_PROTOCOLS: Final = {
    "TLSv1": "tls/1.0",
    "TLSv1.1": "tls/1.1",
    "TLSv1.2": "tls/1.2",
    "TLSv1.3": "tls/1.3",
}
"""Names of the TLS library -> names of the WARC-Protocol proposal."""
_PLAIN_HOST: Final = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]*)?(?:[/?#]|\Z)")
"""The beginning of nearly every address, where nothing is to be taken apart."""


def find_host(target_uri: str) -> str:
    """The host of an address, as `urlsplit` reads it; empty where there is none.

    ValueError for what is no address.
    """
    plain = _PLAIN_HOST.match(target_uri)
    return plain[1] if plain else urlsplit(target_uri).hostname or ""


def find_address(facts: ConnectionFacts | None) -> str | None:
    """The peer's address without its port; None by proxy or unconnected."""
    if facts is None or facts.peer is None:
        return None
    return _address_of(facts.peer)


@lru_cache(maxsize=PEERS_KEPT)
def _address_of(peer: str) -> str:
    host = peer.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError as error:
        raise AssertionError(f"peer without address and port: {peer}") from error


def list_protocols(facts: ConnectionFacts | None, *, is_http: bool) -> tuple[str, ...]:
    """The protocols spoken, outermost first; an unknown TLS version is left out."""
    names = [HTTP_PROTOCOL] if is_http else []
    if facts is not None and facts.tls is not None:
        version = facts.tls.version
        name = _TLS_PROTOCOLS.get(version, version)
        names += [name] if name in _TLS_PROTOCOLS.values() else []
    return tuple(names)


def find_cipher(facts: ConnectionFacts | None) -> str | None:
    """The cipher suite, if it is known by its IANA name."""
    if facts is None or facts.tls is None or not facts.tls.cipher.startswith("TLS_"):
        return None
    return facts.tls.cipher
