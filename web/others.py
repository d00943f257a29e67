"""Others: what other archives captured of an address, for record pages.

Other archives, or mirrors of them, lie on this machine; their operators are counted as
`evidence corroborate` counts them. An answer is kept in memory until one of the
archives grows. Nothing of another archive is shown but who, when and how it compares.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from archive.capture import Capture
from archive.errors import LimitExceeded
from archive.store.catalog.follow import IMPORT_KIND
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import (
    Corroboration,
    Partner,
    TextOf,
    corroborate,
)
from search.comparing import open_texts
from web.lru_cache import LruCache

KEPT_ANSWERS = 500
"""Comparisons held in memory: the records a few readers look at in an hour."""
TEXTS_LIMIT = 12
"""Texts extracted for one comparison: one extraction may take its whole time limit."""


class Others:
    """Compares captures with other archives, one at a time; from any thread."""

    def __init__(self, own: Partner, others: Sequence[Partner]) -> None:
        """The readers of the others are closed with this."""
        self._own = own
        self._others = others
        self._answers: LruCache[tuple[object, ...], Corroboration] = LruCache(
            KEPT_ANSWERS
        )
        self._extracting = threading.Lock()
        self._stack = ExitStack()
        self._texts: TextOf | None = None
        for other in others:
            self._stack.callback(other.reader.close)

    def compare(self, capture: Capture) -> Corroboration | None:
        """What the others have; None for what was received as a file, not captured."""
        if capture.kind == IMPORT_KIND:
            return None
        name = (capture.capture_id, *map(self._state, self._others))
        found = self._answers.find(name)
        if found is None:
            found = corroborate(
                self._own, capture, self._others, text_of=self._some_texts()
            )
            self._answers.keep(name, found)
        return found

    @staticmethod
    def _state(other: Partner) -> tuple[int, frozenset[str]]:
        """What an answer depends on: how far the log goes, and what is hidden."""
        other.reader.catch_up()
        return other.reader.next_leaf, other.hidden_sources()

    def _some_texts(self) -> TextOf:
        """The texts one comparison may ask for; LimitExceeded behind the last one."""
        left = iter(range(TEXTS_LIMIT))

        def text_of(reader: ArchiveReader, capture: Capture) -> str | None:
            if next(left, None) is None:
                raise LimitExceeded("enough texts for one page")
            return self._extract(reader, capture)

        return text_of

    def _extract(self, reader: ArchiveReader, capture: Capture) -> str | None:
        """The text of a capture; the extractor starts with the first one asked for."""
        with self._extracting:
            if self._texts is None:
                self._texts = self._stack.enter_context(open_texts())
            return self._texts(reader, capture)

    def close(self) -> None:
        """End the extractor and close the other archives."""
        with self._extracting:
            self._stack.close()
