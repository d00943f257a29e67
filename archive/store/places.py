"""Refuse to write into an archive folder that somebody else could have prepared.

A link at any place of the archive would lead our writes elsewhere; a folder that others
may write to could get one at any moment. The archive folder itself may be reached
through a link: its place is the user's choice.
"""

import os
import stat
from pathlib import Path

from archive.errors import StoreError
from archive.store.layout import FOLDERS, ArchivePaths

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
CATALOG_SUFFIXES = ("", "-journal", "-wal", "-shm")
"""Files that SQLite keeps under the catalog's name."""
WALKED = ("segments", "log", "anchors", "spool", "quarantine")
"""Folders whose content is looked at whole; `texts` and `index` hold a file for each
text, whose writers look at each name themselves."""


def check_places(paths: ArchivePaths) -> None:
    """StoreError names the first place that is a link, foreign or open to others."""
    _check_folder(paths.root, paths.root.stat())
    for name in (*FOLDERS, "index"):
        path = paths.root / name
        found = _look(path)
        if found is not None:
            _check_folder(path, found)
    for path in (paths.identity, paths.lock):
        found = _look(path)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise StoreError(_refusal(path, "is no regular file"))
    check_catalog(paths.catalog)
    for name in WALKED:
        _check_below(paths.root / name)


def check_catalog(path: Path) -> None:
    """StoreError unless the catalog's names are regular files or absent."""
    for suffix in CATALOG_SUFFIXES:
        file = path.with_name(path.name + suffix)
        found = file.lstat() if os.path.lexists(file) else None
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise StoreError(
                f"{file} is no regular file, and is not written to; the catalog is "
                "derived: remove that name, and it is made again"
            )


def _look(path: Path) -> os.stat_result | None:
    """What lies at a place, without following it; None where nothing does."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot look at {path}: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise StoreError(_refusal(path, "is a link"))
    return found


def _check_folder(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(_refusal(path, "is no folder"))
    if os.geteuid() not in (0, found.st_uid):
        raise StoreError(_refusal(path, "belongs to another user"))
    if found.st_mode & OTHERS_WRITE:
        raise StoreError(
            f"others may write to {path} (mode {found.st_mode & 0o777:04o}), so nothing"
            f" is written there; close it with: chmod -R go-w {path}"
        )


def _check_below(folder: Path) -> None:
    """Look at everything below a folder; follow nothing."""
    if not folder.exists():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise StoreError(_refusal(Path(entry.path), "is a link"))
            if entry.is_dir(follow_symlinks=False):
                _check_folder(Path(entry.path), entry.stat(follow_symlinks=False))
                _check_below(Path(entry.path))
            elif not entry.is_file(follow_symlinks=False):
                raise StoreError(_refusal(Path(entry.path), "is no regular file"))


def _refusal(path: Path, what: str) -> str:
    return (
        f"{path} {what}; an archive is never written through one: look who put it "
        "there, remove it, or restore the archive from a copy"
    )
