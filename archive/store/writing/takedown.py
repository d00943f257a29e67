"""Removals as a writer does them: promised, witnessed, done; or finished later."""

from dataclasses import dataclass
from pathlib import Path

from archive.capture import Capture
from archive.errors import (
    CaptureNotFound,
    FormatError,
    VerificationError,
    WitnessRefused,
)
from archive.store.reading.reader import ArchiveReader
from archive.store.recovery.killed import find_unfinished_removals
from archive.store.removal.removal import Removed
from archive.store.tombstones import RemovalOrder
from archive.store.writing.group import GroupCommitter
from archive.store.writing.keeper import Keeper

WITNESSING_SECONDS = 60.0
"""How long a removal waits for witnesses of its tombstone; offline it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """Removes entries of one archive whose lock is held."""

    root: Path
    group: GroupCommitter
    keeper: Keeper

    def remove(self, capture: Capture, order: RemovalOrder) -> Removed:
        """Remove a capture or page: tombstone, stub, new seal; returns then.

        FormatError or VerificationError if its segment is damaged, and nothing is done.
        """
        self.keeper.wait_started()
        tombstone = self.group.state_tombstone(capture, order)
        self.keeper.notify(self.group.checkpoint())
        self.keeper.wait_idle(WITNESSING_SECONDS)
        done = self.group.finish_removal(tombstone.entry)
        ArchiveReader.open(self.root).close()  # nor is it in the catalog
        return done

    def finish(self) -> None:
        """Do what tombstones say and a crash left; what cannot be done is told.

        A damaged segment keeps nobody from capturing: `verify` says what is left to do.
        """
        for entry in find_unfinished_removals(self.root):
            self.keeper.wait_started()
            try:
                done = self.group.finish_removal(entry)
            except (
                FormatError,
                VerificationError,
                CaptureNotFound,
                WitnessRefused,
            ) as error:
                self.keeper.tell(
                    f"the removal that entry {entry} states is not finished: {error}"
                )
            else:
                short_id = done.tombstone.short_id
                self.keeper.tell(f"recovered: the removal of {short_id} was finished")
