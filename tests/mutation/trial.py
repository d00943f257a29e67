"""One mutant before its tests, in a process of its own that ends at the first failure.

The process is forked from one that has collected all tests, so that neither imports
nor collection are paid for again. It tells by a pipe what it runs, and what failed.
"""

import os
import resource
import select
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import pytest

from tests.mutation.inplace import exchange
from tests.mutation.mutants import Mutant
from tests.mutation.reach import Costs

PATIENCE = 10
"""So many times as long as with the sound module a test may compute."""
COMPUTE_SECONDS = 5
"""And this long beyond it: short tests vary most."""
WAIT_SECONDS = 90
"""So long a test may wait beyond 20 times its time: other work may have the machine."""
MEMORY_BYTES = 4 << 30
"""What a change that gathers without end may take."""
BEGINS, FAILS, SURVIVES = "begins", "fails", "survives"


class Verdict(StrEnum):
    """How a trial ended; `SURVIVED` and `UNREACHED` are bad."""

    NOTICED = "noticed"
    STOPPED = "stopped"
    """Noticed, too: the test ran far too long, or its process ended."""
    SURVIVED = "survived"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The verdict, and the test that failed or was running when it ended."""

    verdict: Verdict
    test: str = ""


def attempt(mutant: Mutant | None, items: Sequence[pytest.Item], costs: Costs) -> Trial:
    """Run these tests with a mutant; with None they run as they are."""
    if not items:
        return Trial(verdict=Verdict.UNREACHED)
    folder = tempfile.mkdtemp(prefix="mutant-")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _live(Telling(writing, costs), mutant, items, folder=folder)
        finally:  # whatever was raised: this is not the process to go on
            os._exit(1)
    os.close(writing)
    try:
        return _listen(reading, costs)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        shutil.rmtree(folder, ignore_errors=True)


def _listen(reading: int, costs: Costs) -> Trial:
    told, test = b"", ""
    while True:
        limit = WAIT_SECONDS + 20 * costs.of(test)
        is_ready = bool(select.select([reading], [], [], limit)[0])
        data = os.read(reading, 1 << 16) if is_ready else b""
        if not data:
            return Trial(verdict=Verdict.STOPPED, test=test)
        *lines, told = (told + data).split(b"\n")
        for line in lines:
            what, _, test = line.decode().partition(" ")
            if what == FAILS:
                return Trial(verdict=Verdict.NOTICED, test=test)
            if what == SURVIVES:
                return Trial(verdict=Verdict.SURVIVED)


class Telling:
    """A plugin of the child: says what it runs, and bounds what each test computes."""

    def __init__(self, pipe: int, costs: Costs) -> None:
        self._pipe = pipe
        self._costs = costs

    def say(self, what: str, about: str = "") -> None:
        """One line to the parent; short enough to arrive whole."""
        os.write(self._pipe, f"{what} {about}\n".encode())

    def begin(self, item: pytest.Item) -> None:
        """Bound the next test."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = COMPUTE_SECONDS + PATIENCE * self._costs.of(item.nodeid)
        most = int(used.ru_utime + used.ru_stime + allowed)
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
        self.say(BEGINS, item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End with the first failure."""
        if report.failed:
            self.say(FAILS, report.nodeid)
            os._exit(1)


def _live(
    telling: Telling,
    mutant: Mutant | None,
    items: Sequence[pytest.Item],
    *,
    folder: str,
) -> None:
    """What the child does; the end of the tests is told, nothing else returns."""
    os.setpgid(0, 0)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    if mutant is not None:
        exchange(mutant)
    items[0].config.pluginmanager.register(telling)
    for item, following in pairwise([*items, None]):
        if item is None:
            raise AssertionError("only the last is None")
        telling.begin(item)
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
    telling.say(SURVIVES)
