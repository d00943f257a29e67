"""PNG pictures from rows of bytes."""

import struct
import zlib
from collections.abc import Iterable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB = 0, 2
"""Colour types of the specification, section 11.2.1."""


def write_png(
    width: int,
    rows: Iterable[bytes],
    *,
    colour: int = RGB,
    effort: int = -1,
) -> bytes:
    """A picture; a sample is a byte, and rows come without their filter byte."""
    lines = [b"\0" + row for row in rows]
    size = struct.pack(">IIBBBBB", width, len(lines), 8, colour, 0, 0, 0)
    data = zlib.compress(b"".join(lines), effort)
    chunks = (_chunk(b"IHDR", size), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return SIGNATURE + b"".join(chunks)


def plain_png(width: int = 8, height: int = 8, pixel: bytes = b"\x20\x60\xa0") -> bytes:
    """A picture of one colour."""
    return write_png(width, [pixel * width] * height)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum
