"""A source with `parts = "browser"`: each page is visited, under the same job."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.capturing.canary import SPELLINGS, Canary, listening
from tests.support.capturing.sources import source_head
from tests.support.programs.command import COMMAND, Command
from tests.support.programs.waiting import wait_until
from tests.support.servers.browser_site import BrowserSite

SOURCE = (
    source_head()
    + """parts = "browser"

[[host]]
name = "page.test"
role = "main"
known = "test"

[[seed]]
url = "http://page.test/"
spider = "page"

[[scope]]
path = '/.*'
action = "follow"

[limits]
delay_ms = 0
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sources"
    made.mkdir()
    (made / "outlet.toml").write_text(SOURCE)
    return made


def script_page(site: BrowserSite, path: str, more: str = "") -> None:
    script = f"fetch('/data').then(() => document.body.append('shown {path}'))"
    site.html("page.test", path, f"<p>{more}<script>{script}</script>")
    site.serve("page.test", "/data", b"{}", "Content-Type: application/json")


def test_every_page_of_a_source_is_kept_as_a_browser_shows_it(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any], folder: Path
) -> None:
    script_page(site, "/", "<a href=/next>next</a>")
    script_page(site, "/next")
    verb = ("crawl", "outlet", "--sources", str(folder), "--json")
    (row,) = evidence.rows(*verb, *site.lead("page.test"))
    assert row["seeds"][0]["state"] == "captured"
    records = read(evidence.archive)
    assert Counter(records.blocks) == Counter((s.request, s.response) for s in site.log)
    shown = {
        page.target_uri: found[f"resource:urn:text:{page.target_uri}"].kept.decode()
        for page, found in records.pages
    }
    assert sorted(shown) == ["http://page.test/", "http://page.test/next"]
    assert all(f"shown /{uri[17:]}" in text for uri, text in shown.items())
    assert {page.source_id for page, _ in records.pages} == {"outlet"}
    assert {capture.source_id for capture in records.captures} == {"outlet"}
    for page, found in records.pages:
        info = json.loads(found[f"resource:urn:pageinfo:{page.target_uri}"].kept)
        main = info["captures"][0]["id"]
        context = next(
            metadata["context"]
            for capture, metadata in zip(
                records.captures, records.metadata, strict=True
            )
            if capture.capture_id == main
        )
        spider = next(c for c in records.captures if c.target_uri == page.target_uri)
        assert context["parent"] == spider.capture_id != main
    (report,) = evidence.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"


def test_sigterm_ends_the_browser_of_a_crawl_and_closes_the_job(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any], folder: Path
) -> None:
    site.html("page.test", "/", "<img src=/slow.png>")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    site.answers["page.test", "/slow.png"] = (head, -1.0)
    crawl = subprocess.Popen(
        [
            *COMMAND,
            *("--archive", str(evidence.archive), "crawl", "outlet"),
            *("--sources", str(folder), *site.lead("page.test")),
        ],
        env=evidence.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "/slow.png" in site.asked)
    crawl.send_signal(signal.SIGTERM)
    _, errors = crawl.communicate(timeout=30)
    assert "Traceback" not in errors
    records = read(evidence.archive)
    assert records.pages == []
    outcomes = {c.target_uri: str(c.outcome) for c in records.captures}
    assert outcomes["http://page.test/slow.png"] == "stopped"
    (report,) = evidence.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"


def test_without_a_browser_nothing_of_the_source_is_fetched(
    site: BrowserSite, evidence: Command, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [
            *COMMAND,
            *("--archive", str(evidence.archive), "crawl", "outlet"),
            *("--sources", str(folder), *site.lead("page.test")),
        ],
        env={**evidence.environment(), "PATH": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "on Debian the package chromium" in done.stderr
    assert site.log == []


def lure(canary: Canary) -> str:
    """A page that names each forbidden host in every way a browser follows."""
    places = [f"http://{host}:{canary.port}/" for host in SPELLINGS]
    tags = "".join(
        f"<img src='{place}i'><link rel=stylesheet href='{place}s'>"
        f"<iframe src='{place}f'></iframe>"
        for place in places
    )
    calls = "".join(
        f"try {{ fetch({place!r} + 'x', {{mode: 'no-cors'}}).catch(e => e) }}"
        f" catch (e) {{ }} try {{ new WebSocket({'ws' + place[4:]!r}) }}"
        " catch (e) { }"
        for place in places
    )
    return f"<base href='{places[0]}'><img src=base>{tags}<script>{calls}</script>"


def test_C2_a_page_leads_a_browser_to_no_forbidden_host(
    site: BrowserSite, evidence: Command, read: Callable[[Path], Any], folder: Path
) -> None:
    with listening() as canary:
        site.html("page.test", "/", lure(canary))
        source = SOURCE + f"ports = [{canary.port}]\n"
        (folder / "outlet.toml").write_text(source)
        verb = ("crawl", "outlet", "--sources", str(folder), "--json")
        evidence.rows(*verb, *site.lead("page.test"))
        assert canary.hits == []
    records = read(evidence.archive)
    there = [c for c in records.captures if "page.test" not in c.target_uri]
    assert {str(capture.outcome) for capture in there} == {"policy"}
    assert len({capture.target_uri.split("/")[2] for capture in there}) >= 30
    assert len(records.pages) == 1
