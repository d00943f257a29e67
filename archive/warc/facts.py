"""What an exchange leaves beside its messages: the metadata block, chain, DNS answer.

All of it is made from the Exchange alone; nothing of the collecting machine is known
here, so nothing of it can be written.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

from archive.capture import (
    ConnectionFacts,
    DnsFacts,
    Exchange,
    ExchangeContext,
    Framing,
    InterimHead,
    Timings,
    TlsFacts,
)
from archive.digest import Digest
from archive.warc.wire import find_host

JSON_TYPE: Final = "application/json"
CHAIN_TYPE: Final = "application/x-pem-file"
DNS_TYPE: Final = "text/dns"
ANSWERS_KEPT: Final = 64
"""Answers written a moment ago, 64 KiB each at most: the pages of a host share one."""
_WRITER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedBy:
    """A support record by its block digest; `capture` None = in this very slice."""

    digest: Digest
    capture: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A support record that an exchange needs, and who carries it."""

    target_uri: str
    content_type: str
    block: bytes
    carried: CarriedBy


def find_chain(exchange: Exchange, carriers: Mapping[Digest, str]) -> Support | None:
    """The certificate chain the server showed, as PEM, leaf first."""
    tls = exchange.connection.tls if exchange.connection else None
    if tls is None or not tls.chain_pem:
        return None
    digest = Digest.of(tls.chain_pem)
    return Support(
        target_uri=f"urn:evidence:tls-chain:{digest.hex}",
        content_type=CHAIN_TYPE,
        block=tls.chain_pem,
        carried=CarriedBy(digest=digest, capture=carriers.get(digest)),
    )


def find_dns(exchange: Exchange, carriers: Mapping[Digest, str]) -> Support | None:
    """The answer of the name server; None where no name was asked for."""
    dns = exchange.connection.dns if exchange.connection else None
    if dns is None or (dns.answer is None and dns.origin != "dns"):
        return None
    host = find_host(exchange.target_uri)
    block, digest = _dns_block(host, dns.addresses, dns.ttl_seconds, dns.answer)
    return Support(
        target_uri=f"dns:{host}",
        content_type=DNS_TYPE,
        block=block,
        carried=CarriedBy(digest=digest, capture=carriers.get(digest)),
    )


@lru_cache(maxsize=ANSWERS_KEPT)
def _dns_block(
    host: str, addresses: tuple[str, ...], ttl_seconds: int | None, answer: bytes | None
) -> tuple[bytes, Digest]:
    """The block of an answer, and its digest."""
    name = host.rstrip(".") + "."
    ttl = ttl_seconds or 0
    lines = [
        f"{name} {ttl} IN {'AAAA' if ':' in address else 'A'} {address}"
        for address in addresses
    ]
    if answer is not None:
        lines.append(f"; answer {_base64(answer)}")
    block = "".join(line + "\r\n" for line in lines).encode("ascii")
    return block, Digest.of(block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the metadata block says beyond the exchange itself."""

    chain: CarriedBy | None
    dns: CarriedBy | None
    payload_disputed: bool
    """The payload digest of the engine is not the one the block gives."""
    request_digest: Digest
    software: str
    settings_digest: Digest | None


def format_metadata(exchange: Exchange, around: Surroundings) -> bytes:
    """Write the metadata block: UTF-8 JSON, keys sorted, no spaces.

    A lone surrogate in `as_given` stays as its JSON escape.
    """
    value = {
        "as_given": exchange.as_given,
        "connection": _connection(exchange.connection, around),
        "context": _fields(exchange.context),
        "detail": exchange.detail,
        "flags": list(exchange.flags),
        "framing": _fields(exchange.framing) if exchange.framing else None,
        "http_status": exchange.http_status,
        "interim": [_interim(head) for head in exchange.interim],
        "method": exchange.method,
        "outcome": str(exchange.outcome),
        "payload": _payload(exchange, disputed=around.payload_disputed),
        "phase": str(exchange.phase) if exchange.phase else None,
        "received": _bytes(exchange.response.length_bytes, exchange.wire_digest),
        "sent": _bytes(
            len(exchange.request),
            around.request_digest if exchange.request else None,
        ),
        "settings": _text(around.settings_digest),
        "software": around.software,
        "timings": _fields(exchange.timings),
    }
    return _WRITER.encode(value).encode("utf-8", "backslashreplace")


def _fields(value: ExchangeContext | Framing | Timings) -> dict[str, object]:
    """The fields of a flat value; `asdict`, made for nested ones, takes ten times."""
    names, values = _FLAT[type(value)]
    return dict(zip(names, values(value), strict=True))


_FLAT: Final = {
    kind: (kind.__slots__, attrgetter(*kind.__slots__))
    for kind in (ExchangeContext, Framing, Timings)
}


def _connection(
    facts: ConnectionFacts | None, around: Surroundings
) -> dict[str, object] | None:
    if facts is None:
        return None
    return {
        "allow_network": facts.allow_network,
        "connect_to": facts.connect_to,
        "dns": _dns(facts.dns, around.dns),
        "id": facts.connection_id,
        "override": facts.connect_to is not None or facts.allow_network is not None,
        "peer": facts.peer,
        "proxy": facts.proxy,
        "sequence": facts.sequence,
        "tls": _tls(facts.tls, around.chain),
    }


def _dns(facts: DnsFacts | None, carried: CarriedBy | None) -> dict[str, object] | None:
    if facts is None:
        return None
    return {
        "addresses": list(facts.addresses),
        "age_seconds": facts.age_seconds,
        "origin": facts.origin,
        "record": _carried(carried),
        "ttl_seconds": facts.ttl_seconds,
    }


def _tls(facts: TlsFacts | None, carried: CarriedBy | None) -> dict[str, object] | None:
    if facts is None:
        return None
    return {
        "chain": _carried(carried),
        "cipher": facts.cipher,
        "error": facts.error,
        "root_set": facts.root_set,
        "sni": facts.sni,
        "verdict": str(facts.verdict),
        "version": facts.version,
    }


def _carried(carried: CarriedBy | None) -> dict[str, object] | None:
    if carried is None:
        return None
    return {"capture": carried.capture, "digest": str(carried.digest)}


def _payload(exchange: Exchange, *, disputed: bool) -> dict[str, object] | None:
    if exchange.payload_digest is None:
        return None
    facts = _bytes(exchange.payload_bytes, exchange.payload_digest)
    return {**facts, "disputed": disputed}


def _bytes(count: int | None, digest: Digest | None) -> dict[str, object]:
    return {"bytes": count, "sha256": _text(digest)}


def _interim(head: InterimHead) -> dict[str, object]:
    return {"head": _base64(head.head), "offset_bytes": head.offset_bytes}


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
