"""Give a stream of bytes to an attempt as a connection does; what must hold of any.

Used by every fuzzer of the parser: Hypothesis, the seeded mutator, atheris.
"""

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.capture import CaptureOutcome, Exchange
from archive.warc.entity import EntityDecoder
from crawlers.engine.exchange import Attempt, Surroundings
from crawlers.engine.flags import ENGINE_FLAGS
from crawlers.engine.framing import ResponseFramer
from crawlers.engine.outcome import Cause, Progress
from crawlers.engine.settings import FetchRequest

NOON = datetime(2025, 1, 26, 12, tzinfo=UTC)
METHODS = ("GET", "HEAD", "POST")
LIMITS = (1, 5, 8, 10, 50, 1 << 31)
"""Beside common ones: those at which chunks and bodies of these tables just end."""
CAUSES = (Cause.CLOSED, Cause.RESET, Cause.DEADLINE)


def record(
    pieces: list[bytes], *, method: str, limit: int, cause: Cause
) -> tuple[Exchange, bytes]:
    """Give the pieces to an attempt as a connection does; exchange and payload."""
    heard = Ear()
    around = Surroundings(
        new_path=lambda: Path("unused"), monotonic=lambda: 0.0, listener=heard
    )
    request = FetchRequest(uri="http://a.example/", method=method, limit_bytes=limit)
    attempt = Attempt(request, started_at=NOON, around=around)
    for piece in pieces:
        attempt.received(piece)
        if attempt.full:
            break
    at_end = attempt.progress in (Progress.END, Progress.SURPLUS)
    ended = Cause.LIMIT if attempt.full and not at_end else cause
    if at_end:
        ended = Cause.MESSAGE_END
    return attempt.finish(ended), b"".join(heard.payload)


class Ear:
    """Hears head and payload."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.payload: list[bytes] = []

    def head_received(self, head: bytes) -> bool:
        self.heads.append(head)
        return True

    def payload_received(self, data: bytes) -> bool:
        self.payload.append(data)
        return True


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(p for p in set(places) if 0 < p < len(data)), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]


def check(data: bytes, places: list[int], **how: Any) -> Exchange:
    """What must hold of any stream, whole and cut."""
    whole, payload = record(cut(data, []), **how)
    with whole.response.open() as stream:
        block = stream.read()
    kept = b"".join(head.head for head in whole.interim) + block
    assert data.startswith(kept)
    if len(kept) < len(data):
        # Only a limit that was reached lets bytes go.
        assert (
            whole.outcome is CaptureOutcome.LENGTH
            or "surplus" in whole.flags
            or (
                whole.outcome is CaptureOutcome.NOT_HTTP and "cut-length" in whole.flags
            )
        )
    if whole.framing is not None:
        framing = whole.framing
        sizes = framing.head_bytes + framing.body_bytes
        assert sizes + framing.trailer_bytes + framing.surplus_bytes == len(block)
        assert len(payload) <= framing.body_bytes
    assert set(whole.flags) <= ENGINE_FLAGS.keys() - {"spool-failed"}
    parts, parts_payload = record(cut(data, places), **how)
    assert parts == whole
    assert parts_payload == payload
    return whole


HOW = list(itertools.product(METHODS, LIMITS, CAUSES))


def check_entity(data: bytes, *, method: str) -> None:
    """Engine and archive, written apart, find the same entity body."""
    payload = bytearray()
    framer = ResponseFramer(
        method,
        limit_bytes=1 << 31,
        on_payload=payload.extend,
        on_head=lambda _head: None,
    )
    taken = framer.feed(data)
    framer.close(clean=True)
    if framer.head is None:
        return
    decoder = EntityDecoder(method=method)
    body = b"".join(decoder.feed(data[framer.interim_bytes : taken]))
    assert decoder.head is not None
    assert decoder.head.status == framer.head.status
    assert decoder.head.length_bytes == framer.facts().head_bytes
    if framer.has_payload:
        assert body == payload
