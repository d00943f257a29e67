"""Files: durable create-once writes, atomic replacement, appending, bounded reading.

What is promised when a call returns: the bytes and the name survive a power cut. What
is promised when it does not return: the name shows the old state or the new one, never
a part. Unfinished writes leave only names of `is_temporary`, which the next writer of
the folder removes. A file that is appended to (`AppendFile`) promises less: its bytes
count from `sync` on. No last part of a path is followed if it is a link.

Every change of the disk goes through `Files.step` or `Files.write`; a test overrides
them to fail the n-th call, before it happened, after, or in the middle of a write.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import FileIO
from pathlib import Path

from archive.errors import ImmutableConflict, LimitExceeded, StoreError, Unreadable

READ_ONLY_MODE = 0o444
"""A write-once file: whoever reaches its folder may read it, nobody may write it."""

_READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Follow no link, and do not wait for the other end of a pipe."""

OWNER_FILE_MODE = 0o600
OWNER_FOLDER_MODE = 0o700
"""For the owner alone, whatever the umask says."""
BUFFER_BYTES = 1 << 20
"""Gathered before it is handed to the system: a group of small captures is one call."""

_WRITE_FLAGS = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OTHER_THING = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}
)
"""What the system says of a name at which something else stands, or nothing."""
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

        `name` is one of create, open, sync, truncate, rename, chmod, sync-folder,
        unlink, mkdir, rmdir.
        """
        act()

    def write(self, path: Path, descriptor: int, data: memoryview) -> int:
        """Write some of `data`, say how much: the seam for short writes."""
        return os.write(descriptor, data)

    def space(self, folder: Path) -> tuple[int, int]:
        """Bytes of the file system of `folder`: free for us, and in all."""
        try:
            found = os.statvfs(folder)
        except OSError as error:
            raise StoreError(f"cannot ask for free space: {error}") from error
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

    def write_once(self, path: Path, data: bytes) -> None:
        """Create `path` with `data`, read-only.

        Equal bytes already there are fine (a redone write); other bytes, or anything
        that is no regular file, raise ImmutableConflict and stay as they are.
        """
        existing = self._read_existing(path, len(data))
        if existing is None:
            self._write_temporary(path, (data,), mode=READ_ONLY_MODE)
            self._rename_temporary(path)
        elif existing != data:
            raise ImmutableConflict(
                f"{path} exists with other bytes; it is written once and was left as it"
                " is: run `evidence verify`"
            )
        # Also when the file was there: the crash may have come just before this line.
        self.sync_names(path.parent)

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` in place of what `path` holds, atomically; for its owner alone."""
        self.replace_with(path, (data,))

    def replace_with(
        self, path: Path, chunks: Iterable[bytes], *, mode: int = OWNER_FILE_MODE
    ) -> None:
        """Put what `chunks` yield in place of what `path` holds, as a new file."""
        self._write_temporary(path, chunks, mode=mode)
        self._rename_temporary(path)
        self.sync_names(path.parent)

    def append_to(self, path: Path) -> "AppendFile":
        """Open a file that grows, made if it is not there; its name is durable then."""
        return AppendFile(self, path)

    def truncate(self, path: Path, length_bytes: int) -> None:
        """Cut a file off, durably."""

        def cut() -> None:
            with os.fdopen(os.open(path, _WRITE_FLAGS), "wb", buffering=0) as stream:
                stream.truncate(length_bytes)

        self.run("truncate", path, cut)
        self.run("sync", path, lambda: _sync(path, 0))

    def rename(self, source: Path, target: Path) -> None:
        """Rename a file or folder, durably; a file at `target` is replaced."""
        self.run("rename", target, lambda: _rename(source, target))
        for folder in dict.fromkeys((target.parent, source.parent)):
            self.sync_names(folder)

    def make_read_only(self, path: Path) -> None:
        """Take the right to write from everybody."""

        def change() -> None:
            descriptor = os.open(path, _READ_FLAGS)
            try:
                os.fchmod(descriptor, READ_ONLY_MODE)
            finally:
                os.close(descriptor)

        self.run("chmod", path, change)

    def remove(self, *paths: Path) -> None:
        """Remove files; one that is gone already is fine (a redone removal)."""
        for path in paths:
            self.run("unlink", path, partial(path.unlink, missing_ok=True))
        for folder in dict.fromkeys(path.parent for path in paths):
            self.sync_names(folder)

    def remove_folder(self, path: Path) -> None:
        """Remove a folder that must be empty."""
        self.run("rmdir", path, path.rmdir)
        self.sync_names(path.parent)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; an existing one is fine."""
        missing = [path]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for folder in reversed(missing):
            make = partial(folder.mkdir, mode=OWNER_FOLDER_MODE, exist_ok=True)
            self.run("mkdir", folder, make)
            # Also when it was there: its own name may not be durable yet.
            self.sync_names(folder.parent)

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Read a whole regular file; None when there is none of that name.

        Links, pipes and devices raise StoreError, too long a file LimitExceeded, and
        what the disk or its rights do not give Unreadable.
        """
        try:
            with os.fdopen(os.open(path, _READ_FLAGS), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise StoreError(f"{path} is not a regular file")
                data = stream.read(limit_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise not_read(path, error) from error
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
            raise not_read(folder, error) from error

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

    def _write_temporary(
        self, path: Path, chunks: Iterable[bytes], *, mode: int
    ) -> None:
        temporary = temporary_path(path)
        flags = _WRITE_FLAGS | os.O_CREAT | os.O_EXCL

        def create() -> None:
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, flags, OWNER_FILE_MODE)
            try:
                for chunk in chunks:
                    self.write_whole(temporary, descriptor, chunk)
                os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)

        self.run("create", temporary, create)
        self.run("sync", temporary, lambda: _sync(temporary, 0))

    def write_whole(self, path: Path, descriptor: int, data: bytes | bytearray) -> None:
        """Write all of `data`; short writes are continued."""
        view = memoryview(data)
        while view:
            view = view[self.write(path, descriptor, view) :]

    def _rename_temporary(self, path: Path) -> None:
        temporary = temporary_path(path)
        self.run("rename", path, lambda: _rename(temporary, path))

    def sync_names(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        self.run("sync-folder", folder, lambda: sync_folder(folder))

    def run(self, name: str, path: Path, act: Callable[[], None]) -> None:
        """Run one step; what the system refuses becomes a StoreError."""
        try:
            self.step(name, path, act)
        except OSError as error:
            raise StoreError(f"{name} of {path} failed: {_reason(error)}") from error


DISK = Files()
"""The disk as it is, for whoever is given no other."""


class AppendFile:
    """A file that only grows; what is appended counts when `sync` has returned.

    After an error nothing more is written: what reached the disk is unknown. Dropping
    the object without `close` writes nothing either.
    """

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self._buffer = bytearray()
        self._descriptor = -1
        try:
            files.run("open", path, self._open)
            self.length_bytes = os.fstat(self._descriptor).st_size
            if self.length_bytes == 0:
                files.sync_names(path.parent)
        except (OSError, StoreError):
            self.close()
            raise

    def _open(self) -> None:
        flags = _WRITE_FLAGS | os.O_APPEND | os.O_CREAT
        self._descriptor = os.open(self._path, flags, OWNER_FILE_MODE)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise OSError(errno.EINVAL, "it is not a regular file")

    def append(self, data: bytes) -> None:
        """Append bytes, at first in memory; `length_bytes` counts them."""
        self._buffer += data
        self.length_bytes += len(data)
        if len(self._buffer) >= BUFFER_BYTES:
            self._flush()

    def sync(self) -> None:
        """Make everything appended durable."""
        self._flush()
        self._files.run("sync", self._path, lambda: os.fsync(self._descriptor))

    def close(self) -> None:
        """Close the file; what was not synced is not promised."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _flush(self) -> None:
        """Hand the buffer to the system; bytes of a failed write are never retried."""
        data, self._buffer = self._buffer, bytearray()
        try:
            self._files.write_whole(self._path, self._descriptor, data)
        except OSError as error:
            raise StoreError(
                f"write to {self._path} failed: {_reason(error)}"
            ) from error


def open_regular(path: Path) -> FileIO:
    """Open a regular file to read it, unbuffered; StoreError for all else.

    Unreadable where the disk or its rights do not give it. No link is followed, and
    nobody waits for the other end of a pipe.
    """
    try:
        stream = FileIO(os.open(path, _READ_FLAGS), "rb")
    except OSError as error:
        raise not_read(path, error) from error
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise StoreError(f"{path} is not a regular file")
    return stream


def not_read(path: Path, error: OSError) -> StoreError:
    """What to raise where a file or folder was not read.

    Unreadable says nothing about the bytes: the disk fails, or its rights keep them.
    A StoreError that is not Unreadable says that something else stands there.
    """
    kind = StoreError if error.errno in _OTHER_THING else Unreadable
    return kind(f"cannot read {path}: {_reason(error)}")


def read_range(path: Path, start: int, length: int) -> Iterator[bytes]:
    """Read `[start, start + length)` of a file piece by piece; shorter at its end."""
    with path.open("rb", buffering=0) as stream:
        stream.seek(start)
        while length:
            chunk = stream.read(min(length, BUFFER_BYTES))
            if not chunk:
                return
            length -= len(chunk)
            yield chunk


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
    if error.errno in _FULL:
        return f"{error.strerror}; free space there, then run the command again"
    return error.strerror or type(error).__name__
