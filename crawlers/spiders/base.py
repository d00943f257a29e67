"""The spider of every source: seeds first, then what their kind of page leads to.

It finds addresses and nothing else: evidence is made by the handler, below it.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from archive.capture import Capture, CaptureOutcome
from archive.capture_class import CaptureClass
from archive.errors import SettingsError
from crawlers.crawl.capturing.parts import (
    FetchedPart,
    HtmlPage,
    PartsCollector,
    wants_parts,
)
from crawlers.crawl.capturing.references import PartKind, Reference
from crawlers.crawl.seam.handler import DOWNLOAD_ERRORS
from crawlers.crawl.seam.pacing import HOST_DOWN
from crawlers.crawl.seam.services import (
    IGNORED,
    NOTES_KEY,
    RECHECK_KEY,
    STOPPED,
    CrawlServices,
    RequestNotes,
    notes_of,
    refusal_code,
)
from crawlers.sources.classes import is_settled
from crawlers.sources.seeds import Seed, SeedRules
from crawlers.sources.source import PartsMode
from crawlers.spiders.answer import read_response, with_sound_base
from crawlers.spiders.change import note_change
from crawlers.spiders.following import KnownDocuments, ListFollower, more_pages
from crawlers.spiders.lists import kind_of, read_list
from crawlers.spiders.made_up import LEAST_CHARACTERS, AlikeAnswers, SeenPage
from crawlers.spiders.reading import web_address
from crawlers.spiders.room import QueueRoom
from crawlers.spiders.second_profile import SecondLook
from crawlers.spiders.turns import ShapeTurns

HANDLERS_NEEDED = 2
"""http and https: a handler that fails to load only makes Scrapy log a line."""
NO_RESPONSE: tuple[type[Exception], ...] = (IgnoreRequest, *DOWNLOAD_ERRORS)
BRIEF_TRIES = 3
"""Pages whose beginning is read first, and says too little, before all others of the
run are read whole at once: those of a site are alike, and most are heavy at the top."""
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
        self._alike = AlikeAnswers(note_class=services.log.note_class)
        self._lists = ListFollower(self, services)
        self._second = SecondLook(services)
        self._turns = ShapeTurns()
        self._room = QueueRoom(services)
        self._in_vain = 0
        """Pages in a row whose beginning said too little, the newest among them."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build it, and hear which requests come to nothing."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._turns.give_back, signals.request_dropped)
        return spider

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
        promised: dict[str, Any] = {"seed": number, "vary": seed.vary}
        if seed.rules is None:
            return self._request(seed.url, self.parse_page, **promised)
        return self._request(seed.url, self.parse_list, rules=seed.rules, **promised)

    def _recheck_request(self, number: int, uri: str) -> Request:
        request = self._request(uri, self.parse_page, seed=number)
        request.meta[RECHECK_KEY] = True
        return request

    async def parse_list(
        self,
        response: Response,
        *,
        rules: SeedRules,
        page_number: int = 1,
        seed: int | None = None,
        vary: bool = False,
    ) -> AsyncIterator[Request]:
        """Follow the entries of a list and its further pages, whatever list it is."""
        second = self._second.ask(response, always=True) if vary else ()
        response = with_sound_base(response)
        self._settle_seed(response.request, seed)
        self._settle_class(response, kind_of(rules))
        for request in second:
            yield request
        reading = read_list(response, rules, timezone=self.source.timezone)
        entries = self._lists.follow(response, reading, rules=rules)
        for request in self._room.let_in(entries):
            yield request
        further = list(more_pages(reading, rules, page_number=page_number))
        most = self.source.limits.requests
        if len(further) > most:  # none of them would be asked for
            self.services.log.signal("lists-beyond-limit", len(further) - most)
        for url in further[:most]:
            yield self._request(
                url,
                self.parse_list,
                filtered=True,
                rules=rules,
                page_number=page_number + 1,
            )
        await self._keep_page(response)

    async def parse_page(
        self,
        response: Response,
        *,
        seed: int | None = None,
        vary: bool = False,
        depth: int = 0,
    ) -> AsyncIterator[Request]:
        """Follow a page's links where its scope rule says so."""
        second = self._second.ask(response, always=vary)
        response = with_sound_base(response)
        self._settle_seed(response.request, seed)
        made_up = self._settle_class(response, CaptureClass.PAGE)
        if made_up is not None:
            yield self._probe_request(made_up)
        for request in second:
            yield request
        links = self._links(response, depth)
        linked = (self.page_request(url, depth=depth + 1) for url in links)
        for request in self._room.let_in(linked):
            yield request
        await self._keep_page(response)

    def parse_document(self, response: Response, *, known: KnownDocuments) -> None:
        """Say what became of a document whose address may have changed."""
        self._settle_class(response, CaptureClass.FILE)
        trail = self._trail(response.request)
        if trail:
            self.services.log.signal(known.judge(response, trail[-1]))

    def parse_made_up(self, response: Response) -> None:
        """Hear what a host shows for an address that cannot exist."""
        trail = self._trail(response.request)
        if not trail or response.status != 200:
            return
        asked, kind = response.url, CaptureClass.PAGE
        read = [  # as its other pages were read, whichever way that was
            read_response(response, trail[-1], asked=asked, kind=kind, brief=brief)
            for brief in (True, False)
        ]
        shown = [answer.signs.fingerprint for answer in read if answer.signs]
        if shown:
            self._alike.hear(response.url, shown)

    def ignore(self, _: Any) -> None:
        """Nothing to do: the capture is in the archive."""

    def note_failure(self, failure: Failure) -> None:
        """Settle a seed that brought no response; others are captures already."""
        request = failure.request  # type: ignore[attr-defined]
        seed = request.cb_kwargs.get("seed")
        trail = tuple(notes_of(request).trail)
        code = refusal_code(failure.value)
        problem = code or str(failure.value)
        whole = bool(trail) and trail[-1].outcome is CaptureOutcome.COMPLETE
        if whole and problem == HOST_DOWN:
            problem = ""  # its last answer stands; it is not asked again
        elif whole and code in (None, IGNORED):
            # The capture is safe; only our own reading of its body failed.
            self.services.log.signal("undecodable-body")
            problem = ""
        if seed is not None and problem == HOST_DOWN and not trail:
            self.services.log.settle(seed, "not-reached", captures=(), reason=HOST_DOWN)
        elif seed is not None and problem != STOPPED:  # else it was not reached
            self.services.log.settle_trail(seed, trail, problem=problem)

    def _settle_seed(self, request: Request | None, seed: int | None) -> None:
        if seed is not None and request is not None:
            trail = tuple(notes_of(request).trail)
            self.services.log.settle_trail(seed, trail, problem="")

    def _settle_class(self, response: Response, kind: CaptureClass) -> str | None:
        """Say what the answer is, now that its body is at hand.

        Returns an address to try where the host seems to answer everything alike.
        """
        request, trail = response.request, self._trail(response.request)
        if request is None or not trail:
            return None
        asked = request.meta.get("redirect_urls", [request.url])[0]
        desk = self.services.recorder.desk
        may_be_brief = not self.source.classes and self._in_vain < BRIEF_TRIES
        for brief in (may_be_brief, False):
            answer = read_response(
                response, trail[-1], asked=asked, kind=kind, brief=brief
            )
            note = desk.settle(trail[-1], answer)
            if is_settled(answer, note):
                break
            self._in_vain += 1
        if answer.is_brief:
            self._in_vain = 0
        if note.is_content:
            note_change(self.services, response, trail[-1])
        signs = answer.signs
        if note.capture_class != CaptureClass.PAGE or signs is None:
            return None
        if len(signs.text) < LEAST_CHARACTERS:
            return None
        page = SeenPage(capture_id=trail[-1].capture_id, url=answer.uri, note=note)
        return self._alike.see(signs.fingerprint, page)

    def _trail(self, request: Request | None) -> list[Capture]:
        return notes_of(request).trail if request is not None else []

    def page_request(self, url: str, *, depth: int = 1) -> Request:
        """Ask for an article or a linked page; addresses of one shape take turns."""
        request = self._request(url, self.parse_page, filtered=True, depth=depth)
        return self._turns.take(request)

    def document_request(self, url: str, known: KnownDocuments) -> Request:
        """Ask for a document of a list, or for an address it had before."""
        return self._request(url, self.parse_document, filtered=True, known=known)

    def _probe_request(self, url: str) -> Request:
        request = self._request(url, self.parse_made_up, filtered=True)
        request.meta[NOTES_KEY] = RequestNotes(role="probe")
        return request

    def _request(
        self,
        url: str,
        callback: Callable[..., Any],
        *,
        filtered: bool = False,
        **arguments: Any,
    ) -> Request:
        return Request(
            url,
            callback=callback,
            errback=self.note_failure,
            dont_filter=not filtered,
            cb_kwargs=arguments,
            meta={NOTES_KEY: RequestNotes()},
        )

    def _links(self, response: Response, depth: int) -> Iterator[str]:
        """Addresses named by a page that is to be followed; bounded."""
        follow = self.services.verdict_on(response.url).may_follow
        if not follow or not isinstance(response, TextResponse):
            return
        if depth >= self.source.limits.depth:
            self.services.log.signal("budget:depth")
            return
        if len(response.body) > LINK_PAGE_BYTES:
            self.services.log.signal("page-too-long-for-links")
            return
        links = response.xpath("//a/@href")
        if len(links) > LINKS:
            self.services.log.signal("links-beyond-limit", len(links) - LINKS)
        for href in links[:LINKS].getall():
            try:
                url = web_address(response.urljoin(href.strip()))
            except ValueError:
                self.services.log.signal("malformed-link")
                continue
            if url is not None:
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
