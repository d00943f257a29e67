"""The classes of captures, as the closing records of their jobs state them."""

from collections import OrderedDict
from collections.abc import Mapping

from archive.capture import Capture
from archive.capture_class import ClassNote
from archive.errors import EvidenceError
from archive.store.reading.reader import ArchiveReader

JOBS_KEPT = 8
"""Closing records kept in memory; captures are read in the order of the log."""


class CaptureClasses:
    """Looks classes up; a page capture has that of its main capture."""

    def __init__(self, reader: ArchiveReader) -> None:
        self._reader = reader
        self._jobs: OrderedDict[str, Mapping[str, ClassNote]] = OrderedDict()

    def find(self, capture: Capture) -> ClassNote | None:
        """What a capture is.

        None for hops, parts and captures from before there were classes, and while
        their job runs; for a damaged closing record, too: `verify` says so.
        """
        if capture.job_id is None:
            return None
        notes = self._notes(capture.job_id)
        if capture.kind != "page":
            return notes.get(capture.capture_id)
        try:
            main_id = self._reader.read_page(capture).main_id if notes else ""
        except EvidenceError:
            return None
        return notes.get(main_id)

    def _notes(self, job_id: str) -> Mapping[str, ClassNote]:
        if job_id in self._jobs:
            self._jobs.move_to_end(job_id)
            return self._jobs[job_id]
        try:
            closing = self._reader.jobs.closing_of(job_id)
        except EvidenceError:
            closing = None
        notes = closing.classes if closing else {}
        self._jobs[job_id] = notes
        while len(self._jobs) > JOBS_KEPT:
            self._jobs.popitem(last=False)
        return notes
