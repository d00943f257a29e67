"""Exchanges and slice material with fixed clock and ids."""

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.capture import (
    CaptureOutcome,
    ConnectionFacts,
    DnsFacts,
    Exchange,
    ExchangeContext,
    Framing,
    MemoryBytes,
    Timings,
    TlsFacts,
    TlsVerdict,
)
from archive.digest import Digest
from archive.warc.entity import EntityDecoder
from archive.warc.slice import SliceDraft, SliceMaterial, build_slice

STARTED = datetime(2025, 1, 26, 8, 0, 0, 123456, tzinfo=UTC)
REQUEST = b"GET /news HTTP/1.1\r\nHost: outlet.example\r\nAccept: */*\r\n\r\n"
RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: 13\r\n\r\n<p>Voted.</p>"
)
CHAIN = b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"

TLS = TlsFacts(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    sni="outlet.example",
    chain_pem=CHAIN,
    verdict=TlsVerdict.VERIFIED,
    error=None,
    root_set=str(Digest.of(b"roots")),
)
DNS = DnsFacts(
    origin="dns",
    addresses=("203.0.113.7", "2001:db8::7"),
    ttl_seconds=300,
    age_seconds=4,
    answer=b"\x12\x34raw answer",
)
CONNECTION = ConnectionFacts(
    connection_id="0123456789abcdef",
    sequence=0,
    peer="203.0.113.7:443",
    proxy=None,
    connect_to=None,
    allow_network=None,
    dns=DNS,
    tls=TLS,
)


def _payload(response: bytes) -> bytes | None:
    decoder = EntityDecoder()
    body = b"".join(decoder.feed(response))
    return body if decoder.head and decoder.head.status else None


@pytest.fixture
def make_exchange() -> Callable[..., Exchange]:
    """Make an exchange of a response; other fields by name."""

    def make(response: bytes = RESPONSE, **changes: Any) -> Exchange:
        body = _payload(response)
        decoder = EntityDecoder()
        list(decoder.feed(response))
        head_bytes = decoder.head.length_bytes if decoder.head else 0
        exchange = Exchange(
            target_uri="https://outlet.example/news",
            as_given="https://outlet.example/news#top",
            method="GET",
            started_at=STARTED,
            outcome=CaptureOutcome.COMPLETE,
            phase=None,
            detail="",
            flags=(),
            request=REQUEST,
            response=MemoryBytes(response),
            interim=(),
            framing=Framing(
                kind="length",
                declared_length=None,
                head_bytes=head_bytes,
                body_bytes=len(response) - head_bytes,
                trailer_bytes=0,
                surplus_bytes=0,
            ),
            http_status=decoder.head.status if decoder.head else None,
            wire_digest=Digest.of(response) if response else None,
            payload_digest=None if body is None else Digest.of(body),
            payload_bytes=None if body is None else len(body),
            timings=Timings(dns_us=10, connected_us=20, ended_us=90),
            connection=CONNECTION,
            context=ExchangeContext(job_id="j" * 26, source_id="outlet"),
        )
        return replace(exchange, **changes)

    return make


@pytest.fixture
def make_material() -> Callable[..., SliceMaterial]:
    """Material whose record ids count upwards."""

    def make(carriers: Mapping[Digest, str] | None = None) -> SliceMaterial:
        counter = itertools.count(1)
        return SliceMaterial(
            record_ids=lambda: f"urn:uuid:00000000-0000-4000-8000-{next(counter):012x}",
            software="election-evidence-archive/0.1.0",
            settings_digest=Digest.of(b"settings"),
            carriers=carriers or {},
        )

    return make


@pytest.fixture
def build(
    make_material: Callable[..., SliceMaterial],
) -> Callable[..., tuple[bytes, SliceDraft]]:
    """Build an exchange's slice in memory."""

    def build_bytes(exchange: Exchange, **options: Any) -> tuple[bytes, SliceDraft]:
        out = io.BytesIO()
        draft = build_slice(exchange, out, material=make_material(**options))
        return out.getvalue(), draft

    return build_bytes
