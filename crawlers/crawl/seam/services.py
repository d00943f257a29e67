"""What the Scrapy components of one crawl share, hung on its crawler.

Scrapy builds components from the crawler alone; this is how they find our objects.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy.exceptions import IgnoreRequest

from archive.capture import Capture, EarlierCapture
from archive.errors import EvidenceError, UsageProblem
from crawlers.crawl.capturing.memory import ArchiveMemory, Content
from crawlers.crawl.capturing.recorder import REDIRECT_LIMIT, Fetcher, Recorder
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.jobs.unfinished import NOTHING_UNFINISHED, Unfinished
from crawlers.crawl.seam.pacing import HostPacing
from crawlers.engine.request import parse_target
from crawlers.sources.scope import Verdict, decide
from crawlers.sources.source import Source

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request

DECODED_BYTES = 8 << 20
"""Of a body whose content coding is undone for a spider: pages are smaller, bombs are
not. Scrapy holds it twice while it decodes."""
IGNORED = "ignored"
"""A component of Scrapy's dropped an answer that it could not read."""
STOPPED = "stopped"
"""Code of a request that was not made because the crawl is stopping."""
NOTES_KEY = "evidence"
"""Our key in `request.meta`; redirects and retries carry it on."""
CONDITION_KEY = "evidence_condition"
"""Our key in `request.meta`: the capture that the request's condition is about."""
LIMIT_KEY = "evidence_limit_bytes"
"""Our key in `request.meta`: bytes of body received. Scrapy's `download_maxsize` bounds
what its middlewares decode: a body may be long, or packed, but not both."""
RECHECK_KEY = "evidence_recheck"
"""Our key in `request.meta`: it is fetched again, and not where its host is down."""
VERDICTS_KEPT = 256
"""Each address is judged when it is asked for and when its links are; more than a crawl
has under way."""
PREVIOUS_UNREADABLE = "previous-unreadable"
"""Signal: something of an earlier run was removed or is damaged."""
WARC_KEY = "warc"
"""Where spiders find which capture a response is."""


@dataclass(slots=True, kw_only=True)
class CrawlServices:
    """One crawl's source, job, engine, archive and log."""

    source: Source
    job_id: str
    fetcher: Fetcher
    recorder: Recorder
    log: JobLog
    any_port: bool = False
    """Test set-up: `allow_networks` opens all ports."""
    proxy: str | None = None
    """Label of the proxy that requests go through which name none."""
    memory: ArchiveMemory | None = None
    """What the archive holds already; None = every request is made in full."""
    unfinished: Unfinished = NOTHING_UNFINISHED
    """What an earlier run captured and this one need not fetch again."""
    show_page: Callable[[Capture], Awaitable[None]] | None = None
    """Keeps a captured page as a browser shows it; None = with its static parts."""
    count_queued: Callable[[], int] = lambda: 0
    """How many requests wait in Scrapy's queues."""
    handlers_built: int = 0
    stopping: bool = False
    """Set by SIGTERM: what runs may end, nothing more is asked for."""
    fatal: EvidenceError | None = None
    """What ended the crawl: the archive cannot be written, say."""
    began_at: datetime | None = None
    """When the job began: what the archive held before is what was there earlier."""
    gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    pacing: HostPacing = field(default_factory=lambda: HostPacing(clock=time.monotonic))
    """Which hosts want to be left in peace."""
    rechecks: tuple[str, ...] = ()
    """Addresses captured before that are fetched again, promised behind the seeds."""
    day_bytes: int = 0
    """Stored of the source in the last 24 hours before this job; 0 without a limit."""
    rechecks_only: bool = False
    """The seeds themselves are not due."""
    verdict_on: Callable[[str], Verdict] = field(init=False, repr=False)
    """What the source's scope says of an address."""

    def __post_init__(self) -> None:
        judge = partial(decide, self.source, any_port=self.any_port)
        self.verdict_on = lru_cache(maxsize=VERDICTS_KEPT)(judge)

    def seed_number(self, place: int) -> int | None:
        """Under which number the seed at that place of the file was promised."""
        seeds = [parse_target(seed.url).target_uri for seed in self.source.seeds]
        if self.unfinished.is_done(seeds[place]):
            return None
        return sum(not self.unfinished.is_done(uri) for uri in seeds[:place])

    def recheck_number(self, place: int) -> int:
        """Under which number a recheck was promised."""
        if self.rechecks_only:
            return place
        seeds = (parse_target(seed.url).target_uri for seed in self.source.seeds)
        return place + sum(not self.unfinished.is_done(uri) for uri in seeds)

    def newest(self, url: str) -> EarlierCapture | None:
        """The newest content of an address from before this job."""
        if self.memory is None or self.began_at is None:
            return None
        try:
            target_uri = parse_target(url).target_uri
        except UsageProblem:
            return None
        return self.memory.newest(target_uri, before=self.began_at)

    def recall(self, capture_id: str) -> Content | None:
        """What an earlier capture stands for; None where there is none to read.

        One that was removed or is damaged is counted: `verify` says which.
        """
        if self.memory is None:
            return None
        try:
            return self.memory.content(self.memory.reader.get_capture(capture_id))
        except EvidenceError:
            self.log.signal(PREVIOUS_UNREADABLE)
            return None

    def gate_of(self, url: str) -> asyncio.Semaphore:
        """The gate that lets as many requests to one host as the source allows."""
        host = urlsplit(url).netloc.lower()
        if host not in self.gates:
            self.gates[host] = asyncio.Semaphore(self.source.limits.concurrency)
        return self.gates[host]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNotes:
    """Why a request is made; `trail` is shared by all its retries and hops."""

    role: str = "page"
    parent: str | None = None
    trail: list[Capture] = field(default_factory=list)


class RequestRefused(IgnoreRequest):
    """Our rule said no; `code` is the signal it is counted under."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refusal_code(error: BaseException | None) -> str | None:
    """Why a request was not made or not followed; None for a network failure."""
    if isinstance(error, RequestRefused):
        return error.code
    if not isinstance(error, IgnoreRequest):
        return None
    text = str(error).lower()
    if "robots.txt" in text:
        return "robots"
    return REDIRECT_LIMIT if "redirect" in text else IGNORED


_ATTACHED: "WeakKeyDictionary[Crawler, CrawlServices]" = WeakKeyDictionary()


def attach_services(crawler: "Crawler", services: CrawlServices) -> None:
    """Hang the services on a crawler before it runs."""
    _ATTACHED[crawler] = services


def services_of(crawler: "Crawler") -> CrawlServices:
    """The services of a crawler; a crawler without is a broken invariant."""
    services = _ATTACHED.get(crawler)
    if services is None:
        raise AssertionError("this crawler was not made by crawlers.crawl.run")
    return services


def notes_of(request: "Request") -> RequestNotes:
    """The request's notes; requests that Scrapy makes itself ask for robots.txt."""
    notes = request.meta.get(NOTES_KEY)
    if isinstance(notes, RequestNotes):
        return notes
    role = "robots" if request.meta.get("dont_obey_robotstxt") else "page"
    notes = RequestNotes(role=role)
    request.meta[NOTES_KEY] = notes
    return notes
