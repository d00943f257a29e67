"""From what a list says to what is asked for next, and what is odd since last time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from scrapy.http import Request, Response

from archive.capture import Capture
from archive.digest import Digest
from crawlers.crawl.seam.middleware import NOT_MODIFIED
from crawlers.crawl.seam.response import make_archived
from crawlers.crawl.seam.services import CrawlServices
from crawlers.sources.dates import next_page
from crawlers.sources.seeds import (
    ArchiveRules,
    ChannelRules,
    FeedRules,
    FilesRules,
    ListingRules,
    SeedRules,
    SitemapRules,
)
from crawlers.spiders.lists import read_list
from crawlers.spiders.previous import compare
from crawlers.spiders.reading import Entry, Reading
from crawlers.spiders.sitemap import SITEMAP_LEVELS

PREVIOUS = "previous"
"""Flag of a response made from an earlier capture."""
AHEAD = timedelta(days=1)
"""A date stated further ahead than this is a slip, and makes no list fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDocuments:
    """What the addresses of a list of documents held before, by address."""

    digests: Mapping[str, Digest]
    url: str
    is_listed: bool
    """False: the address stood in the list last time and does so no more."""

    def judge(self, response: Response, capture: Capture) -> str:
        """The signal that says what became of the document."""
        before, now = self.digests.get(self.url), capture.payload_digest
        if response.status != 200:
            return "document-missing" if self.is_listed else "document-withdrawn"
        if NOT_MODIFIED in response.flags or (before is not None and before == now):
            return "document-unchanged" if self.is_listed else "document-still-there"
        if before is not None:
            return "document-replaced"
        moved = now in self.digests.values()
        return "document-same-at-new-address" if moved else "document-new"


class Asks(Protocol):
    """The spider, as far as lists need it."""

    def page_request(self, url: str, *, depth: int = 1) -> Request:
        """Ask for an article."""
        ...

    def document_request(self, url: str, known: KnownDocuments) -> Request:
        """Ask for a document of a list, or for an address it had before."""
        ...


class ListFollower:
    """Makes the requests that lists lead to."""

    def __init__(self, spider: Asks, services: CrawlServices) -> None:
        self._spider = spider
        self._services = services

    def follow(
        self, response: Response, reading: Reading, *, rules: SeedRules
    ) -> Iterator[Request]:
        """Count what a list says, and ask for its articles or documents."""
        log = self._services.log
        before = self._previous(response, rules)
        log.items += len(reading.entries)
        log.signals.update(reading.signals)
        self._note_dates(reading)
        self._note_new(reading, before)
        difference = compare(before, reading, rules=rules, is_known=self._is_known)
        log.signals.update(difference.signals)
        if isinstance(rules, FilesRules):
            yield from self._documents(reading.entries, difference.gone)
            return
        if isinstance(rules, FeedRules) and not rules.fetch:
            return
        for entry in (*reading.entries, *difference.gone):
            if entry.url is not None:
                yield self._spider.page_request(entry.url)

    def _documents(
        self, listed: tuple[Entry, ...], gone: tuple[Entry, ...]
    ) -> Iterator[Request]:
        urls = {entry.url: True for entry in listed if entry.url}
        urls.update({entry.url: False for entry in gone if entry.url})
        earlier = {url: self._services.newest(url) for url in urls}
        digests = {url: one.payload_digest for url, one in earlier.items() if one}
        for url, is_listed in urls.items():
            known = KnownDocuments(digests=digests, url=url, is_listed=is_listed)
            yield self._spider.document_request(url, known)

    def _previous(self, response: Response, rules: SeedRules) -> Reading:
        """What the same address said when it was captured before this job."""
        earlier = self._services.newest(response.url)
        if earlier is None or response.request is None:
            return Reading()
        content = self._services.recall(earlier.capture_id)
        if content is None:
            return Reading()
        before = make_archived(content, response.request, flag=PREVIOUS)
        return read_list(before, rules, timezone=self._services.source.timezone)

    def _is_known(self, url: str) -> bool:
        return bool(url) and self._services.newest(url) is not None

    def _note_new(self, reading: Reading, before: Reading) -> None:
        known = before.named()
        self._services.log.new_items += sum(
            name not in known and not self._is_known(entry.url or "")
            for name, entry in reading.named().items()
        )

    def _note_dates(self, reading: Reading) -> None:
        log, began_at = self._services.log, self._services.began_at
        for entry in reading.entries:
            if entry.stated_at is None:
                continue
            if began_at is not None and entry.stated_at > began_at + AHEAD:
                log.signal("item-dated-ahead")
            else:
                log.note_date(entry.stated_at)


def more_pages(
    reading: Reading, rules: SeedRules, *, page_number: int
) -> Iterator[str]:
    """Further pages of the same list that this run reads."""
    match rules:
        case SitemapRules() if page_number < SITEMAP_LEVELS:
            yield from reading.lists
        case ArchiveRules() if page_number < rules.pages and reading.entries:
            yield next_page(rules, page_number + 1)
        case ListingRules() | ChannelRules() if page_number < rules.pages:
            if reading.next_url:
                yield reading.next_url
