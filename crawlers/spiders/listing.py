"""A page of links to articles: items in order; an oddity is a signal, not a skip.

An item without link, title or date is counted; a link that does not look like an
article is counted and not followed; adjacent doubles (picture, headline) are one item.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from scrapy.http import TextResponse

from crawlers.sources.scope import path_of
from crawlers.sources.seeds import ListingRules
from crawlers.spiders.reading import (
    ENTRIES,
    LIST_BYTES,
    Entry,
    Reading,
    join,
    merge_adjacent,
    read_instant,
    too_long,
)

if TYPE_CHECKING:
    from parsel import Selector, SelectorList  # what `response.css` gives

TEXT_CHARACTERS = 300
"""Of a paragraph that stands for itself, as its title."""


def read_listing(
    response: TextResponse, rules: ListingRules, *, timezone: str = "UTC"
) -> Reading:
    """Read items and the link to the next page; SelectorSyntaxError is the file's."""
    if len(response.body) > LIST_BYTES:
        return too_long()
    signals: Counter[str] = Counter()
    blocks = response.css(rules.item)
    signals["items-beyond-limit"] += max(0, len(blocks) - ENTRIES)
    reader = _Reader(response, rules=rules, timezone=timezone, signals=signals)
    read = (reader.read(block) for block in blocks[:ENTRIES])
    found = merge_adjacent((entry for entry in read if entry is not None), signals)
    if not rules.paragraphs:
        signals["item-without-title"] += sum(item.title is None for item in found)
    if rules.date is not None:
        signals["item-without-date"] += sum(item.date is None for item in found)
    signals["items-out-of-order"] += _disorder(found)
    return Reading(
        entries=tuple(found), next_url=_next_url(response, rules), signals=+signals
    )


class _Reader:
    """Reads the blocks of one page."""

    def __init__(
        self,
        response: TextResponse,
        *,
        rules: ListingRules,
        timezone: str,
        signals: Counter[str],
    ) -> None:
        self._response = response
        self._rules = rules
        self._timezone = timezone
        self._signals = signals

    def read(self, block: Selector) -> Entry | None:
        """One item; None for what is none, which is counted."""
        rules = self._rules
        date = _text(block.css(rules.date)) if rules.date else None
        stated = self._stated(block) if rules.date else None
        if rules.paragraphs:
            return self._paragraph(block, date)
        link = _find_link(block, rules.link)
        href = link.attrib.get("href") if link is not None else None
        url = join(self._response.url, href)
        if link is None or url is None:
            self._signals["item-without-link"] += 1
            return None
        if rules.article is not None and not rules.article.fullmatch(path_of(url)):
            self._signals["item-not-article"] += 1
            return None
        title = _text(block.css(rules.title)) if rules.title else _text([link])
        return Entry(url=url, title=title, date=date, stated_at=stated)

    def _paragraph(self, block: Selector, date: str | None) -> Entry | None:
        """A paragraph that is an item of its own; it leads nowhere."""
        text = _text([block])
        if text is None:
            self._signals["item-without-text"] += 1
            return None
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        return Entry(
            url=None, key=digest, title=text[:TEXT_CHARACTERS], date=date, digest=digest
        )

    def _stated(self, block: Selector) -> datetime | None:
        for node in block.css(self._rules.date or "time")[:1]:
            return read_instant(node.attrib.get("datetime"), self._timezone)
        return None


def _disorder(items: list[Entry]) -> int:
    """Items whose stated date is later than the one before: lists are newest first."""
    stated = [item.stated_at for item in items if item.stated_at is not None]
    pairs = list(pairwise(stated))
    wrong = sum(later > earlier for earlier, later in pairs)
    # A list may as well be oldest first; only one that is neither is odd.
    return min(wrong, len(pairs) - wrong) if pairs else 0


def _find_link(block: Selector, rule: str | None) -> Selector | None:
    if rule is not None:
        candidates = block.css(rule)
    elif block.root.tag == "a":
        return block
    else:
        candidates = block.css("a[href]")
    return candidates[0] if candidates else None


def _next_url(response: TextResponse, rules: ListingRules) -> str | None:
    if rules.next is None:
        return None
    links = response.css(rules.next)
    return join(response.url, links[0].attrib.get("href")) if links else None


def _text(nodes: SelectorList[Selector] | list[Selector]) -> str | None:
    for node in nodes[:1]:
        words = " ".join("".join(node.xpath(".//text()").getall()).split())
        return words or None
    return None
