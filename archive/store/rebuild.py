"""Make the catalog again from segments alone: throw it away, follow from entry 0."""

import sqlite3
from contextlib import closing
from pathlib import Path

from archive.store.catalog.catalog import Catalog
from archive.store.layout import ArchivePaths, read_identity
from archive.store.reading.reader import ArchiveReader


def rebuild_catalog(root: Path) -> int:
    """Delete the catalog and let it follow the segments; return how many captures."""
    read_identity(root)
    ArchivePaths(root).catalog.unlink(missing_ok=True)
    reader = ArchiveReader.open(root)
    try:
        return reader.count()
    finally:
        reader.close()


def drop_catalog_ahead(root: Path, next_leaf: int) -> None:
    """Delete a catalog that knows entries which are gone.

    A reader may have seen an entry before it was synced, and the power cut in between:
    nobody was told of it, and its index will be that of another entry.
    """
    path = ArchivePaths(root).catalog
    if not path.exists():
        return
    try:
        with closing(Catalog.open(path)) as catalog:
            is_ahead = catalog.progress().next_leaf > next_leaf
    except sqlite3.Error:
        return  # whoever reads makes it again, or says so
    if is_ahead:
        path.unlink()
