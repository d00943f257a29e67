"""Compare an index with what the archive signed: every difference is named.

What should be searchable is the log's own list: every capture of a page that no
tombstone took away, with the text that a signed `extract` statement names. What can be
found is what the engine gives back. Nothing is repaired here.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from archive.capture import Capture
from archive.digest import Digest
from archive.store.reading.reader import ArchiveReader
from archive.store.texts import find_text
from search.documents.document import PageText, microseconds
from search.documents.parts import divide
from search.engines.base import AllOf, EngineHit, SearchEngine
from search.extract.parts import find_parts
from search.extract.result import main_end_of
from search.indexing.intake import as_answered, is_indexed
from search.indexing.kept import stated_lines
from search.rows.captures import CaptureRow, CaptureRows
from search.rows.items import PARTS, leaf_of

EVERYTHING = AllOf(wanted=())
STORED_SECONDS = 5.0
"""How long after the engine the rows of a batch are stored, at most: else a document
beyond the index's position was put there by somebody else."""
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
    """Compare all that was signed before the index's position with the index.

    What an indexer adds meanwhile is beyond that position, and is no difference.
    """
    upto = _position(rows)
    engine.reload()  # after the position: the engine is committed before the rows
    reader.catch_up()
    captures = _signed_captures(reader, upto)
    found: list[Difference] = []
    beyond: list[int] = []
    held = 0
    check = _Check(reader.paths.root, rows, captures)
    for order, row, hit in _side_by_side(rows.documents(), engine.stream(EVERYTHING)):
        if leaf_of(order) >= upto:
            beyond.append(order)
            continue
        held += hit is not None
        found += check.compare(order, row, hit)
    found += _other_captures(rows, captures, upto)
    found += [
        Difference(code=SURPLUS, capture_id=None, uri=None, leaf=leaf_of(order))
        for order in beyond
        if not _came_meanwhile(order, reader, rows)
    ]
    found += _other_texts(reader, rows, captures)
    return Reconciled(
        captures=len(captures),
        documents=held,
        upto=upto,
        differences=tuple(dict.fromkeys(sorted(found, key=_place))),
    )


def _position(rows: CaptureRows) -> int:
    return int(rows.get_progress("next_leaf") or 0)


def _other_captures(
    rows: CaptureRows, captures: dict[str, Capture], upto: int
) -> Iterator[Difference]:
    """Captures that only the archive has before the position, or only the rows."""
    leaves = {row.capture_id: row.leaf for row in rows.every_capture()}
    for capture_id, capture in captures.items():
        if capture_id not in leaves:
            yield _difference(MISSING_CAPTURE, capture)
    now = _position(rows)
    for capture_id in sorted(leaves.keys() - captures.keys()):
        if not upto <= leaves[capture_id] < now:
            yield Difference(code=SURPLUS, capture_id=capture_id, uri=None, leaf=None)


def _came_meanwhile(order: int, reader: ArchiveReader, rows: CaptureRows) -> bool:
    """Whether a document beyond the position is one that an indexer is adding."""
    reader.catch_up()
    if leaf_of(order) >= reader.next_leaf:
        return False
    end = time.monotonic() + STORED_SECONDS
    while rows.document_of(order) is None:
        if time.monotonic() > end:
            return False
        time.sleep(STORED_SECONDS / 100)
    return True


def _signed_captures(reader: ArchiveReader, upto: int) -> dict[str, Capture]:
    """Captures that a search must find, by id; the reader gives no removed ones."""
    return {
        one.capture_id: as_answered(reader, one)
        for one in reader.captures(0)
        if one.leaf < upto and is_indexed(one)
    }


def _side_by_side(
    known: Iterator[tuple[int, CaptureRow | None]], hits: Iterator[EngineHit]
) -> Iterator[tuple[int, CaptureRow | None, EngineHit | None]]:
    """First captures of documents and documents of the engine, by order key."""
    row, hit = next(known, None), next(hits, None)
    while row is not None or hit is not None:
        ends = [] if row is None else [row[0]]
        order = min([*ends, *([] if hit is None else [hit.order])])
        this_row = row if row is not None and row[0] == order else None
        this_hit = hit if hit is not None and hit.order == order else None
        yield order, this_row[1] if this_row else None, this_hit
        row = next(known, None) if this_row is not None else row
        hit = next(hits, None) if this_hit is not None else hit


class _Check:
    """What is wrong with documents; the first capture of each vouches for it."""

    def __init__(
        self, root: Path, rows: CaptureRows, captures: dict[str, Capture]
    ) -> None:
        self._root = root
        self._rows = rows
        self._captures = captures
        self._leaf = -1
        self._texts: tuple[str, ...] = ()

    def compare(
        self, order: int, row: CaptureRow | None, hit: EngineHit | None
    ) -> Iterator[Difference]:
        """Compare one document, in rising order of their keys."""
        capture = None if row is None else self._captures.get(row.capture_id)
        if row is None or capture is None:
            leaf = leaf_of(order)
            yield Difference(code=SURPLUS, capture_id=None, uri=None, leaf=leaf)
        elif hit is None:
            yield _difference(MISSING_DOCUMENT, capture)
        elif not self._is_text(hit, row, order) or not _is_true(hit, capture):
            yield _difference(ALTERED, capture)

    def _is_text(self, hit: EngineHit, row: CaptureRow, order: int) -> bool:
        """Whether the engine holds the text of the capture, or its part of it."""
        text = str(hit.stored["text"])
        if row.division is None:
            digest = Digest.of(text.encode()).hex if text else None
            return order % PARTS == 0 and digest == row.text_digest
        if row.leaf != self._leaf:
            self._leaf, self._texts = row.leaf, self._divided(row)
        part = order % PARTS
        return part < len(self._texts) and self._texts[part] == text

    def _divided(self, row: CaptureRow) -> tuple[str, ...]:
        """The kept text of a page of many texts, cut as the extractor cuts it."""
        whole = find_text(self._root, Digest(row.text_digest or ""))
        if whole is None:
            return ()
        main_end = main_end_of(whole)
        page = PageText(
            text=whole,
            main_end=main_end,
            title=None,
            language=None,
            extractor=row.extractor,
            warnings=(),
        )
        return tuple(
            one.text for one in divide(page, find_parts(whole[:main_end])).pages
        )


def _is_true(hit: EngineHit, capture: Capture) -> bool:
    """Whether what the engine shows beside the text is what the archive holds."""
    return (
        hit.stored["uri"] == capture.target_uri
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
