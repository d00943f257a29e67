"""Linked: an index where nothing can be written, seen through a folder of links.

The engine takes a lock by making a file, even to read. The folder holds links and that
lock alone: nothing of what is searched for.
"""

import os
import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

LOCK_SUFFIX = ".lock"


class LinkedFolder:
    """Links to all files of a folder; gone with the process, or with this object."""

    def __init__(self, folder: Path) -> None:
        """OSError where no temporary folder can be made."""
        self._folder = folder
        self.path = Path(mkdtemp(prefix="evidence-index-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        self.follow()

    def follow(self) -> None:
        """Link to what came, and let go of what went."""
        there = {one.name for one in self._folder.iterdir()}
        for link in self.path.iterdir():
            if link.is_symlink() and link.name not in there:
                link.unlink()
        for name in there:
            link = self.path / name
            if not name.endswith(LOCK_SUFFIX) and not os.path.lexists(link):
                link.symlink_to((self._folder / name).absolute())


def linked_where_needed(folder: Path) -> LinkedFolder | None:
    """Links to a folder that cannot be written to; None for any other."""
    return None if os.access(folder, os.W_OK) else LinkedFolder(folder)
