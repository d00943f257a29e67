"""Others: what other archives captured of an address, for record pages.

Other archives, or mirrors of them, lie on this machine; their operators are counted as
`evidence corroborate` counts them. An answer is kept in memory until one of the
archives grows. Nothing of another archive is shown but who, when and how it compares.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack

from archive.attest.trust import TrustSet
from archive.capture import Capture
from archive.store.follow import IMPORT_KIND
from archive.store.reader import ArchiveReader
from archive.verify.corroboration import Corroboration, Partner, TextOf, corroborate
from search.comparing import open_texts

KEPT_ANSWERS = 500
"""Comparisons held in memory: the records a few readers look at in an hour."""
TEXTS_LIMIT = 12
"""Texts extracted for one comparison: one extraction may take its whole time limit."""


class Others:
    """Compares captures with other archives, one at a time; from any thread."""

    def __init__(
        self, reader: ArchiveReader, trust: TrustSet | None, others: Sequence[Partner]
    ) -> None:
        """The readers of the others are closed with this."""
        self._own = Partner(reader=reader, trust=trust)
        self._others = others
        self._answers: OrderedDict[tuple[object, ...], Corroboration] = OrderedDict()
        self._lock = threading.Lock()
        self._extracting = threading.Lock()
        self._stack = ExitStack()
        self._texts: TextOf | None = None
        for other in others:
            self._stack.callback(other.reader.close)

    def compare(self, capture: Capture) -> Corroboration | None:
        """What the others have; None for what was received as a file, not captured."""
        if capture.kind == IMPORT_KIND:
            return None
        sizes = [self._size(other.reader) for other in self._others]
        name = (capture.capture_id, *sizes)
        with self._lock:
            if name in self._answers:
                self._answers.move_to_end(name)
                return self._answers[name]
        found = corroborate(
            self._own, capture, self._others, text_of=self._some_texts()
        )
        with self._lock:
            self._answers[name] = found
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return found

    @staticmethod
    def _size(reader: ArchiveReader) -> int:
        reader.catch_up()
        return reader.next_leaf

    def _some_texts(self) -> TextOf:
        """The texts one comparison may ask for; behind the last one there are none."""
        left = iter(range(TEXTS_LIMIT))

        def text_of(reader: ArchiveReader, capture: Capture) -> str | None:
            return None if next(left, None) is None else self._extract(reader, capture)

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
