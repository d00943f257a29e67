"""A page through a real Chromium: every byte as the server saw it, and the picture."""

import json
import re
import socket
import struct
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.capturing.page_records import CapturedPage
from tests.support.programs.command import COMMAND, Command
from tests.support.servers.browser_site import BrowserSite

HOSTS = ("page.test", "other.test")


def exchanges(page: BrowserSite) -> Counter[tuple[bytes, bytes]]:
    return Counter((served.request, served.response) for served in page.log)


@pytest.mark.parametrize("captured", ["http", "https"], indirect=True)
def test_every_exchange_is_what_the_server_saw(captured: CapturedPage) -> None:
    page, records = captured.site, captured.records
    assert captured.done.returncode == 5, captured.done.stderr  # the refused picture
    sent = Counter(block for block in records.blocks if block[0])
    assert sent == exchanges(page)
    wanted = {
        *("/", "/style.css", "/script.js", "/chunked", "/icon.png", "/picture.png"),
        *("/back.png", "/font.woff2", "/moved.png", "/picture.png?2", "/missing.png"),
    }
    assert wanted <= set(page.paths("page.test"))
    assert {"/frame", "/inner.js", "/within?a={}", "/api"} <= set(
        page.paths("other.test")
    )


def test_the_request_says_nothing_of_the_proxy(captured: CapturedPage) -> None:
    records = captured.records
    for request, _response in records.blocks:
        assert b"proxy" not in request.lower()
        assert b"headless" not in request.lower()


@pytest.mark.parametrize("captured", ["https"], indirect=True)
def test_the_verdict_on_the_site_is_in_each_record(captured: CapturedPage) -> None:
    records = captured.records
    verdicts = [
        metadata["connection"]["tls"]["verdict"]
        for metadata in records.metadata
        if metadata["outcome"] == "complete"
    ]
    assert verdicts
    assert set(verdicts) == {"FAILED"}  # an authority that nobody knows


def test_one_statement_holds_all_that_was_shown(captured: CapturedPage) -> None:
    page, records = captured.site, captured.records
    ((statement, found),) = records.pages
    uri = "http://page.test/"
    assert list(found) == [
        *(f"resource:urn:{name}:{uri}" for name in ("view", "pdf", "dom", "text")),
        f"resource:urn:pageinfo:{uri}",
        f"metadata:urn:pageinfo:{uri}",
    ]
    view = found[f"resource:urn:view:{uri}"].kept
    assert view.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", view[16:24])
    assert width == 1280
    assert height > 2500
    assert found[f"resource:urn:pdf:{uri}"].kept.startswith(b"%PDF-")
    dom = found[f"resource:urn:dom:{uri}"].kept.decode()
    assert "made by script" in dom
    sent = page.find("page.test", "/")
    assert isinstance(sent, bytes)
    assert b"made by script" not in sent
    text = found[f"resource:urn:text:{uri}"].kept.decode()
    assert "Выборы" in text
    assert "one two" in text
    assert "answered" in text
    assert statement.target_uri == uri
    (report,) = captured.evidence.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"


def test_the_page_record_lists_captures_refusals_and_complaints(
    captured: CapturedPage,
) -> None:
    records = captured.records
    ((_, found),) = records.pages
    info = json.loads(found["resource:urn:pageinfo:http://page.test/"].kept)
    by_id = {capture.capture_id: capture for capture in records.captures}
    assert info["captures"][0]["uri"] == "http://page.test/"
    listed = [entry["id"] for entry in info["captures"]]
    robots = [c.capture_id for c in records.captures if c.role == "robots"]
    assert set(listed) == set(by_id) - set(robots)
    assert len(listed) == len(set(listed))
    for entry in info["captures"]:
        capture = by_id[entry["id"]]
        assert (entry["status"], entry["type"]) == (
            capture.http_status,
            capture.media_type,
        )
    refused = [e for e in info["captures"] if e["outcome"] == "policy"]
    assert [entry["uri"] for entry in refused] == ["http://10.1.2.3/refused.png"]
    assert {"uri": "http://page.test/socket", "reason": "websocket"} in info["blocked"]
    assert any("a complaint" in line["text"] for line in info["console"])
    assert re.fullmatch(r"Chromium [0-9.]+", info["browser"]["version"])
    assert info["viewport"] == {"width": 1280, "height": 1024}
    assert info["page"]["title"] == "Пример страницы"
    assert info["page"]["load"] == "idle"


def test_parts_are_listed_as_other_page_statements_list_them(
    captured: CapturedPage,
) -> None:
    records = captured.records
    ((_, found),) = records.pages
    info = json.loads(found["metadata:urn:pageinfo:http://page.test/"].kept)
    kinds = {part["uri"]: part["kind"] for part in info["parts"]}
    assert kinds["http://page.test/style.css"] == "style"
    assert kinds["http://page.test/picture.png"] == "image"
    assert kinds["http://page.test/font.woff2"] == "font"
    assert kinds["http://page.test/script.js"] == "script"
    assert kinds["http://page.test/chunked"] == "data"
    assert kinds["http://other.test/frame"] == "frame"
    assert "http://page.test/" not in kinds
    assert info["parts_unlisted"] == 0


def test_what_chromium_wants_for_itself_is_never_fetched(
    captured: CapturedPage,
) -> None:
    records = captured.records
    hosts = {capture.target_uri.split("/")[2] for capture in records.captures}
    assert hosts == {*HOSTS, "10.1.2.3"}
    ((_, found),) = records.pages
    info = json.loads(found["resource:urn:pageinfo:http://page.test/"].kept)
    allowed = {"websocket", "no-credential", "unannounced"}
    assert {entry["reason"] for entry in info["blocked"]} <= allowed
    # Chromium 156 asks for updates and accounts; another may ask for less.
    own = [e["uri"] for e in info["blocked"] if e["reason"] != "websocket"]
    assert all(".test" not in uri for uri in own)


def test_parts_name_the_page_and_hops_what_sent_them(captured: CapturedPage) -> None:
    records = captured.records
    by_uri = {c.target_uri: c for c in records.captures}
    context = {
        capture.target_uri: metadata["context"]
        for capture, metadata in zip(records.captures, records.metadata, strict=True)
    }
    main = by_uri["http://page.test/"]
    assert main.role == "page"
    assert context["http://page.test/chunked"]["parent"] == main.capture_id
    moved = by_uri["http://page.test/moved.png"]
    assert context["http://page.test/picture.png?2"]["parent"] == moved.capture_id
    assert context["http://page.test/picture.png?2"]["hop"] == 1


def test_bytes_reach_the_page_while_they_arrive(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    """The reply goes on only when the page has read its beginning."""
    site.html(
        "page.test",
        "/",
        "<p id=p></p><script>fetch('/drip').then(async r => {"
        " const reader = r.body.getReader(); const one = await reader.read();"
        " await fetch('/saw/' + one.value.length);"
        " const two = await reader.read();"
        " document.getElementById('p').textContent ="
        " 'then ' + two.value.length; })</script>",
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    site.answers["page.test", "/drip"] = (head + b"abc", -1.0, b"defg")
    site.serve("page.test", "/saw/3", b"")

    def let_go(path: str) -> None:
        if path == "/saw/3":
            site.gate.set()

    site.on_request = let_go
    done = evidence.run(
        "capture", "--page", "http://page.test/", *site.lead("page.test")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ((_, found),) = read(evidence.archive).pages
    assert b"then 4" in found["resource:urn:dom:http://page.test/"].kept


def test_a_long_body_arrives_whole_in_page_and_archive(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    body = bytes(range(256)) * 40_000
    site.serve("page.test", "/long", body, "Content-Type: application/octet-stream")
    site.html(
        "page.test",
        "/",
        "<script>fetch('/long').then(r => r.arrayBuffer())"
        ".then(b => document.body.append('got ' + b.byteLength))</script>",
    )
    done = evidence.run(
        "capture", "--page", "http://page.test/", *site.lead("page.test")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = read(evidence.archive)
    assert Counter(records.blocks) == exchanges(site)
    ((_, found),) = records.pages
    assert (
        f"got {len(body)}" in found["resource:urn:dom:http://page.test/"].kept.decode()
    )


def test_redirects_and_scripts_that_lead_on_end_at_the_last_document(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    site.serve("page.test", "/a", b"", "Location: /b", code=301)
    site.html("page.test", "/b", "<script>location = '/c'</script>")
    site.html("page.test", "/c", "<title>last</title>arrived")
    done = evidence.run(
        "capture", "--page", "http://page.test/a", *site.lead("page.test")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = read(evidence.archive)
    ((statement, found),) = records.pages
    assert statement.target_uri == "http://page.test/c"
    info = json.loads(found["resource:urn:pageinfo:http://page.test/c"].kept)
    assert info["captures"][0]["uri"] == "http://page.test/c"
    roles = {c.target_uri.rpartition("/")[2]: c.role for c in records.captures}
    assert (roles["a"], roles["b"], roles["c"]) == ("hop", "page", "page")


def test_each_line_of_a_list_is_a_page_of_its_own(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        site.html("page.test", f"/{name}", f"<title>{name}</title>")
    (tmp_path / "list").write_text("http://page.test/one\nhttp://page.test/two\n")
    rows = evidence.rows(
        *("capture", "--json", "--parts", "browser", "--from", str(tmp_path / "list")),
        *site.lead("page.test"),
    )
    assert rows[0]["uri"] == "http://page.test/robots.txt"
    assert len(rows) == len({row["id"] for row in rows}) == len(site.log)
    assert site.paths("page.test").count("/robots.txt") == 1
    pages = [capture.target_uri for capture, _ in read(evidence.archive).pages]
    assert pages == ["http://page.test/one", "http://page.test/two"]


def test_an_error_page_is_a_page_and_a_file_is_none(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    site.html("page.test", "/gone", "<h1>no more</h1>", code=410)
    site.serve("page.test", "/file", b"\0" * 3_000_000, "Content-Type: application/zip")
    done = evidence.run(
        *("capture", "--page", "http://page.test/gone", "http://page.test/file"),
        *site.lead("page.test"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = read(evidence.archive)
    assert [p.target_uri for p, _ in records.pages] == ["http://page.test/gone"]
    assert Counter(records.blocks) == exchanges(site)


def test_what_cannot_be_reached_is_a_capture_and_no_page(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        done = evidence.run(
            *("capture", "--page", "http://page.test/", "http://10.0.0.1/"),
            *("--connect-to", f"page.test:80=127.0.0.1:{port}"),
        )
    assert done.returncode == 5
    assert "addresses not captured: 2 of 2 (policy, refused)" in done.stderr
    records = read(evidence.archive)
    assert records.pages == []
    outcomes = Counter((c.target_uri, str(c.outcome)) for c in records.captures)
    assert outcomes["http://page.test/", "refused"] == 1
    assert outcomes["http://10.0.0.1/", "policy"] == 1


def test_without_a_browser_one_sentence_says_what_to_install(
    site: BrowserSite, evidence: Command, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [
            *COMMAND,
            *("--archive", str(evidence.archive)),
            *("capture", "--page", "http://page.test/", *site.lead("page.test")),
        ],
        env={**evidence.environment(), "PATH": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "on Debian the package chromium" in done.stderr
    assert site.log == []
