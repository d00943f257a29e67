"""Where a copy is pulled from: a folder, or any static server over HTTP(S)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from archive.errors import ArchiveMissing, FormatError, PeerUnavailable, StoreError
from archive.files import DISK, open_regular
from archive.mirror.listing import (
    LISTING_LIMIT_BYTES,
    Listing,
    list_files,
    parse_listing,
)
from archive.store.layout import LISTING_FILE, read_identity
from archive.transport import Connect, Limits, Transport, check_address

PIECE_BYTES = 4 << 20
"""Of a file that are asked for at a time."""
PIECE_SECONDS = 120.0
"""For one piece: slow lines are normal where archives are needed."""


class Source(Protocol):
    """Another copy of an archive; nothing it says is believed."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def list_files(self) -> Listing:
        """Its files at one checkpoint; PeerUnavailable, StoreError or FormatError."""

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes `[start, end)` of a listed file; StoreError where some are missing.

        `path` has been checked by `is_handed_on`.
        """

    def close(self) -> None:
        """Close what was kept open."""


def open_source(place: str, connect: Connect | None = None) -> Source:
    """A source by its address or folder; SettingsError for an address never used.

    `connect`: the only way to other machines; None connects directly.
    """
    if urlsplit(place).scheme in ("http", "https"):
        check_address(place)
        return WebSource(place, connect)
    return FolderSource(Path(place))


class FolderSource:
    """An archive on this machine, or on a disk that was brought along."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._root)

    def list_files(self) -> Listing:
        """Walk the folder."""
        try:
            read_identity(self._root)
        except ArchiveMissing as error:
            raise ArchiveMissing(
                f"no archive to copy at {self._root}; name its folder, or the address "
                "that serves it"
            ) from error
        return list_files(self._root)

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """Read a file, following no link."""
        with open_regular(self._root / path) as stream:
            stream.seek(start)
            left = end - start
            while left:
                try:
                    piece = stream.read(min(PIECE_BYTES, left))
                except OSError as error:
                    raise StoreError(
                        f"cannot read {self._root / path}: {error.strerror}"
                    ) from error
                if not piece:
                    raise StoreError(f"{self._root / path} ends before byte {end}")
                left -= len(piece)
                yield piece

    def close(self) -> None:
        """Nothing is kept open."""


class WebSource:
    """A static server over an archive folder with a listing (`files.txt`).

    Files longer than a piece need a server that can answer with a part of a file.
    """

    def __init__(self, url: str, connect: Connect | None = None) -> None:
        self._url = url.rstrip("/")
        self._transport = Transport(connect=connect)
        self._sizes: dict[str, int] = {}

    @property
    def name(self) -> str:
        """The address."""
        return self._url

    def list_files(self) -> Listing:
        """Read the listing."""
        limits = Limits(seconds=PIECE_SECONDS, body_bytes=LISTING_LIMIT_BYTES)
        answer = self._transport.get(f"{self._url}/{LISTING_FILE}", limits)
        if answer.status != 200:
            raise PeerUnavailable(
                f"{self._url} has no {LISTING_FILE} (status {answer.status}); its "
                "operator makes it with `evidence export listing`"
            )
        try:
            listing = parse_listing(answer.body)
        except FormatError as error:
            raise FormatError(f"{self._url}/{LISTING_FILE}: {error}") from error
        self._sizes = listing.sizes
        return listing

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """Ask for a file piece by piece."""
        while start < end:
            stop = min(end, start + PIECE_BYTES)
            piece = self._piece(path, start, stop)
            start += len(piece)
            yield piece

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _piece(self, path: str, start: int, end: int) -> bytes:
        url = f"{self._url}/{path}"
        whole = start == 0 and end == self._sizes.get(path)
        limits = Limits(seconds=PIECE_SECONDS, body_bytes=PIECE_BYTES)
        wanted = None if whole else (start, end)
        answer = self._transport.get(url, limits, byte_range=wanted)
        if answer.status != (200 if whole else 206):
            raise StoreError(
                f"{url}: status {answer.status} for the bytes {start} to {end - 1}"
            )
        data = answer.body
        if whole and len(data) > end:
            data = data[:end]  # it grew since it was listed
        if len(data) != end - start:
            raise StoreError(f"{url}: {len(data)} bytes instead of {end - start}")
        return data


def read_small(source: Source, path: str, listing: Listing, limit_bytes: int) -> bytes:
    """Read a listed file of at most so many bytes."""
    size = listing.sizes.get(path)
    if size is None:
        raise StoreError(f"{source.name} has no {path}")
    if size > limit_bytes:
        raise FormatError(f"{path} of {source.name} is longer than {limit_bytes} bytes")
    return b"".join(source.read(path, 0, size))


def write_from(
    source: Source, path: str, listing: Listing, target: Path, *, start: int = 0
) -> None:
    """Append the bytes of a listed file from `start` on to a new or begun file."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o600), "ab") as stream:
        for piece in source.read(path, start, listing.sizes[path]):
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    DISK.sync_names(target.parent)
