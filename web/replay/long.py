"""Long: downloads of responses that are not held in memory, however long they are.

The first bytes leave as they are read. A body under one content coding is decoded as it
goes; under several, or too long before decoding, only the response as on the wire is
offered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.capture import Capture
from archive.store.streaming import StreamedBlock, stream_entity, stream_response
from archive.warc.codings import DECODERS, StopDecoding

HELD_BYTES = 64 << 20
"""Up to here a response is read whole, and ranges of it are answered."""

Open = Callable[[Capture], BinaryIO]
"""Opens the slice of a capture, compared with its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongBody:
    """A body on its way; `close` once it is sent or given up."""

    pieces: Iterator[bytes]
    length_bytes: int | None
    """None where only its end tells."""
    close: Callable[[], None]


def long_wire(open_slice: Open, capture: Capture) -> LongBody | None:
    """A response as on the wire; None if it is short enough to be held."""
    stream = open_slice(capture)
    block = stream_response(stream)
    if block is None or block.length_bytes <= HELD_BYTES:
        stream.close()
        return None
    return LongBody(
        pieces=block.pieces, length_bytes=block.length_bytes, close=stream.close
    )


def long_entity(open_slice: Open, capture: Capture) -> LongBody | None:
    """A body as decoded; None where it cannot be decoded piece by piece."""
    stream = open_slice(capture)
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
