"""A bound on the work that one body may cause: parsers are slow on what nobody writes.

A feed of one megabyte can keep a parser busy for an hour, and with it every other crawl
of the process. The bound is CPU time, not time: a crowded machine changes nothing.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

READING_SECONDS = 10.0
"""CPU time to read one body; the slowest honest one seen took two."""
AGAIN_SECONDS = 0.5
"""Until it is said again to a parser that took it for a fault of its own."""


class TooMuchWork(BaseException):
    """Reading took too long; not to be swallowed with a parser's own errors."""


@contextmanager
def bounded_work(seconds: float = READING_SECONDS) -> Iterator[None]:
    """Raise TooMuchWork in the body once it used so much CPU time.

    Signals come to the main thread alone; in others nothing is bounded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _raise)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise TooMuchWork
