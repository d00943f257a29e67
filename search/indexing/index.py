"""Bring the index of one archive up to date, or make it anew.

Everything here is derived: it may be deleted, and made again gives the same answers.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from archive.errors import SearchUnavailable
from archive.store.reading.reader import ArchiveReader
from search.collecting import rare_collections
from search.engines.base import SearchEngine
from search.engines.opening import EMBEDDED, Engines
from search.extract.files.ocr import find_tesseract
from search.indexing.batch import Batch
from search.indexing.extracts import ExtractCache
from search.indexing.generations import (
    VERSION,
    Generation,
    find_current,
    find_newest,
    hold_index_lock,
    new_generation,
    remove_others,
    use_generation,
)
from search.indexing.intake import Intake, Scans
from search.indexing.removed import holds_removed
from search.indexing.restoring import Restored, restore_texts, texts_are_gone
from search.rows.captures import CaptureRows


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
    texts_again: int = 0
    """Kept texts that were lost and were made again."""
    texts_lost: int = 0
    """Kept texts that were lost and are made otherwise today."""


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
        self._bulk = False
        self._scans = Scans()
        self._restored = Restored()
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
        self._bulk = rebuild
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
            bulk=self._bulk,
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
            ocr = self._ocr and find_tesseract() is not None
            if texts_are_gone(self._root, rows, ocr=ocr):
                with self._intake(rows) as intake:
                    made = restore_texts(self._reader, rows, intake, ocr=ocr)
                self._restored = made
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
                texts_again=self._restored.again,
                texts_lost=self._restored.lost,
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
        archive_id = self._reader.identity.archive_id
        batch = Batch(engine, rows, archive_id, generation, bulk=self._bulk)
        with self._intake(rows) as intake:
            for taken in intake.follow(start, end):
                batch.add(taken)
                self._scans.count(taken)
                self._progress(batch.captures)
                if batch.is_due():
                    intake.settle()
                    batch.commit(taken.capture.leaf + 1)
            intake.settle()
            batch.commit(end, last=True)

    def _intake(self, rows: CaptureRows) -> Intake:
        return Intake(self._reader, rows, workers=self._workers, ocr=self._ocr)
