"""Files: durable create-once writes, atomic replacement, bounded reading.

What is promised when a call returns: the bytes and the name survive a power cut. What
is promised when it does not return: the name shows the old state or the new one, never
a part. Unfinished writes leave only names of `is_temporary`, which the next writer of
the folder removes.

Every change of the disk goes through `Files.step`; a test overrides it to fail the
n-th step, before it happened or after.
"""

import errno
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from archive.errors import ImmutableConflict, LimitExceeded, StoreError

READ_ONLY_MODE = 0o444
"""A write-once file: whoever reaches its folder may read it, nobody may write it."""

_READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Follow no link, and do not wait for the other end of a pipe."""

_TEMPORARY_PREFIX = "."
_TEMPORARY_SUFFIX = ".unfinished"


def temporary_path(path: Path) -> Path:
    """Name the temporary file of `path`: fixed, so that a redone write clears it."""
    return path.with_name(f"{_TEMPORARY_PREFIX}{path.name}{_TEMPORARY_SUFFIX}")


def is_temporary(name: str) -> bool:
    """Whether a file of that name is what an interrupted write left behind."""
    return name.startswith(_TEMPORARY_PREFIX) and name.endswith(_TEMPORARY_SUFFIX)


class Files:
    """Durable writes below folders that have one writer, who holds the archive lock."""

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        """Do one change of the disk: the seam at which tests inject faults.

        `name` is one of create, sync, rename, sync-folder, unlink, mkdir, rmdir.
        """
        act()

    def write_once(self, path: Path, data: bytes) -> None:
        """Create `path` with `data`, read-only.

        Equal bytes already there are fine (a redone write); other bytes, or anything
        that is no regular file, raise ImmutableConflict and stay as they are.
        """
        existing = self._read_existing(path, len(data))
        if existing is None:
            self._write_temporary(path, data, mode=READ_ONLY_MODE)
            self._rename_temporary(path)
        elif existing != data:
            raise ImmutableConflict(
                f"{path} exists with other bytes; it is written once and was left as it"
                " is: run `evidence verify`"
            )
        # Also when the file was there: the crash may have come just before this line.
        self._sync_folder(path.parent)

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` in place of what `path` holds, atomically; mode by umask."""
        self._write_temporary(path, data, mode=None)
        self._rename_temporary(path)
        self._sync_folder(path.parent)

    def remove(self, *paths: Path) -> None:
        """Remove files; one that is gone already is fine (a redone removal)."""
        for path in paths:
            self._run("unlink", path, partial(path.unlink, missing_ok=True))
        for folder in dict.fromkeys(path.parent for path in paths):
            self._sync_folder(folder)

    def remove_folder(self, path: Path) -> None:
        """Remove a folder that must be empty."""
        self._run("rmdir", path, path.rmdir)
        self._sync_folder(path.parent)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; an existing one is fine."""
        missing = [path]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for folder in reversed(missing):
            self._run("mkdir", folder, partial(folder.mkdir, exist_ok=True))
            # Also when it was there: its own name may not be durable yet.
            self._sync_folder(folder.parent)

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Read a whole regular file; None when there is none of that name.

        Links, pipes and devices raise StoreError, too long a file LimitExceeded.
        """
        try:
            with os.fdopen(os.open(path, _READ_FLAGS), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise StoreError(f"{path} is not a regular file")
                data = stream.read(limit_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {_reason(error)}") from error
        if len(data) > limit_bytes:
            raise LimitExceeded(f"{path} is longer than {limit_bytes} bytes")
        return data

    def list_names(self, folder: Path) -> list[str]:
        """List the names in a folder, sorted; none when there is no such folder."""
        try:
            return sorted(entry.name for entry in folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"cannot list {folder}: {_reason(error)}") from error

    def remove_unfinished(self, folder: Path) -> int:
        """Remove what interrupted writes left anywhere below `folder`; say how many."""
        found = [path for path in sorted(folder.rglob(".*")) if is_temporary(path.name)]
        self.remove(*found)
        return len(found)

    def _read_existing(self, path: Path, length: int) -> bytes | None:
        """Read at most one byte more than `length`, enough to see a difference."""
        try:
            return self.read(path, limit_bytes=length)
        except (LimitExceeded, StoreError) as error:
            raise ImmutableConflict(f"will not write {path}: {error}") from error

    def _write_temporary(self, path: Path, data: bytes, *, mode: int | None) -> None:
        temporary = temporary_path(path)

        def create() -> None:
            temporary.unlink(missing_ok=True)
            with temporary.open("xb") as stream:
                stream.write(data)
                if mode is not None:
                    os.fchmod(stream.fileno(), mode)

        self._run("create", temporary, create)
        self._run("sync", temporary, lambda: _sync(temporary, 0))

    def _rename_temporary(self, path: Path) -> None:
        temporary = temporary_path(path)
        self._run("rename", path, lambda: _rename(temporary, path))

    def _sync_folder(self, folder: Path) -> None:
        self._run("sync-folder", folder, lambda: sync_folder(folder))

    def _run(self, name: str, path: Path, act: Callable[[], None]) -> None:
        """Run one step; what the system refuses becomes a StoreError."""
        try:
            self.step(name, path, act)
        except OSError as error:
            raise StoreError(f"{name} of {path} failed: {_reason(error)}") from error


def _rename(source: Path, target: Path) -> None:
    source.replace(target)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; for writers that append to open files."""
    _sync(folder, os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    """Say why, without repeating the path."""
    if error.errno == errno.ELOOP:
        return "it is a link"
    return error.strerror or type(error).__name__
