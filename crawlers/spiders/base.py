"""The spider of every source: seeds first, then what their kind of page leads to.

It finds addresses and nothing else: evidence is made by the handler, below it.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from archive.capture import Capture, CaptureOutcome
from archive.capture_class import CaptureClass, ClassNote
from archive.errors import SettingsError
from crawlers.crawl.handler import DOWNLOAD_ERRORS
from crawlers.crawl.pacing import HOST_DOWN
from crawlers.crawl.parts import FetchedPart, HtmlPage, PartsCollector, wants_parts
from crawlers.crawl.recorder import REDIRECT_LIMIT
from crawlers.crawl.references import PartKind, Reference
from crawlers.crawl.services import (
    NOTES_KEY,
    RECHECK_KEY,
    STOPPED,
    CrawlServices,
    RequestNotes,
    RequestRefused,
    notes_of,
)
from crawlers.sources.scope import decide
from crawlers.sources.seeds import ListingRules, Seed
from crawlers.sources.source import PartsMode
from crawlers.spiders.answer import read_response
from crawlers.spiders.listing import read_listing

HANDLERS_NEEDED = 2
"""http and https: a handler that fails to load only makes Scrapy log a line."""
NO_RESPONSE: tuple[type[Exception], ...] = (IgnoreRequest, *DOWNLOAD_ERRORS)
LINKS = 5_000
"""Links looked at on one page."""
LINK_PAGE_BYTES = 8 << 20
"""A longer page is captured but not searched for links."""


class SourceSpider(Spider):
    """Crawls the source of its crawler's services."""

    name = "source"

    def __init__(self, *, services: CrawlServices) -> None:
        super().__init__()
        self.services = services
        self.source = services.source
        self._collector = PartsCollector(self._fetch_part)

    async def start(self) -> AsyncIterator[Request]:
        """Ask for each seed, in the order of the file."""
        if self.services.handlers_built != HANDLERS_NEEDED:
            self.services.fatal = SettingsError(
                "the capture engine does not answer for http and https both;"
                " nothing was fetched. Run the tests of crawlers/crawl"
            )
            return
        if self.source.network.robots == "ignore":
            for request in self._robots_requests():
                yield request
        if not self.services.rechecks_only:
            for number, seed in enumerate(self.source.seeds):
                yield self._seed_request(self.services.seed_number(number), seed)
        for place, uri in enumerate(self.services.rechecks):
            yield self._recheck_request(self.services.recheck_number(place), uri)

    def _robots_requests(self) -> Iterator[Request]:
        """Robots.txt is captured even where the source says not to obey it."""
        origins = {urlsplit(seed.url)[:2] for seed in self.source.seeds}
        for scheme, netloc in sorted(origins):
            yield Request(
                f"{scheme}://{netloc}/robots.txt",
                callback=self.ignore,
                errback=self.ignore,
                dont_filter=True,
                meta={"dont_obey_robotstxt": True},
            )

    def _seed_request(self, number: int | None, seed: Seed) -> Request:
        return Request(
            seed.url,
            callback=self.parse_listing if seed.listing else self.parse_page,
            errback=self.note_failure,
            dont_filter=True,
            cb_kwargs={"seed": number, **_listing_arguments(seed.listing)},
            meta={NOTES_KEY: RequestNotes()},
        )

    def _recheck_request(self, number: int, uri: str) -> Request:
        return Request(
            uri,
            callback=self.parse_page,
            errback=self.note_failure,
            dont_filter=True,
            cb_kwargs={"seed": number},
            meta={NOTES_KEY: RequestNotes(), RECHECK_KEY: True},
        )

    async def parse_listing(
        self,
        response: Response,
        *,
        rules: ListingRules,
        page_number: int,
        seed: int | None = None,
    ) -> AsyncIterator[Request]:
        """Follow the items of a list and its next page."""
        self._settle_seed(response.request, seed)
        self._settle_class(response, CaptureClass.LISTING)
        if response.status != 200 or not isinstance(response, TextResponse):
            self.services.log.signal("listing-unreadable")
        else:
            found = read_listing(response, rules)
            self.services.log.items += len(found.items)
            self.services.log.signals.update(found.signals)
            for item in found.items:
                yield self._page_request(item.url)
            if found.next_url and page_number < rules.pages:
                arguments = {"rules": rules, "page_number": page_number + 1}
                yield Request(
                    found.next_url,
                    callback=self.parse_listing,
                    errback=self.note_failure,
                    cb_kwargs=arguments,
                    meta={NOTES_KEY: RequestNotes()},
                )
        await self._keep_page(response)

    async def parse_page(
        self, response: Response, *, seed: int | None = None
    ) -> AsyncIterator[Request]:
        """Follow a page's links where its scope rule says so."""
        self._settle_seed(response.request, seed)
        self._settle_class(response, CaptureClass.PAGE)
        for url in self._links(response):
            yield self._page_request(url)
        await self._keep_page(response)

    def ignore(self, _: Any) -> None:
        """Nothing to do: the capture is in the archive."""

    def note_failure(self, failure: Failure) -> None:
        """Settle a seed that brought no response; others are captures already."""
        request = failure.request  # type: ignore[attr-defined]
        seed = request.cb_kwargs.get("seed")
        trail = tuple(notes_of(request).trail)
        problem = refusal_code(failure.value) or str(failure.value)
        whole = bool(trail) and trail[-1].outcome is CaptureOutcome.COMPLETE
        if whole and problem != REDIRECT_LIMIT:
            # The capture is safe; only our own reading of its body failed.
            self.services.log.signal("undecodable-body")
            problem = ""
        if seed is not None and problem == HOST_DOWN:
            self.services.log.settle(seed, "not-reached", captures=(), reason=HOST_DOWN)
        elif seed is not None and problem != STOPPED:  # else it was not reached
            self.services.log.settle_trail(seed, trail, problem=problem)

    def _settle_seed(self, request: Request | None, seed: int | None) -> None:
        if seed is not None and request is not None:
            trail = tuple(notes_of(request).trail)
            self.services.log.settle_trail(seed, trail, problem="")

    def _settle_class(self, response: Response, kind: CaptureClass) -> ClassNote | None:
        """Say what the answer is, now that its body is at hand."""
        request = response.request
        trail = notes_of(request).trail if request is not None else []
        if request is None or not trail:
            return None
        asked = request.meta.get("redirect_urls", [request.url])[0]
        answer = read_response(response, trail[-1], asked=asked, kind=kind)
        return self.services.recorder.desk.settle(trail[-1], answer)

    def _page_request(self, url: str) -> Request:
        return Request(
            url,
            callback=self.parse_page,
            errback=self.note_failure,
            meta={NOTES_KEY: RequestNotes()},
        )

    def _links(self, response: Response) -> Iterator[str]:
        """Addresses named by a page that is to be followed; bounded."""
        any_port = self.services.any_port
        follow = decide(self.source, response.url, any_port=any_port).may_follow
        if not follow or not isinstance(response, TextResponse):
            return
        if len(response.body) > LINK_PAGE_BYTES:
            self.services.log.signal("page-too-long-for-links")
            return
        links = response.xpath("//a/@href")
        if len(links) > LINKS:
            self.services.log.signal("links-beyond-limit", len(links) - LINKS)
        for href in links[:LINKS].getall():
            try:
                url = response.urljoin(href.strip()).partition("#")[0]
            except ValueError:
                self.services.log.signal("malformed-link")
                continue
            if url.startswith(("http://", "https://")):
                yield url

    async def _keep_page(self, response: Response) -> None:
        """State an HTML page with its parts: static, or all a browser asks for."""
        request = response.request
        trail = notes_of(request).trail if request is not None else []
        if self.source.parts is PartsMode.NONE or not trail:
            return
        main, services = trail[-1], self.services
        original = services.memory.original(main) if services.memory else main
        is_kept = main.capture_id in services.unfinished.pages
        if is_kept or not wants_parts(original):
            return
        if services.show_page is not None:
            await services.show_page(main)
            return
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        page = HtmlPage(main=main, body=response.body, content_type=content_type)
        draft = await self._collector.collect(page)
        # The page may be of an earlier run; the statement about it is of this one.
        await services.recorder.state_page(replace(draft, job_id=services.job_id))

    async def _fetch_part(self, reference: Reference, main: Capture) -> FetchedPart:
        """Fetch a part through all middlewares: scope, robots, delays, budgets."""
        trail: list[Capture] = []
        notes = RequestNotes(role="part", parent=main.capture_id, trail=trail)
        try:
            request = Request(reference.uri, meta={NOTES_KEY: notes})
        except ValueError:
            return FetchedPart(trail=(), reason="malformed")
        try:
            response = await self.crawler.engine.download_async(request)
        except NO_RESPONSE as error:
            reason = refusal_code(error) or ""
            return FetchedPart(trail=tuple(trail), reason=reason)
        is_style = reference.kind is PartKind.STYLE and response.status == 200
        return FetchedPart(
            trail=tuple(trail),
            style=response.body if is_style else None,
            payload_bytes=len(response.body),
        )


def refusal_code(error: BaseException | None) -> str | None:
    """Why a request was not made or not followed; None for a network failure."""
    if isinstance(error, RequestRefused):
        return error.code
    if not isinstance(error, IgnoreRequest):
        return None
    text = str(error).lower()
    if "robots.txt" in text:
        return "robots"
    return REDIRECT_LIMIT if "redirect" in text else "ignored"


def _listing_arguments(rules: ListingRules | None) -> dict[str, Any]:
    return {"rules": rules, "page_number": 1} if rules else {}
