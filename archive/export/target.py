"""Put an export where it was asked for: whole or not at all, never over another.

It is made under a temporary name beside its place and renamed when every byte is on
disk. A run that was killed leaves a name that begins with a dot and ends with
`.unfinished`; the next export to the same place removes it.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from archive.capture import ByteSource
from archive.digest import READ_BYTES
from archive.errors import ImmutableConflict, StoreError, UsageProblem
from archive.files import sync_folder, temporary_path
from archive.zipped import write_zip


def check_target(path: Path, archive: Path) -> None:
    """Refuse a place that is taken, or inside the archive."""
    if os.path.lexists(path):
        raise ImmutableConflict(
            f"{path} exists; an export is never written over anything: name another "
            "place, or move it away"
        )
    if path.resolve().is_relative_to(archive.resolve()):
        raise UsageProblem(f"{path} lies inside the archive; name a place outside")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder {path.parent} to write into")


def write_folder(path: Path, files: Mapping[str, ByteSource]) -> None:
    """Write files as a folder of that name."""
    with _temporary(path) as temporary:
        temporary.mkdir()
        folders = {temporary}
        for name, source in files.items():
            place = temporary / name
            place.parent.mkdir(parents=True, exist_ok=True)
            folders.update(p for p in place.parents if p.is_relative_to(temporary))
            with place.open("xb") as out:
                _copy(source, out)
        for folder in folders:
            sync_folder(folder)


def write_packed(path: Path, files: Mapping[str, ByteSource]) -> None:
    """Write files as a zip of that name, in the order given."""
    write_stream(path, lambda out: write_zip(out, files.items()))


def write_stream(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write one file of that name by a function that is given its stream."""
    with _temporary(path) as temporary, temporary.open("xb") as out:
        write(out)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """The place to write at; renamed when the body ends, removed when it fails."""
    temporary = temporary_path(path)
    try:
        _clear(temporary)
        yield temporary
        if os.path.lexists(path):
            raise ImmutableConflict(f"{path} appeared meanwhile and was left alone")
        temporary.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):  # a disk that takes nothing; the next export clears it
            _clear(temporary)


def _clear(temporary: Path) -> None:
    if temporary.is_dir() and not temporary.is_symlink():
        shutil.rmtree(temporary)
    else:
        temporary.unlink(missing_ok=True)


def _copy(source: ByteSource, out: BinaryIO) -> None:
    with source.open() as stream:
        while chunk := stream.read(READ_BYTES):
            out.write(chunk)
    out.flush()
    os.fsync(out.fileno())
