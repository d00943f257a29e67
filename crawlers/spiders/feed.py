"""RSS, Atom and JSON Feed, from bytes alone; only importer of feedparser.

What a feed says of date and title is the feed's claim. The parser is never given an
address: it would fetch by itself, past the engine.
"""

import calendar
import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser

from crawlers.sources.scope import path_of
from crawlers.sources.seeds import FeedRules
from crawlers.spiders.reading import (
    ENTRIES,
    LIST_BYTES,
    Entry,
    Reading,
    join,
    read_instant,
    too_long,
)

FEED_TAGS = 200_000
"""Tags of a feed: 5,000 full entries have half of it; more cost memory by the GB."""
LONG_TAG = re.compile(rb"<\x00?[A-Za-z_:][^>]{65536}")
"""The parser looks each attribute up among all others of its tag: an hour for 1 MB."""
JSON_VERSION = "https://jsonfeed.org/version/"


def read_feed(
    body: bytes, *, url: str, content_type: str, rules: FeedRules, timezone: str
) -> Reading:
    """Read the entries of a feed in its order; a body that is none is a signal."""
    if len(body) > LIST_BYTES or body.count(b"<") > FEED_TAGS:
        return too_long()
    if LONG_TAG.search(body):
        return too_long()
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _read_json(body, url=url, timezone=timezone)
    else:
        found = _read_xml(body, url=url, content_type=content_type)
    if found is None:
        return Reading(signals=Counter({"feed-unreadable": 1}))
    entries, listed = found
    signals: Counter[str] = Counter()
    signals["items-beyond-limit"] += max(0, listed - ENTRIES)
    kept = [entry for entry in entries if _is_wanted(entry, rules, signals)]
    signals["item-without-title"] += sum(entry.title is None for entry in kept)
    signals["item-without-date"] += sum(entry.date is None for entry in kept)
    return Reading(entries=tuple(kept), signals=+signals)


def _is_wanted(entry: Entry, rules: FeedRules, signals: Counter[str]) -> bool:
    if entry.url is None:
        signals["item-without-link"] += 1
        return False
    if rules.article is None or rules.article.fullmatch(path_of(entry.url)):
        return True
    signals["item-not-article"] += 1
    return False


def _read_xml(
    body: bytes, *, url: str, content_type: str
) -> tuple[list[Entry], int] | None:
    """The first entries, and how many there are; None where it is no feed at all."""
    headers = {"content-type": content_type or "application/xml"}
    try:
        parsed: Any = feedparser.parse(
            BytesIO(body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (LookupError, ValueError):  # a codec of Python's that is no charset
        return None
    entries = parsed.get("entries") or []
    if not entries and not parsed.get("version"):
        return None
    return [_xml_entry(entry, url) for entry in entries[:ENTRIES]], len(entries)


def _xml_entry(entry: Any, base: str) -> Entry:
    date = entry.get("published") or entry.get("updated")
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    return Entry(
        url=join(base, entry.get("link")),
        key=str(entry.get("id") or ""),
        title=_line(entry.get("title")),
        date=_line(date),
        stated_at=_to_instant(parsed),
    )


def _to_instant(parsed: time.struct_time | None) -> datetime | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _read_json(
    body: bytes, *, url: str, timezone: str
) -> tuple[list[Entry], int] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    items = value.get("items") if isinstance(value, dict) else None
    version = value.get("version") if isinstance(value, dict) else None
    if not isinstance(items, list) or not str(version).startswith(JSON_VERSION):
        return None
    entries = [_json_entry(item, url, timezone) for item in items[:ENTRIES]]
    return entries, len(items)


def _json_entry(item: Any, base: str, timezone: str) -> Entry:
    item = item if isinstance(item, dict) else {}
    date = item.get("date_published") or item.get("date_modified")
    link = item.get("url") or item.get("external_url")
    return Entry(
        url=join(base, link if isinstance(link, str) else None),
        key=str(item.get("id") or ""),
        title=_line(item.get("title")),
        date=_line(date),
        stated_at=read_instant(date if isinstance(date, str) else None, timezone),
    )


def _line(value: object) -> str | None:
    words = " ".join(value.split()) if isinstance(value, str) else ""
    return words or None
