"""A pytest plugin: which test reaches which line, and what each test computes.

For `make coverage`, under `coverage run`: coverage files each line under the test that
is being run, and its seconds go to a file beside its data. `make mutants` reads both.
"""

import json
import os
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

SECONDS = Path("build/mutation/seconds.json")


def computed() -> float:
    """Seconds that this process and the children it waited for have computed."""
    return sum(os.times()[:4])


class Reach:
    """Tells coverage whose lines these are; sums up what the tests take."""

    def __init__(self, measuring: coverage.Coverage) -> None:
        self._measuring = measuring
        self._tests: dict[str, float] = {}
        self._files: dict[str, float] = defaultdict(float)
        self._setup = 0.0
        self._failed = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item
    ) -> Generator[None, object, object]:
        """File the lines of a test, of what is made for it too, under its name."""
        self._measuring.switch_context(item.nodeid)
        self._setup, begun = 0.0, computed()
        try:
            return (yield)
        finally:
            file = file_of(item.nodeid)
            self._files[file] = max(self._files[file], self._setup)
            self._tests[item.nodeid] = computed() - begun - self._setup

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """Take apart what is made before a test: often for all tests of its file."""
        begun = computed()
        try:
            return (yield)
        finally:
            self._setup = computed() - begun

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice whether any test failed."""
        self._failed |= report.failed

    def pytest_sessionfinish(self) -> None:
        """Write the seconds down, unless a test failed: it would notice anything."""
        if self._failed:
            SECONDS.unlink(missing_ok=True)
            return
        SECONDS.parent.mkdir(parents=True, exist_ok=True)
        costs = {"tests": self._tests, "files": self._files}
        SECONDS.write_text(json.dumps(costs, indent=0, sort_keys=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Seconds that each test computes, and its file prepares for all of its tests."""

    tests: Mapping[str, float]
    files: Mapping[str, float]

    def of(self, test: str) -> float:
        """What a test takes alone."""
        return self.tests.get(test, 0) + self.files.get(file_of(test), 0)


def file_of(test: str) -> str:
    """The file of a node id."""
    return test.partition("::")[0]


def read_costs() -> Costs:
    """What the plugin wrote. Raises FileNotFoundError before `make coverage`."""
    return Costs(**json.loads(SECONDS.read_text()))


def pytest_configure(config: pytest.Config) -> None:
    """Watch along if coverage is measured."""
    measuring = coverage.Coverage.current()
    if measuring is None:
        raise pytest.UsageError("run this plugin under `coverage run`")
    config.pluginmanager.register(Reach(measuring))
