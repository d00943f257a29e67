"""One gzip member: write it, find its exact end, inflate it within bounds.

Each record is one member (RFC 1952). Members are written without a name and with time
0 and system 255, so that no byte tells of the machine: `1f8b08000000000000ff`, raw
deflate, CRC-32, ISIZE. A walk demands that members follow each other without a gap to
the last byte of the stream, and hashes their bytes as it passes.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any, BinaryIO, Final, Protocol

from archive.digest import Digest
from archive.errors import LimitExceeded, MalformedRecord, TornMember

_isal: ModuleType | None
try:
    from isal import isal_zlib
except ImportError:  # a platform without a build of it: same format, slower
    _isal = None
else:
    _isal = isal_zlib

GZIP_MAGIC: Final = b"\x1f\x8b"
"""How every gzip member of anybody begins (RFC 1952, 2.3.1)."""
GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
CHUNK_BYTES: Final = 256 * 1024
"""Read and inflated at a time: large enough for speed, small enough for hundreds of
walks at once."""
FIRST_FEED_BYTES: Final = 8 * 1024
"""Fed to a new member first: what lies behind a small member is handed back as a copy,
so the piece is small until the member has shown that it is large."""
STORED_BLOCK_BYTES: Final = 65_535
"""The largest stored block deflate can say (RFC 1951, 3.2.4)."""
CODED_BEGIN_BYTES: Final = 2 * 1024
"""Compressed of what is coded: a record header and most heads of HTTP are shorter."""
MEMBER_LIMIT_BYTES: Final = 4 * 1024**3
"""Inflated bytes of one member: twice the largest body that is captured."""


class Effort(Enum):
    """How hard to compress."""

    DENSE = "dense"
    FAST = "fast"
    """For what is compressed in part."""
    CODED = "coded"
    """For what came compressed: its headers are compressed, the rest is stored."""
    STORED = "stored"
    """Not at all: the one form that every machine and library writes alike."""


class Sink(Protocol):
    """Takes bytes, all of them."""

    def write(self, data: bytes, /) -> int:
        """Take all of the data."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpan:
    """Where a member lies in its stream, `[offset, offset + length)`."""

    offset: int
    length: int


def write_member(out: Sink, chunks: Iterable[bytes], effort: Effort) -> None:
    """Write chunks as one member; memory stays at one chunk.

    `out` must not write short: a buffered file or a stream in memory.
    """
    compressor = _new_compressor(effort)
    checksum = total = 0
    out.write(GZIP_HEADER)
    for chunk in chunks:
        checksum = _crc32(chunk, checksum)
        total += len(chunk)
        out.write(compressor.compress(chunk))
    out.write(compressor.flush())
    out.write(_trailer(checksum, total))


def compress_member(payload: bytes, effort: Effort) -> bytes:
    """The same for bytes at hand: one call of the compressor, half the time."""
    compressed: tuple[bytes, ...]
    if effort in (Effort.STORED, Effort.CODED):
        compressor = _new_compressor(effort)
        compressed = (compressor.compress(payload), compressor.flush())
    else:
        library, level = _choose_library(effort)
        compressed = (library.compress(payload, level, -zlib.MAX_WBITS),)
    end = _trailer(_crc32(payload), len(payload))
    return b"".join((GZIP_HEADER, *compressed, end))


def write_stored_member(payload: bytes) -> bytes:
    """The one exact uncompressed member of these bytes (docs/format.md, "Statement").

    Stored blocks of 65,535 bytes, the last one shorter or as long, padding bits zero.
    """
    return compress_member(payload, Effort.STORED)


class MemberWalk:
    """Go through a stream member by member, in one pass and constant memory.

    `while not walk.at_end:` consume `walk.inflate(...)` whole; then `span`, `digest`
    and `raw` are those of that member. `start` seeks there first; without it the walk
    begins where the stream stands and offsets count from there. `raw_limit_bytes`:
    members up to this length are kept as they lie in the stream.
    """

    def __init__(
        self, stream: BinaryIO, *, start: int | None = None, raw_limit_bytes: int = 0
    ) -> None:
        if start is not None:
            stream.seek(start)
        self._stream = stream
        self._offset = start or 0
        self._buffer = memoryview(b"")
        self._raw_limit_bytes = raw_limit_bytes
        self._raw: list[memoryview] = []
        self._running = hashlib.sha256()
        self._group = hashlib.sha256()
        self._group_before = self._group
        self.span = MemberSpan(offset=self._offset, length=0)

    @property
    def at_end(self) -> bool:
        """Whether the stream ends here."""
        if not self._buffer:
            self._buffer = memoryview(self._stream.read(CHUNK_BYTES))
        return not self._buffer

    @property
    def digest(self) -> Digest:
        """SHA-256 of the bytes of the member last inflated."""
        return Digest.of_running(self._running)

    @property
    def raw(self) -> bytes | None:
        """The member last inflated as it lies in the stream; None if over the limit."""
        if self.span.length > self._raw_limit_bytes:
            return None
        return b"".join(self._raw)

    def begin_group(self) -> None:
        """Let the group digest begin behind the member last inflated."""
        self._group = hashlib.sha256()

    @property
    def group_digest(self) -> Digest:
        """Over all members since `begin_group`, the last inflated one included."""
        return Digest.of_running(self._group)

    @property
    def group_digest_before(self) -> Digest:
        """The same without the member last inflated."""
        return Digest.of_running(self._group_before)

    def inflate(self, *, limit_bytes: int = MEMBER_LIMIT_BYTES) -> Iterator[bytes]:
        """Give the next member's content in chunks of at most `CHUNK_BYTES`.

        TornMember if the stream ends first, MalformedRecord if it is no gzip,
        LimitExceeded beyond `limit_bytes`.
        """
        begin = self._offset
        self._raw = []
        self._running = hashlib.sha256()
        self._group_before = self._group.copy()
        inflater = zlib.decompressobj(wbits=31)
        feed = FIRST_FEED_BYTES
        total = 0
        while not inflater.eof:
            if self.at_end:
                raise TornMember(f"the gzip member at {begin} is cut", offset=begin)
            piece = self._buffer[:feed]
            feed = min(2 * feed, CHUNK_BYTES)
            for chunk in _pour(inflater, piece, begin):
                total += len(chunk)
                if total > limit_bytes:
                    raise LimitExceeded(
                        f"the gzip member at {begin} holds over {limit_bytes} bytes"
                    )
                yield chunk
            self._pass(piece[: len(piece) - len(inflater.unused_data)], begin)

    def _pass(self, piece: memoryview, begin: int) -> None:
        self._running.update(piece)
        self._group.update(piece)
        self._buffer = self._buffer[len(piece) :]
        self._offset += len(piece)
        self.span = MemberSpan(offset=begin, length=self._offset - begin)
        if self.span.length <= self._raw_limit_bytes:
            self._raw.append(piece)


def scan_members(
    stream: BinaryIO, start: int = 0, *, limit_bytes: int = MEMBER_LIMIT_BYTES
) -> Iterator[MemberSpan]:
    """Find every member from `start` to the end of the stream.

    Whether they hold records is not looked at. Errors as `MemberWalk.inflate`.
    """
    walk = MemberWalk(stream, start=start)
    while not walk.at_end:
        for _chunk in walk.inflate(limit_bytes=limit_bytes):
            pass
        yield walk.span


def inflate_member(data: bytes, *, limit_bytes: int) -> bytes:
    """Inflate bytes that must be exactly one member; errors as `MemberWalk.inflate`."""
    walk = MemberWalk(io.BytesIO(data))
    content = b"".join(walk.inflate(limit_bytes=limit_bytes))
    if not walk.at_end:
        raise MalformedRecord(f"bytes behind the gzip member, at {walk.span.length}")
    return content


def _pour(inflater: Any, piece: memoryview, begin: int) -> Iterator[bytes]:
    """Feed one piece, however much it grows, a chunk at a time."""
    data: bytes | memoryview = piece
    while data and not inflater.eof:
        try:
            chunk = inflater.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            raise MalformedRecord(f"no gzip member at {begin}: {error}") from error
        if chunk:
            yield chunk
        data = inflater.unconsumed_tail


class _StoredBlocks:
    """Deflate without compression; keeps a block back, as the last one is marked."""

    def __init__(self) -> None:
        self._waiting = b""

    def compress(self, data: bytes | memoryview) -> bytes:
        """Give the blocks that are certainly not the last."""
        data = memoryview(self._waiting + data if self._waiting else data)
        parts: list[bytes | memoryview] = []
        at = 0
        while len(data) - at > STORED_BLOCK_BYTES:
            parts.append(_stored_head(STORED_BLOCK_BYTES, final=False))
            parts.append(data[at : at + STORED_BLOCK_BYTES])
            at += STORED_BLOCK_BYTES
        self._waiting = bytes(data[at:])
        return b"".join(parts)

    def flush(self) -> bytes:
        """Give the last block."""
        return _stored_head(len(self._waiting), final=True) + self._waiting


class _StoredRest:
    """Deflate of the beginning; from the next whole byte on, stored blocks."""

    def __init__(self) -> None:
        self._compressor = _new_compressor(Effort.FAST)
        self._left = CODED_BEGIN_BYTES
        self._rest = _StoredBlocks()

    def compress(self, data: bytes) -> bytes:
        """Give what is certain so far."""
        begin, rest = data[: self._left], memoryview(data)[self._left :]
        self._left -= len(begin)
        compressed: bytes = self._compressor.compress(begin) if begin else b""
        if begin and not self._left:
            compressed += self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return compressed + self._rest.compress(rest) if rest else compressed

    def flush(self) -> bytes:
        """Give the end."""
        last: bytes = self._compressor.flush() if self._left else self._rest.flush()
        return last


def _stored_head(length: int, *, final: bool) -> bytes:
    return struct.pack("<BHH", final, length, length ^ 0xFFFF)


def _new_compressor(effort: Effort) -> Any:
    """Raw deflate, piece by piece."""
    if effort is Effort.STORED:
        return _StoredBlocks()
    if effort is Effort.CODED:
        return _StoredRest()
    library, level = _choose_library(effort)
    return library.compressobj(level=level, wbits=-zlib.MAX_WBITS)


def _choose_library(effort: Effort) -> tuple[Any, int]:
    """Who compresses, and how hard.

    Of real pages isal 2 leaves 23 % in 1.6 ms/MB; isal 3 22 % in 3.4, zlib 6 20 % in
    18. Where isal is missing, time is lost anyhow: then space is saved.
    """
    if _isal is not None:
        return _isal, 2 if effort is Effort.DENSE else 1
    return zlib, 6 if effort is Effort.DENSE else 1


def _crc32(data: bytes, value: int = 0) -> int:
    """As zlib's, ten times as fast where isal is."""
    return int((_isal or zlib).crc32(data, value))


def _trailer(checksum: int, total: int) -> bytes:
    return struct.pack("<II", checksum, total & 0xFFFFFFFF)
