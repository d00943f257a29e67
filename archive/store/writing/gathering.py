"""What waits for the writer's thread: bounded, handed over in groups.

Who hands in one thing after the other waits for nothing. Where several come together,
the thread lets them gather for a moment: two threads that both work take turns at every
call of the system, and that costs more than the work of either.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress

from archive.store.writing.group import Submission

QUEUE_LENGTH = 64
"""Submissions waiting for the thread: back pressure on whoever captures."""
GATHER_SECONDS = 0.01
"""Between the first of a group and its commit, where the group before was of several:
in so long a crawl of one core captures a handful."""
CROWD = 16
"""Submissions that are enough to begin with at once."""


class Gathering:
    """Any thread puts in; one thread takes out."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Submission | None] = queue.Queue(QUEUE_LENGTH)
        self._crowded = threading.Event()
        """Enough waits, or the end: there is nothing more to wait for."""
        self._is_busy = False
        """Whether the last group was of several."""

    def put(self, item: Submission) -> None:
        """Hand in; waits while the queue is full."""
        self._queue.put(item)
        if self._queue.qsize() >= CROWD:
            self._crowded.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._queue.put(None)
        self._crowded.set()

    def take(self, *, seconds: float) -> tuple[list[Submission], bool]:
        """What has gathered, and whether that is the end; waits so long for a first."""
        try:
            item = self._queue.get(timeout=seconds)
        except queue.Empty:
            return [], False
        if self._is_busy and item is not None:
            self._crowded.wait(GATHER_SECONDS)
        self._crowded.clear()
        group: list[Submission] = []
        ended = False
        with suppress(queue.Empty):
            while item is not None:
                group.append(item)
                if len(group) >= QUEUE_LENGTH:
                    break
                item = self._queue.get_nowait()
            ended = item is None
        self._is_busy = len(group) > 1
        return group, ended

    def rest(self) -> Iterator[Submission]:
        """All that is there, without waiting."""
        with suppress(queue.Empty):
            while True:
                item = self._queue.get_nowait()
                if item is not None:
                    yield item
