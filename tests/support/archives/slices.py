"""Slices in memory: what makes them, as the fixtures give it, and what is in them."""

import io
import json
from collections.abc import Callable
from typing import Any

from archive.capture import Exchange
from archive.warc.reading import ReadRecord, read_records
from archive.warc.slice import SliceDraft

Build = Callable[..., tuple[bytes, SliceDraft]]
Make = Callable[..., Exchange]
KEPT_BYTES = 1 << 20


def records_of(data: bytes) -> list[ReadRecord]:
    """The records of a slice with their blocks."""
    return list(read_records(io.BytesIO(data), keep=lambda _header: KEPT_BYTES))


def metadata_of(data: bytes) -> Any:
    """What its last record says of the capture."""
    return json.loads(records_of(data)[-1].kept)
