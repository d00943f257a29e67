"""Decoders of the content codings gzip, deflate, br and zstd, chunk by chunk.

The only importer of brotli and zstandard. A decoder is an iterator over decoded chunks
of bounded size; StopDecoding ends it where the data is cut, broken, followed by more or
something else. Chunks that came before stay good.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import brotli
import zstandard

from archive.warc.entity import Problem
from archive.warc.member import GZIP_MAGIC

_FEED_BYTES: Final = 64 * 1024
_OUT_BYTES: Final = 256 * 1024
MEMBERS_LIMIT: Final = 10_000
"""Gzip members of one body: each costs the work of thousands of bytes, and the longest
body that is decoded has room for a million."""
_ZSTD_FEED_BYTES: Final = 256
"""zstandard has no output limit: a block of 4 bytes may grow to 128 KiB, so this piece
to 8 MiB."""
_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
"""The largest window the content coding allows (RFC 9659)."""
_ZSTD_MAGICS: Final = (
    b"\x28\xb5\x2f\xfd",
    *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60)),
)


class StopDecoding(Exception):
    """Ends a decoder's chunks with a problem; never leaves this package."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def _gunzip(data: bytes) -> Iterator[bytes]:
    """Members one behind the other, as RFC 1952 allows."""
    if not data.startswith(GZIP_MAGIC):
        raise StopDecoding(Problem.MISLABELLED)
    at = 0
    for _ in range(MEMBERS_LIMIT):
        at = yield from _inflate(data, at, 31)
        if at >= len(data):
            return
        if not data.startswith(GZIP_MAGIC, at):
            raise StopDecoding(Problem.SURPLUS)
    raise StopDecoding(Problem.LIMIT)


def _undeflate(data: bytes) -> Iterator[bytes]:
    """Wrapped as the standard says, raw as some servers send it."""
    is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    decoded = False
    try:
        chunks = _Ending(_inflate(data, 0, 15 if is_zlib else -15))
        for chunk in chunks:
            decoded = decoded or bool(chunk)
            yield chunk
    except StopDecoding as stop:
        raise stop if decoded else StopDecoding(_nothing(stop.problem)) from None
    if chunks.end < len(data):
        raise StopDecoding(Problem.SURPLUS)


class _Ending:
    """Iterate a generator and keep what it returns."""

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks
        self.end = 0

    def __iter__(self) -> Iterator[bytes]:
        self.end = yield from self._chunks


def _inflate(data: bytes, at: int, wbits: int) -> Any:
    """Inflate from `at`; a generator that returns where the stream ended."""
    inflater = zlib.decompressobj(wbits=wbits)
    while not inflater.eof:
        if at >= len(data):
            raise StopDecoding(Problem.CUT)
        piece = data[at : at + _FEED_BYTES]
        at += len(piece)
        while piece and not inflater.eof:
            before = inflater.copy()
            try:
                chunk = inflater.decompress(piece, _OUT_BYTES)
            except zlib.error:
                yield from _inflate_to_error(before, piece)
                raise StopDecoding(Problem.CORRUPT) from None
            if chunk:
                yield chunk
            piece = inflater.unconsumed_tail
    return at - len(inflater.unused_data)


def _inflate_to_error(inflater: Any, piece: bytes) -> Iterator[bytes]:
    """What comes out in front of the error: zlib throws it away with the call."""
    try:
        for at in range(len(piece)):
            yield inflater.decompress(piece[at : at + 1])
    except zlib.error:
        return


def _unbrotli(data: bytes) -> Iterator[bytes]:
    """Decode in large pieces; the piece that fails again, byte by byte.

    The decoder throws away what it had made of a piece in which it finds an error, or
    bytes behind the end; so only single bytes show how far it came.
    """
    reached = _Reached()
    try:
        yield from _run_brotli(data, reached, careful_from=len(data))
    except brotli.error:
        again = _Reached()
        skip = reached.out_bytes
        try:
            for chunk in _run_brotli(data, again, careful_from=reached.at):
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))
        except brotli.error:
            any_out = again.out_bytes > 0
            problem = Problem.CORRUPT if any_out else Problem.MISLABELLED
            raise StopDecoding(problem) from None
        reached = again
    if not reached.finished:
        raise StopDecoding(Problem.CUT)
    if reached.at < len(data):
        raise StopDecoding(Problem.SURPLUS)


@dataclass(slots=True)
class _Reached:
    """How far a run of the brotli decoder came."""

    at: int = 0
    out_bytes: int = 0
    finished: bool = False


def _run_brotli(
    data: bytes, reached: _Reached, *, careful_from: int
) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    while reached.at < len(data) and not reached.finished:
        size = 1 if reached.at >= careful_from else _FEED_BYTES
        piece = data[reached.at : reached.at + size]
        taken = len(piece)
        while piece or not decoder.can_accept_more_data():
            chunk = decoder.process(piece, output_buffer_limit=_OUT_BYTES)
            piece = b""
            reached.out_bytes += len(chunk)
            yield chunk
        reached.at += taken
        reached.finished = decoder.is_finished()
    while not reached.finished and (chunk := decoder.process(b"")):
        reached.out_bytes += len(chunk)
        yield chunk


def _unzstd(data: bytes) -> Iterator[bytes]:
    """Frames one behind the other (RFC 8878, 3)."""
    if not data.startswith(_ZSTD_MAGICS):
        raise StopDecoding(Problem.MISLABELLED)
    context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    frame = context.decompressobj()
    at = 0
    while at < len(data):
        piece = data[at : at + _ZSTD_FEED_BYTES]
        at += len(piece)
        try:
            chunk = frame.decompress(piece)
        except zstandard.ZstdError:
            raise StopDecoding(Problem.CORRUPT) from None
        if chunk:
            yield chunk
        if frame.eof:
            at -= len(frame.unused_data)
            if at < len(data) and not data.startswith(_ZSTD_MAGICS, at):
                raise StopDecoding(Problem.SURPLUS)
            frame = context.decompressobj()
            started = at < len(data)
        else:
            started = True
    if started:
        raise StopDecoding(Problem.CUT)


def _nothing(problem: Problem) -> Problem:
    """Not one byte came out and the coding has no mark: it is something else."""
    return Problem.MISLABELLED if problem is Problem.CORRUPT else problem


DECODERS: Final[dict[str, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
