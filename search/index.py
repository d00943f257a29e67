"""Bring the index of one archive up to date, or make it anew.

Everything here is derived: it may be deleted, and made again gives the same answers.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from archive.capture import Capture
from archive.errors import SearchUnavailable
from archive.store.reader import ArchiveReader
from search.captures import CaptureRow, CaptureRows, DocumentRow
from search.collecting import rare_collections
from search.document import (
    Analysed,
    PageText,
    build_document,
    document_id,
    microseconds,
)
from search.engines.base import Rejected, SearchEngine
from search.engines.opening import EMBEDDED, Engines
from search.extracts import ExtractCache
from search.forgetting import holds_removed
from search.generations import (
    VERSION,
    Generation,
    add_rejected,
    find_current,
    find_newest,
    hold_index_lock,
    new_generation,
    remove_others,
    use_generation,
)
from search.intake import Intake, Scans, Taken
from search.parts import Divided

COMMIT_CAPTURES = 1_000
COMMIT_SECONDS = 15.0
"""A batch is stored after so many captures or so long: what a crash repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What one run did, and what the index holds now."""

    captures_added: int
    documents_added: int
    captures: int
    documents: int
    next_leaf: int
    rebuilt: bool
    rejected: int
    """Documents the engine refused for good; named in the generation's folder."""
    scans_read: int = 0
    """Pictures and scans read by OCR in this run."""
    scans_unread: int = 0
    """Pictures and scans met in this run whose words nobody read."""


class Indexer:
    """Brings one archive's index up to date; holds the index lock while it runs."""

    def __init__(
        self,
        reader: ArchiveReader,
        *,
        engines: Engines | None = None,
        workers: int | None = None,
        progress: Callable[[int], None] | None = None,
        ocr: bool = False,
    ) -> None:
        self._ocr = ocr
        self._scans = Scans()
        self._engines = engines or Engines()
        self._reader = reader
        self._root = reader.paths.root
        self._index = reader.paths.index
        self._workers = workers or min(os.cpu_count() or 1, 4)
        self._progress = progress or (lambda _count: None)

    def run(
        self,
        *,
        rebuild: bool = False,
        engine: str | None = None,
        afterwards: Callable[[CaptureRows], None] | None = None,
    ) -> IndexReport:
        """Catch up, or make a new generation and swap it in when it is complete.

        `engine`: the kind the index must lie in; None keeps what is there.
        `afterwards` gets the rows while the lock is still held.
        """
        with hold_index_lock(self._index), rare_collections():
            current = None if rebuild else self._usable(engine)
            if current is not None:
                report = self._fill(current, rebuilt=False, afterwards=afterwards)
                remove_others(self._index, current)
                return report
            before = find_current(self._root)
            kind = engine or self._kind_for_new(before)
            made = self._unfinished(before, kind) or self._new_generation(kind)
            report = self._fill(made, rebuilt=True, afterwards=afterwards)
            self._drop_extracts(made)
            use_generation(made)
            kept = [made]
            if before is not None and not self._must_go(before):
                kept.append(before)
            self._publish(kept)
            remove_others(self._index, *kept)
            return report

    def _drop_extracts(self, made: Generation) -> None:
        """Keep no answer of an extractor for what the new index does not hold."""
        rows = CaptureRows.open(made.rows_path)
        cache = ExtractCache(self._index, self._root)
        try:
            cache.keep_only(rows)
        finally:
            cache.close()
            rows.close()

    def _kind_for_new(self, before: Generation | None) -> str:
        """An index that is made anew stays in its engine; else the settings say."""
        kind = None if before is None else before.read_kind()
        return kind or self._engines.settings.engine

    def _publish(self, kept: list[Generation]) -> None:
        self._engines.publish(
            kept[0].read_kind() or EMBEDDED,
            archive_id=self._reader.identity.archive_id,
            kept=[generation.folder.name for generation in kept],
        )

    def _unfinished(self, before: Generation | None, kind: str) -> Generation | None:
        """A generation that was being made when its run ended: it goes on."""
        begun = find_newest(self._index)
        if begun is None or (before and begun.folder.name <= before.folder.name):
            return None
        return begun if self._fits(begun, kind) else None

    def _must_go(self, replaced: Generation) -> bool:
        """Whether a replaced index holds what was removed: then no reader keeps it."""
        try:
            rows = CaptureRows.open(replaced.rows_path)
        except SearchUnavailable:
            return True
        try:
            return holds_removed(self._reader, rows)
        finally:
            rows.close()

    def _usable(self, engine: str | None) -> Generation | None:
        """The current generation, if this version made it and its halves agree."""
        current = find_current(self._root)
        return current if current and self._fits(current, engine) else None

    def _fits(self, generation: Generation, engine: str | None) -> bool:
        if not generation.rows_path.is_file():
            return False
        try:
            rows = CaptureRows.open(generation.rows_path)
        except SearchUnavailable:
            return False
        try:
            return (
                rows.get_progress("version") == VERSION
                and rows.get_progress("archive") == self._reader.identity.archive_id
                and engine in (None, rows.get_progress("engine"))
                and not holds_removed(self._reader, rows)
                and self._agrees(generation, rows)
            )
        finally:
            rows.close()

    def _agrees(self, generation: Generation, rows: CaptureRows) -> bool:
        """A crash between the two commits leaves engine and rows unequal.

        What takes repeats gets them again; what does not is made anew. A cluster that
        does not answer is no reason to throw its index away; one that lost it is.
        """
        kind = rows.get_progress("engine") or EMBEDDED
        try:
            engine = self._open(kind, generation, writable=kind != EMBEDDED)
            held = engine.count() + int(rows.get_progress("rejected") or 0)
        except SearchUnavailable:
            if kind == EMBEDDED:
                return False
            raise
        documents = rows.counts()[0]
        return held >= documents if engine.takes_repeats else held == documents

    def _open(
        self, kind: str, generation: Generation, *, writable: bool = False
    ) -> SearchEngine:
        return self._engines.open(
            kind,
            folder=generation.folder,
            archive_id=self._reader.identity.archive_id,
            writable=writable,
        )

    def _new_generation(self, kind: str) -> Generation:
        made = new_generation(self._index)
        rows = CaptureRows.create(made.rows_path)
        with rows.transaction():
            rows.set_progress("version", VERSION)
            rows.set_progress("archive", self._reader.identity.archive_id)
            rows.set_progress("engine", kind)
            rows.set_progress("next_leaf", "0")
        rows.close()
        return made

    def _fill(
        self,
        generation: Generation,
        *,
        rebuilt: bool,
        afterwards: Callable[[CaptureRows], None] | None,
    ) -> IndexReport:
        kind = generation.read_kind() or EMBEDDED
        engine = self._open(kind, generation, writable=True)
        rows = CaptureRows.open(generation.rows_path, writable=True)
        try:
            before = rows.counts()
            self._take_in(engine, rows, generation)
            if afterwards is not None:
                afterwards(rows)
                # The statement of this run is an entry too: be past it.
                self._take_in(engine, rows, generation)
            documents, captures = rows.counts()
            return IndexReport(
                captures_added=captures - before[1],
                documents_added=documents - before[0],
                captures=captures,
                documents=documents,
                next_leaf=int(rows.get_progress("next_leaf") or 0),
                rebuilt=rebuilt,
                rejected=int(rows.get_progress("rejected") or 0),
                scans_read=self._scans.read,
                scans_unread=self._scans.unread,
            )
        finally:
            engine.close()
            rows.close()

    def _take_in(
        self, engine: SearchEngine, rows: CaptureRows, generation: Generation
    ) -> None:
        """Follow the log from the next leaf, batch by batch."""
        self._reader.catch_up()
        end = self._reader.next_leaf
        start = int(rows.get_progress("next_leaf") or 0)
        batch = _Batch(engine, rows, self._reader.identity.archive_id, generation)
        intake = Intake(self._reader, rows, workers=self._workers, ocr=self._ocr)
        with intake:
            for taken in intake.follow(start, end):
                batch.add(taken)
                self._scans.count(taken)
                self._progress(batch.captures)
                if batch.is_due():
                    intake.settle()
                    batch.commit(taken.capture.leaf + 1)
            intake.settle()
            batch.commit(end, last=True)


class _Batch:
    """Captures on their way into the engine and the rows."""

    def __init__(
        self,
        engine: SearchEngine,
        rows: CaptureRows,
        archive_id: str,
        generation: Generation,
    ) -> None:
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
        return self._waiting >= COMMIT_CAPTURES or late

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
        found_id = document_id(self._archive_id, capture, page, analysed.fold)
        known = self._rows.find_document(found_id)
        return known or self._add_document(capture, page, analysed)

    def _add_document(
        self, capture: Capture, page: PageText, analysed: Analysed
    ) -> DocumentRow:
        document = build_document(self._archive_id, capture, page, analysed)
        self._engine.add([document])
        self._added += 1
        row = DocumentRow(
            order_key=document.order,
            document_id=document.document_id,
            title=page.title,
            language=page.language,
            source_id=capture.source_id,
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
