"""One archive's index, open for reading; reopened when a newer one is there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from archive.errors import SearchUnavailable
from archive.store.layout import read_identity
from search.captures import CaptureRows
from search.engines.tantivy_engine import TantivyEngine
from search.generations import Generation, find_current

FRESH_SECONDS = 1.0
"""How often the disk is asked for a newer index."""

T = TypeVar("T")


class OpenIndex:
    """The index of one archive as it is now; several threads may use it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.archive_id = read_identity(root).archive_id
        self._lock = threading.Lock()
        self._generation: Generation | None = None
        self._engine: TantivyEngine | None = None
        self._checked = -FRESH_SECONDS

    def refresh(self, *, now: float, force: bool = False) -> None:
        """Look at the disk if the last look is a second old."""
        with self._lock:
            if not force and now - self._checked < FRESH_SECONDS:
                return
            self._checked = now
            current = find_current(self.root)
            if current is None:
                self._engine = self._generation = None
            elif current != self._generation or self._engine is None:
                self._engine = TantivyEngine(current.engine_folder)
                self._generation = current
            else:
                self._engine.reload()

    def use(self, action: Callable[[TantivyEngine, CaptureRows], T]) -> T:
        """Run an action on the index; once more if it was replaced meanwhile."""
        try:
            return self._use(action)
        except SearchUnavailable:
            self.refresh(now=time.monotonic(), force=True)
            return self._use(action)

    def _use(self, action: Callable[[TantivyEngine, CaptureRows], T]) -> T:
        with self._lock:
            engine, generation = self._engine, self._generation
        if engine is None or generation is None:
            raise SearchUnavailable(
                f"{self.root} has no search index yet; run `evidence index`"
            )
        with _rows(generation) as rows:
            return action(engine, rows)


@contextmanager
def _rows(generation: Generation) -> Iterator[CaptureRows]:
    rows = CaptureRows.open(generation.rows_path)
    try:
        yield rows
    finally:
        rows.close()
