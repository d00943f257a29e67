"""Kept texts for archives that no indexer has been to."""

from pathlib import Path

from archive.digest import Digest
from archive.files import DISK, Files
from archive.store.texts import compress_text, write_compressed


def write_text(root: Path, text: str, *, files: Files = DISK) -> Digest:
    """Keep a text and return its digest."""
    data = text.encode()
    digest = Digest.of(data)
    write_compressed(root, digest, compress_text(data), files=files)
    return digest
