"""Segment files: names, listing, appending, sealing, reading a slice by its place.

`segments/YYYY/MM/SERIAL-RANDOM.warc.gz`, with `.open` behind it while it is written.
The serial counts from 0 without gaps and is the order; a name never holds a URL.
"""

import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archive.capture import SliceLocation
from archive.digest import format_short_id
from archive.errors import CaptureNotFound, FormatError, StoreError
from archive.files import DISK, Files, open_regular

OPEN_SUFFIX = ".open"
SERIAL_LIMIT = 99_999_999
"""Eight digits: at a segment a minute, 190 years."""
_NAME = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{8})-([a-z2-7]{8})\.warc\.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentName:
    """A segment's place below `segments/`; `str()` is the written form."""

    year: int
    month: int
    serial: int
    random: str

    def __str__(self) -> str:
        return f"{self.year:04d}/{self.month:02d}/{self.stem}"

    @property
    def stem(self) -> str:
        """The file name of the sealed segment."""
        return f"{self.serial:08d}-{self.random}.warc.gz"

    def sealed_path(self, folder: Path) -> Path:
        """Where the sealed file lies."""
        return folder / str(self)

    def open_path(self, folder: Path) -> Path:
        """Where the file lies while it is written."""
        return folder / (str(self) + OPEN_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSegment:
    """A segment file on disk."""

    name: SegmentName
    path: Path
    is_open: bool


def parse_segment_name(text: str) -> SegmentName:
    """Read `YYYY/MM/NNNNNNNN-XXXXXXXX.warc.gz`; FormatError for anything else."""
    match = _NAME.fullmatch(text)
    if match is None:
        raise FormatError(f"not a segment name: {text[:80]!r}")
    return SegmentName(
        year=int(match[1]), month=int(match[2]), serial=int(match[3]), random=match[4]
    )


def new_segment_name(
    serial: int, now: datetime, random_bytes: Callable[[int], bytes]
) -> SegmentName:
    """Name the next segment by its serial and a random part."""
    if serial > SERIAL_LIMIT:
        raise AssertionError("out of segment serials")
    random = format_short_id(random_bytes(16))[:8]
    return SegmentName(year=now.year, month=now.month, serial=serial, random=random)


def list_segments(folder: Path) -> list[FoundSegment]:
    """All segment files by serial; unknown names are left to `verify`."""
    found = []
    for path in folder.glob("*/*/*.warc.gz*"):
        relative = path.relative_to(folder).as_posix()
        is_open = relative.endswith(OPEN_SUFFIX)
        try:
            name = parse_segment_name(relative.removesuffix(OPEN_SUFFIX))
        except FormatError:
            continue
        found.append(FoundSegment(name=name, path=path, is_open=is_open))
    return sorted(found, key=lambda segment: (segment.name.serial, segment.is_open))


class OpenSegment:
    """The one file that is appended to; made, with its name, if it is not there."""

    def __init__(
        self, name: SegmentName, path: Path, *, first_leaf: int, files: Files = DISK
    ) -> None:
        self.name = name
        self.path = path
        self.first_leaf = first_leaf
        self._file = files.append_to(path)

    @property
    def written_bytes(self) -> int:
        """Where the next slice begins."""
        return self._file.length_bytes

    def append(self, data: bytes) -> None:
        """Append bytes whole; they count from `sync` on."""
        self._file.append(data)

    def sync(self) -> None:
        """Make everything appended durable."""
        self._file.sync()

    def close(self) -> None:
        """Close the file; it stays `.open`."""
        self._file.close()


def create_segment(
    folder: Path, name: SegmentName, *, first_leaf: int, files: Files = DISK
) -> OpenSegment:
    """Create an empty `.open` file and its folders durably."""
    path = name.open_path(folder)
    files.make_folder(path.parent)
    return OpenSegment(name, path, first_leaf=first_leaf, files=files)


def seal_segment(folder: Path, name: SegmentName, *, files: Files = DISK) -> Path:
    """Drop `.open` and make the file read-only, durably; return its path.

    Done again after a crash, it does what is left to do.
    """
    path, opened = name.sealed_path(folder), name.open_path(folder)
    if opened.exists():
        if path.exists():
            raise StoreError(f"both {path.name} and its open form exist; keep only one")
        files.rename(opened, path)
    files.make_read_only(path)
    return path


def find_segment(folder: Path, name: SegmentName) -> Path:
    """The file of a segment, sealed or open; CaptureNotFound if there is neither."""
    sealed, open_ = name.sealed_path(folder), name.open_path(folder)
    for path in (sealed, open_, sealed):  # it may be sealed while we look
        if path.is_file():
            return path
    raise CaptureNotFound(f"segment {name} is missing from the archive")


class FileWindow(io.RawIOBase):
    """Reads `[start, start + length)` of a file as if it were a file of its own."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        self._file = open_regular(path)
        self._start = min(start, os.fstat(self._file.fileno()).st_size)
        self._length = length
        self._at = 0
        self._file.seek(self._start)

    def readable(self) -> bool:
        """Reading is all it does."""
        return True

    def seekable(self) -> bool:
        """Seeking inside the window."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move inside the window."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}
        self._at = max(0, min(self._length, base[whence] + offset))
        self._file.seek(self._start + self._at)
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill a buffer from the window."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        count = self._file.readinto(view[: self._length - self._at]) or 0
        self._at += count
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def open_slice(folder: Path, location: SliceLocation) -> BinaryIO:
    """Open a slice for reading; nothing is checked here."""
    name = parse_segment_name(location.segment)
    place = (location.offset_bytes, location.length_bytes)
    try:
        window = FileWindow(find_segment(folder, name), *place)
    except StoreError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        window = FileWindow(find_segment(folder, name), *place)  # sealed meanwhile
    return io.BufferedReader(window)
