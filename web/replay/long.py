"""Long: downloads of responses that are not held in memory, however long they are.

All take the stream of a slice that was compared with its id, and begin at its start.

The first bytes leave as they are read. A body under one content coding is decoded as it
goes; under several, or too long before decoding, only the response as on the wire is
offered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc.codings import DECODERS, StopDecoding
from archive.warc.streaming import StreamedBlock, stream_entity, stream_response

HELD_BYTES = 64 << 20
"""Up to here a response is read whole, and ranges of it are answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongBody:
    """A body on its way; `close` once it is sent or given up."""

    pieces: Iterator[bytes]
    length_bytes: int | None
    """None where only its end tells."""
    close: Callable[[], None]


def is_long(stream: BinaryIO) -> bool:
    """Whether the response in a slice is too long to be held; reads from its start."""
    block = stream_response(stream)
    stream.seek(0)
    return block is not None and block.length_bytes > HELD_BYTES


def long_wire(stream: BinaryIO) -> LongBody | None:
    """The response in a slice as on the wire; None, and closed, if it holds none."""
    block = stream_response(stream)
    if block is None:
        stream.close()
        return None
    return LongBody(
        pieces=block.pieces, length_bytes=block.length_bytes, close=stream.close
    )


def long_entity(stream: BinaryIO) -> LongBody | None:
    """The body in a slice as decoded; None, and closed, if not piece by piece."""
    block = stream_response(stream)
    pieces = None if block is None else _decoded(block)
    if pieces is None:
        stream.close()
        return None
    return LongBody(pieces=pieces, length_bytes=None, close=stream.close)


def _decoded(block: StreamedBlock) -> Iterator[bytes] | None:
    head, pieces = stream_entity(block.pieces)
    if head is None:
        return None
    names = (head.content_encoding or "identity").lower().split(",")
    codings = [name.strip() for name in names if name.strip() not in ("", "identity")]
    if not codings:
        return pieces
    if len(codings) > 1 or codings[0] not in DECODERS:
        return None
    if block.length_bytes > HELD_BYTES:
        return None
    return _undo(b"".join(pieces), codings[0])


def _undo(data: bytes, coding: str) -> Iterator[bytes]:
    """What can be decoded; a broken end cuts it, as everywhere here."""
    try:
        yield from DECODERS[coding](data)
    except StopDecoding:
        return
