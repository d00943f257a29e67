"""Kept texts: extracted text by the digest of its UTF-8 bytes, written once.

`texts/<64 hex>.gz` holds one gzip member with no name and no time, so the same text
always gives the same file. Only the digest of the text is signed, never of the file.
"""

import gzip
import zlib
from pathlib import Path

from archive.digest import Digest
from archive.errors import LimitExceeded
from archive.files import Files
from archive.store.layout import ArchivePaths

TEXT_LIMIT_BYTES = 64 * 1024 * 1024
"""Bytes of one text once unpacked: 2,000,000 code points need 8 MB at most."""
LEVEL = 6
"""zlib level: texts are written once and read often."""


def text_path(root: Path, digest: Digest) -> Path:
    """Where the text of that digest lies, if it is kept."""
    return ArchivePaths(root).texts / f"{digest.hex}.gz"


def write_text(root: Path, text: str, *, files: Files | None = None) -> Digest:
    """Keep a text and return its digest; an equal file that exists is left alone."""
    data = text.encode()
    digest = Digest.of(data)
    path = text_path(root, digest)
    if path.is_symlink() or not path.exists():  # a link is refused below
        (files or Files()).write_once(path, gzip.compress(data, LEVEL, mtime=0))
    return digest


def find_text(root: Path, digest: Digest) -> str | None:
    """Return the kept text, None if it is not at hand; a wrong one is an error."""
    path = text_path(root, digest)
    if not path.is_file():
        return None
    return read_text_file(path).decode()


def read_text_file(path: Path) -> bytes:
    """Unpack a kept text, bounded; raises LimitExceeded, zlib.error never escapes."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(path.read_bytes(), TEXT_LIMIT_BYTES)
    except zlib.error as error:
        raise LimitExceeded(f"{path.name} is not one gzip member: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise LimitExceeded(f"{path.name} is cut, too large or followed by other bytes")
    return data
