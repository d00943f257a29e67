"""Lines of an `extract` slice: which text an extractor made of which capture.

One canonical JSON object a line; unknown keys are allowed there, and skipped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.attest.values.fields import (
    Table,
    check_required,
    digest,
    hex_digest,
    nullable,
)
from archive.attest.values.forms import NAME
from archive.digest import Digest
from archive.errors import FormatError, LimitExceeded, MalformedStatement

LINE_LIMIT_BYTES = 4096
"""Bytes of one line: two digests, an id, an extractor's name, a few keys to come."""
EXTRACT_LIMIT_BYTES = 256 * 1024 * 1024
"""Bytes of all lines of a run: a million captures."""

_LINE: Table = {
    "capture": hex_digest,
    "extractor": NAME,
    "file": nullable(digest),
    "text": digest,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractLine:
    """One text of one capture."""

    capture: str
    """Capture id."""
    extractor: str
    """Name and version of what made the text."""
    text: Digest
    """Over the UTF-8 bytes of the text."""
    file: Digest | None
    """Over its file in `texts/`; None where it is not kept there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRun:
    """What one run of the indexer kept; stated once, by who holds the archive lock."""

    run_id: str
    finished_at: datetime
    extractor: str
    """Name and version of the program that ran the extractors."""
    lines: tuple[ExtractLine, ...]

    @property
    def captures(self) -> int:
        """How many captures have a text in this run."""
        return len({line.capture for line in self.lines})

    @property
    def texts(self) -> int:
        """How many distinct texts there are."""
        return len({line.text for line in self.lines})


def format_extract(lines: Sequence[ExtractLine]) -> bytes:
    """Write the lines of an `extract` slice."""
    return b"".join(_format_line(line) for line in lines)


def parse_extract(data: bytes) -> tuple[ExtractLine, ...]:
    """Read the lines of an `extract` slice; FormatError names the line."""
    if len(data) > EXTRACT_LIMIT_BYTES:
        raise LimitExceeded(f"an extract of more than {EXTRACT_LIMIT_BYTES} bytes")
    if not data.endswith(b"\n"):
        raise MalformedStatement("an extract without lines, or its last line is cut")
    return tuple(
        _parse_line(line, number) for number, line in enumerate(_lines(data), 1)
    )


def _lines(data: bytes) -> Iterator[bytes]:
    """One after the other: a list of all of them may be eight times as large."""
    start = 0
    while start < len(data):
        end = data.index(b"\n", start)
        yield data[start:end]
        start = end + 1


def _format_line(line: ExtractLine) -> bytes:
    value = {
        "capture": line.capture,
        "extractor": line.extractor,
        "file": str(line.file) if line.file else None,
        "text": str(line.text),
    }
    check_required(_LINE, value, "extract")
    return dump_canonical(value) + b"\n"


def _parse_line(data: bytes, number: int) -> ExtractLine:
    try:
        value: Any = parse_canonical(data, limit_bytes=LINE_LIMIT_BYTES)
        check_required(_LINE, value, "extract")
    except FormatError as error:
        raise MalformedStatement(f"line {number} of an extract: {error}") from error
    return ExtractLine(
        capture=value["capture"],
        extractor=value["extractor"],
        text=Digest.parse(value["text"]),
        file=Digest.parse(value["file"]) if value["file"] else None,
    )
