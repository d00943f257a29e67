"""The text of one capture, made now in a child process."""

from dataclasses import replace

from archive.capture import Capture
from archive.errors import EvidenceError
from archive.store.reading.reader import ArchiveReader
from search.extract.result import Extract
from search.extract.worker import PAYLOAD_BYTES, Worker

CUT = "truncated"
"""Warning of a text that is not whole."""


def extract_capture(
    worker: Worker, reader: ArchiveReader, capture: Capture, *, whole: bool = False
) -> Extract | None:
    """Extract a capture's payload; None where there is none, or it cannot be read.

    `whole`: all that the page shows, in its order, as its main text.
    """
    if capture.http_status is None:
        return None
    try:
        payload = reader.payload(capture, limit_bytes=PAYLOAD_BYTES)
    except EvidenceError:
        return None
    read = worker.shown if whole else worker.extract
    made = read(payload.data, media_type=payload.media_type, charset=payload.charset)
    if payload.problem is None:
        return made
    return replace(made, warnings=(*made.warnings, CUT))
