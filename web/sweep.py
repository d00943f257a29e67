"""Sweep: the check of the whole archive, run behind the pages; its last Report.

It runs once when the server starts, and again when a reader asks, one at a time. The
pages print what `archive.verify` found and when; nothing is judged here.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archive.errors import EvidenceError
from archive.verify.reporting.report import Report

REST = timedelta(seconds=60)
"""Between the end of one check and the next that a reader may start."""
_LOG = logging.getLogger("web.sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepState:
    """`state` is `off`, `running`, `stopped` or `done`; `report` the last one made."""

    state: str
    report: Report | None = None
    finished_at: datetime | None = None
    started_at: datetime | None = None


class Sweep:
    """Runs one check at a time and keeps its result."""

    def __init__(
        self, check: Callable[[], Report] | None, *, clock: Callable[[], datetime]
    ) -> None:
        """`check` None: this server does not sweep."""
        self._check = check
        self._clock = clock
        self._state = SweepState(state="off" if check is None else "running")
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @property
    def state(self) -> SweepState:
        """The newest state."""
        return self._state

    def start(self) -> None:
        """Run in a thread that does not keep the process alive."""
        if self._check is not None:
            threading.Thread(target=self.run, name="sweep", daemon=True).start()

    def again(self) -> bool:
        """Start another check, unless one runs or has just ended; whether it began."""
        with self._lock:
            state = self._state
            rested = (
                state.finished_at is None or self._clock() - state.finished_at >= REST
            )
            if state.state in ("off", "running") or not rested:
                return False
            self._ended.clear()
            self._state = replace(state, state="running", started_at=self._clock())
        self.start()
        return True

    def progress(self, *, seconds: int) -> Iterator[int]:
        """Count seconds while a check runs, at most so many."""
        for passed in range(seconds):
            if self._state.state != "running" or self._ended.wait(1):
                return
            yield passed + 1

    def run(self) -> None:
        """Run here and now."""
        if self._check is None:
            return
        self._state = replace(self._state, state="running", started_at=self._clock())
        state, report = "stopped", None
        try:
            report = self._check()
            state = "done"
        except (EvidenceError, OSError) as error:
            _LOG.warning("web.sweep-stopped", extra={"error": type(error).__name__})
        finally:  # whatever happened: else it would be "running" for ever
            self._end(state, report)

    def _end(self, state: str, report: Report | None) -> None:
        self._state = replace(
            self._state, state=state, report=report, finished_at=self._clock()
        )
        self._ended.set()
