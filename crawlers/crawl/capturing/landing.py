"""Results of another thread for those who wait in a loop, as many at once as are there.

To wake a loop takes a call of the system, after which the two threads wait for each
other. A writer that commits in groups finishes a group of captures in one go: the loop
is woken for the first of them, and finds the others, too.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Landing:
    """Belongs to one loop; `wait_for` is called in it, results come from any thread."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._landed: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_called = False

    def wait_for(self, future: "Future[T]") -> "asyncio.Future[T]":
        """Something to await; whoever gives up waiting does not cancel the work."""
        waiter: asyncio.Future[T] = self.loop.create_future()
        future.add_done_callback(lambda done: self._land(waiter, done))
        return waiter

    def _land(self, waiter: "asyncio.Future[T]", done: "Future[T]") -> None:
        self._landed.append((waiter, done))
        if not self._is_called and not self.loop.is_closed():
            # Set first: who is called takes what came until then, and more by luck.
            self._is_called = True
            self.loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._is_called = False
        while self._landed:
            waiter, done = self._landed.popleft()
            if waiter.done():  # its task was cancelled
                continue
            if done.cancelled():
                waiter.cancel()
                continue
            error = done.exception()
            if error is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(error)
