"""Signals that stop a job: noted while it is opened, counted, waited for.

Python raises KeyboardInterrupt wherever the main thread is. Between taking a lock and
knowing that it has it, that leaves the lock taken for ever, and the thread that writes
waits for it: a stop that never ends. So a signal is only noted; whoever runs the loop
looks for it. Of a job that is opened a second one interrupts: somebody means it.
"""

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
STOP_SECONDS = 20
"""Running exchanges may end within this after SIGTERM; then they are cut and kept."""
STOPPING = (
    f"stopping: what is being received may end within {STOP_SECONDS} s, then the job is"
    " closed; a second Ctrl-C cuts it, all captures that were acknowledged are kept"
)
WAKE_BYTES = 1 << 10
"""A byte for each signal; more than that never wait."""
Handler = Callable[[int, FrameType | None], None]


@contextmanager
def _handled(numbers: tuple[int, ...], handler: Handler) -> Iterator[None]:
    """Have these signals handled so while the body runs."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def noted_stops() -> Iterator[list[int]]:
    """Note stop signals while the body runs, and restore their handlers then."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            raise KeyboardInterrupt

    with _handled(STOP_SIGNALS, hear):
        yield heard


@dataclass(slots=True)
class Stops:
    """How often whoever started us asked us to stop, and who is told of it."""

    count: int = 0
    said: bool = False
    """The person was told that it is heeded."""
    _told: list[Callable[[], None]] = field(default_factory=list)

    @contextmanager
    def told_to(self, tell: Callable[[], None]) -> Iterator[None]:
        """While the body runs `tell` is called at each, in the signal's handler.

        And at once for those that came before.
        """
        before = self.count
        self._told.append(tell)
        try:
            for _ in range(before):
                tell()
            yield
        finally:
            self._told.remove(tell)

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self.count += 1
        for tell in self._told:
            tell()


@contextmanager
def counted_stops() -> Iterator[Stops]:
    """Count while the body runs; only the main thread may, elsewhere none are heard."""
    stops = Stops()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return
    with _handled(STOP_SIGNALS, stops.hear):
        yield stops


class Waker:
    """Signals as something to wait for, beside the answers of a child."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)
        self.heard: list[int] = []

    @contextmanager
    def listening(self, *numbers: int) -> Iterator[None]:
        """Keep signals here while the body runs."""
        try:
            with _handled(numbers, self._hear):
                yield
        finally:
            os.close(self._read)
            os.close(self._write)

    def wait(self, seconds: float, answers: int | None) -> bool:
        """Wait for a signal, or for that descriptor; True = it can be read."""
        watched = [self._read, *([] if answers is None else [answers])]
        ready, _, _ = select.select(watched, (), (), seconds)
        if self._read in ready:
            with suppress(BlockingIOError):
                os.read(self._read, WAKE_BYTES)
        return answers in ready

    def count_stops(self) -> int:
        """How many of those not looked at yet ask us to stop."""
        return sum(number in STOP_SIGNALS for number in self.heard)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.heard.append(number)
        with suppress(BlockingIOError):
            os.write(self._write, b"!")
