"""Make the pictures of the documents: every page of the interface, by a real browser.

usage: python tests/make/screenshots.py OUT     (needs chromium)

Shown is the campaign of `tests/support/archives/showcase.py`; JavaScript is off.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from crawlers.demo.content import DemoSites
from tests.support.archives.showcase import (
    HOST,
    OBSERVERS,
    RESULTS,
    Showcase,
    make_showcase,
)
from tests.support.web.served import Served, serve_archive

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1120, 760
PHONE = 320
LINK_BASE = "https://archive.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture; `search` is typed into the search form first."""

    path: str
    search: str = ""
    dark: bool = False
    width: int = WIDTH
    height: int = HEIGHT
    scroll: str = ""
    """A selector that is brought to the top."""
    paper: bool = False
    """As it would be printed."""


def shots(case: Showcase, served: Served) -> Mapping[str, Shot]:
    """What is shown, by the name of its file."""
    key_of = served.applications.site.key_of
    main, before = case.named["main 8"].short_id, case.named["main 6"].short_id
    page = case.named["page 8"].short_id
    failed = case.named["14 http://observers.example/be/"].short_id
    observers = key_of(OBSERVERS)
    return {
        "start": Shot(path="/"),
        "start-be": Shot(path="/be/", dark=True, height=600),
        "coverage": Shot(path="/", scroll="#coverage", height=420),
        "results": Shot(path="/", search="выбары", height=700),
        "record": Shot(path=f"/c/{page}", height=880),
        "record-dark": Shot(path=f"/ru/c/{page}", dark=True, height=640),
        "record-phone": Shot(path=f"/c/{page}", width=PHONE, height=720),
        "failure": Shot(path=f"/c/{failed}", height=620),
        "picture": Shot(path=f"/c/{page}/picture", scroll=".views", height=560),
        "text": Shot(path=f"/c/{main}/text", scroll=".views", height=560),
        "source-bytes": Shot(path=f"/c/{main}/source", scroll=".views", height=560),
        "links": Shot(path=f"/be/c/{main}/links", scroll=".views", height=420),
        "paper": Shot(path=f"/c/{page}", paper=True),
        "parts": Shot(path=f"/c/{page}/parts", scroll=".views", height=340),
        "proof": Shot(path=f"/c/{main}/proof", scroll=".views", height=560),
        "cite": Shot(path=f"/c/{main}/cite", scroll=".views"),
        "bundle": Shot(path=f"/c/{main}/bundle", scroll=".views", height=560),
        "address": Shot(path=f"/u/{key_of(RESULTS)}"),
        "compare": Shot(path=f"/compare/{before}/{main}"),
        "compare-beside": Shot(path=f"/compare/{before}/{main}/beside", height=560),
        "sources": Shot(path="/sources", height=520),
        "source": Shot(path=f"/s/{observers}"),
        "failures": Shot(path="/failures", height=560),
        "verify": Shot(path="/verify"),
        "claims": Shot(path="/claims", height=600),
        "status": Shot(path="/status", height=560),
    }


def main() -> int:
    """Write the campaign, serve it, take the pictures."""
    out = Path(sys.argv[1])
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        print("no browser: install chromium, then run this again", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        ) as browser,
        make_showcase(Path(folder), picture=picture_of_page(browser)) as case,
        serve_archive(case.root, case.trust, link_base=LINK_BASE) as served,
    ):
        served.applications.site.sweep.run()
        for name, shot in shots(case, served).items():
            take(browser, served.app, shot, out / f"{name}.png")
    return 0


def picture_of_page(browser: Browser) -> bytes:
    """The page of results as this browser shows it."""
    sites = DemoSites()
    page = browser.new_page(viewport={"width": 800, "height": 700})
    body, sheet = (
        sites.reply(HOST, path, visit=2).data.partition(b"\r\n\r\n")[2].decode()
        for path in ("/be/results.html", "/style.css")
    )
    page.set_content(f"{body}<style>{sheet}</style>")
    data = page.screenshot()
    page.close()
    return data


def take(browser: Browser, base: str, shot: Shot, path: Path) -> None:
    """One picture, with a profile of its own."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.dark else "light",
        java_script_enabled=False,
        locale="en-US",
    )
    page: Page = context.new_page()
    page.goto(base + shot.path)
    if shot.search:
        page.fill("#q", shot.search)
        page.press("#q", "Enter")
        page.wait_for_url("**/r/*")
    if shot.scroll:
        page.locator(shot.scroll).first.evaluate("e => e.scrollIntoView()")
    if shot.paper:
        page.emulate_media(media="print")
    page.wait_for_timeout(800)
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
