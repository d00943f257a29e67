"""Sitemaps and indexes of them, plain or gzip, bounded; `lastmod` is but a hint."""

import gzip
import io
import zlib
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

from scrapy.utils.sitemap import Sitemap

from archive.warc.member import GZIP_MAGIC
from crawlers.sources.scope import path_of
from crawlers.sources.seeds import SitemapRules
from crawlers.spiders.reading import Entry, Reading, join, read_instant

SITEMAP_ENTRIES = 50_000
"""Of one sitemap, as the protocol has it."""
SITEMAP_LEVELS = 50
SITEMAP_BYTES = 50 << 20
"""Of one sitemap once it is unpacked, as the protocol has it."""
UNREADABLE = (SyntaxError, StopIteration, ValueError, TypeError, AttributeError)
"""What the parser raises on bodies that are no sitemap; lxml's errors are the first."""
_BEGINNING_OF_TIME = datetime(1, 1, 1, tzinfo=UTC)


def read_sitemap(
    body: bytes, *, url: str, rules: SitemapRules, timezone: str
) -> Reading:
    """Read one sitemap or index of them; the newest articles first."""
    signals: Counter[str] = Counter()
    data = _unpack(body)
    if data is None:
        return Reading(signals=Counter({"sitemap-unreadable": 1}))
    try:
        sitemap = Sitemap(data)
        rows = list(islice(sitemap, SITEMAP_ENTRIES + 1))
    except UNREADABLE:
        return Reading(signals=Counter({"sitemap-unreadable": 1}))
    if sitemap.type not in ("urlset", "sitemapindex"):
        return Reading(signals=Counter({"sitemap-unreadable": 1}))
    signals["items-beyond-limit"] += len(rows) > SITEMAP_ENTRIES
    found = [_entry(row, url, timezone) for row in rows[:SITEMAP_ENTRIES]]
    signals["item-without-link"] += sum(entry.url is None for entry in found)
    if sitemap.type == "sitemapindex":
        return Reading(lists=_nested(found, rules, signals), signals=+signals)
    return Reading(entries=_wanted(found, rules, signals), signals=+signals)


def _unpack(body: bytes) -> bytes | None:
    """Undo gzip, bounded; None for what is no gzip or too long."""
    if not body.startswith(GZIP_MAGIC):
        return body
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            data = stream.read(SITEMAP_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return data if len(data) <= SITEMAP_BYTES else None


def _entry(row: dict[str, object], base: str, timezone: str) -> Entry:
    lastmod = row.get("lastmod")
    date = lastmod if isinstance(lastmod, str) else None
    return Entry(
        url=join(base, str(row.get("loc") or "")),
        date=date,
        stated_at=read_instant(date, timezone),
    )


def _nested(
    found: list[Entry], rules: SitemapRules, signals: Counter[str]
) -> tuple[str, ...]:
    wanted = [
        entry
        for entry in found
        if entry.url is not None
        and (rules.sitemap is None or rules.sitemap.fullmatch(path_of(entry.url)))
    ]
    signals["sitemap-not-wanted"] += len(found) - len(wanted)
    return tuple(entry.url for entry in _newest_first(wanted) if entry.url)


def _wanted(
    found: list[Entry], rules: SitemapRules, signals: Counter[str]
) -> tuple[Entry, ...]:
    linked = [entry for entry in found if entry.url is not None]
    wanted = [
        entry
        for entry in linked
        if rules.article is None or rules.article.fullmatch(path_of(entry.url or ""))
    ]
    signals["item-not-article"] += len(linked) - len(wanted)
    signals["item-older-than-wanted"] += max(0, len(wanted) - rules.newest)
    return tuple(_newest_first(wanted)[: rules.newest])


def _newest_first(entries: list[Entry]) -> list[Entry]:
    """By the date stated; those without one behind, in the order of the file."""
    return sorted(
        entries,
        key=lambda entry: entry.stated_at or _BEGINNING_OF_TIME,
        reverse=True,
    )
