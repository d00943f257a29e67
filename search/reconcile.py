"""Compare an index with what the archive signed: every difference is named.

What should be searchable is the log's own list: every capture of a page that no
tombstone took away, with the text that a signed `extract` statement names. What can be
found is what the engine gives back. Nothing is repaired here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from archive.capture import Capture
from archive.digest import Digest
from archive.store.reader import ArchiveReader
from search.captures import CaptureRow, CaptureRows
from search.document import microseconds
from search.engines.base import AllOf, EngineHit, SearchEngine
from search.intake import is_indexed
from search.kept import stated_lines

EVERYTHING = AllOf(wanted=())
MISSING_CAPTURE = "capture-missing"
"""A signed capture that the index does not know."""
MISSING_DOCUMENT = "document-missing"
"""A capture whose document the engine does not hold."""
ALTERED = "document-altered"
"""A document whose text, address or capture is not what was signed."""
SURPLUS = "document-unknown"
"""A document, or a capture of one, that the archive does not hold."""
OTHER_TEXT = "text-differs"
"""A capture whose text is not the one that its signed statement names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which index and archive differ."""

    code: str
    capture_id: str | None
    uri: str | None
    leaf: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How much was compared, and every difference, in the order of the log."""

    captures: int
    documents: int
    upto: int
    differences: tuple[Difference, ...]


def reconcile(
    reader: ArchiveReader, engine: SearchEngine, rows: CaptureRows
) -> Reconciled:
    """Compare all that was signed before the index's position with the index."""
    upto = int(rows.get_progress("next_leaf") or 0)
    captures = _signed_captures(reader, upto)
    found: list[Difference] = []
    known = rows.first_captures()
    held = 0
    for order, row, hit in _side_by_side(known, engine.stream(EVERYTHING)):
        held += hit is not None
        found += _compare(order, row, hit, captures)
    rowed = {row.capture_id for row in rows.every_capture()}
    found += [
        _difference(MISSING_CAPTURE, capture)
        for capture_id, capture in captures.items()
        if capture_id not in rowed
    ]
    found += [
        Difference(code=SURPLUS, capture_id=capture_id, uri=None, leaf=None)
        for capture_id in sorted(rowed - captures.keys())
    ]
    found += _other_texts(reader, rows, captures)
    return Reconciled(
        captures=len(captures),
        documents=held,
        upto=upto,
        differences=tuple(dict.fromkeys(sorted(found, key=_place))),
    )


def _signed_captures(reader: ArchiveReader, upto: int) -> dict[str, Capture]:
    """Captures that a search must find, by id; the reader gives no removed ones."""
    return {
        one.capture_id: one
        for one in reader.captures(0)
        if one.leaf < upto and is_indexed(one)
    }


def _side_by_side(
    rows: Iterator[CaptureRow], hits: Iterator[EngineHit]
) -> Iterator[tuple[int, CaptureRow | None, EngineHit | None]]:
    """First captures of documents and documents of the engine, by order key."""
    row, hit = next(rows, None), next(hits, None)
    while row is not None or hit is not None:
        ends = [] if row is None else [row.leaf]
        order = min([*ends, *([] if hit is None else [hit.order])])
        this_row = row if row is not None and row.leaf == order else None
        this_hit = hit if hit is not None and hit.order == order else None
        yield order, this_row, this_hit
        row = next(rows, None) if this_row is not None else row
        hit = next(hits, None) if this_hit is not None else hit


def _compare(
    order: int,
    row: CaptureRow | None,
    hit: EngineHit | None,
    captures: dict[str, Capture],
) -> Iterator[Difference]:
    """What is wrong with one document; its first capture vouches for it."""
    capture = None if row is None else captures.get(row.capture_id)
    if row is None or capture is None:
        yield Difference(code=SURPLUS, capture_id=None, uri=None, leaf=order)
    elif hit is None:
        yield _difference(MISSING_DOCUMENT, capture)
    elif not _is_true(hit, row, capture):
        yield _difference(ALTERED, capture)


def _is_true(hit: EngineHit, row: CaptureRow, capture: Capture) -> bool:
    """Whether what the engine shows is what the archive holds."""
    text = str(hit.stored["text"])
    digest = Digest.of(text.encode()).hex if text else None
    return (
        digest == row.text_digest
        and hit.stored["uri"] == capture.target_uri
        and hit.stored["capture"] == capture.capture_id
        and hit.stored["captured_us"] == microseconds(capture)
        and hit.stored["http_status"] == capture.http_status
        and hit.stored["outcome"] == capture.outcome.value
        and hit.stored["source"] == capture.source_id
    )


def _other_texts(
    reader: ArchiveReader, rows: CaptureRows, captures: dict[str, Capture]
) -> Iterator[Difference]:
    """Captures whose text is not what the latest statement of that extractor says.

    Another version of an extractor may give another text; that is no difference.
    """
    lines = sorted(stated_lines(reader.paths.root), key=lambda line: line.capture)
    for capture_id, group in groupby(lines, key=lambda line: line.capture):
        row = rows.find_capture(capture_id)
        capture = captures.get(capture_id)
        if row is None or capture is None:
            continue
        named = {one.text.hex for one in group if one.extractor == row.extractor}
        if named and row.text_digest not in named:
            yield _difference(OTHER_TEXT, capture)


def _difference(code: str, capture: Capture) -> Difference:
    return Difference(
        code=code,
        capture_id=capture.capture_id,
        uri=capture.target_uri,
        leaf=capture.leaf,
    )


def _place(one: Difference) -> tuple[int, str, str]:
    return (-1 if one.leaf is None else one.leaf, one.code, one.capture_id or "")
