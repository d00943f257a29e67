"""Make the catalog again from segments alone: throw it away, follow from entry 0."""

from pathlib import Path

from archive.store.layout import ArchivePaths, read_identity
from archive.store.reader import ArchiveReader


def rebuild_catalog(root: Path) -> int:
    """Delete the catalog and let it follow the segments; return how many captures."""
    read_identity(root)
    ArchivePaths(root).catalog.unlink(missing_ok=True)
    reader = ArchiveReader.open(root)
    try:
        return reader.count()
    finally:
        reader.close()
