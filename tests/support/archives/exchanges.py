"""Exchanges as an engine hands them in, made of the bytes of a response."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive.capture import (
    CaptureOutcome,
    ConnectionFacts,
    EarlierCapture,
    Exchange,
    ExchangeContext,
    Framing,
    MemoryBytes,
    Timings,
)
from archive.digest import Digest

HEAD_END = b"\r\n\r\n"
STATUS = re.compile(rb"\S+[ ]+([0-9]{3})\b")
CONNECTION = ConnectionFacts(
    connection_id="0" * 16,
    sequence=0,
    peer="192.0.2.1:80",
    proxy=None,
    connect_to=None,
    allow_network=None,
    dns=None,
    tls=None,
)
TIMINGS = Timings(sent_us=100, first_byte_us=900, ended_us=1_000)
"""For benchmarks, whose statements are to be as long as real ones."""


def answered(uri: str, response: bytes, *, at: datetime, **changes: Any) -> Exchange:
    """A whole answer to a GET, whose body is all that stands behind its head.

    `changes` are fields of `Exchange` that differ. AssertionError: no HTTP head.
    """
    head, end, body = response.partition(HEAD_END)
    status = STATUS.match(head)
    assert end, response[:80]
    made = Exchange(
        target_uri=uri,
        as_given=uri,
        method="GET",
        started_at=at,
        outcome=CaptureOutcome.COMPLETE,
        phase=None,
        detail="",
        flags=(),
        request=b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        response=MemoryBytes(response),
        interim=(),
        framing=Framing(
            kind="length",
            declared_length=len(body),
            head_bytes=len(head) + len(end),
            body_bytes=len(body),
            trailer_bytes=0,
            surplus_bytes=0,
        ),
        http_status=int(status[1]) if status else None,
        wire_digest=Digest.of(response),
        payload_digest=Digest.of(body),
        payload_bytes=len(body),
        timings=Timings(),
        connection=CONNECTION,
        context=ExchangeContext(),
    )
    return replace(made, **changes)


def unanswered(
    uri: str, outcome: CaptureOutcome, *, at: datetime, **changes: Any
) -> Exchange:
    """An attempt that nothing came back for; `changes` are fields that differ."""
    made = Exchange(
        target_uri=uri,
        as_given=uri,
        method="GET",
        started_at=at,
        outcome=outcome,
        phase=None,
        detail="",
        flags=(),
        request=b"",
        response=MemoryBytes(b""),
        interim=(),
        framing=None,
        http_status=None,
        wire_digest=None,
        payload_digest=None,
        payload_bytes=None,
        timings=Timings(),
        connection=None,
        context=ExchangeContext(),
    )
    return replace(made, **changes)


def not_modified(
    uri: str,
    earlier: EarlierCapture | None,
    *,
    at: datetime,
    wire: bytes = b"HTTP/1.1 304 Not Modified\r\n\r\n",
) -> Exchange:
    """The answer to a condition that `earlier` gave: a head, and nothing behind it."""
    return answered(
        uri,
        wire,
        at=at,
        framing=Framing(
            kind="none",
            declared_length=None,
            head_bytes=len(wire),
            body_bytes=0,
            trailer_bytes=0,
            surplus_bytes=0,
        ),
        payload_digest=None,
        payload_bytes=None,
        earlier=earlier,
    )
