"""A reader of segments in a thread, and an archive worth reading by several."""

import os
import threading
from pathlib import Path
from typing import Any

from archive.store.removal.removal import Removed
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk
from archive.store.tombstones import RemovalOrder
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Report
from archive.verify.segments import readers
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)

PIECE = 9_000
"""Bytes of a piece here: two or three small captures."""
SIDE_BY_SIDE = Wishes(side_by_side=True)


class Inside:
    """A reader as a thread of this process: what it does is patched and counted."""

    def __init__(self) -> None:
        here, self._source = os.pipe()
        self.stdout: Any
        self.stdin, there = os.fdopen(self._source, "wb"), 0
        reading, there = os.pipe()
        self.stdout = os.fdopen(reading, "rb")
        self._thread = threading.Thread(target=self._run, args=(here, there))
        self._thread.start()

    def _run(self, here: int, there: int) -> None:
        with os.fdopen(here, "rb") as source:
            target = os.fdopen(there, "wb")
            try:
                readers.serve(source, target)
                target.close()
            except (BrokenPipeError, EOFError):
                target.raw.close()

    def kill(self) -> None:
        self.stdin.close()
        self.stdout.close()

    def wait(self) -> int:
        self._thread.join()
        return 0


def make_worth_reading(place: Path) -> MadeArchive:
    """Three segments; jobs, captures, a removal, and a body that shows a statement."""
    archive = make_archive(place)
    victim = archive.fill(5)[1]
    (path,) = [segment.path for segment in list_segments(archive.root / "segments")]
    entries = [entry for entry in SegmentWalk(path) if entry.envelope is not None]
    last = entries[-1]
    statement = path.read_bytes()[last.statement_offset : last.end_bytes]
    with archive.open_writer() as writer:
        writer.rotate()
        fill(writer, archive, 4)
        for number in range(4):
            uri = f"http://b.example/{number}"
            body = b"x" * (number * 700) + statement * 3
            writer.capture(make_exchange(uri, body, archive)).result()
        writer.rotate()
        fill(writer, archive, 6)
        order = RemovalOrder(reason="a test", authority="a court")
        assert isinstance(writer.remove(victim, order), Removed)
    return archive


def both(made: MadeArchive) -> tuple[Report, Report]:
    """The reports of one walk, and of several processes beside each other."""
    trust = made.trust()
    alone = verify_archive(made.root, trust=trust)
    return alone, verify_archive(made.root, trust=trust, wishes=SIDE_BY_SIDE)
