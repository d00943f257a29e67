"""Choosing a catalog: the file in the archive's folder, or one in memory.

On a medium that cannot be written to, the file is looked into as it lies there. What
was captured since then is followed in a copy in memory.
"""

import os
import sqlite3
from contextlib import closing

from archive.errors import StoreError
from archive.store.catalog.catalog import Catalog
from archive.store.catalog.follow import catch_up
from archive.store.layout import ArchivePaths


def open_catalog(paths: ArchivePaths) -> Catalog:
    """Open the catalog of an archive and bring it up to date; StoreError if not."""
    try:
        if not _is_writable(paths):
            return open_unwritten(paths)
        return _follow_file(paths)
    except sqlite3.DatabaseError as error:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        advice = "wait for who holds it, or delete it: it is derived"
        raise StoreError(
            f"the catalog {paths.catalog} cannot be opened ({error}); "
            f"{'free space on its disk' if is_full else advice}"
        ) from error


def open_unwritten(paths: ArchivePaths) -> Catalog:
    """The same for whoever writes nothing, not even what is derived."""
    return follow(Catalog.open_read_only(paths.catalog), paths)


def _follow_file(paths: ArchivePaths) -> Catalog:
    """Follow in the file; one that rots is derived, and made again."""
    catalog = Catalog.open(paths.catalog)
    try:
        return follow(catalog, paths)
    except sqlite3.DatabaseError as error:
        catalog.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        paths.catalog.unlink(missing_ok=True)
        return follow(Catalog.open(paths.catalog), paths)


def follow(catalog: Catalog, paths: ArchivePaths) -> Catalog:
    """Bring a catalog up to date; where it cannot grow, its copy in memory instead."""
    try:
        catch_up(catalog, paths.segments)
    except sqlite3.OperationalError:
        if not catalog.is_read_only:
            raise
        with closing(catalog):
            catalog = catalog.copy_in_memory()
        catch_up(catalog, paths.segments)
    return catalog


def _is_writable(paths: ArchivePaths) -> bool:
    """Whether the catalog can be written, and beside it the journal of a change."""
    can_make_files = os.access(paths.root, os.W_OK)
    is_there = paths.catalog.exists()
    return can_make_files and (not is_there or os.access(paths.catalog, os.W_OK))
