"""SIGTERM and SIGINT end a capture cleanly: what runs may end, the job is closed."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.attest.trust.folder import read_trust
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.disk.folders import open_segment
from tests.support.judging.sweeps import rounds
from tests.support.programs.command import COMMAND, Command
from tests.support.programs.waiting import wait_until
from tests.support.servers.pages import Pages, serve_pages

STOPS = (signal.SIGTERM, signal.SIGINT)
SECONDS = 30
"""A stopped run has ended within this time, whatever ran."""


@pytest.fixture
def command(tmp_path: Path) -> Command:
    made = Command(home=tmp_path, archive=tmp_path / "archive")
    assert made.run("init", "--name", "Observers of a test").returncode == 0
    return made


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serve_pages() as served:
        yield served


def start(command: Command, *urls: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(*COMMAND, "--archive", str(command.archive), "capture", "--json"),
            *("--parts", "none", "--allow-network", "127.0.0.0/8", *urls),
        ],
        env=command.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(running: "subprocess.Popen[str]") -> tuple[list[dict[str, Any]], str]:
    """Rows printed and what was said; the time it took is bounded."""
    out, err = running.communicate(timeout=SECONDS)
    assert "Traceback" not in err
    return [json.loads(line) for line in out.splitlines()], err


def judge(command: Command) -> ArchiveReader:
    """VERIFIED with nothing left to log, to cut, or to close; gives the reader."""
    path = open_segment(command.archive)
    before = path.read_bytes()
    trust = read_trust(command.home / "trust", read_identity(command.archive).origin)
    report = verify_archive(command.archive, trust=trust)
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    assert path.read_bytes() == before
    reader = ArchiveReader.open(command.archive)
    checkpoint = (command.archive / "log" / "checkpoint").read_text().splitlines()
    assert int(checkpoint[1]) == reader.next_leaf, "all is logged"
    assert reader.jobs.unclosed() == []
    return reader


@pytest.mark.parametrize("number", STOPS)
def test_R25_what_runs_may_end_and_the_rest_is_not_reached(
    command: Command, pages: Pages, number: signal.Signals
) -> None:
    urls = [*pages.urls(1), *pages.urls(3, "slow")]
    running = start(command, *urls)
    wait_until(lambda: "/slow/0" in pages.asked)
    running.send_signal(number)
    rows, err = end(running)
    assert running.returncode == 5
    assert [(row["uri"], row["outcome"]) for row in rows] == [
        (urls[0], "complete"),
        (urls[1], "complete"),
    ]
    assert len(err.strip().splitlines()) == 1
    assert "addresses not captured: 2 of 4 (" in err
    assert pages.asked == ["/page/0", "/slow/0"]
    reader = judge(command)
    assert len(list(reader.captures())) == 2
    reader.close()


def test_R25_a_second_signal_cuts_what_runs_and_keeps_it(
    command: Command, pages: Pages
) -> None:
    pages.slow_seconds = 60
    running = start(command, *pages.urls(2, "slow"))
    wait_until(lambda: "/slow/0" in pages.asked)
    for number in STOPS:
        time.sleep(0.3)
        running.send_signal(number)
    began = time.monotonic()
    rows, _ = end(running)
    assert time.monotonic() - began < 15  # what never ends is cut after 20
    assert running.returncode == 5
    assert [row["outcome"] for row in rows] == ["stopped"]
    judge(command).close()


@pytest.mark.slow
def test_R25_what_never_ends_is_cut_after_20_seconds_and_kept(
    command: Command, pages: Pages
) -> None:
    pages.slow_seconds = 60
    running = start(command, *pages.urls(1, "slow"))
    wait_until(lambda: "/slow/0" in pages.asked)
    running.send_signal(signal.SIGTERM)
    began = time.monotonic()
    rows, _ = end(running)
    assert 18 < time.monotonic() - began < SECONDS
    assert [row["outcome"] for row in rows] == ["stopped"]
    judge(command).close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_R25_captures_stopped_at_any_moment_leave_nothing_torn(
    command: Command, pages: Pages
) -> None:
    told = set()
    for number in range(rounds(sampled=30, full=100)):
        running = start(command, *pages.urls(60, f"page{number}"))
        moment = random.Random(number).uniform(0.3, 2.0)  # any moment, the same ones
        time.sleep(moment)
        running.send_signal(STOPS[number % 2])
        out, _ = running.communicate(timeout=SECONDS)
        told |= {
            json.loads(line)["id"]
            for line in out.splitlines(keepends=True)
            if line.endswith("\n")
        }
    command.run(
        "capture",
        "--parts",
        "none",
        "--allow-network",
        "127.0.0.0/8",
        pages.urls(1, "last")[0],
    )
    reader = judge(command)
    assert told <= {capture.capture_id for capture in reader.captures()}
    reader.close()


def test_R2_below_the_reserve_the_command_says_what_to_free(
    command: Command, pages: Pages
) -> None:
    environment = {**command.environment(), "EVIDENCE_ARCHIVE__RESERVE_BYTES": "9" * 18}
    before = (command.archive / "log" / "checkpoint").read_bytes()
    done = subprocess.run(
        [
            *(*COMMAND, "--archive", str(command.archive), "capture", "--json"),
            *("--parts", "none", "--allow-network", "127.0.0.0/8", *pages.urls(2)),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 6
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"the disk of {command.archive} is full" in done.stderr
    assert (command.archive / "log" / "checkpoint").read_bytes() == before
    assert pages.asked == []
