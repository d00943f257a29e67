"""Streaming: the response in a slice piece by piece, however long it is.

A slice of 2 MB may hold 2 GB of zeros. Nothing is kept here but the piece at hand. No
digest is compared: the slice as a whole was compared with its id when it was opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
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
    """Find the response in a slice; None if it holds none.

    MalformedRecord, TornMember or LimitExceeded here and while the pieces are taken.
    """
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
    """Exactly `length` bytes, and behind them nothing but the end of a record.

    The last ones are given when that end was seen: who has all has a whole record.
    """
    left = length
    for piece in chain((first,), pieces):
        if left <= len(piece):
            _demand_end(piece[left:], pieces)
            yield piece[:left]
            return
        left -= len(piece)
        yield piece
    raise MalformedRecord("the record ends before its Content-Length")


def _demand_end(behind: bytes, pieces: Iterator[bytes]) -> None:
    for piece in pieces:  # to the end of the member, whose checksum stands there
        behind = (behind + piece)[: len(RECORD_END) + 1]
    if behind != RECORD_END:
        raise MalformedRecord(
            "the block does not end where Content-Length says, or more follows"
        )


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
