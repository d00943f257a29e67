"""Look at the files of an archive: follow nothing, wait for nothing, read no end.

What cannot be looked at is said, never passed over: `Path.rglob` would skip it.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from archive.digest import Digest
from archive.errors import LimitExceeded, LockUnknown, StoreError
from archive.files import not_read, open_regular
from archive.store.layout import is_locked

Unreadable = Callable[[Path, str], None]
"""Told which folder could not be listed, and why."""


def digest_file(path: Path, *, limit_bytes: int) -> Digest:
    """Hash a regular file; StoreError if it cannot be read, LimitExceeded if longer."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > limit_bytes:
            raise LimitExceeded(f"is longer than {limit_bytes} bytes")
        try:
            return Digest.of_stream(stream)
        except OSError as error:
            raise not_read(path, error) from error


def is_missing(path: Path) -> bool:
    """Whether nothing is called so; what cannot be looked at is not missing."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # whoever reads it will say so
        return False
    return False


def file_size(path: Path) -> int | None:
    """Bytes of what is called so; None where it cannot be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def is_being_written(root: Path) -> bool:
    """Whether a writer is, or may be, at work.

    Where locks cannot be asked (shares without them), the end of the archive may be
    half written. A lock that is no file is a finding of check 17.
    """
    try:
        return is_locked(root)
    except LockUnknown:
        return True
    except StoreError:
        return False


def is_other(path: Path) -> bool:
    """Whether something else than a regular file, or a link to one, is called so.

    What cannot be looked at may be one: whoever reads it will say so.
    """
    try:
        return not path.is_file() and path.exists()
    except OSError:
        return False


def is_listed(folder: Path) -> bool:
    """Whether all names below a folder can be had."""
    unlisted: list[Path] = []
    for _entry in walk_entries(folder, lambda path, _why: unlisted.append(path)):
        pass
    return not unlisted


def list_entries(folder: Path, unreadable: Unreadable) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; nothing where there is no folder."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        unreadable(folder, error.strerror or "cannot be listed")
        return []


def walk_entries(folder: Path, unreadable: Unreadable) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder; links are named and not followed."""
    waiting = [folder]
    while waiting:
        for entry in list_entries(waiting.pop(), unreadable):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            yield entry
