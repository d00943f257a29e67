"""Kept texts on their way to the disk: several at a time, for each waits for the disk.

A text is named by its digest, so its order does not matter; what names it is stored
only after `settle`.
"""

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from archive.digest import Digest
from archive.store.texts import compress_text, deflated_part, write_compressed

WRITERS = 4
"""Texts written at once: they wait for the disk together."""
WAITING_MAX = 200
"""Texts in memory that are not written yet; then whoever brings more waits."""


class TextFiles:
    """Writes the texts of one archive; for several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="texts")
        self._waiting: deque[tuple[str, Future[None]]] = deque()
        self._finished = threading.Condition()
        self._begun: set[str] = set()

    def write(self, text: str) -> tuple[str, bytes | None]:
        """Begin to write a text; its hex digest, and its deflated bytes.

        Pages with one text may come at the same time: two writers of one file would
        take each other's temporary name away.
        """
        data = text.encode()
        digest = Digest.of(data)
        member = compress_text(data)
        with self._finished:
            if digest.hex not in self._begun:
                self._begun.add(digest.hex)
                future = self._pool.submit(write_compressed, self._root, digest, member)
                self._waiting.append((digest.hex, future))
        if len(self._waiting) > WAITING_MAX:
            self._finish_one()
        return digest.hex, deflated_part(member)

    def settle(self) -> None:
        """Wait until all texts begun are durable; raises what a write raised."""
        while self._waiting:
            self._finish_one()
        with self._finished:  # another thread may wait for the last one
            self._finished.wait_for(lambda: not self._begun)

    def _finish_one(self) -> None:
        try:
            digest, waiting = self._waiting.popleft()
        except IndexError:  # another thread waits for the last one
            return
        try:
            waiting.result()
        finally:
            with self._finished:
                self._begun.discard(digest)
                self._finished.notify_all()

    def close(self) -> None:
        """Finish writing; what failed was not waited for, so nothing names it."""
        self._pool.shutdown(wait=True)
