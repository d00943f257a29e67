"""Zip files: one exact form that we write, and a bounded look into foreign ones.

Ours is stored, not compressed: names in the order given, the first instant that a zip
can say, no comment, no extra field; the same files give the same bytes with every
version of every library. `open_zip` reads any zip without unpacking it: names that lead
out, links, entries that are there twice or overlap, and those that unpack to too much
are refused before a byte of them is read.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from archive.capture import ByteSource
from archive.digest import READ_BYTES, Digest
from archive.errors import FormatError, LimitExceeded
from archive.files import open_regular

ENTRIES_LIMIT: Final = 60_000
"""Entries of one zip: what can be said without zip64 is 65,535."""
DIRECTORY_LIMIT_BYTES: Final = 16 << 20
"""Bytes of a central directory: 60,000 names of 200 bytes."""
ZIP_LIMIT_BYTES: Final = (1 << 32) - (1 << 25)
"""Bytes of all files of a zip of ours: beyond it zip64 would be needed."""
NAME_LIMIT: Final = 240
"""Characters of a name: what common file systems allow, below a short folder."""
DEPTH_LIMIT: Final = 16
RATIO_LIMIT: Final = 1100
"""Unpacked to packed bytes: deflate itself cannot reach more than 1,032."""

ZIP_MAGIC: Final = b"PK\3\4"

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_VERSION: Final = 10
_UNIX: Final = 3 << 8
_MODE: Final = stat.S_IFREG | 0o644
_DATE: Final = 1 << 5 | 1
"""1 January 1980, the first day of zip."""
_ENCRYPTED: Final = 1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PART: Final = re.compile(r"[^/\\\x00-\x1f\x7f:*?\"<>|]+")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


def write_zip(out: _Sink, entries: Iterable[tuple[str, ByteSource]]) -> None:
    """Write entries in our one form; each source is read twice. LimitExceeded."""
    for piece in zip_pieces(entries):
        out.write(piece)


def zip_pieces(entries: Iterable[tuple[str, ByteSource]]) -> Iterator[bytes]:
    """The bytes that `write_zip` writes, one after the other. LimitExceeded."""
    directory, offset = b"", 0
    count = 0
    for count, (name, source) in enumerate(entries, 1):
        written = name.encode("ascii")
        size = source.length_bytes
        if count > ENTRIES_LIMIT or offset + size > ZIP_LIMIT_BYTES:
            raise LimitExceeded(
                f"more than {ENTRIES_LIMIT} files or {ZIP_LIMIT_BYTES} bytes do not "
                "fit into one zip; export a folder"
            )
        fields = (0, 0, 0, _DATE, _checksum(source), size, size, len(written), 0)
        yield _LOCAL.pack(b"PK\3\4", _VERSION, *fields) + written
        yield from _pieces(source)
        directory += (
            _CENTRAL.pack(
                b"PK\1\2", _UNIX | _VERSION, _VERSION, *fields, 0, 0, 0, _MODE << 16,
                offset,
            )
            + written
        )  # fmt: skip
        offset += _LOCAL.size + len(written) + size
    yield directory
    yield _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, 0)


def check_name(name: str) -> None:
    """FormatError unless a name stays where it is unpacked, on every system."""
    parts = name.split("/")
    if len(name) > NAME_LIMIT or len(parts) > DEPTH_LIMIT:
        raise FormatError(f"a name that is too long or too deep: {name[:80]!r}")
    if any(part in (".", "..") or not _PART.fullmatch(part) for part in parts):
        raise FormatError(f"a name that leads elsewhere: {name[:80]!r}")


_FOREIGN_ERRORS = (zipfile.BadZipFile, RuntimeError, ValueError)
"""What `zipfile` raises for hostile files: for a name that is no UTF-8 a ValueError."""


class ZipFiles:
    """The files in a zip, looked at before any is read."""

    def __init__(self, archive: zipfile.ZipFile, size: int, limit_bytes: int) -> None:
        self._archive = archive
        infos = archive.infolist()
        _check_infos(infos, size, limit_bytes)
        self._infos = {info.filename: info for info in infos if not info.is_dir()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, in their order; folders are left out."""
        return tuple(self._infos)

    strange: tuple[str, ...] = ()
    """Links and special files: a zip that holds one is refused."""

    def size(self, name: str) -> int:
        """Bytes of one file, unpacked."""
        return self._infos[name].file_size

    def is_stored(self, name: str) -> bool:
        """Whether one file lies there as it is."""
        return self._infos[name].compress_type == zipfile.ZIP_STORED

    def open(self, name: str) -> BinaryIO:
        """Open one file; reading raises FormatError if it is not what the zip says."""
        try:
            stream = self._archive.open(self._infos[name])
        except (*_FOREIGN_ERRORS, OSError) as error:
            raise FormatError(f"{name} in the zip is damaged: {error}") from error
        return io.BufferedReader(_Entry(name, stream))


@contextmanager
def open_zip(path: Path, *, limit_bytes: int) -> Iterator[ZipFiles]:
    """Look into a zip; all its files together unpack to at most `limit_bytes`.

    FormatError or LimitExceeded says what is wrong with it.
    """
    with open_regular(path) as raw:
        stream = io.BufferedReader(raw)
        size = stream.seek(0, io.SEEK_END)
        _check_end(stream, size)
        try:
            archive = zipfile.ZipFile(stream)
        except _FOREIGN_ERRORS as error:
            raise FormatError(f"{path} is not a zip that can be read: {error}") from (
                error
            )
        with archive:
            yield ZipFiles(archive, size, limit_bytes)


def is_zip(path: Path) -> bool:
    """Whether a file is there that begins as a zip does."""
    if not path.is_file():
        return False
    with open_regular(path) as stream:
        return stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC


def check_own_form(path: Path, files: ZipFiles) -> None:
    """FormatError unless the zip is byte for byte the one `write_zip` would write."""
    with open_regular(path) as raw:
        sink = _Comparing(io.BufferedReader(raw))
        try:
            write_zip(sink, ((name, _Content(files, name)) for name in files.names))
        except UnicodeEncodeError:
            sink.is_equal = False
        if not sink.is_equal or sink.stream.read(1):
            raise FormatError(
                f"{path} is a zip that another program packed, or was changed; unpack "
                "it and verify the folder"
            )


class _Content:
    """One file of a zip as the content of another."""

    def __init__(self, files: ZipFiles, name: str) -> None:
        self._files = files
        self._name = name

    @property
    def length_bytes(self) -> int:
        return self._files.size(self._name)

    def open(self) -> BinaryIO:
        return self._files.open(self._name)

    def close(self) -> None: ...


class _Comparing:
    """Compares what is written with a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.is_equal = True

    def write(self, data: bytes, /) -> int:
        self.is_equal = self.is_equal and self.stream.read(len(data)) == data
        return len(data)


class _Entry(io.RawIOBase):
    """A file in a zip; whatever its library raises becomes one error of ours."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self._name = name
        self._entry = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            data = self._entry.read(len(view))
        except (*_FOREIGN_ERRORS, EOFError, OSError, zlib.error) as error:
            raise FormatError(f"{self._name} in the zip is damaged: {error}") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._entry.close()
        super().close()


def _check_end(stream: BinaryIO, size: int) -> None:
    """Bound what `zipfile` will read into memory: the end record, without comment."""
    stream.seek(max(0, size - _END.size))
    data = stream.read(_END.size)
    if len(data) != _END.size or not data.startswith(b"PK\5\6"):
        raise FormatError("not a zip file, or one that is cut or has a comment")
    _, disk, first, here, count, directory, offset, comment = _END.unpack(data)
    if (disk, first, comment) != (0, 0, 0) or here != count:
        raise FormatError("a zip in several parts or with a comment")
    if count > ENTRIES_LIMIT or directory > DIRECTORY_LIMIT_BYTES:
        raise LimitExceeded(f"a zip of more than {ENTRIES_LIMIT} files or zip64")
    if offset + directory + _END.size != size:
        raise FormatError("a zip with bytes before or behind what it lists")


def _check_infos(infos: list[zipfile.ZipInfo], size: int, limit_bytes: int) -> None:
    seen: set[str] = set()
    total = 0
    for info in infos:
        # As it stands in the file: zipfile cuts a name at a zero byte.
        name = info.orig_filename
        check_name(name.removesuffix("/"))
        folded = name.removesuffix("/").casefold()
        if folded in seen:
            raise FormatError(f"a zip that holds {name[:80]!r} twice")
        seen.add(folded)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise FormatError(f"a link or special file in a zip: {name[:80]!r}")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise FormatError(f"an encrypted or oddly packed file: {name[:80]!r}")
        if info.file_size > info.compress_size * RATIO_LIMIT:
            raise LimitExceeded(f"a file that unpacks to too much: {name[:80]!r}")
        total += info.file_size
    if total > limit_bytes:
        raise LimitExceeded(f"a zip that unpacks to more than {limit_bytes} bytes")
    _check_overlap(infos, size)


def _check_overlap(infos: list[zipfile.ZipInfo], size: int) -> None:
    """No two entries share bytes: one deflated block could fill a million files."""
    end = size
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        begin = info.header_offset
        if begin + _LOCAL.size + info.compress_size > end:
            raise FormatError(f"entries of a zip overlap at {info.filename[:80]!r}")
        end = begin


def _pieces(source: ByteSource) -> Iterator[bytes]:
    with source.open() as stream:
        yield from iter(lambda: stream.read(READ_BYTES), b"")


def _checksum(source: ByteSource) -> int:
    checksum = 0
    for chunk in _pieces(source):
        checksum = zlib.crc32(chunk, checksum)
    return checksum


def digest_entry(files: ZipFiles, name: str) -> Digest:
    """Hash one file of a zip."""
    with files.open(name) as stream:
        return Digest.of_stream(stream)
