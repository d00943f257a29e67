"""Signals that stop a job, while it is opened and no loop listens for them yet.

Python raises KeyboardInterrupt wherever the main thread is. Between taking a lock and
knowing that it has it, that leaves the lock taken for ever, and the thread that writes
waits for it: a stop that never ends. So the first signal is only noted; whoever runs
the loop looks for it. A second one interrupts: somebody means it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def noted_stops() -> Iterator[list[int]]:
    """Note stop signals while the body runs, and restore their handlers then."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, hear) for number in STOP_SIGNALS}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
