"""Bodies that are small on the wire and large when their content coding is undone."""

import gzip
import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

MEBI = 1 << 20


def deflated_zeros(size: int, wbits: int) -> bytes:
    """So many zeros (a multiple of 1 MiB) by zlib; fast, as one block is repeated.

    The stream ends without its checksum: whoever reads that far has lost already.
    """
    compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = compressor.compress(bytes(MEBI)) + compressor.flush(zlib.Z_FULL_FLUSH)
    again = compressor.compress(bytes(MEBI)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size // MEBI - 1)


def brotli_zeros(size: int) -> bytes:
    """So many zeros by brotli."""
    compressor = brotli.Compressor(quality=4)
    return b"".join([*_compressed(compressor.process, size), compressor.finish()])


def zstd_zeros(size: int) -> bytes:
    """So many zeros by zstd."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return b"".join([*_compressed(compressor.compress, size), compressor.flush()])


def _compressed(compress: Callable[[bytes], bytes], size: int) -> Iterator[bytes]:
    zeros = bytes(MEBI)
    for _ in range(size // MEBI):
        yield compress(zeros)


def bombs(size: int) -> dict[str, tuple[str, bytes]]:
    """Eight bombs of so many bytes each: name -> Content-Encoding, body."""
    gzipped = deflated_zeros(size, 31)
    return {
        "gzip": ("gzip", gzipped),
        "x-gzip": ("x-gzip", gzipped),
        "deflate": ("deflate", deflated_zeros(size, 15)),
        "raw deflate": ("deflate", deflated_zeros(size, -15)),
        "br": ("br", brotli_zeros(min(size, 1 << 30))),
        "zstd": ("zstd", zstd_zeros(size)),
        "gzip in gzip": ("gzip, gzip", gzip.compress(gzipped, mtime=0)),
        "members": ("gzip", gzip.compress(bytes(MEBI), mtime=0) * (size // MEBI)),
    }
