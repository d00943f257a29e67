"""`evidence crawl` in a child process: scope, robots, parts, outcomes of each seed."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.store.reading.reader import ArchiveReader
from tests.support.capturing.sources import host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.programs.waiting import wait_until
from tests.support.servers.crawl_site import Site

HOSTS = host_tables(mirrors=("dead.example",))
LISTING = """
[[seed]]
url = "http://a.example/"
spider = "listing"
item = "li"
next = "a.next"
pages = 2
"""
SCOPE = """
[[scope]]
path = '/ignored'
action = "ignore"

[[scope]]
path = '/(news/.*|page2|slow|robots.txt|private|hop|)'
action = "fetch"

[[scope]]
path = '/.*[.](css|png)'
action = "fetch"

[limits]
delay_ms = 0
"""
ARTICLE = "<link rel=stylesheet href=/s.css><img src=/i.png><p>text"
ASKED = [
    *("/robots.txt", "/", "/page2", "/news/1", "/news/2", "/news/3"),
    *("/s.css", "/i.png", "/news/gone", "/hop"),
]
HOP_TO_A_FILE = (
    "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
)
ROBOTS = "User-agent: *\nDisallow: /private\nDisallow: /no.png"


def seed(path: str, host: str = "a.example") -> str:
    return seed_table(f"http://{host}{path}")


def fill(site: Site) -> None:
    site.serve("/robots.txt", ROBOTS, "X: 1")
    site.serve(
        "/",
        "<li><a href=/news/1>One</a><li><a href=/news/2>Two</a><li>none"
        "<li><a href=/ignored>x</a><li><a href=http://b.example/>out</a>"
        "<a class=next href=/page2>older</a>",
    )
    site.serve("/page2", "<li><a href=/news/3>Three</a><a class=next href=/page3>")
    for number in (1, 2, 3):
        site.serve(f"/news/{number}", ARTICLE)
    site.serve("/s.css", "p{background:url(no.png)}", "Content-Type: text/css")
    site.serve("/i.png", b"\x89PNG", "Content-Type: image/png")
    site.serve_raw("/hop", HOP_TO_A_FILE)


def test_a_listing_is_crawled_with_its_articles_and_their_parts(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    fill(site)
    folder = sources(
        "outlet",
        HOSTS,
        LISTING,
        seed("/private"),
        seed("/news/gone"),
        seed("/", "dead.example"),
        seed("/hop"),
        SCOPE,
        "[expect]\nitems_min = 6\nitems_max = 6\ncaptures_min = 500",
    )
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
        *("--connect-to", "dead.example:80=127.0.0.1:1"),
    )
    assert code == 5
    assert [(s["state"], s["reason"][:7]) for s in result["seeds"]] == [
        ("captured", ""),
        ("blocked", "robots"),
        ("captured", ""),
        ("failed", "refused"),
        ("captured", ""),
    ]
    assert result["items"] == 5
    assert result["signals"] == {
        "item-without-link": 1,
        "out-of-scope:no-rule": 1,
    }
    assert {e["name"]: e["outcome"] for e in result["expectations"]} == {
        "items_min": "failed",
        "items_max": "met",
        "captures_min": "failed",
    }
    assert sorted(site.paths) == sorted(ASKED)
    kept = [block for block in evidence.blocks() if block[1]]
    assert sorted(kept) == sorted(site.log)
    assert evidence.verified() == "VERIFIED"
    check_pages_and_closing(evidence, result)


def check_pages_and_closing(evidence: Evidence, result: dict[str, Any]) -> None:
    reader = ArchiveReader.open(evidence.archive)
    reader.catch_up()
    captures = list(reader.captures())
    pages = [c for c in captures if c.kind == "page"]
    assert len(pages) == 5
    article = next(c for c in pages if c.target_uri.endswith("/news/1"))
    parts = {p.uri.rpartition("/")[2]: p for p in reader.read_page(article).parts}
    assert parts["s.css"].capture_id is not None
    assert parts["i.png"].capture_id is not None
    assert parts["no.png"].capture_id is None
    assert parts["no.png"].reason == "robots"
    roles = {c.target_uri: c.role for c in captures if c.kind == "capture"}
    assert roles["http://a.example/robots.txt"] == "robots"
    assert roles["http://a.example/hop"] == "hop"
    assert roles["http://a.example/s.css"] == "part"
    policy = [c for c in captures if str(c.outcome) == "policy"]
    assert [c.target_uri for c in policy] == ["file:///etc/passwd"]
    assert {c.source_id for c in captures} == {"outlet"}
    assert {c.job_id for c in captures} == {result["job_id"]}
    assert len({s for seed in result["seeds"] for s in seed["captures"]}) == 6
    reader.close()


def test_an_unknown_source_and_a_broken_file_change_nothing(
    evidence: Evidence, sources: Callable[..., Path]
) -> None:
    done = evidence.run("crawl", "nobody")
    assert done.returncode == 2
    assert "`evidence sources list` names them" in done.stderr
    folder = sources("outlet", HOSTS, "colour = 1")
    done = evidence.run("crawl", "outlet", "--sources", str(folder))
    assert done.returncode == 2
    assert "outlet.toml:" in done.stderr
    done = evidence.run("crawl", "viasna", "--connect-to", "nonsense")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


SECOND_SECONDS = 2.0
"""Within this a second writer has left, on a machine that does nothing else."""


def test_R23_a_second_writer_leaves_at_once_and_changes_nothing(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    folder = sources("outlet", HOSTS, seed("/slow"), SCOPE)
    leads = site.connect_to("a.example")
    crawl = ("crawl", "outlet", "--sources", str(folder), *leads)
    running = evidence.start(*crawl)
    wait_until(lambda: "/slow" in site.asked)
    checkpoint = evidence.archive / "log" / "checkpoint"
    before_it = checkpoint.read_bytes()  # the first one publishes once more, in 5 s
    wait_until(lambda: checkpoint.read_bytes() != before_it)
    before = contents(evidence.archive)
    for verb in (crawl, ("capture", "http://a.example/", *leads)):
        seconds, done = timed(evidence, verb)
        assert contents(evidence.archive) == before
        assert done.returncode == 6
        assert len(done.stderr.strip().splitlines()) == 1
        assert seconds <= SECOND_SECONDS
    site.gate.set()
    _out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert evidence.verified() == "VERIFIED"


def timed(evidence: Evidence, verb: tuple[str, ...]) -> tuple[float, Any]:
    """Wall time over what this machine gives to one process, and the ended run."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() < cpu + 0.1:
        pass
    crowding = (time.perf_counter() - wall) / (time.process_time() - cpu)
    began = time.monotonic()
    done = evidence.run(*verb)
    return (time.monotonic() - began) / max(1.0, crowding), done


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Time of change and bytes of everything but the derived catalog."""
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


CANARIES = {
    "USER": "canary-user",
    "LOGNAME": "canary-logname",
    "HOSTNAME": "canary-host",
    "TZ": "Asia/Kathmandu",
    "LANG": "ne_NP.UTF-8",
    "EMAIL": "canary@mail.example",
    "SSH_CLIENT": "203.0.113.77 50022 22",
}


@pytest.mark.parametrize("verb", ["crawl", "capture"])
def test_P7_nothing_archived_tells_who_captured(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    verb: str,
) -> None:
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    fill(site)
    folder = sources("outlet", HOSTS, seed("/"), SCOPE)
    what = ("outlet", "--sources", str(folder))
    if verb == "capture":
        what = ("http://a.example/", "http://a.example/gone", "http://a.example:9/")
    done = evidence.run(verb, *what, *site.connect_to("a.example"))
    assert done.returncode in (0, 5), done.stderr
    held = archived_bytes(evidence.archive)
    assert b"a.example" in held
    wanted = [value.encode() for value in CANARIES.values()]
    wanted += [b"Kathmandu", b"+0545", b"203.0.113.77", b"Linux", b"x86_64"]
    wanted += [os.fsencode(evidence.root), os.fsencode(Path.home()) + b"/"]
    wanted += [name for name in (socket.gethostname().encode(),) if len(name) > 4]
    wanted += own_addresses()
    assert [canary for canary in wanted if canary in held] == []


def own_addresses() -> list[bytes]:
    """Addresses of this machine but loopback: hardware, IPv4, IPv6."""
    cards = [p.read_text().strip() for p in Path("/sys/class/net").glob("*/address")]
    found = [mac.encode() for mac in cards if mac.strip("0:")]
    found += [mac.replace(b":", b"") for mac in found]
    asked = subprocess.run(
        ["ip", "-o", "addr"], capture_output=True, check=False, text=True
    ).stdout
    inet = re.findall(r" inet6? ([0-9a-f.:]+)/", asked)
    return found + [a.encode() for a in inet if a not in ("127.0.0.1", "::1")]


def archived_bytes(archive: Path) -> bytes:
    """Every byte of every record, of the log and of the catalog."""
    held = b""
    for path in sorted(archive.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            held += gzip.decompress(data) if ".warc.gz" in path.name else data
    return held


def test_sigterm_ends_a_crawl_cleanly_and_names_what_was_not_reached(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    seeds = [seed(f"/slow?{number}") for number in range(3)]
    folder = sources("outlet", HOSTS, *seeds, SCOPE, "concurrency = 1")
    running = evidence.start(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    wait_until(lambda: any(path.startswith("/slow") for path in site.asked))
    running.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    site.gate.set()
    out, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    assert running.returncode == 5
    states = [s["state"] for s in json.loads(out)["seeds"]]
    assert sorted(states) == ["captured", "not-reached", "not-reached"]
    assert evidence.verified() == "VERIFIED"


def test_robots_is_captured_even_where_it_is_not_obeyed(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    fill(site)
    site.serve("/private", "<p>kept")
    network = '[network]\nrobots = "ignore"\nrobots_reason = "a reason"'
    folder = sources("outlet", HOSTS, seed("/private"), SCOPE, network)
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    assert code == 0
    assert result["captures"] == 2
    assert set(site.paths) == {"/robots.txt", "/private"}
