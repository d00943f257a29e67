"""The public preview of a messenger channel: posts with number, time, text, files.

A number that is missing between two posts of one page is a post that was deleted, or
one that the preview does not show: it is counted, never filled in.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from scrapy.http import TextResponse

from crawlers.sources.seeds import ChannelRules
from crawlers.spiders.reading import (
    ENTRIES,
    LIST_BYTES,
    Entry,
    Reading,
    join,
    read_instant,
    too_long,
)

if TYPE_CHECKING:
    from parsel import Selector

TITLE_CHARACTERS = 120
_NUMBER = re.compile(r"(?:^|/)(\d{1,18})$")


def read_channel(
    response: TextResponse, rules: ChannelRules, *, timezone: str
) -> Reading:
    """Read the posts of one page, and where the older ones are."""
    if len(response.body) > LIST_BYTES:
        return too_long()
    signals: Counter[str] = Counter()
    entries: list[Entry] = []
    numbers: list[int] = []
    for post in response.css(rules.post)[:ENTRIES]:
        match = _NUMBER.search(post.attrib.get(rules.id) or "")
        if match is None:
            signals["post-without-number"] += 1
            continue
        numbers.append(int(match.group(1)))
        entries.append(
            _read_post(response, post, rules=rules, timezone=timezone, signals=signals)
        )
    signals["post-number-missing"] += _gaps(numbers)
    return Reading(
        entries=tuple(entries),
        next_url=_older(response.url, numbers, rules),
        signals=+signals,
    )


def _read_post(
    response: TextResponse,
    post: Selector,
    *,
    rules: ChannelRules,
    timezone: str,
    signals: Counter[str],
) -> Entry:
    text = _words(post, rules.text)
    files = [" ".join(node.split()) for node in _all(post, rules.document)]
    times = post.css(rules.time)
    stated = times[-1].attrib.get("datetime") if times else None
    if files:
        signals["post-file-without-link"] += len(files)
    if not text and not files and not post.css(rules.media):
        signals["post-without-text"] += 1
    said = "\n".join([text, *files])
    followed = post.css(rules.follow) if rules.follow else []
    return Entry(
        url=join(response.url, followed[0].attrib.get("href")) if followed else None,
        key=post.attrib.get(rules.id) or "",
        title=text[:TITLE_CHARACTERS] or next(iter(files), None),
        date=stated,
        stated_at=read_instant(stated, timezone),
        digest=hashlib.sha256(said.encode("utf-8", "replace")).hexdigest(),
    )


def _gaps(numbers: list[int]) -> int:
    if not numbers:
        return 0
    return max(numbers) - min(numbers) + 1 - len(set(numbers))


def _older(url: str, numbers: list[int], rules: ChannelRules) -> str | None:
    """The page before this one; the first post of a channel has number 1."""
    if not numbers or min(numbers) <= 1:
        return None
    parts = urlsplit(url)
    query = urlencode({rules.before: min(numbers)})
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _all(post: Selector, selector: str) -> list[str]:
    return ["".join(node.xpath(".//text()").getall()) for node in post.css(selector)]


def _words(post: Selector, selector: str) -> str:
    return " ".join(" ".join(_all(post, selector)).split())
