"""Parts are bounded and shared within a job; what is left out has its reason."""

import asyncio
from typing import Any, Protocol

import pytest

from archive.attest.values.forms import CAPTURES_LIMIT
from archive.capture import Capture
from archive.store.drafts import PageDraft
from crawlers.crawl.capturing import parts
from crawlers.crawl.capturing.parts import (
    CUT,
    FetchedPart,
    HtmlPage,
    PartsCollector,
    wants_parts,
)
from crawlers.crawl.capturing.references import Reference
from crawlers.engine.settings import FetchRequest
from tests.support.capturing.fake_web import FakeArchive, FakeWeb

HTML = "Content-Type: text/html"


class Kitchen:
    """Gives each reference a capture; style sheets by name."""

    def __init__(
        self,
        web: FakeWeb,
        shelf: FakeArchive,
        styles: dict[str, bytes],
        *,
        attempts: int = 1,
    ) -> None:
        self.web, self.shelf, self.styles = web, shelf, styles
        self.attempts = attempts
        self.asked: list[str] = []

    async def fetch(self, reference: Reference, _main: Capture) -> FetchedPart:
        self.asked.append(reference.uri)
        self.web.serve(reference.uri)
        trail = []
        for _ in range(self.attempts):
            made = await self.web.fetch(FetchRequest(uri=reference.uri))
            trail.append(self.shelf.capture(made).result(timeout=0))
        return FetchedPart(
            trail=tuple(trail),
            style=self.styles.get(reference.uri),
            payload_bytes=10,
        )


class PageMaker(Protocol):
    """Serves and captures a page."""

    def __call__(self, html: str, uri: str = ...) -> HtmlPage: ...


@pytest.fixture
def page(web: FakeWeb, shelf: FakeArchive) -> PageMaker:
    def make(html: str, uri: str = "http://a.example/") -> HtmlPage:
        web.serve_html(uri, html)
        made = asyncio.run(web.fetch(FetchRequest(uri=uri)))
        main = shelf.capture(made).result(timeout=0)
        return HtmlPage(main=main, body=html.encode(), content_type="text/html")

    return make


def rows(draft: PageDraft) -> list[tuple[str, str]]:
    found = draft.page_info["parts"]
    assert isinstance(found, list)
    return [(row["uri"].rpartition("/")[2], row["reason"]) for row in found]


def test_more_parts_than_the_bound_are_listed_as_skipped(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PARTS_PER_PAGE", 2)
    monkeypatch.setattr(parts, "PARTS_LISTED", 3)
    kitchen = Kitchen(web, shelf, {})
    html = "".join(f"<img src=/{n}>" for n in range(5))
    draft = asyncio.run(PartsCollector(kitchen.fetch).collect(page(html)))
    assert rows(draft) == [("0", ""), ("1", ""), ("2", "parts-limit")]
    assert draft.page_info["parts_unlisted"] == 2
    assert len(kitchen.asked) == 2


def test_a_page_whose_parts_all_lead_on_names_no_more_captures_than_it_may(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PARTS_PER_PAGE", 4)
    monkeypatch.setattr(parts, "ATTEMPTS_NAMED", 5)
    kitchen = Kitchen(web, shelf, {}, attempts=3)
    html = "".join(f"<img src=/{n}>" for n in range(4))
    draft = asyncio.run(PartsCollector(kitchen.fetch).collect(page(html)))
    assert rows(draft) == [("0", ""), ("1", ""), ("2", CUT), ("3", CUT)]
    assert len(draft.captures) == 1 + 3 + 3 + 1 + 1
    listed = draft.page_info["parts"]
    assert isinstance(listed, list)
    named = {row["capture"] for row in listed}
    assert named <= {capture.capture_id for capture in draft.captures}


def test_all_parts_and_attempts_that_are_named_fit_into_one_statement() -> None:
    named = 1 + parts.ATTEMPTS_NAMED + parts.PARTS_PER_PAGE
    assert named <= CAPTURES_LIMIT


def test_parts_stop_at_the_byte_bound(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PARTS_BYTES", 15)
    monkeypatch.setattr(parts, "PARTS_AT_A_TIME", 1)
    kitchen = Kitchen(web, shelf, {})
    html = "".join(f"<img src=/{n}>" for n in range(4))
    draft = asyncio.run(PartsCollector(kitchen.fetch).collect(page(html)))
    reasons = [reason for _, reason in rows(draft)]
    assert reasons == ["", "", "parts-bytes", "parts-bytes"]


def test_style_sheets_that_import_each_other_end(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker
) -> None:
    styles = {
        "http://a.example/a.css": b"@import 'b.css';",
        "http://a.example/b.css": b"@import 'a.css'; @import 'b.css'; p{x:url(i)}",
    }
    kitchen = Kitchen(web, shelf, styles)
    html = "<link rel=stylesheet href=/a.css>"
    draft = asyncio.run(PartsCollector(kitchen.fetch).collect(page(html)))
    assert [uri for uri, _ in rows(draft)] == ["a.css", "b.css", "i"]


def test_a_chain_of_imports_is_cut_at_its_depth(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker
) -> None:
    styles = {
        f"http://a.example/{n}.css": f"@import '{n + 1}.css';".encode()
        for n in range(20)
    }
    kitchen = Kitchen(web, shelf, styles)
    html = "<link rel=stylesheet href=/0.css>"
    draft = asyncio.run(PartsCollector(kitchen.fetch).collect(page(html)))
    assert len(kitchen.asked) == 5
    assert rows(draft)[-1] == ("5.css", "style-depth")


def test_two_pages_at_once_share_one_attempt(
    web: FakeWeb, shelf: FakeArchive, page: PageMaker
) -> None:
    kitchen = Kitchen(web, shelf, {})
    one = page("<img src=/i>", "http://a.example/1")
    two = page("<img src=/i>", "http://a.example/2")

    async def both() -> Any:
        collector = PartsCollector(kitchen.fetch)
        return await asyncio.gather(collector.collect(one), collector.collect(two))

    first, second = asyncio.run(both())
    assert kitchen.asked == ["http://a.example/i"]
    assert first.captures[1] == second.captures[1]


def test_only_a_whole_html_page_wants_parts(web: FakeWeb, shelf: FakeArchive) -> None:
    web.serve_html("http://a.example/page", "<p>")
    web.serve("http://a.example/gone", 404, Content_Type="text/html")
    web.serve("http://a.example/text", Content_Type="text/plain")
    verdicts = {}
    for name in ("page", "gone", "text", "dead"):
        made = asyncio.run(web.fetch(FetchRequest(uri=f"http://a.example/{name}")))
        verdicts[name] = wants_parts(shelf.capture(made).result(timeout=0))
    assert verdicts == {"page": True, "gone": False, "text": False, "dead": False}
