"""Captures on their way into an engine and the rows, stored together in batches."""

import time
from collections.abc import Sequence
from dataclasses import replace

from archive.capture import Capture
from search.documents.document import (
    Analysed,
    PageText,
    build_document,
    document_id,
    microseconds,
)
from search.documents.parts import Divided
from search.engines.base import Rejected, SearchEngine
from search.indexing.generations import Generation, add_rejected
from search.indexing.intake import Taken
from search.rows.captures import CaptureRow, CaptureRows, DocumentRow

COMMIT_CAPTURES = 1_000
BULK_COMMIT_CAPTURES = 10_000
"""Where what was kept is read again: each commit of an embedded engine stops it until
its words are sorted and written, and leaves a part that is merged with others later."""
COMMIT_SECONDS = 15.0
"""A batch is stored after so many captures or so long: what a crash repeats."""


class Batch:
    """Captures on their way into the engine and the rows."""

    def __init__(
        self,
        engine: SearchEngine,
        rows: CaptureRows,
        archive_id: str,
        generation: Generation,
        *,
        bulk: bool = False,
    ) -> None:
        """`bulk`: captures come as fast as they are written."""
        self._most = BULK_COMMIT_CAPTURES if bulk else COMMIT_CAPTURES
        self._generation = generation
        self._engine = engine
        self._rows = rows
        self._archive_id = archive_id
        self._added = 0
        self._waiting = 0
        self._since = time.monotonic()
        self.captures = 0
        rows.begin()

    def is_due(self) -> bool:
        """Whether the batch is large or old enough."""
        late = time.monotonic() - self._since > COMMIT_SECONDS
        return self._waiting >= self._most or late

    def add(self, taken: Taken) -> None:
        """Find or make the capture's document."""
        self.captures += 1
        self._waiting += 1
        if taken.same_as is not None:
            self._rows.add_capture(_repeat_row(taken, taken.same_as))
            return
        page = taken.page
        if page is None:
            raise AssertionError("a capture is either a repeat or has a page text")
        if taken.divided is None:
            known = self._document_of(taken.capture, page, taken.analysed[0])
            self._rows.add_capture(_new_row(taken, page, known.order_key, None))
        else:
            self._add_divided(taken, page, taken.divided)

    def _add_divided(self, taken: Taken, page: PageText, divided: Divided) -> None:
        """Find or make the documents of a page of many texts."""
        rest, *items = [
            self._document_of(taken.capture, one, analysed).order_key
            for one, analysed in zip(divided.pages, taken.analysed, strict=True)
        ]
        known = self._rows.items.find_division(rest, taken.text_digest)
        if known is None:
            known = taken.capture.leaf
            self._rows.items.add(known, divided.pieces, (rest, *items))
        self._rows.add_capture(_new_row(taken, page, rest, known))

    def _document_of(
        self, capture: Capture, page: PageText, analysed: Analysed
    ) -> DocumentRow:
        """The document with this text, made if there is none yet."""
        found_id = document_id(self._archive_id, capture, page)
        known = self._rows.find_document(found_id)
        return known or self._add_document(capture, page, analysed, found_id)

    def _add_document(
        self, capture: Capture, page: PageText, analysed: Analysed, found_id: str
    ) -> DocumentRow:
        document = build_document(self._archive_id, capture, page, analysed, found_id)
        self._engine.add([document])
        self._added += 1
        row = DocumentRow(
            order_key=document.order,
            document_id=document.document_id,
            title=page.title,
            language=page.language,
            fold=int(analysed.fold[:16], 16) if page.text else None,
            simhash=analysed.simhash,
        )
        self._rows.add_document(row)
        return row

    def commit(self, next_leaf: int, *, last: bool = False) -> None:
        """Engine first, then the rows with the new position."""
        if self._added or last:
            self._note(self._engine.commit())
        self._rows.set_progress("next_leaf", str(next_leaf))
        self._rows.commit()
        self._added = self._waiting = 0
        self._since = time.monotonic()
        if not last:
            self._rows.begin()

    def _note(self, rejected: Sequence[Rejected]) -> None:
        if rejected:
            reasons = [(one.document_id, one.reason) for one in rejected]
            add_rejected(self._generation, reasons)
            count = int(self._rows.get_progress("rejected") or 0) + len(rejected)
            self._rows.set_progress("rejected", str(count))


def _new_row(
    taken: Taken, page: PageText, order_key: int, division: int | None
) -> CaptureRow:
    return CaptureRow(
        capture_id=taken.capture.capture_id,
        leaf=taken.capture.leaf,
        order_key=order_key,
        captured_us=microseconds(taken.capture),
        source_id=taken.capture.source_id,
        text_digest=taken.text_digest,
        extractor=page.extractor,
        charset=taken.charset,
        declared_charset=taken.declared_charset,
        bytes_key=taken.bytes_key,
        stated=0,
        division=division,
    )


def _repeat_row(taken: Taken, known: CaptureRow) -> CaptureRow:
    return replace(
        known,
        capture_id=taken.capture.capture_id,
        leaf=taken.capture.leaf,
        captured_us=microseconds(taken.capture),
        source_id=taken.capture.source_id,
        bytes_key=taken.bytes_key,
        stated=0,
    )
