"""Random bytes, drawn some thousands at a time.

A capture needs about a hundred of them in five places; each call of the system lets
other threads in between, and waits for them then.
"""

import threading
from collections.abc import Callable

POOL_BYTES = 4096


class RandomPool:
    """Called with a count; no byte is given twice. Not for a process that forks."""

    def __init__(self, draw: Callable[[int], bytes]) -> None:
        self._draw = draw
        self._lock = threading.Lock()
        self._drawn = b""
        self._at = 0

    def __call__(self, count: int) -> bytes:
        """So many bytes that nobody else gets."""
        with self._lock:
            if len(self._drawn) - self._at < count:
                self._drawn, self._at = self._draw(max(POOL_BYTES, count)), 0
            begin, self._at = self._at, self._at + count
            return self._drawn[begin : self._at]
