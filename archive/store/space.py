"""Keep a reserve of free space: below it nothing is acknowledged, and that is said.

A full disk must never be found out by a write that stops half way: the reserve is what
checkpoints, closing and recovery still need. What is received is spooled before anybody
knows how long it is, so each spool asks for room, for the copies too that storing it
takes: a body is stopped while it can still be stored.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from archive.errors import StoreError
from archive.files import Files

RESERVE_PERCENT = 5
"""Of the file system: what databases and journals beside us need to end cleanly."""
BODY_COPIES = 3
"""Made of a spooled body until it is stored: its slice, the redo file, the segment."""
SLACK_BYTES = 8 << 20
"""For what is stored meanwhile out of memory: small captures, statements, checkpoints.
"""
_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """How much of the file system below `folder` stays free."""

    folder: Path
    files: Files
    reserve_bytes: int | None = None
    """None: RESERVE_PERCENT of the file system."""

    def check(self, needed_bytes: int) -> None:
        """StoreError unless that much can be written and the reserve stays."""
        self.look().check(needed_bytes)

    def look(self) -> "Room":
        """How much room there is now."""
        free, total = self.files.space(self.folder)
        reserve = self.reserve_bytes
        if reserve is None:
            reserve = total * RESERVE_PERCENT // 100
        return Room(folder=self.folder, free_bytes=free, reserve_bytes=reserve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What was free a moment ago, and what must stay so."""

    folder: Path
    free_bytes: int
    reserve_bytes: int

    def check(self, needed_bytes: int) -> None:
        """StoreError unless that much can be written and the reserve stays."""
        free, reserve = self.free_bytes, self.reserve_bytes
        short = reserve + needed_bytes - free
        if short > 0:
            raise StoreError(
                f"the disk of {self.folder} is full: {free // _MEBIBYTE} MiB are free "
                f"and {reserve // _MEBIBYTE} MiB of them are kept in reserve; free "
                f"{-(-short // _MEBIBYTE)} MiB there, then run the command again: "
                "nothing that was acknowledged is lost"
            )


class NoRoom(OSError):
    """More cannot be spooled: the reserve would be touched."""


class SpoolRoom:
    """What is spooled at a time beside the reserve; thread-safe."""

    def __init__(self, reserve: Reserve) -> None:
        self._reserve = reserve
        self._lock = threading.Lock()
        self._held_bytes = 0
        """Granted to spools that are not given back yet."""
        self._written_bytes = 0
        """Of these, what the disk has taken already."""

    def take(self, count_bytes: int) -> None:
        """Grant that much more to a spool. NoRoom: it could not be stored."""
        with self._lock:
            # In here: what is written behind an older look would count as free.
            room = self._reserve.look()
            held = self._held_bytes + count_bytes
            coming = held - self._written_bytes + BODY_COPIES * held
            if room.free_bytes - coming < room.reserve_bytes + SLACK_BYTES:
                raise NoRoom("no room is left beside the reserve of the disk")
            self._held_bytes = held

    def note_written(self, count_bytes: int) -> None:
        """Of what was granted, that much is on the disk now."""
        with self._lock:
            self._written_bytes += count_bytes

    def give_back(self, *, taken_bytes: int, written_bytes: int) -> None:
        """A spool is gone that was granted and had written that much."""
        with self._lock:
            self._held_bytes -= taken_bytes
            self._written_bytes -= written_bytes


class SpoolClaim:
    """The share of one spool."""

    def __init__(self, room: SpoolRoom | None) -> None:
        """`room`: None = there is no bound."""
        self._room = room
        self._taken_bytes = self._written_bytes = 0

    def grow(self, size_bytes: int) -> None:
        """Be granted that much in all. NoRoom: it is not, and all is as it was."""
        more = size_bytes - self._taken_bytes
        if self._room is not None and more > 0:
            self._room.take(more)
            self._taken_bytes = size_bytes

    def note_written(self, count_bytes: int) -> None:
        """That much more is on the disk."""
        if self._room is not None:
            self._room.note_written(count_bytes)
            self._written_bytes += count_bytes

    def give_back(self) -> None:
        """The spool is gone; a second time changes nothing."""
        taken, self._taken_bytes = self._taken_bytes, 0
        written, self._written_bytes = self._written_bytes, 0
        if self._room is not None and taken:
            self._room.give_back(taken_bytes=taken, written_bytes=written)
