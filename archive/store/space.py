"""Keep a reserve of free space: below it nothing is acknowledged, and that is said.

A full disk must never be found out by a write that stops half way: the reserve is what
checkpoints, closing and recovery still need.
"""

from dataclasses import dataclass
from pathlib import Path

from archive.errors import StoreError
from archive.files import Files

RESERVE_PERCENT = 5
"""Of the file system: what databases and journals beside us need to end cleanly."""
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
