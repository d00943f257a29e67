"""Folders of browser visits: what a browser kept of a page that somebody watched.

A visit has a folder of its own in the system's temporary folder: a browser makes links
there, which an archive refuses, and sockets, whose paths must be short. So that none
stays when this process is killed, its place is on disk before it is made:
`spool/visit-RANDOM` holds the path. Whoever opens the archive next ends what still runs
of that visit and removes the folder, then the name.
"""

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from archive.child import end_processes
from archive.errors import EvidenceError
from archive.files import DISK, OWNER_FOLDER_MODE, Files

NAME_BYTES: Final = 8
"""Of chance in a name: nobody makes the folder before us."""
PATH_BYTES: Final = 4096
"""Longest path of Linux."""
TRIES: Final = 10
PAUSE_SECONDS: Final = 0.1
"""A browser that was just ended may still be writing: it is tried for a second."""
FOLDER_PREFIX: Final = "evidence-page-"
_NAME: Final = re.compile(rf"visit-([0-9a-f]{{{2 * NAME_BYTES}}})", re.ASCII)


@contextmanager
def visit_folder(
    spool: Path, random_bytes: Callable[[int], bytes], files: Files = DISK
) -> Iterator[Path]:
    """A folder for one visit, for its owner alone; gone when the body ends.

    StoreError where its place cannot be noted: then there is none.
    """
    chance = random_bytes(NAME_BYTES).hex()
    folder = Path(tempfile.gettempdir()).absolute() / f"{FOLDER_PREFIX}{chance}"
    note = spool / f"visit-{chance}"
    files.replace_with(note, (os.fsencode(folder),))
    try:
        folder.mkdir(OWNER_FOLDER_MODE)
        yield folder
    finally:
        _remove(folder)
        if not os.path.lexists(folder):
            with suppress(EvidenceError):  # the next opening finds nothing there
                files.remove(note)


def left_visits(spool: Path, files: Files = DISK) -> list[Path]:
    """Folders of visits that are there: running ones, where the archive is locked."""
    return [folder for _, folder in _list_visits(spool, files) if folder is not None]


def _list_visits(spool: Path, files: Files) -> Iterator[tuple[Path, Path | None]]:
    """Each note, and the folder that it names if that is there and ours."""
    for note in sorted(spool.glob("visit-*")):
        match = _NAME.fullmatch(note.name)
        if match is not None:
            yield note, _read_place(note, match[1], files)


def remove_visits(spool: Path, files: Files, tell: Callable[[str], None]) -> None:
    """Remove what killed processes left; the caller holds the lock of the archive."""
    for note, folder in _list_visits(spool, files):
        if folder is not None:
            end_processes(str(folder))
            _remove(folder)
            if os.path.lexists(folder):
                tell(
                    f"{folder} holds what a browser kept of a page, and cannot be"
                    " removed: remove it by hand"
                )
                continue
        files.remove(note)


def _read_place(note: Path, chance: str, files: Files) -> Path | None:
    """The folder of a visit, if it is there and ours; a note is nobody's word."""
    try:
        data = files.read(note, limit_bytes=PATH_BYTES)
    except EvidenceError:
        return None
    folder = Path(os.fsdecode(data or b""))
    if folder.name != f"{FOLDER_PREFIX}{chance}" or not folder.is_absolute():
        return None
    try:
        found = folder.lstat()
    except (OSError, ValueError):
        return None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return folder if is_ours else None


def _remove(folder: Path) -> None:
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(PAUSE_SECONDS)
