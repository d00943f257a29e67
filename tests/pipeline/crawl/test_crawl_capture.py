"""`evidence capture` from the command line: what the server sent is what is kept."""

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.support.programs.command import Evidence
from tests.support.programs.waiting import wait_until
from tests.support.servers.crawl_site import Site

PAGE = """<link rel=stylesheet href=/s.css>
<img src=/i.png srcset="/i.png 1x, /big.png 2x">
<link rel=icon href=/f.ico>"""
CUT = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
HOP = "HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"
KEYS = [
    "id",
    "short_id",
    "uri",
    "outcome",
    "http_status",
    "captured_at",
    "segment",
    "offset",
    "length",
]


def test_a_page_with_parts_is_kept_byte_for_byte_and_verifies(
    site: Site, evidence: Evidence
) -> None:
    site.serve("/", PAGE)
    site.serve("/s.css", "@import 't.css'; p{background:url(c.png)}", "X: 1")
    site.serve("/t.css", "@font-face{src:url(f.woff2)}", "X: 1")
    for name in ("i.png", "big.png", "f.ico", "c.png", "f.woff2"):
        site.serve(f"/{name}", b"\x00\xff" * 500, "X: 1")
    site.serve("/robots.txt", "User-agent: *\nDisallow: /", "Content-Type: text/plain")
    code, rows = evidence.rows(
        "capture", "--json", *site.connect_to("a.example"), "http://a.example/"
    )
    assert code == 0
    assert [list(row) for row in rows] == [KEYS] * 9
    printed = [row["uri"].removeprefix("http://a.example") for row in rows]
    assert printed[:2] == site.paths[:2] == ["/robots.txt", "/"]
    assert sorted(printed) == sorted(site.paths)
    assert sorted(evidence.blocks()) == sorted(site.log)
    assert evidence.verified() == "VERIFIED"


def test_every_line_is_captured_and_one_failure_exits_5_after_the_last(
    site: Site, evidence: Evidence, tmp_path: Path
) -> None:
    site.serve("/a", "a")
    site.serve_raw("/cut", CUT, b"half")
    site.serve_raw("/hop", HOP)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    given = [
        "http://a.example/a",
        "http://a.example/cut",
        "http://dead.example/",
        json.dumps({"url": "http://a.example/a", "method": "HEAD", "note": 1}),
        "http://a.example/hop",
        "http://a.example/a",
    ]
    listed = tmp_path / "list"
    listed.write_text("\n".join(given))
    code, rows = evidence.rows(
        "capture",
        *("--parts", "none", "--json", "--from", str(listed)),
        *site.connect_to("a.example"),
        *("--connect-to", f"dead.example:80=127.0.0.1:{port}"),
    )
    assert code == 5
    (dead,) = [row for row in rows if row["uri"] == "http://dead.example/"]
    assert dead["outcome"] == "refused"
    rows.remove(dead)  # another host: its turn comes when it comes
    assert [(row["uri"].rpartition("/")[2], row["outcome"]) for row in rows] == [
        ("a", "complete"),
        ("cut", "disconnect"),
        ("a", "complete"),
        ("hop", "complete"),
        ("a", "complete"),
        ("a", "complete"),
    ]
    assert "/robots.txt" not in site.paths
    assert evidence.verified() == "VERIFIED"


BAD = [
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://u:p@a.example/",
    "http://",
    '{"url": "http://a.example/", "headers": {"X": "1\\r\\n"}}',
]


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_line_means_that_nothing_is_captured_or_changed(
    site: Site, evidence: Evidence, tmp_path: Path, bad: str
) -> None:
    before = sorted((p, p.stat().st_mtime_ns) for p in evidence.archive.rglob("*"))
    listed = tmp_path / "list"
    listed.write_text(f"http://a.example/\n{bad}\n")
    done = evidence.run("capture", "--from", str(listed), *site.connect_to("a.example"))
    assert done.returncode == 2
    assert done.stderr.startswith("evidence: line 2")
    assert len(done.stderr.strip().splitlines()) == 1
    assert site.log == []
    after = sorted((p, p.stat().st_mtime_ns) for p in evidence.archive.rglob("*"))
    assert after == before


def test_what_no_browser_would_ask_is_said_in_one_sentence(
    evidence: Evidence, tmp_path: Path
) -> None:
    listed = tmp_path / "list"
    listed.write_text('{"url": "http://a.example/", "method": "POST"}\n')
    done = evidence.run("capture", "--page", "--from", str(listed))
    assert done.returncode == 2
    assert done.stderr.startswith("evidence: line 1: a browser asks with GET")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_refused_address_is_a_policy_capture(site: Site, evidence: Evidence) -> None:
    code, rows = evidence.rows(
        *("capture", "--json", "--parts", "none"), f"http://127.0.0.1:{site.port}/"
    )
    assert code == 5
    assert [row["outcome"] for row in rows] == ["policy"]
    assert site.log == []


def test_sigterm_keeps_what_came_and_closes_the_job(
    site: Site, evidence: Evidence
) -> None:
    site.serve("/a", "a")
    urls = [f"http://a.example/{name}" for name in ("a", "slow", "a")]
    running = evidence.start(
        *("capture", "--json", "--parts", "none", *site.connect_to("a.example")), *urls
    )
    wait_until(lambda: "/slow" in site.asked)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert running.poll() is None, "it waits for the slow answer"
    running.send_signal(signal.SIGTERM)  # the second one waits for nothing
    out, err = running.communicate(timeout=60)
    assert running.returncode == 5
    assert "Traceback" not in err
    outcomes = [json.loads(line)["outcome"] for line in out.splitlines()]
    assert outcomes == ["complete", "stopped"]
    assert evidence.verified() == "VERIFIED"
