"""The `[[seed]]` tables of a registry file: an address, a spider, its settings."""

import re
from collections.abc import Callable

from crawlers.sources.seeds import (
    ArchiveRules,
    ChannelRules,
    FeedRules,
    FilesRules,
    ListingRules,
    Seed,
    SeedRules,
    SitemapRules,
    SpiderKind,
)
from crawlers.sources.toml_table import Table

YEAR_DAYS = 366
"""Of an archive by day: each is a seed of every run."""
PAGES_MOST = 10_000
PLACEHOLDERS = frozenset({"page", "year", "month", "month2", "day", "day2"})
DAY_PLACEHOLDERS = PLACEHOLDERS - {"page"}
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def read_seed(table: Table) -> Seed:
    """Read one seed; each spider knows its own keys and no others."""
    spider = table.choice("spider", SpiderKind)
    url = table.text_of("url", pattern=r"https?://[!-~]+")
    if "@" in url.split("/")[2]:
        table.fail("url", "names a user; nothing is logged in to")
    read = _READERS.get(spider)
    rules = read(table) if read else None
    vary = table.flag("vary")
    table.finish()
    if isinstance(rules, ArchiveRules):
        url = fill_archive_url(rules.url, page=rules.first)
    elif PLACEHOLDERS.intersection(_PLACEHOLDER.findall(url)):
        table.fail("url", 'placeholders are for spider = "archive"')
    return Seed(url=url, spider=spider, rules=rules, vary=vary)


def fill_archive_url(template: str, **values: int) -> str:
    """Fill in what is known; what is not stays as it is."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.rstrip("2") not in values:
            return match.group()
        value = values[name.rstrip("2")]
        return f"{value:02d}" if name.endswith("2") else str(value)

    return _PLACEHOLDER.sub(fill, template)


def _listing(table: Table) -> ListingRules:
    item = table.selector("item")
    if item is None:
        table.fail("item", "is missing: a listing says where its items are")
    return ListingRules(
        item=item,
        link=table.selector("link"),
        title=table.selector("title"),
        date=table.selector("date"),
        next=table.selector("next"),
        pages=table.number_or("pages", 1, least=1, most=PAGES_MOST),
        article=table.regex("article"),
        paragraphs=table.flag("paragraphs"),
    )


def _archive(table: Table) -> ArchiveRules:
    url = table.text_of("url")
    listing = _listing(table)
    days = table.number_or("days", 0, most=YEAR_DAYS)
    used = set(_PLACEHOLDER.findall(url))
    if not used or not used <= PLACEHOLDERS:
        known = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
        table.fail("url", f"an archive counts by some of: {known}")
    if bool(used & DAY_PLACEHOLDERS) != (days > 0):
        table.fail("days", "goes with {year}, {month} and {day} in url")
    if listing.pages > 1 and "page" not in used:
        table.fail("pages", "more than one page needs {page} in url")
    if listing.next is not None:
        table.fail("next", "an archive makes its addresses itself")
    return ArchiveRules(
        url=url,
        listing=listing,
        first=table.number_or("first", 1),
        pages=listing.pages,
        days=days,
    )


def _feed(table: Table) -> FeedRules:
    return FeedRules(article=table.regex("article"), fetch=table.flag_or("fetch", True))


def _sitemap(table: Table) -> SitemapRules:
    default = SitemapRules()
    return SitemapRules(
        article=table.regex("article"),
        sitemap=table.regex("sitemap"),
        newest=table.number_or("newest", default.newest, least=1),
    )


def _channel(table: Table) -> ChannelRules:
    default = ChannelRules()
    return ChannelRules(
        post=table.selector("post") or default.post,
        id=table.text_or("id", default.id),
        text=table.selector("text") or default.text,
        time=table.selector("time") or default.time,
        document=table.selector("document") or default.document,
        media=table.selector("media") or default.media,
        before=table.text_or("before", default.before),
        pages=table.number_or("pages", default.pages, least=1, most=PAGES_MOST),
        follow=table.selector("follow"),
    )


def _files(table: Table) -> FilesRules:
    path = table.regex("path")
    if path is None:
        table.fail("path", "is missing: which links are the documents?")
    return FilesRules(
        link=table.selector("link") or "a[href]",
        path=path,
        least=table.number_or("least", 1),
    )


_READERS: dict[SpiderKind, Callable[[Table], SeedRules]] = {
    SpiderKind.LISTING: _listing,
    SpiderKind.ARCHIVE: _archive,
    SpiderKind.FEED: _feed,
    SpiderKind.SITEMAP: _sitemap,
    SpiderKind.CHANNEL: _channel,
    SpiderKind.FILES: _files,
}
