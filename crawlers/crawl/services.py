"""What the Scrapy components of one crawl share, hung on its crawler.

Scrapy builds components from the crawler alone; this is how they find our objects.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from archive.capture import Capture
from archive.errors import EvidenceError
from crawlers.crawl.joblog import JobLog
from crawlers.crawl.recorder import Fetcher, Recorder
from crawlers.sources.source import Source

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request

NOTES_KEY = "evidence"
"""Our key in `request.meta`; redirects and retries carry it on."""
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
    handlers_built: int = 0
    fatal: EvidenceError | None = None
    """What ended the crawl: the archive cannot be written, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNotes:
    """Why a request is made; `trail` is shared by all its retries and hops."""

    role: str = "page"
    parent: str | None = None
    trail: list[Capture] = field(default_factory=list)


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
