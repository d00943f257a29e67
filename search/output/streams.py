"""A whole result as CSV, JSON lines or a list of URLs, streamed row by row.

The first line says what was asked and what the index had seen, so that a list can be
made again. A cell of CSV that a spreadsheet would run as a formula is made text.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archive.instant import format_instant
from search.answering.results import Hit
from search.output.feed import format_atom

COLUMNS = (
    "id",
    "short_id",
    "archive",
    "uri",
    "title",
    "language",
    "captured_at",
    "captures",
    "source_id",
    "outcome",
    "http_status",
    "warnings",
    "capture_class",
    "claimed",
    "claimed_as",
    "claimed_by",
    "claimed_confidence",
    "kind",
    "part",
    "parts",
    "attribution",
    "ocr_confidence",
)
QUERY_COLUMNS = ("search", "query")
"""Before the others in a list of several searches: its name and words."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, object]
Head = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which of several searches a document is a row of."""

    name: str | None
    query: str


Listed = Iterable[tuple[Asked, Hit]]


def row_of(hit: Hit) -> Row:
    """One document by the capture it is shown by."""
    claimed = hit.claimed
    return {
        "id": hit.capture_id,
        "short_id": hit.short_id,
        "archive": hit.archive_id,
        "uri": hit.uri,
        "title": hit.title,
        "language": hit.language,
        "captured_at": format_instant(hit.captured_at),
        "captures": hit.captures,
        "source_id": hit.source_id,
        "outcome": hit.outcome,
        "http_status": hit.http_status,
        "warnings": " ".join(hit.warnings),
        "capture_class": hit.capture_class,
        "claimed": claimed.value if claimed else None,
        "claimed_as": claimed.raw if claimed else None,
        "claimed_by": claimed.method if claimed else None,
        "claimed_confidence": claimed.confidence if claimed else None,
        "kind": hit.kind,
        "part": hit.part,
        "parts": hit.parts,
        "attribution": hit.attribution,
        "ocr_confidence": hit.ocr_confidence,
    }


def _asked_row(asked: Asked, hit: Hit) -> Row:
    return {"search": asked.name, "query": asked.query, **row_of(hit)}


def format_csv(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """A comment line, the column names, then a line a document; UTF-8, CR LF."""
    return _csv(head, COLUMNS, map(row_of, hits))


def _csv(head: Head, columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield f"# {json.dumps(head, ensure_ascii=False)}\r\n"
    yield _csv_line(columns)
    for row in rows:
        yield _csv_line(["" if row[c] is None else str(row[c]) for c in columns])


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    safe = (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    csv.writer(line).writerow(safe)
    return line.getvalue()


def format_jsonl(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """The question as the first object, then an object a document."""
    return _jsonl(head, map(row_of, hits))


def _jsonl(head: Head, rows: Iterable[Row]) -> Iterator[str]:
    yield json.dumps(head, ensure_ascii=False) + "\n"
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def format_urls(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """A comment line, then the addresses as captured."""
    yield f"# {json.dumps(head, ensure_ascii=True)}\n"
    for hit in hits:
        yield f"{hit.uri}\n"


FORMATS: Mapping[str, Callable[[Head, Iterable[Hit]], Iterator[str]]] = {
    "csv": format_csv,
    "jsonl": format_jsonl,
    "urls": format_urls,
    "atom": format_atom,
}
"""Forms of the list of one search."""
MANY_FORMATS: Mapping[str, Callable[[Head, Listed], Iterator[str]]] = {
    "csv": lambda head, listed: _csv(
        head, (*QUERY_COLUMNS, *COLUMNS), (_asked_row(*one) for one in listed)
    ),
    "jsonl": lambda head, listed: _jsonl(head, (_asked_row(*one) for one in listed)),
    "urls": lambda head, listed: format_urls(head, (hit for _, hit in listed)),
    "atom": lambda head, listed: format_atom(head, (hit for _, hit in listed)),
}
"""The same of several searches, one behind the other; what two find stands twice."""
