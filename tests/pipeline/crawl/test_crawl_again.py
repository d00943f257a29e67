"""Crawling again: conditions, revisits, and going on where a run was cut short."""

import json
import os
import pty
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture
from archive.store.reading.reader import ArchiveReader
from tests.support.capturing.sources import ALL_FETCHED, listing_site, seed_table
from tests.support.programs.command import Evidence
from tests.support.programs.waiting import wait_until
from tests.support.servers.crawl_site import Site

HOSTS = listing_site("pages = 1") + seed_table("http://a.example/about")
BIG = b"\x89PNG" + bytes(range(256)) * 400
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nX-Seen: yes\r\n\r\n"


def captures(evidence: Evidence) -> list[Capture]:
    reader = ArchiveReader.open(evidence.archive)
    found = list(reader.captures())
    reader.close()
    return found


def crawl(site: Site, evidence: Evidence, folder: Path, *more: str) -> dict[str, Any]:
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder), *more),
        *site.connect_to("a.example"),
    )
    result["exit"] = code
    return dict(result)


def fill(site: Site) -> None:
    """A list of two articles with a large picture; pages have validators."""
    tag, kind = 'ETag: "v1"', "Content-Type: text/html; charset=utf-8"
    date = "Last-Modified: Sun, 26 Jan 2025 10:00:00 GMT"
    site.serve("/robots.txt", "User-agent: *\nAllow: /", "Content-Type: text/plain")
    site.serve("/", "<li><a href=/1>One</a><li><a href=/2>Two</a>", kind, tag)
    site.serve("/about", "<p>about", kind, date)
    site.serve("/1", "<img src=/i.png><p>one", kind, tag, date)
    site.serve("/2", "<img src=/i.png><p>two", kind)
    site.serve("/i.png", BIG, "Content-Type: image/png")


def respect_conditions(site: Site) -> None:
    """From now on what is asked for with a condition is not modified."""
    site.answering = lambda head, path: (
        NOT_MODIFIED
        if b'\r\nif-none-match: "v1"\r\n' in head
        or b"\r\nif-modified-since: sun, 26 jan 2025 10:00:00 gmt\r\n" in head
        else site.reply(path)
    )


def test_a_second_crawl_asks_with_conditions_and_keeps_revisits(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    fill(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    first = crawl(site, evidence, folder)
    before = {c.target_uri: c for c in captures(evidence) if c.kind == "capture"}
    assert first["exit"] == 0
    respect_conditions(site)
    begun = len(site.log)
    second = crawl(site, evidence, folder)
    assert second["exit"] == 0
    assert second["items"] == first["items"] == 2  # links of an unchanged list
    replies = {r.split(b" ", 2)[1]: a for r, a in site.log[begun:]}
    assert {p for p, a in replies.items() if a == NOT_MODIFIED} == {
        b"/",
        b"/about",
        b"/1",
    }
    later = [c for c in captures(evidence) if c.job_id == second["job_id"]]
    revisits = {c.target_uri: c for c in later if c.refers_to is not None}
    assert {u[16:]: c.http_status for u, c in revisits.items()} == {
        "/": 304,
        "/about": 304,
        "/1": 304,
        "/i.png": 200,
    }
    for uri, capture in revisits.items():
        assert capture.refers_to == before[uri].capture_id
    check_content(evidence, revisits)
    pages = [c for c in later if c.kind == "page"]
    assert sorted(p.target_uri[16:] for p in pages) == ["/", "/1", "/2", "/about"]
    assert evidence.verified() == "VERIFIED"


def check_content(evidence: Evidence, revisits: dict[str, Capture]) -> None:
    """Each revisit shows what it refers to, and keeps what came."""
    reader = ArchiveReader.open(evidence.archive)
    article, picture = (
        revisits["http://a.example/1"],
        revisits["http://a.example/i.png"],
    )
    assert reader.payload(article).data == b"<img src=/i.png><p>one"
    assert reader.payload(picture).data == BIG
    assert reader.read_exchange(article).response == NOT_MODIFIED
    head = reader.read_exchange(picture).response
    assert head is not None
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")
    reader.close()


def test_capture_never_asks_with_a_condition(site: Site, evidence: Evidence) -> None:
    fill(site)
    for _ in range(2):
        code, _rows = evidence.rows(
            *("capture", "http://a.example/1", "--json"),
            *site.connect_to("a.example"),
        )
        assert code == 0
    assert not any(b"if-" in request.lower() for request, _ in site.log)
    kept = [c for c in captures(evidence) if c.kind == "capture"]
    assert [c.target_uri[16:] for c in kept if c.refers_to] == ["/i.png"]
    assert evidence.verified() == "VERIFIED"


def test_nothing_repeats_what_another_source_captured(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    """That source may be restricted: whoever has the repetition needs the first."""
    fill(site)
    assert crawl(site, evidence, sources("outlet", HOSTS, ALL_FETCHED))["exit"] == 0
    for _ in range(2):
        code, _rows = evidence.rows(
            *("capture", "http://a.example/1", "--json"),
            *site.connect_to("a.example"),
        )
        assert code == 0
    pictures = [c for c in captures(evidence) if c.target_uri[16:] == "/i.png"]
    assert [c.source_id for c in pictures] == ["outlet", None, None]
    assert [c.refers_to for c in pictures] == [None, None, pictures[1].capture_id]


NUMBER = 24


def many(site: Site) -> None:
    site.serve("/", "".join(f"<li><a href=/{n}>{n}</a>" for n in range(NUMBER)))
    site.serve("/about", "<p>about")
    for number in range(NUMBER):
        site.serve(f"/{number}", f"<p>{number}<img src=/p{number}.png>")
        site.serve(f"/p{number}.png", b"\x89PNG", "Content-Type: image/png")


@pytest.mark.parametrize(
    ("after", "number"),
    [
        (1, signal.SIGKILL),
        (12, signal.SIGTERM),
        (40, signal.SIGKILL),
        pytest.param(1, signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(12, signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param(40, signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_crawl_that_was_cut_short_goes_on(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
    *,
    number: signal.Signals,
    after: int,
) -> None:
    many(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    running = evidence.start(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    wait_until(lambda: len(site.log) >= after)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
    for pid in children.split():
        os.kill(int(pid), number)
    running.communicate(timeout=60)
    kept = {c.capture_id for c in captures(evidence)}
    result = crawl(site, evidence, folder)
    assert result["exit"] == 0
    found = captures(evidence)
    assert kept <= {c.capture_id for c in found}
    whole = [c for c in found if str(c.outcome) == "complete"]
    uris = [c.target_uri[16:] for c in whole if c.kind == "capture"]
    wanted = {"/", "/about", *(f"/{n}" for n in range(NUMBER))}
    assert wanted | {f"/p{n}.png" for n in range(NUMBER)} <= set(uris)
    pages = [c.target_uri[16:] for c in whole if c.kind == "page"]
    assert set(pages) == wanted
    if number is signal.SIGKILL:  # a stop states pages with gaps, and then again
        assert len(pages) == len(wanted)
    assert len(uris) == len(set(uris))  # nothing that was kept is asked for twice
    # Recovery may bring back one more than a reader saw: the redo file is ahead.
    assert result["taken_over"] > 0 or not kept
    promised = {seed["uri"] for seed in result["seeds"]}
    assert promised <= {"http://a.example/", "http://a.example/about"}
    assert evidence.verified() == "VERIFIED"


def test_a_crawl_that_is_killed_again_and_again_comes_to_its_end(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    many(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    for _ in range(4):
        begun = len(site.log)
        running = evidence.start(
            *("crawl", "outlet", "--json", "--sources", str(folder)),
            *site.connect_to("a.example"),
        )
        while len(site.log) < begun + 9:
            assert running.poll() is None
            time.sleep(0.005)
        pid = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
        os.kill(int(pid), signal.SIGKILL)
        running.communicate(timeout=60)
    result = crawl(site, evidence, folder)
    assert result["exit"] == 0
    found = [c for c in captures(evidence) if str(c.outcome) == "complete"]
    uris = [c.target_uri[16:] for c in found if c.kind == "capture"]
    assert len(uris) == len(set(uris)) == 2 * NUMBER + 3
    assert evidence.verified() == "VERIFIED"


def test_a_finished_crawl_and_a_fresh_one_begin_anew(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    fill(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    crawl(site, evidence, folder)
    second = crawl(site, evidence, folder)
    assert (second["taken_over"], len(second["seeds"])) == (0, 2)
    running = evidence.start(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    begun = len(site.log)
    while len(site.log) < begun + 3:
        time.sleep(0.005)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    third = crawl(site, evidence, folder, "--fresh")
    assert (third["taken_over"], len(third["seeds"])) == (0, 2)


def test_budgets_of_one_host_stop_it_with_a_signal(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    many(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED + "host_requests = 10\n")
    result = crawl(site, evidence, folder)
    assert len(site.log) == 10
    assert result["signals"]["budget:host-requests"] > 0
    folder = sources("outlet", HOSTS, ALL_FETCHED + "host_bytes = 2000\n")
    result = crawl(site, evidence, folder)
    assert result["signals"]["budget:host-bytes"] > 0
    assert len(site.log) < 60


def run_on_terminal(evidence: Evidence, *verb: str) -> str:
    """What the command shows on a terminal."""
    master, slave = pty.openpty()
    shown = bytearray()

    def read() -> None:
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:
                return
            if not data:
                return
            shown.extend(data)

    thread = threading.Thread(target=read)
    thread.start()
    environment = {**evidence.environment(), "TERM": "xterm", "COLUMNS": "150"}
    subprocess.run(
        evidence.arguments(*verb),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        check=False,
        timeout=90,
    )
    os.close(slave)
    thread.join(10)
    os.close(master)
    return shown.decode()


@pytest.mark.parametrize("verb", ["crawl", "capture"])
def test_a_terminal_sees_progress_on_one_line(
    site: Site, evidence: Evidence, sources: Callable[..., Path], verb: str
) -> None:
    many(site)
    pages = [f"http://a.example/{n}" for n in range(NUMBER)]
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    what = ("outlet", "--sources", str(folder)) if verb == "crawl" else tuple(pages)
    shown = run_on_terminal(evidence, verb, *what, *site.connect_to("a.example"))
    assert " captured, 0 failed, " in shown
    assert " queued, " in shown
    assert " MiB, a.example" in shown
    assert "\x1b[2K" in shown  # the line is rewritten, not repeated
    assert "Traceback" not in shown


def test_without_a_terminal_progress_is_plain_and_json_is_silent(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    many(site)
    folder = sources("outlet", HOSTS, ALL_FETCHED)
    arguments = ("crawl", "outlet", "--sources", str(folder))
    connect = site.connect_to("a.example")
    done = evidence.run(*arguments, *connect)
    lines = done.stderr.splitlines()
    assert 0 < len(lines) < 12
    assert all(line.startswith("outlet: ") for line in lines)
    assert "\x1b" not in done.stderr
    silent = evidence.run(*arguments, "--json", *connect)
    assert silent.stderr == ""
    assert json.loads(silent.stdout)["captures"] > 0
