"""What all tests share: the test material, programs of the system, honest skips.

A skip says by its reason what is missing, and is listed at the end with the tests it
cost. On a build server (`CI` set) a missing part is a failure; only the test material,
which is no part of this repository, and IPv6, which nobody can install, may be absent.
"""

import os
import shutil
import socket
from collections import defaultdict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Report
from tests.support.judging.told import GoldenReports, told_by_all

ROOT = Path(__file__).parent.parent
DEFAULT_CORPUS = ROOT.parent / "shared" / "corpus"
CORPUS_VARIABLE = "CORPUS_DIR"
"""Its name in a reason is what allows a skip on a build server."""
ONE_WORKER = frozenset(["tests/contract"])
"""Folders whose files share a real server: two workers would start two."""
CORPUS_MISSING = "corpus: CORPUS_DIR not found"
IPV6_MISSING = "network: no IPv6 on the loopback of this machine"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden text be written anew."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write golden reports instead of comparing with them",
    )


def pytest_configure() -> None:
    """Judge no example by the clock: how fast it is says more of the machine."""
    settings.register_profile(
        "any machine",
        settings(),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any machine")


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # a library without types
    """Whole files to one worker; whole folders where files share a costly part."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.partition("::")[0].rpartition("/")[0]
        return folder if folder in ONE_WORKER else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Take `ByFile` for `--dist loadfile`, else what was asked for."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def is_build_server() -> bool:
    """Whether a missing part must fail the run."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    """The folder of real test material, read in place."""
    folder = Path(os.environ.get(CORPUS_VARIABLE) or DEFAULT_CORPUS)
    if not folder.is_dir():
        pytest.skip(CORPUS_MISSING)
    return folder


@pytest.fixture(scope="session")
def golden_reports(pytestconfig: pytest.Config) -> GoldenReports:
    """The reports that must stay as they are, word for word."""
    return GoldenReports(is_written=pytestconfig.getoption("update_goldens"))


@pytest.fixture
def whole_reports(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    golden_reports: GoldenReports,
) -> Generator[list[Report]]:
    """Every report that a test asks for is told word for word as it was."""
    made, heard = Collector.report, list[Report]()

    def report(collector: Collector, *arguments: Any, **named: Any) -> Report:
        heard.append(made(collector, *arguments, **named))
        return heard[-1]

    monkeypatch.setattr(Collector, "report", report)
    yield heard
    told = told_by_all(heard, tmp_path_factory.getbasetemp())
    module, part = request.module.__name__, request.node.name
    if told or not golden_reports.is_written:
        golden_reports.assert_told(told, module=module, part=part)


@pytest.fixture(scope="session")
def require_ipv6() -> None:
    """Skip where ::1 cannot be listened on."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip(IPV6_MISSING)


@pytest.fixture(scope="session")
def require_program() -> Callable[[str], Path]:
    """Give the path of a program of the system, or skip naming it."""

    def find(name: str) -> Path:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"program: {name} is not installed")
        return Path(path)

    return find


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure on a build server, unless material is missing."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and is_build_server():
        reason = skip_reason(report)
        if CORPUS_VARIABLE not in reason and reason != IPV6_MISSING:
            report.outcome = "failed"
            report.longrepr = f"not run on a build server: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests ran, and which did not for want of what."""
    stats = terminalreporter.stats
    ran = sum(len(stats.get(name, ())) for name in ("passed", "failed", "xfailed"))
    missing: dict[str, list[str]] = defaultdict(list)
    for report in stats.get("skipped", ()):
        missing[skip_reason(report)].append(report.nodeid)
    skipped = sum(len(names) for names in missing.values())
    terminalreporter.write_line(f"{ran} tests ran, {skipped} were not run")
    for reason, names in sorted(missing.items()):
        terminalreporter.write_line(f"not run, {reason}:")
        for name in names:
            terminalreporter.write_line(f"  {name}")


def skip_reason(report: Any) -> str:
    """The reason a skip gave."""
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")
