"""Linked: an index where nothing can be written, seen through a folder of links.

The engine takes a lock by making a file, even to read. The folder holds links and that
lock alone: nothing of what is searched for. That lock holds off no writer, so the index
may change while it is linked to: then it is looked at again.
"""

import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

LOCK_SUFFIX = ".lock"
LOOKS_MAX = 3
"""Times that an index is looked at which changes meanwhile: commits take seconds."""

T = TypeVar("T")


class LinkedFolder:
    """Links to a folder's files, once followed; gone with this object."""

    def __init__(self, folder: Path) -> None:
        """OSError where no temporary folder can be made."""
        self._folder = folder
        self.path = Path(mkdtemp(prefix="evidence-index-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def follow(self) -> None:
        """Link to what came, and let go of what went; OSError if a folder is gone."""
        there = {one.name for one in self._folder.iterdir()}
        for link in self.path.iterdir():
            if link.is_symlink() and link.name not in there:
                link.unlink()
        for name in there:
            link = self.path / name
            if not name.endswith(LOCK_SUFFIX) and not os.path.lexists(link):
                link.symlink_to((self._folder / name).absolute())


def look(links: LinkedFolder | None, see: Callable[[], T]) -> T:
    """Call `see`, behind links to what is there now; again where it then fails.

    Raises the ValueError (of the engine) or OSError of the last look; that of an index
    without links at once, as its lock holds the writer off.
    """
    for left in reversed(range(LOOKS_MAX if links else 1)):
        try:
            if links is not None:
                links.follow()
            return see()
        except (ValueError, OSError):
            if not left:
                raise
    raise AssertionError("the last look returns or raises")


def linked_where_needed(folder: Path) -> LinkedFolder | None:
    """Links to a folder that cannot be written to; None for any other."""
    return None if os.access(folder, os.W_OK) else LinkedFolder(folder)
