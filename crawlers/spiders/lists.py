"""One response and the rules of its seed -> what the list says."""

from collections import Counter

from scrapy.http import Response, TextResponse, XmlResponse

from archive.capture_class import CaptureClass
from crawlers.sources.seeds import (
    ArchiveRules,
    ChannelRules,
    FeedRules,
    FilesRules,
    ListingRules,
    SeedRules,
    SitemapRules,
)
from crawlers.spiders.channel import read_channel
from crawlers.spiders.feed import read_feed
from crawlers.spiders.files import read_documents
from crawlers.spiders.listing import read_listing
from crawlers.spiders.patience import TooMuchWork, bounded_work
from crawlers.spiders.reading import Reading
from crawlers.spiders.sitemap import read_sitemap

UNREADABLE = "listing-unreadable"
TOO_MUCH = "listing-took-too-long"


def kind_of(rules: SeedRules) -> CaptureClass:
    """What the pages of such a list are."""
    is_feed = isinstance(rules, FeedRules | SitemapRules)
    return CaptureClass.FEED if is_feed else CaptureClass.LISTING


def read_list(response: Response, rules: SeedRules, *, timezone: str) -> Reading:
    """Read one page of a list; what cannot be read, or not in time, is a signal."""
    try:
        with bounded_work():
            return _read(response, rules, timezone)
    except TooMuchWork:
        return Reading(signals=Counter({TOO_MUCH: 1}))


def _read(response: Response, rules: SeedRules, timezone: str) -> Reading:
    if response.status != 200:
        return Reading(signals=Counter({UNREADABLE: 1}))
    match rules:
        case FeedRules():
            content_type = response.headers.get("Content-Type") or b""
            return read_feed(
                response.body,
                url=response.url,
                content_type=content_type.decode("latin-1"),
                rules=rules,
                timezone=timezone,
            )
        case SitemapRules():
            return read_sitemap(
                response.body, url=response.url, rules=rules, timezone=timezone
            )
    if not isinstance(response, TextResponse) or isinstance(response, XmlResponse):
        return Reading(signals=Counter({UNREADABLE: 1}))
    match rules:
        case ChannelRules():
            return read_channel(response, rules, timezone=timezone)
        case FilesRules():
            return read_documents(response, rules)
        case ArchiveRules():
            return read_listing(response, rules.listing, timezone=timezone)
        case ListingRules():
            return read_listing(response, rules, timezone=timezone)
    raise AssertionError(f"no reader for {type(rules).__name__}")
