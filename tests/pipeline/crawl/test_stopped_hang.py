"""Ctrl-C while the crawling process hangs: the shell is back soon, all is in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.records.job import JobClosing
from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.silence import ASKED_SECONDS, CUT_SECONDS, STUCK_SECONDS
from tests.support.capturing.sources import ALL_FOLLOWED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.programs.waiting import wait_until
from tests.support.servers.crawl_site import Site

SOON_SECONDS = 60
"""To close the job and end, on a busy machine."""
BEATEN_SECONDS = 3.0
"""Then the last sign of life from before the hang was heard."""
DEEP = " ".join(["div"] * 8)
ENDLESS = f'item = "div:has({DEEP}) div:has({DEEP}) div:has({DEEP})"'
PAGE = "<div>" * 240 + "x"
STOPS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def start(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> Callable[..., "subprocess.Popen[str]"]:
    """Give what starts a verb over the sources `endless` and `other`."""
    site.serve("/deep", PAGE)
    site.serve("/plain", "<p>plain")
    deep = seed_table("http://a.example/deep", "listing", ENDLESS)
    plain = seed_table("http://a.example/plain", "page")
    sources("endless", 'parts = "none"', host_tables(), deep, ALL_FOLLOWED)
    folder = sources("other", 'parts = "none"', host_tables(), plain, ALL_FOLLOWED)
    other = folder / "other.toml"  # a host belongs to one source
    other.write_text(other.read_text().replace("a.example", "b.example"))

    def begin(*verb: str) -> "subprocess.Popen[str]":
        running = evidence.start(
            *(*verb, "--sources", str(folder)),
            *site.connect_to("a.example", "b.example"),
        )
        wait_until(lambda: "/deep" in site.asked)
        time.sleep(BEATEN_SECONDS)
        return running

    return begin


def closing_of(evidence: Evidence, source_id: str = "endless") -> JobClosing:
    """What is there when the command has ended: nobody else opened the archive."""
    reader = ArchiveReader.open(evidence.archive)
    try:
        assert reader.jobs.unclosed() == []
        last = reader.jobs.last(source_id)
        assert last is not None
        captures = [c.target_uri for c in reader.captures_of_job(last[0].job_id)]
        assert "http://a.example/deep" in captures
    finally:
        reader.close()
    return last[1]


@pytest.mark.parametrize("number", STOPS)
def test_one_signal_ends_a_crawl_that_hangs_and_closes_its_job(
    evidence: Evidence,
    start: Callable[..., "subprocess.Popen[str]"],
    number: signal.Signals,
) -> None:
    running = start("crawl", "endless", "other")
    running.send_signal(number)
    began = time.monotonic()
    out, err = running.communicate(timeout=STUCK_SECONDS - 60)
    assert time.monotonic() - began < ASKED_SECONDS + SOON_SECONDS
    assert running.returncode == 5, err
    assert out == ""
    said = [line for line in err.splitlines() if line.startswith("evidence: ")]
    assert len(said) == 3
    assert said[0].startswith("evidence: stopping: ")
    assert "crawl of endless gave no sign of life for 10 s when it was asked" in said[1]
    assert "its job is closed, what it acknowledged is in the archive" in said[1]
    assert said[2] == "evidence: stopped; not begun: other"
    closing = closing_of(evidence)
    assert closing.signals == {"killed": 1}, "ten seconds say nothing of the selectors"
    assert [outcome.state for outcome in closing.outcomes] == ["captured"]
    assert evidence.verified() == "VERIFIED"


def test_a_second_signal_ends_it_at_once(
    evidence: Evidence, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    running = start("crawl", "endless")
    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = running.communicate(timeout=60)
    assert time.monotonic() - began < CUT_SECONDS + SOON_SECONDS
    assert running.returncode == 5, err
    assert "was asked twice to end, and was ended; its job is closed" in err
    assert closing_of(evidence).signals == {"killed": 1}
    assert evidence.verified() == "VERIFIED"


def test_who_presses_it_again_and_again_waits_for_nothing(
    evidence: Evidence, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    running = start("crawl", "endless")
    began = time.monotonic()
    while running.poll() is None and time.monotonic() - began < 30:
        running.send_signal(signal.SIGINT)
        time.sleep(0.4)
    _, err = running.communicate(timeout=60)
    assert time.monotonic() - began < CUT_SECONDS + ASKED_SECONDS
    assert "Traceback" not in err
    # The last signal may come when the interpreter is leaving.
    assert running.returncode in (5, 130, -signal.SIGINT)
    done = evidence.run("checkpoint")
    assert done.returncode == 0, done.stderr
    assert closing_of(evidence).signals == {"killed": 1}
    assert evidence.verified() == "VERIFIED"


@pytest.mark.parametrize("verb", [("crawl", "--due"), ("watch",)])
def test_a_watch_that_is_stopped_ends_what_hangs_and_closes_its_job(
    evidence: Evidence,
    start: Callable[..., "subprocess.Popen[str]"],
    verb: tuple[str, ...],
) -> None:
    running = start(*verb, "endless")
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = running.communicate(timeout=STUCK_SECONDS - 60)
    assert time.monotonic() - began < ASKED_SECONDS + SOON_SECONDS
    assert "when it was asked to end, and was ended; its job is closed" in out + err
    assert running.returncode == (0 if verb == ("watch",) else 5), err
    assert closing_of(evidence).signals == {"killed": 1}
    assert evidence.verified() == "VERIFIED"


def test_a_second_signal_cuts_what_a_crawl_receives_and_keeps_it(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    """It lives: what it has of the body is kept, and the job says how it ended."""
    seed = seed_table("http://a.example/slow", "page")
    folder = sources("outlet", 'parts = "none"', host_tables(), seed, ALL_FOLLOWED)
    running = evidence.start(
        *("crawl", "outlet", "--sources", str(folder)), *site.connect_to("a.example")
    )
    wait_until(lambda: "/slow" in site.asked)
    for _ in range(2):
        running.send_signal(signal.SIGINT)
        time.sleep(0.5)
    began = time.monotonic()
    _, err = running.communicate(timeout=60)
    site.gate.set()
    assert time.monotonic() - began < ASKED_SECONDS, "what runs may take 20 s"
    assert running.returncode == 5, err
    reader = ArchiveReader.open(evidence.archive)
    try:
        assert reader.jobs.unclosed() == []
        slow = [c for c in reader.captures() if c.target_uri.endswith("/slow")]
    finally:
        reader.close()
    assert [str(capture.outcome) for capture in slow] == ["stopped"]
    assert evidence.verified() == "VERIFIED"


def test_no_child_stays_behind(
    evidence: Evidence, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    running = start("crawl", "endless")
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
    (child,) = map(int, children.split())
    for _ in range(3):
        running.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    running.communicate(timeout=60)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
