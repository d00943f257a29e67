"""Signs of life of the process that crawls, for whoever started it.

A source's own selectors and patterns run in the loop of the crawl, over pages that
anybody may have written; no library can interrupt them. So a thread says now and then
that the loop still turns. One that waits in a pattern holds the interpreter, and the
thread with it; one that waits in a selector does not turn. Work that keeps the loop
busy and is bounded by the archive, not by a page, says so beforehand.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Final, Generic, TypeVar

T = TypeVar("T")

BEAT_SECONDS: Final = 2.0
"""Between two signs: a few bytes on a pipe each."""
BUSY_SECONDS: Final = 3600.0
"""Opening an archive may take as long (a catalog of millions of captures that is made
again), and so may closing it, with witnesses and authorities that do not answer."""


class Pulse:
    """Beats while the loop turns, and while work is under way that was announced."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._turns = 0
        self._depth = 0
        """Of announced work within announced work."""
        self._busy_since = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat while the body runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join(BEAT_SECONDS)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The body keeps the loop from turning, and no page decides how long."""
        self._enter(self._depth + 1)
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def turning(self) -> Iterator[None]:
        """Within announced work: while the body runs, the loop has to turn."""
        before, self._depth = self._depth, 0
        try:
            yield
        finally:
            self._depth = 0
            self._enter(before)

    def _enter(self, depth: int) -> None:
        if not self._depth:
            self._busy_since = time.monotonic()
        self._depth = depth

    def at_ends(self, inner: AbstractContextManager[T]) -> "_AtEnds[T]":
        """The same, whose beginning and end are announced work; its body is none."""
        return _AtEnds(self, inner)

    async def follow(self) -> None:
        """Turn with the loop, until cancelled."""
        while True:
            self._turns += 1
            await asyncio.sleep(BEAT_SECONDS / 2)

    def _run(self) -> None:
        seen = 0
        while not self._ended.wait(BEAT_SECONDS):
            turns, passed = self._turns, time.monotonic() - self._busy_since
            if turns != seen or (self._depth and passed < BUSY_SECONDS):
                self._beat()
            seen = turns


class _AtEnds(AbstractContextManager[T], Generic[T]):
    """A context manager that is announced while it is entered and left."""

    def __init__(self, pulse: Pulse, inner: AbstractContextManager[T]) -> None:
        self._pulse = pulse
        self._inner = inner

    def __enter__(self) -> T:
        with self._pulse.busy():
            return self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        with self._pulse.busy():
            return self._inner.__exit__(kind, value, trace)
