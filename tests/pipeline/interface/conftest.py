"""The campaign, served, and a real Chromium whose pages have no JavaScript."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.support.archives.showcase import (
    COMMISSION,
    OBSERVERS,
    RESULTS,
    Showcase,
    make_showcase,
)
from tests.support.web.served import Served, serve_archive

EVERYDAY_DAYS = 10


@dataclass(kw_only=True)
class Shown:
    """A campaign and the server that shows it."""

    case: Showcase
    served: Served
    seen: list[str] = field(default_factory=list)
    """Every address that a browser asked for."""

    def id_of(self, name: str) -> str:
        return self.case.named[name].short_id

    def paths(self) -> dict[str, str]:
        """One page of each kind, by name."""
        site = self.served.applications.site
        main, page = self.id_of("main 8"), self.id_of("page 8")
        return {
            "home": "/",
            "captures": "/captures",
            "failures": "/failures",
            "sources": "/sources",
            "source": f"/s/{site.key_of(COMMISSION)}",
            "failing source": f"/s/{site.key_of(OBSERVERS)}",
            "address": f"/u/{site.key_of(RESULTS)}",
            "leaving": f"/out/{site.key_of(RESULTS)}",
            "verify": "/verify",
            "claims": "/claims",
            "help": "/help",
            "status": "/status",
            "record": f"/c/{main}",
            "picture": f"/c/{page}/picture",
            "text": f"/c/{main}/text",
            "source bytes": f"/c/{main}/source",
            "parts": f"/c/{page}/parts",
            "links": f"/c/{main}/links",
            "proof": f"/c/{main}/proof",
            "cite": f"/c/{main}/cite",
            "bundle": f"/c/{main}/bundle",
            "compare": f"/compare/{self.id_of('main 6')}/{main}",
            "beside": f"/compare/{self.id_of('main 6')}/{main}/beside",
            "whole archive": "/verify/archive",
            "not found": "/nothing",
        }


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The first days of the campaign: a change, parts, a picture; checked once."""
    folder = tmp_path_factory.mktemp("interface")
    with (
        make_showcase(folder, days=EVERYDAY_DAYS) as case,
        serve_archive(case.root, case.trust) as served,
    ):
        served.applications.site.sweep.run()
        yield Shown(case=case, served=served)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Ended with its module: while it runs, this process has a running event loop."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox"]
        )
        yield launched
        launched.close()


@pytest.fixture
def open_context(browser: Browser, shown: Shown) -> Iterator[Callable[..., Any]]:
    """Give contexts without JavaScript; every request is noted, none may leave."""
    made: list[BrowserContext] = []
    origins = {urlsplit(one).netloc for one in (shown.served.app, shown.served.replay)}

    def note(request: Request) -> None:
        shown.seen.append(request.url)

    def open_one(**options: Any) -> BrowserContext:
        values: dict[str, Any] = {"java_script_enabled": False, "locale": "en-US"}
        context = browser.new_context(**{**values, **options})
        context.set_default_timeout(60_000)
        context.on("request", note)
        made.append(context)
        return context

    yield open_one
    for context in made:
        assert context.cookies() == []
        context.close()
    outside = {
        url
        for url in shown.seen
        if not url.startswith("data:") and urlsplit(url).netloc not in origins
    }
    assert outside == set()


@pytest.fixture
def page(open_context: Callable[..., Any], shown: Shown) -> Page:
    """A page without JavaScript at the start page."""
    opened: Page = open_context().new_page()
    opened.goto(shown.served.app)
    return opened
