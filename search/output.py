"""A whole result as CSV, JSON lines or a list of URLs, streamed row by row.

The first line says what was asked and what the index had seen, so that a list can be
made again. A cell of CSV that a spreadsheet would run as a formula is made text.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from archive.instant import format_instant
from search.results import Hit

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
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, object]
Head = Mapping[str, object]


def row_of(hit: Hit) -> Row:
    """One document by its latest capture."""
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
    }


def format_csv(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """A comment line, the column names, then a line a document; UTF-8, CR LF."""
    yield f"# {json.dumps(head, ensure_ascii=False)}\r\n"
    yield _csv_line(COLUMNS)
    for hit in hits:
        row = row_of(hit)
        yield _csv_line(["" if row[c] is None else str(row[c]) for c in COLUMNS])


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    safe = (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    csv.writer(line).writerow(safe)
    return line.getvalue()


def format_jsonl(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """The question as the first object, then an object a document."""
    yield json.dumps(head, ensure_ascii=False) + "\n"
    for hit in hits:
        yield json.dumps(row_of(hit), ensure_ascii=False) + "\n"


def format_urls(head: Head, hits: Iterable[Hit]) -> Iterator[str]:
    """A comment line, then the addresses as captured."""
    yield f"# {json.dumps(head, ensure_ascii=True)}\n"
    for hit in hits:
        yield f"{hit.uri}\n"


FORMATS: Mapping[str, Callable[[Head, Iterable[Hit]], Iterator[str]]] = {
    "csv": format_csv,
    "jsonl": format_jsonl,
    "urls": format_urls,
}
