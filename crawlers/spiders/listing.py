"""A page of links to articles: items in order; an oddity is a signal, not a skip.

An item without link, title or date is counted; a link that does not look like an
article is counted and not followed; adjacent doubles (picture, headline) are one item.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy.http import TextResponse

from crawlers.sources.seeds import ListingRules

if TYPE_CHECKING:
    from parsel import Selector, SelectorList  # what `response.css` gives

ITEMS = 5_000
"""Items read from one page of a list."""
LISTING_BYTES = 8 << 20
"""A longer listing is captured but not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingItem:
    """One entry of a list."""

    url: str
    title: str | None
    date: str | None
    """As printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """What one page of a list says."""

    items: tuple[ListingItem, ...]
    next_url: str | None
    signals: Counter[str]


def read_listing(response: TextResponse, rules: ListingRules) -> ListingPage:
    """Read items and the link to the next page; SelectorSyntaxError is the file's."""
    signals: Counter[str] = Counter()
    if len(response.body) > LISTING_BYTES:
        signals["listing-too-long"] += 1
        return ListingPage(items=(), next_url=None, signals=signals)
    found: list[ListingItem] = []
    blocks = response.css(rules.item)
    signals["items-beyond-limit"] += max(0, len(blocks) - ITEMS)
    for block in blocks[:ITEMS]:
        item = _read_item(response, block, rules=rules, signals=signals)
        if item is None:
            continue
        if found and found[-1].url == item.url:
            signals["item-adjacent-double"] += 1
            found[-1] = _merge(found[-1], item)
        else:
            found.append(item)
    signals["item-without-title"] += sum(item.title is None for item in found)
    if rules.date is not None:
        signals["item-without-date"] += sum(item.date is None for item in found)
    return ListingPage(
        items=tuple(found), next_url=_next_url(response, rules), signals=+signals
    )


def _read_item(
    response: TextResponse,
    block: Selector,
    *,
    rules: ListingRules,
    signals: Counter[str],
) -> ListingItem | None:
    link = _find_link(block, rules.link)
    url = _join(response, link.attrib.get("href") if link is not None else None)
    if link is None or url is None:
        signals["item-without-link"] += 1
        return None
    if rules.article is not None and not rules.article.fullmatch(_path_of(url)):
        signals["item-not-article"] += 1
        return None
    title = _text(block.css(rules.title)) if rules.title else _text([link])
    date = _text(block.css(rules.date)) if rules.date else None
    return ListingItem(url=url, title=title, date=date)


def _find_link(block: Selector, rule: str | None) -> Selector | None:
    if rule is not None:
        candidates = block.css(rule)
    elif block.root.tag == "a":
        return block
    else:
        candidates = block.css("a[href]")
    return candidates[0] if candidates else None


def _join(response: TextResponse, href: str | None) -> str | None:
    """Absolute address without fragment; None for what is no address."""
    if not href or href.strip().startswith("#"):
        return None
    try:
        return response.urljoin(href.strip()).partition("#")[0]
    except ValueError:
        return None


def _path_of(url: str) -> str:
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2].partition("?")[0]


def _next_url(response: TextResponse, rules: ListingRules) -> str | None:
    if rules.next is None:
        return None
    links = response.css(rules.next)
    return _join(response, links[0].attrib.get("href")) if links else None


def _text(nodes: SelectorList[Selector] | list[Selector]) -> str | None:
    for node in nodes[:1]:
        words = " ".join("".join(node.xpath(".//text()").getall()).split())
        return words or None
    return None


def _merge(first: ListingItem, second: ListingItem) -> ListingItem:
    return ListingItem(
        url=first.url,
        title=first.title or second.title,
        date=first.date or second.date,
    )
