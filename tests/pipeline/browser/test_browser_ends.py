"""What a page job leaves behind: no socket, no process, no trace of who captured."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs.command import COMMAND, Command
from tests.support.programs.waiting import wait_until
from tests.support.servers.browser_site import BrowserSite

SECONDS = 60


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(evidence: Command, site: BrowserSite) -> Iterator[Start]:
    """Give what starts a page job; whatever hangs is ended with the test."""
    jobs: list[subprocess.Popen[str]] = []

    def begin(*urls: str, **extra: str) -> "subprocess.Popen[str]":
        job = subprocess.Popen(
            [
                *COMMAND,
                *("--archive", str(evidence.archive), "capture", "--page"),
                *urls,
                *site.lead("page.test"),
            ],
            env={**evidence.environment(), **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        jobs.append(job)
        return job

    yield begin
    for job in jobs:
        if job.poll() is None:
            job.kill()
            job.communicate()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def slow_page(site: BrowserSite) -> None:
    """A page with a picture that does not come before the gate opens."""
    site.html("page.test", "/", "<p>text<img src=/slow.png>")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin"
    site.answers["page.test", "/slow.png"] = (head, -1.0, b"." * 95)


def test_one_socket_listens_on_loopback_and_none_afterwards(
    start: Start,
    site: BrowserSite,
    evidence: Command,
    listening_of: Callable[[int], list[tuple[str, int]]],
    family_of: Callable[[int], set[int]],
) -> None:
    slow_page(site)
    job = start("http://page.test/")
    wait_until(lambda: "/slow.png" in site.asked)
    ((address, port),) = listening_of(job.pid)
    assert address == "0100007F"  # 127.0.0.1
    processes = family_of(job.pid)
    assert len(processes) > 3
    for request in (
        b"GET http://page.test/ HTTP/1.1",
        b"CONNECT page.test:443 HTTP/1.1",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
            stranger.sendall(request + b"\r\nHost: page.test\r\n\r\n")
            assert stranger.recv(1 << 16).startswith(b"HTTP/1.1 407 ")
    site.gate.set()
    _, errors = job.communicate(timeout=SECONDS)
    assert job.returncode == 0, errors
    wait_until(lambda: not any(map(is_running, processes)))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert site.paths("page.test").count("/") == 1  # the stranger got nothing through


def test_sigterm_ends_the_browser_and_keeps_what_came(
    start: Start,
    site: BrowserSite,
    evidence: Command,
    family_of: Callable[[int], set[int]],
    read: Callable[[Path], Any],
) -> None:
    slow_page(site)
    job = start("http://page.test/", "http://page.test/never")
    wait_until(lambda: "/slow.png" in site.asked)
    processes = family_of(job.pid)
    job.send_signal(signal.SIGTERM)
    _, errors = job.communicate(timeout=20)
    assert job.returncode == 5, errors
    assert "Traceback" not in errors
    wait_until(lambda: not any(map(is_running, processes)))
    records = read(evidence.archive)
    assert records.pages == []
    outcomes = {c.target_uri: str(c.outcome) for c in records.captures}
    assert outcomes["http://page.test/"] == "complete"
    assert outcomes["http://page.test/slow.png"] == "stopped"
    assert "/never" not in site.asked
    (report,) = evidence.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"


def test_a_browser_that_dies_takes_no_evidence_with_it(
    start: Start,
    site: BrowserSite,
    evidence: Command,
    family_of: Callable[[int], set[int]],
    read: Callable[[Path], Any],
) -> None:
    slow_page(site)
    site.html("page.test", "/next", "<title>next</title>")
    job = start("http://page.test/", "http://page.test/next")
    wait_until(lambda: "/slow.png" in site.asked)
    processes = family_of(job.pid)
    (child,) = (
        pid
        for pid in processes
        if b"crawlers.browser.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(child, signal.SIGKILL)
    _, errors = job.communicate(timeout=SECONDS)
    assert job.returncode == 5
    assert "the browser process ended early" in errors
    wait_until(lambda: not any(map(is_running, processes)))
    records = read(evidence.archive)
    assert [page.target_uri for page, _ in records.pages] == ["http://page.test/next"]
    outcomes = {c.target_uri: str(c.outcome) for c in records.captures}
    assert outcomes["http://page.test/slow.png"] == "stopped"


def test_nothing_archived_tells_who_captured(
    start: Start, site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    site.html(
        "page.test",
        "/",
        "<script>const z = Intl.DateTimeFormat().resolvedOptions().timeZone;"
        "fetch('/says/' + z + '/' + new Date(0).getTimezoneOffset() + '/'"
        " + navigator.userAgent.includes('Headless') + '/' + navigator.languages[0]);"
        "document.write(new Date())</script>",
    )
    canaries = {
        "USER": "canary-user",
        "LOGNAME": "canary-logname",
        "HOSTNAME": "canary-host",
        "TZ": "Asia/Kathmandu",
        "LANG": "ne_NP.UTF-8",
        "EMAIL": "canary@mail.example",
    }
    job = start("http://page.test/", **canaries)
    output, errors = job.communicate(timeout=SECONDS)
    assert job.returncode == 0, output + errors
    assert "/says/UTC/0/false/be" in site.asked
    held = archived_bytes(evidence.archive)
    wanted = [value.encode() for value in canaries.values()]
    wanted += [b"Kathmandu", b"+0545", str(evidence.home).encode(), b"evidence-page-"]
    wanted += [os.fsencode(Path.home()) + b"/"]
    if len(socket.gethostname()) > 4:  # a shorter name is in every other text
        wanted.append(socket.gethostname().encode())
    for card in Path("/sys/class/net").glob("*/address"):
        mac = card.read_text().strip()
        if mac.strip("0:"):
            wanted += [mac.encode(), mac.replace(":", "").encode()]
    assert [canary for canary in wanted if canary in held] == []


def archived_bytes(archive: Path) -> bytes:
    """Every byte of every record, and the catalog."""
    held = b""
    for segment in (archive / "segments").rglob("*.gz*"):
        held += gzip.decompress(segment.read_bytes())
    for path in archive.rglob("*"):
        if path.is_file() and ".warc.gz" not in path.name:
            held += path.read_bytes()
    return held


@pytest.mark.slow
def test_a_stream_without_end_is_cut_and_the_page_kept(
    start: Start, site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    site.html(
        "page.test",
        "/",
        "<p id=p></p><script>new EventSource('/events').onmessage ="
        " e => document.getElementById('p').textContent = e.data</script>",
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    site.answers["page.test", "/events"] = (head + b"data: first\n\n", -1.0)
    job = start("http://page.test/")
    output, errors = job.communicate(timeout=120)
    assert job.returncode == 5, output + errors
    records = read(evidence.archive)
    ((_, found),) = records.pages
    assert b"first" in found["resource:urn:text:http://page.test/"].kept
    info = json.loads(found["resource:urn:pageinfo:http://page.test/"].kept)
    assert info["page"]["load"] == "busy"
    outcomes = {c.target_uri: str(c.outcome) for c in records.captures}
    assert outcomes["http://page.test/events"] == "stopped"


ROOM_BYTES = 6 << 30
"""Of memory that is free: twice what a page may take."""


def free_memory() -> int:
    found = re.search(r"MemAvailable:\s*([0-9]+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) << 10 if found else 0


@pytest.mark.slow
@pytest.mark.skipif(free_memory() < ROOM_BYTES, reason="needs 6 GiB of free memory")
def test_a_page_that_eats_memory_is_ended_and_the_next_one_shown(
    start: Start, site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    script = "const a = []; setInterval(() => a.push(new Uint8Array(1 << 26).fill(1)))"
    site.html("page.test", "/next", "<title>next</title>")
    slow = (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin", -1.0, b"." * 95)
    site.answers["page.test", "/slow.png"] = slow
    site.html("page.test", "/", f"<img src=/slow.png><script>{script}</script>")
    job = start("http://page.test/", "http://page.test/next")
    _output, errors = job.communicate(timeout=150)
    assert job.returncode == 5
    assert "the page took more than 3072 MiB of memory" in errors
    records = read(evidence.archive)
    assert [page.target_uri for page, _ in records.pages] == ["http://page.test/next"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For temporary files: a browser makes sockets there, whose paths are short."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_page_is_shown_wherever_temporary_files_go(
    start: Start, site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    """What a browser keeps of a page stays where the person wants such files."""
    deep = evidence.home / ("deep" * 30) / "er" / ("and deeper" * 8)
    deep.mkdir(parents=True, mode=0o700)
    slow_page(site)
    job = start("http://page.test/", TMPDIR=str(deep))
    wait_until(lambda: "/slow.png" in site.asked)
    (folder,) = deep.iterdir()
    assert list(folder.glob("org.chromium.*/SingletonSocket"))
    site.gate.set()
    output, errors = job.communicate(timeout=SECONDS)
    assert job.returncode == 0, output + errors
    ((page, found),) = read(evidence.archive).pages
    assert page.target_uri == "http://page.test/"
    assert b"text" in found["resource:urn:text:http://page.test/"].kept
    assert list(deep.iterdir()) == []


@pytest.mark.slow
def test_a_kill_leaves_no_trace_of_the_page_behind_the_next_start(
    start: Start,
    site: BrowserSite,
    evidence: Command,
    family_of: Callable[[int], set[int]],
    short_folder: Path,
) -> None:
    """The profile tells what was watched: on an observer's laptop that is a danger."""
    slow_page(site)
    job = start("http://page.test/", TMPDIR=str(short_folder))
    wait_until(lambda: "/slow.png" in site.asked)
    processes = family_of(job.pid)
    (folder,) = short_folder.glob("evidence-page-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert any(folder.iterdir())
    job.kill()
    job.communicate(timeout=20)
    assert folder.exists(), "else there is nothing to be removed"
    # Another folder for temporary files, as after the next login.
    done = evidence.run("checkpoint")
    assert done.returncode == 0, done.stderr
    assert not folder.exists()
    assert list(short_folder.glob("evidence-page-*")) == []
    assert list((evidence.archive / "spool").glob("visit-*")) == []
    wait_until(lambda: not any(map(is_running, processes)))
    (report,) = evidence.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"
