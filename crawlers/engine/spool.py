"""Bytes as they come in: in memory at first, in a file beyond 1 MiB; digest along.

A file has room on the disk beside the reserve, one block ahead of what is written: what
came until there was none is kept whole.

Memory holds at most `memory_bytes` and one piece; the file is written in blocks of
about that size. It is not synced: it outlives no crash, and need not.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from archive.capture import ByteSource, MemoryBytes
from archive.digest import Digest
from archive.store.space import SpoolClaim, SpoolRoom
from crawlers.engine.settings import MEMORY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolPlace:
    """Where an engine may keep what it receives, and how much of it."""

    folder: Path
    room: SpoolRoom | None = None
    """None: as much as the disk takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledBytes:
    """A ByteSource over a spool file; closing it removes the file."""

    path: Path
    length_bytes: int
    claim: SpoolClaim = field(default_factory=lambda: SpoolClaim(None), compare=False)

    def open(self) -> BinaryIO:
        """Open a fresh binary stream at the first byte; the caller closes it."""
        return self.path.open("rb")

    def close(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
        self.claim.give_back()


class Spool:
    """Takes bytes in order; `finish` hands them over once.

    `new_path` names a file that does not exist yet; it is asked at most once. `room` is
    asked before more than memory holds is taken.
    """

    def __init__(
        self,
        new_path: Callable[[], Path],
        *,
        memory_bytes: int = MEMORY_BYTES,
        room: SpoolRoom | None = None,
    ) -> None:
        self._new_path = new_path
        self._memory_bytes = memory_bytes
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._written_bytes = 0
        self._path: Path | None = None
        self._descriptor = -1
        self._running = hashlib.sha256()
        self._claim = SpoolClaim(room)

    @property
    def length_bytes(self) -> int:
        """How many bytes are held."""
        return self._written_bytes + self._pending_bytes

    def append(self, data: bytes) -> None:
        """Take a piece, in memory; `settle` may move it on."""
        self._pieces.append(data)
        self._pending_bytes += len(data)

    def drop_front(self, count: int) -> None:
        """Take back the first bytes of all; only while nothing is written."""
        if self._path is not None:
            raise AssertionError("the front of a spool file is final")
        self._pieces = [b"".join(self._pieces)[count:]]
        self._pending_bytes -= count

    def drop_back(self, count: int) -> None:
        """Take back the last bytes of the piece appended last."""
        last = self._pieces[-1]
        self._pieces[-1] = last[: len(last) - count]
        self._pending_bytes -= count

    def settle(self) -> None:
        """Write to the file if memory is used up; OSError leaves all in memory.

        NoRoom: this was the last that is taken; `finish` keeps it.
        """
        if self._pending_bytes > self._memory_bytes:
            self._claim.grow(self.length_bytes + self._memory_bytes)
            self._flush()

    def finish(self) -> tuple[ByteSource, Digest | None]:
        """Hand over what was taken, and its digest unless it is nothing. Once only.

        Bytes that cannot be added to a file are lost: compare the lengths.
        """
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._flush()
            os.close(self._descriptor)
        pieces, self._pieces = self._pieces, []
        if self._path is not None and self._written_bytes:
            source = SpooledBytes(
                path=self._path, length_bytes=self._written_bytes, claim=self._claim
            )
            return source, Digest.of_running(self._running)
        if self._path is not None:
            self._path.unlink()
        self._claim.give_back()
        data = b"".join(pieces)
        held = MemoryBytes(data)
        return held, held.digest if data else None

    def _flush(self) -> None:
        if self._path is None:
            path = self._new_path()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
            self._path = path
        block = b"".join(self._pieces)
        position = 0
        try:
            while position < len(block):
                position += os.write(self._descriptor, block[position:])
        except OSError:
            os.ftruncate(self._descriptor, self._written_bytes)
            os.lseek(self._descriptor, self._written_bytes, os.SEEK_SET)
            raise
        self._claim.note_written(len(block))
        self._running.update(block)
        self._written_bytes += len(block)
        self._pieces = []
        self._pending_bytes = 0
