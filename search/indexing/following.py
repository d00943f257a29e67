"""Following the log: the index is brought up to date whenever it grew, until stopped.

A stop never waits for a long run: it ends at the last batch that was stored.
"""

from collections.abc import Callable
from threading import Event

from archive.errors import EvidenceError

LOOK_SECONDS = 10.0
"""Between two runs: each that finds new texts adds a statement to the log."""
AGAIN_SECONDS = 60.0
"""Longest wait after runs that failed: a cluster that was away is back then."""


class Stopped(Exception):
    """A run that was told to stop."""


class Follower:
    """Runs the indexer again and again; `stop` may be called from a signal handler."""

    def __init__(
        self,
        *,
        run: Callable[[], int],
        position: Callable[[], int],
        tell: Callable[[str], None],
    ) -> None:
        """`run` indexes, `position` looks at the log: both give its number of entries.

        `run` calls `pause` now and then. `tell` gets the problem of a run that failed.
        """
        self._run = run
        self._position = position
        self._tell = tell
        self._stop = Event()

    def stop(self) -> None:
        """End at the next look, or in the run at hand behind what is stored."""
        self._stop.set()

    def pause(self) -> None:
        """Raise Stopped in a run that shall end."""
        if self._stop.is_set():
            raise Stopped

    def follow(self, seconds: float = LOOK_SECONDS) -> None:
        """Index until stopped; what fails is told, once, and tried again."""
        done, wait, told = -1, seconds, ""
        while not self._stop.is_set():
            try:
                if self._position() > done:
                    done = self._run()
                wait, told = seconds, ""
            except Stopped:
                return
            except EvidenceError as problem:
                if str(problem) != told:
                    told = str(problem)
                    self._tell(told)
                wait = min(2 * wait, AGAIN_SECONDS)
            self._stop.wait(wait)
