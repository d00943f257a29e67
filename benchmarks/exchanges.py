"""A complete exchange as the engine hands it in; benchmarks replace what they vary."""

from datetime import datetime

from archive.capture import (
    CaptureOutcome,
    ConnectionFacts,
    Exchange,
    ExchangeContext,
    Framing,
    MemoryBytes,
    Timings,
)
from archive.digest import Digest

CONNECTION = ConnectionFacts(
    connection_id="0123456789abcdef",
    sequence=0,
    peer="192.0.2.7:80",
    proxy=None,
    connect_to=None,
    allow_network=None,
    dns=None,
    tls=None,
)


def complete_exchange(
    uri: str, head: bytes, body: bytes, *, request: bytes, at: datetime
) -> Exchange:
    """A 200 with a declared length; `head` ends with its empty line."""
    return Exchange(
        target_uri=uri,
        as_given=uri,
        method="GET",
        started_at=at,
        outcome=CaptureOutcome.COMPLETE,
        phase=None,
        detail="",
        flags=(),
        request=request,
        response=MemoryBytes(head + body),
        interim=(),
        framing=Framing(
            kind="length",
            declared_length=len(body),
            head_bytes=len(head),
            body_bytes=len(body),
            trailer_bytes=0,
            surplus_bytes=0,
        ),
        http_status=200,
        wire_digest=Digest.of(head + body),
        payload_digest=Digest.of(body),
        payload_bytes=len(body),
        timings=Timings(sent_us=100, first_byte_us=900, ended_us=1_000),
        connection=CONNECTION,
        context=ExchangeContext(),
    )
