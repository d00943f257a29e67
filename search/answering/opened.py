"""One archive's index, open for reading; reopened when a newer one is there.

What was removed from the archive since is not told of, from the next look at the disk
on: no reader waits until the index is made anew.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from archive.errors import (
    FormatError,
    SchemaMismatch,
    SearchError,
    SearchUnavailable,
    UsageProblem,
)
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from search.engines.base import SearchEngine, SearchReader
from search.engines.guarded import Guarded
from search.engines.opening import EMBEDDED, Engines
from search.indexing.generations import VERSION, Generation, find_current
from search.indexing.removed import Removed, find_removed
from search.rows.captures import CaptureRows

FRESH_SECONDS = 1.0
"""How often the disk is asked for a newer index."""
BEHIND_MAX = 1_000
"""Captures counted that no index holds yet: a moment's work."""

T = TypeVar("T")


class OpenIndex:
    """The index of one archive as it is now; several threads may use it."""

    def __init__(self, root: Path, engines: Engines) -> None:
        self.root = root
        self._engines = engines
        self.archive_id = read_identity(root).archive_id
        self._lock = threading.Lock()
        self._generation: Generation | None = None
        self._engine: SearchEngine | None = None
        self._reader: ArchiveReader | None = None
        self._removed = Removed()
        self._removed_as_of: tuple[object, ...] = ()
        self._problem: SearchError | None = None
        self._checked: float | None = None
        self._of_thread = threading.local()

    def refresh(self, *, now: float, force: bool = False) -> None:
        """Look at the disk if the last look is a second old; never raises."""
        with self._lock:
            seen = self._checked
            if not force and seen is not None and now - seen < FRESH_SECONDS:
                return
            self._checked = now
            try:
                self._look()
                self._problem = None
            except SearchError as problem:
                self._engine = self._generation = None
                self._problem = problem

    def _look(self) -> None:
        current = find_current(self.root)
        if current is None:
            raise SearchUnavailable(
                f"{self.root} has no search index yet; run "
                f"`evidence --archive {self.root} index`"
            )
        if current == self._generation and self._engine is not None:
            self._engine.reload()
            with _rows(current) as rows:
                self._look_for_removed(current, rows)
            return
        with _rows(current) as rows:
            if rows.get_progress("version") != VERSION:
                raise SchemaMismatch(
                    f"the search index of {self.root} was made by another version; "
                    f"run `evidence --archive {self.root} index`"
                )
            kind = rows.get_progress("engine") or EMBEDDED
            self._look_for_removed(current, rows)
        self._engine = self._engines.open(
            kind, folder=current.folder, archive_id=self.archive_id
        )
        self._generation = current

    def _look_for_removed(self, generation: Generation, rows: CaptureRows) -> None:
        """Ask for tombstones where the log or the index has grown since."""
        if self._reader is None:
            self._reader = ArchiveReader.open(self.root)
        self._reader.catch_up()
        grown = generation, rows.get_progress("next_leaf"), self._reader.next_leaf
        if grown != self._removed_as_of:
            self._removed = find_removed(self._reader, rows)
            self._removed_as_of = grown

    def count_behind(self, entries: int) -> int:
        """Captures at that entry or later, as the log was at the last look.

        At most `BEHIND_MAX`: only some and none are told apart from many.
        """
        reader = self._reader
        behind = () if reader is None else reader.captures(entries)
        return sum(1 for _ in islice(behind, BEHIND_MAX))

    def use(self, action: Callable[[SearchReader, CaptureRows], T]) -> T:
        """Run an action on the index; once more if it was replaced meanwhile."""
        try:
            return self._use(action)
        except SearchUnavailable:
            self.refresh(now=time.monotonic(), force=True)
            return self._use(action)

    @contextmanager
    def hold(self) -> Iterator[tuple[SearchReader, CaptureRows]]:
        """Engine and rows for as long as a stream takes; a newer index is not seen."""
        engine, generation, removed = self._now()
        with _rows(generation) as rows:
            yield Guarded(engine, removed.orders), rows.without(removed.captures)

    @contextmanager
    def hold_whole(self) -> Iterator[tuple[SearchEngine, CaptureRows]]:
        """Engine and rows with all that they hold: to be compared, not to be shown."""
        engine, generation, _ = self._now()
        with _rows(generation) as rows:
            yield engine, rows

    def _now(self) -> tuple[SearchEngine, Generation, Removed]:
        with self._lock:
            engine, generation = self._engine, self._generation
            problem, removed = self._problem, self._removed
        if engine is None or generation is None:
            raise problem or SearchUnavailable(f"{self.root} was not looked at yet")
        return engine, generation, removed

    def _use(self, action: Callable[[SearchReader, CaptureRows], T]) -> T:
        engine, generation, removed = self._now()
        rows = self._thread_rows(generation).without(removed.captures)
        return action(Guarded(engine, removed.orders), rows)

    def _thread_rows(self, generation: Generation) -> CaptureRows:
        """The calling thread's own connection: a page of hits asks a dozen times."""
        try:
            found = generation.rows_path.stat()
        except OSError as error:
            raise SearchUnavailable(f"{generation.rows_path} is gone") from error
        file = (generation.rows_path, found.st_dev, found.st_ino)
        opened: _ThreadRows | None = getattr(self._of_thread, "rows", None)
        if opened is not None and opened.file == file:
            return opened.rows
        if opened is not None:
            opened.rows.close()
            del self._of_thread.rows
        rows = CaptureRows.open(generation.rows_path)
        self._of_thread.rows = _ThreadRows(file=file, rows=rows)
        return rows


def open_indexes(roots: Sequence[Path], engines: Engines) -> tuple[OpenIndex, ...]:
    """Those of some archives; UsageProblem where two folders hold one archive, and
    FormatError, with its folder, for one whose identity is not in its form.

    All of it would be found twice, and an id would not say which is meant.
    """
    opened: dict[str, OpenIndex] = {}
    for root in roots:
        try:
            made = OpenIndex(root, engines)
        except FormatError as problem:
            raise FormatError(f"{root}: {problem}") from problem
        other = opened.setdefault(made.archive_id, made)
        if other is not made:
            raise UsageProblem(
                f"{other.root} and {root} are one archive, {made.archive_id}, or a "
                "copy of it; name one of them"
            )
    return tuple(opened.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _ThreadRows:
    """A connection, and the file it is of: another one may get the same name."""

    file: tuple[Path, int, int]
    rows: CaptureRows


@contextmanager
def _rows(generation: Generation) -> Iterator[CaptureRows]:
    rows = CaptureRows.open(generation.rows_path)
    try:
        yield rows
    finally:
        rows.close()
