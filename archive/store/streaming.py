"""Streaming: the response of a capture piece by piece, however long it is.

A slice of 2 MB may hold 2 GB of zeros. Nothing is kept here but the piece at hand. The
slice was compared with its id before (`ArchiveReader.open_slice`), its records not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import MalformedRecord
from archive.warc.entity import EntityDecoder
from archive.warc.head import HttpHead
from archive.warc.member import MemberWalk
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    RECORD_END,
    RecordHeader,
    parse_header,
)

RESPONSES = ("response", "revisit")
"""Records whose block is what the server sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedBlock:
    """The block of a response: how long it is, and its bytes, once."""

    length_bytes: int
    pieces: Iterator[bytes]


def stream_response(stream: BinaryIO) -> StreamedBlock | None:
    """Find the response in a slice; None if it holds none. Errors of MemberWalk."""
    walk = MemberWalk(stream)
    while not walk.at_end:
        pieces = walk.inflate()
        header, rest = _read_header(pieces)
        if header.type in RESPONSES:
            length = header.content_length
            return StreamedBlock(
                length_bytes=length, pieces=_take(rest, pieces, length)
            )
        for _ in pieces:
            pass
    return None


def _read_header(pieces: Iterator[bytes]) -> tuple[RecordHeader, bytes]:
    """The header of a record, and what came behind it so far."""
    begun = bytearray()
    for piece in pieces:
        begun += piece
        end = begun.find(RECORD_END)
        if end >= 0:
            end += len(RECORD_END)
            return parse_header(bytes(begun[:end])), bytes(begun[end:])
        if len(begun) > HEADER_LIMIT_BYTES:
            break
    raise MalformedRecord("a member without a whole record header")


def _take(first: bytes, pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Exactly `length` bytes; MalformedRecord if there are fewer."""
    left = length
    piece: bytes | None = first
    while left and piece is not None:
        yield piece[:left]
        left -= min(left, len(piece))
        piece = next(pieces, None) if left else None
    if left:
        raise MalformedRecord("the record ends before its Content-Length")


def stream_entity(
    pieces: Iterator[bytes], *, method: str = "GET"
) -> tuple[HttpHead | None, Iterator[bytes]]:
    """The head of an HTTP response, and its entity body, transfer coding undone."""
    decoder = EntityDecoder(method=method)
    first: list[bytes] = []
    for piece in pieces:
        first += decoder.feed(piece)
        if decoder.head is not None:
            break
    return decoder.head, _rest(first, decoder, pieces)


def _rest(
    first: list[bytes], decoder: EntityDecoder, pieces: Iterator[bytes]
) -> Iterator[bytes]:
    yield from first
    for piece in pieces:
        yield from decoder.feed(piece)
