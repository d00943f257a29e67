"""Kept texts: extracted text by the digest of its UTF-8 bytes, written once.

`texts/<64 hex>.gz` holds one gzip member with no name and no time, so the same text
always gives the same file. Only the digest of the text is signed, never of the file.
"""

import gzip
import os
import zlib
from pathlib import Path

from archive.digest import Digest
from archive.errors import DigestMismatch, FormatError, LimitExceeded
from archive.files import DISK, Files
from archive.store.layout import ArchivePaths

TEXT_LIMIT_BYTES = 64 * 1024 * 1024
"""Bytes of one text once unpacked: 2,000,000 code points need 8 MB at most."""
TEXT_FILE_LIMIT_BYTES = TEXT_LIMIT_BYTES + (1 << 20)
"""Bytes of its file: what cannot be compressed grows by less than 2 %."""
LEVEL = 6
"""zlib level: texts are written once and read often."""
_PLAIN_HEAD = b"\x1f\x8b\x08\x00"
"""Of a gzip member (RFC 1952) without a name or anything else optional."""
_HEAD_BYTES, _TAIL_BYTES = 10, 8
"""Around the deflated bytes of such a member."""


def text_path(root: Path, digest: Digest) -> Path:
    """Where the text of that digest lies, if it is kept."""
    return ArchivePaths(root).texts / f"{digest.hex}.gz"


def compress_text(data: bytes) -> bytes:
    """The file of a text."""
    return gzip.compress(data, LEVEL, mtime=0)


def deflated_part(member: bytes) -> bytes | None:
    """The deflated bytes in a text's file; None for a file made in another way."""
    plain = member.startswith(_PLAIN_HEAD) and len(member) >= _HEAD_BYTES + _TAIL_BYTES
    return member[_HEAD_BYTES:-_TAIL_BYTES] if plain else None


def write_compressed(
    root: Path, digest: Digest, member: bytes, *, files: Files = DISK
) -> None:
    """Keep a text whose file is made already; one that exists is left alone."""
    path = text_path(root, digest)
    if path.is_symlink() or not path.exists():  # a link is refused below
        files.write_once(path, member)


def find_text(root: Path, digest: Digest) -> str | None:
    """Return the kept text, None if it is not at hand; a wrong one is an error.

    DigestMismatch, FormatError, LimitExceeded; StoreError for a link or anything else
    that is no regular file.
    """
    found = find_text_file(root, digest)
    return None if found is None else found[0]


def find_text_file(root: Path, digest: Digest) -> tuple[str, bytes] | None:
    """The same, and the bytes of its file."""
    path = text_path(root, digest)
    if not os.path.lexists(path):
        return None
    member = _read_member(path)
    text = _unpack(path, member)
    if Digest.of(text) != digest:
        raise DigestMismatch(f"{path} holds another text; restore it from a copy")
    try:
        return text.decode(), member
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is not UTF-8 at {error.start}") from error


def _read_member(path: Path) -> bytes:
    return DISK.read(path, limit_bytes=TEXT_FILE_LIMIT_BYTES) or b""


def _unpack(path: Path, member: bytes) -> bytes:
    """The text, at most as long as one may be; LimitExceeded if it is cut or none."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(member, TEXT_LIMIT_BYTES)
    except zlib.error as error:
        raise LimitExceeded(f"{path.name} is not one gzip member: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise LimitExceeded(f"{path.name} is cut, too large or followed by other bytes")
    return text
