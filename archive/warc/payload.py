"""Content decoding of an entity body, bounded; head and entity reading beside it.

What could be decoded is never lost: a stream that is cut, broken or too large gives
what came before, and says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from archive.warc.codings import DECODERS, StopDecoding
from archive.warc.entity import (
    Entity,
    Problem,
    decode_entity,
    entity_body,
    read_entity,
)
from archive.warc.head import CODINGS_LIMIT, HttpHead, parse_http_head

__all__ = [
    "DECODE_LIMIT_BYTES",
    "DecodeResult",
    "Entity",
    "HttpHead",
    "Problem",
    "decode_entity",
    "decode_payload",
    "entity_body",
    "parse_http_head",
    "read_entity",
]

DECODE_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""Decoded bytes by default: no page is larger, many bombs are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeResult:
    """Decoded data; `problem` says why it is not all of it, or not decoded."""

    data: bytes
    problem: Problem | None

    @property
    def complete(self) -> bool:
        """Whether the data is all of it."""
        return self.problem in (None, Problem.SURPLUS)


def decode_payload(
    body: bytes, content_encoding: str | None, *, limit_bytes: int = DECODE_LIMIT_BYTES
) -> DecodeResult:
    """Undo all codings, the last applied first; at most `limit_bytes` at each step.

    `content_encoding` is a header value, `gzip` or `gzip, br`. A body without a byte
    needs no decoding. After a problem the next coding is undone on what there is; the
    first problem that costs data is the one named.
    """
    codings = [name.strip().lower() for name in (content_encoding or "").split(",")]
    codings = [name for name in codings if name not in ("", "identity")]
    if len(codings) > CODINGS_LIMIT:
        return DecodeResult(data=body[:limit_bytes], problem=Problem.UNKNOWN_CODING)
    problems: list[Problem] = []
    for coding in reversed(codings):
        step = _undo(body, coding, limit_bytes)
        body = step.data
        problems += [step.problem] if step.problem else []
        if step.problem is Problem.UNKNOWN_CODING:
            break
    if len(body) > limit_bytes:
        return DecodeResult(data=body[:limit_bytes], problem=Problem.LIMIT)
    worst = (problem for problem in problems if problem is not Problem.SURPLUS)
    return DecodeResult(
        data=body, problem=next(worst, problems[0] if problems else None)
    )


def _undo(data: bytes, coding: str, limit_bytes: int) -> DecodeResult:
    decoder = DECODERS.get(coding)
    if decoder is None:
        return DecodeResult(data=data[:limit_bytes], problem=Problem.UNKNOWN_CODING)
    if not data:
        return DecodeResult(data=b"", problem=None)
    result = _collect(decoder(data), limit_bytes)
    if result.problem is Problem.MISLABELLED:
        return DecodeResult(data=data[:limit_bytes], problem=Problem.MISLABELLED)
    return result


def _collect(chunks: Iterator[bytes], limit_bytes: int) -> DecodeResult:
    parts: list[bytes] = []
    room = limit_bytes
    problem: Problem | None = None
    try:
        for chunk in chunks:
            parts.append(chunk[:room])
            if len(chunk) > room:
                problem = Problem.LIMIT
                break
            room -= len(chunk)
    except StopDecoding as stop:
        problem = stop.problem
    return DecodeResult(data=b"".join(parts), problem=problem)
