"""Locks on files and folders: one process holds one, and it is free when that ends.

They are the system's (`flock`), so nobody has to clear one away. Who finds a lock taken
tries again a counted number of times, with a pause before each.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import EvidenceError, LockUnknown, StoreError
from archive.files import OWNER_FILE_MODE

_FILE_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Follow no link, and do not wait for the other end of a pipe."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""A folder may be named by a link: whoever runs the command chose it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a lock that is taken is tried in all, and the pause between."""

    tries: int
    pause_seconds: float


AT_ONCE = Patience(tries=1, pause_seconds=0.0)


@contextmanager
def hold_file(
    path: Path, *, make: bool, taken: EvidenceError, patience: Patience = AT_ONCE
) -> Iterator[None]:
    """Hold the lock on a regular file, made if `make`; `taken` if another has it.

    StoreError for a link, for what is no regular file, and if it cannot be locked.
    """
    descriptor = _open_file(path, os.O_RDWR | os.O_CREAT if make else os.O_RDONLY)
    with _closing(descriptor):
        _take(descriptor, path, taken, patience)
        yield


@contextmanager
def hold_folder(
    path: Path, *, taken: EvidenceError, patience: Patience = AT_ONCE
) -> Iterator[None]:
    """Hold the lock on a folder; `taken` if another has it, StoreError if it cannot."""
    descriptor = _open(path, _FOLDER_FLAGS)
    with _closing(descriptor):
        _take(descriptor, path, taken, patience)
        yield


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on a file right now; never makes the file.

    LockUnknown where the disk knows no locks, StoreError for a link, for what is no
    regular file and for a file that may not be opened.
    """
    if not os.path.lexists(path):
        return False
    descriptor = _open_file(path, os.O_RDONLY)
    with _closing(descriptor):
        return not _is_ours(descriptor, path, fcntl.LOCK_SH)


def _open_file(path: Path, flags: int) -> int:
    descriptor = _open(path, flags | _FILE_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StoreError(f"the lock {path} is not a regular file; remove it")
    return descriptor


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags, OWNER_FILE_MODE)
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise StoreError(f"the lock {path} cannot be opened: {why}") from error


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    """Closing it gives the lock back."""
    try:
        yield
    finally:
        os.close(descriptor)


def _take(
    descriptor: int, path: Path, taken: EvidenceError, patience: Patience
) -> None:
    for left in reversed(range(patience.tries)):
        if _is_ours(descriptor, path, fcntl.LOCK_EX):
            return
        if left:
            time.sleep(patience.pause_seconds)
    raise taken


def _is_ours(descriptor: int, path: Path, kind: int) -> bool:
    """Whether the lock could be taken at once."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LockUnknown(f"{path} cannot be locked: {error.strerror}") from error
    return True
