"""Make the catalog again from segments alone: throw it away, follow from entry 0."""

import sqlite3
from contextlib import closing
from pathlib import Path

from archive.errors import StoreError
from archive.store.catalog.catalog import Catalog
from archive.store.layout import ArchivePaths, read_identity
from archive.store.reading.reader import ArchiveReader


def rebuild_catalog(root: Path) -> int:
    """Delete the catalog and let it follow the segments; return how many captures.

    StoreError where it cannot be deleted.
    """
    read_identity(root)
    path = ArchivePaths(root).catalog
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"the catalog {path} cannot be made again: {error.strerror}"
        ) from error
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
