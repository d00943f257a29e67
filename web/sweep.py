"""Sweep: the check of the whole archive, run once behind the pages; its last Report.

The pages print what `archive.verify` found and when; nothing is judged here.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from archive.errors import EvidenceError
from archive.verify.report import Report

_LOG = logging.getLogger("web.sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepState:
    """`state` is `off`, `running`, `stopped` or `done`; a report only when done."""

    state: str
    report: Report | None = None
    finished_at: datetime | None = None


class Sweep:
    """Runs one check at a time and keeps its result."""

    def __init__(
        self, check: Callable[[], Report] | None, *, clock: Callable[[], datetime]
    ) -> None:
        """`check` None: this server does not sweep."""
        self._check = check
        self._clock = clock
        self._state = SweepState(state="off" if check is None else "running")

    @property
    def state(self) -> SweepState:
        """The newest state."""
        return self._state

    def start(self) -> None:
        """Run in a thread that does not keep the process alive."""
        if self._check is not None:
            threading.Thread(target=self.run, name="sweep", daemon=True).start()

    def run(self) -> None:
        """Run here and now."""
        if self._check is None:
            return
        try:
            report = self._check()
        except (EvidenceError, OSError) as error:
            _LOG.warning("web.sweep-stopped", extra={"error": type(error).__name__})
            self._state = SweepState(state="stopped", finished_at=self._clock())
            return
        self._state = SweepState(state="done", report=report, finished_at=self._clock())
