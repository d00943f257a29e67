"""Entity body of a response: the bytes behind the head, chunk framing undone.

Content codings stay on: the payload digest of a record is over these bytes. The rules
where a body ends are the engine's (docs/format.md, "Payload"): no body with HEAD, 1xx,
204 and 304; a last transfer coding `chunked` beats Content-Length; one numeric
length; otherwise everything to the end. Bytes behind the end (surplus) are no payload.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import BinaryIO, Final

from archive.warc.head import (
    HEAD_LIMIT_BYTES,
    LENGTH_LIMIT,
    HttpHead,
    find_head_end,
    parse_http_head,
)

READ_BYTES: Final = 256 * 1024
"""Read at a time."""
FIRST_LOOK_BYTES: Final = 8 * 1024
"""Looked through for the end of a head before anything is put aside."""
CHUNK_LINE_LIMIT_BYTES: Final = 4 * 1024
"""Bytes of a chunk size line with its extensions; the engine's bound."""
TRAILER_LIMIT_BYTES: Final = 64 * 1024
"""Bytes of the trailer section; the engine's bound."""

_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]+)[ \t]*(?:;.*)?", re.DOTALL)


class Problem(StrEnum):
    """Why decoded data is not all, or not what was declared."""

    CUT = "cut"
    """The bytes end before their end."""
    CORRUPT = "corrupt"
    """The bytes break their format; what came before is kept."""
    LIMIT = "limit"
    """The caller's limit was reached; what came before is kept."""
    UNKNOWN_CODING = "unknown-coding"
    """No decoder; the bytes are given as they are."""
    MISLABELLED = "mislabelled"
    """Not in the declared coding at all; the bytes are given as they are."""
    SURPLUS = "surplus"
    """Whole, but bytes follow behind the end; they are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A response taken apart; `head` is None where no head was found."""

    head: HttpHead | None
    body: bytes
    problem: Problem | None

    @property
    def complete(self) -> bool:
        """Whether the body is all of it."""
        return self.problem in (None, Problem.SURPLUS)


class _Chunk(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    DONE = auto()
    BROKEN = auto()


class ChunkedDecoder:
    """Undo chunk framing as bytes come; memory stays at one line."""

    def __init__(self) -> None:
        self._state = _Chunk.SIZE
        self._line = bytearray()
        self._left = 0
        self._trailer_bytes = 0
        self.surplus_bytes = 0

    @property
    def problem(self) -> Problem | None:
        """What to say if nothing more comes."""
        if self._state is _Chunk.BROKEN:
            return Problem.CORRUPT
        if self._state is not _Chunk.DONE:
            return Problem.CUT
        return Problem.SURPLUS if self.surplus_bytes else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, give the decoded ones among them."""
        at = 0
        while at < len(data):
            if self._state is _Chunk.DATA:
                taken = data[at : at + self._left]
                self._left -= len(taken)
                at += len(taken)
                if not self._left:
                    self._state = _Chunk.DATA_END
                yield taken
            elif self._state in (_Chunk.DONE, _Chunk.BROKEN):
                self.surplus_bytes += len(data) - at
                return
            else:
                at = self._take_line(data, at)

    def _take_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        stop = len(data) if end < 0 else end + 1
        self._line += data[at:stop]
        if len(self._line) > CHUNK_LINE_LIMIT_BYTES and self._state is _Chunk.SIZE:
            self._state = _Chunk.BROKEN
        elif self._state is _Chunk.TRAILER:
            self._trailer_bytes += stop - at
            if self._trailer_bytes > TRAILER_LIMIT_BYTES:
                self._state = _Chunk.BROKEN
        elif self._state is _Chunk.DATA_END and not b"\r\n".startswith(self._line):
            self._state = _Chunk.BROKEN if self._line != b"\n" else _Chunk.DATA_END
        if self._state is not _Chunk.BROKEN and end >= 0:
            self._end_line(bytes(self._line).removesuffix(b"\n").removesuffix(b"\r"))
        return stop

    def _end_line(self, line: bytes) -> None:
        self._line.clear()
        if self._state is _Chunk.DATA_END:
            self._state = _Chunk.SIZE
        elif self._state is _Chunk.TRAILER:
            self._state = _Chunk.TRAILER if line.strip(b"\r") else _Chunk.DONE
        else:
            match = _CHUNK_SIZE.fullmatch(line)
            if match is None:
                self._state = _Chunk.BROKEN
                return
            self._left = min(int(match[1], 16), LENGTH_LIMIT)
            self._state = _Chunk.DATA if self._left else _Chunk.TRAILER


class EntityDecoder:
    """Take a response's bytes as they come, give the bytes of its entity body."""

    def __init__(self, *, method: str = "GET") -> None:
        self._method = method
        self._start = bytearray()
        self._chunked: ChunkedDecoder | None = None
        self._left: int | None = None
        self._surplus_bytes = 0
        self._overlong = False
        self.head: HttpHead | None = None

    @property
    def problem(self) -> Problem | None:
        """What to say if nothing more comes."""
        if self.head is None:
            return Problem.CORRUPT if self._overlong else Problem.CUT
        if self._chunked is not None:
            return self._chunked.problem
        if self._left:
            return Problem.CUT
        return Problem.SURPLUS if self._surplus_bytes else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, give the entity bytes among them: views, if given a view."""
        if self.head is None:
            data = self._take_head(data)
        if self._chunked is not None:
            yield from self._chunked.feed(bytes(data))
        elif self._left is None:
            if self.head is not None and data:
                yield data
        else:
            taken = data[: self._left]
            self._left -= len(taken)
            self._surplus_bytes += len(data) - len(taken)
            if taken:
                yield taken

    def _take_head(self, data: bytes) -> bytes:
        if self._overlong:
            return b""
        if not self._start:
            start = bytes(data[:FIRST_LOOK_BYTES])
            end = find_head_end(start)
            if end is not None:
                self._begin_body(start[:end])
                return data[end:]
        self._start += data
        end = find_head_end(self._start)
        if (end or len(self._start)) > HEAD_LIMIT_BYTES:
            self._overlong = True
            self._start.clear()
        if self._overlong or end is None:
            return b""
        whole = bytes(self._start)
        self._start.clear()
        self._begin_body(whole[:end])
        return whole[end:]

    def _begin_body(self, head: bytes) -> None:
        self.head = parse_http_head(head)
        chunked, self._left = _delimit(self.head, self._method)
        self._chunked = ChunkedDecoder() if chunked else None


def _delimit(head: HttpHead, method: str) -> tuple[bool, int | None]:
    """Whether the body comes in chunks, else its length; None = to the end."""
    if has_no_body(method, head.status):
        return False, 0
    codings = head.transfer_codings
    if codings:
        return codings[-1] == "chunked", None
    return False, head.content_length


def find_entity(
    head: HttpHead, length_bytes: int, *, method: str = "GET"
) -> tuple[int, int] | None:
    """Where the entity body lies in a response that long; None = in chunks.

    `[start, end)` are the bytes that an EntityDecoder gives when it is fed all.
    """
    chunked, length = _delimit(head, method)
    if chunked:
        return None
    end = length_bytes
    if length is not None:
        end = min(end, head.length_bytes + length)
    return head.length_bytes, end


def has_no_body(method: str, status: int | None) -> bool:
    """Whether the protocol rules out a body (RFC 9112, 6.3)."""
    if method == "HEAD" or status in (204, 304):
        return True
    return status is not None and 100 <= status < 200


def entity_body(stream: BinaryIO, *, method: str = "GET") -> Iterator[bytes]:
    """Give the entity body of a response stream in pieces; memory stays flat."""
    decoder = EntityDecoder(method=method)
    for data in iter(lambda: stream.read(READ_BYTES), b""):
        yield from decoder.feed(data)


def read_entity(stream: BinaryIO, *, limit_bytes: int, method: str = "GET") -> Entity:
    """Read a response whole, its entity body up to `limit_bytes`."""
    decoder = EntityDecoder(method=method)
    body = bytearray()
    for data in iter(lambda: stream.read(READ_BYTES), b""):
        for piece in decoder.feed(data):
            if len(body) + len(piece) > limit_bytes:
                body += piece[: limit_bytes - len(body)]
                return Entity(
                    head=decoder.head, body=bytes(body), problem=Problem.LIMIT
                )
            body += piece
    return Entity(head=decoder.head, body=bytes(body), problem=decoder.problem)


def decode_entity(data: bytes, *, limit_bytes: int, method: str = "GET") -> Entity:
    """What `read_entity` says of a response at hand; its body is copied once."""
    end = find_head_end(data)
    head = None
    if end is not None and end <= HEAD_LIMIT_BYTES:
        head = parse_http_head(data[:end])
    span = find_entity(head, len(data), method=method) if head else None
    if head is None or span is None:
        return read_entity(io.BytesIO(data), limit_bytes=limit_bytes, method=method)
    start, end = span
    declared = _delimit(head, method)[1]
    if end - start > limit_bytes:
        problem: Problem | None = Problem.LIMIT
        end = start + limit_bytes
    elif declared is not None and declared > end - start:
        problem = Problem.CUT
    else:
        problem = Problem.SURPLUS if end < len(data) else None
    return Entity(head=head, body=data[start:end], problem=problem)
