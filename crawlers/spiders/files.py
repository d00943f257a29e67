"""A page whose documents change address: whatever lies under its folder is its list."""

from __future__ import annotations

from collections import Counter

from scrapy.http import TextResponse

from crawlers.sources.scope import path_of
from crawlers.sources.seeds import FilesRules
from crawlers.spiders.reading import (
    ENTRIES,
    LIST_BYTES,
    Entry,
    Reading,
    join,
    too_long,
)


def read_documents(response: TextResponse, rules: FilesRules) -> Reading:
    """Find the documents a page links to, each address once, in its order."""
    if len(response.body) > LIST_BYTES:
        return too_long()
    signals: Counter[str] = Counter()
    found: dict[str, Entry] = {}
    for link in response.css(rules.link)[:ENTRIES]:
        url = join(response.url, link.attrib.get("href"))
        if url is None or rules.path.fullmatch(path_of(url)) is None:
            continue
        words = " ".join("".join(link.xpath(".//text()").getall()).split())
        found.setdefault(url, Entry(url=url, title=words or None))
    if len(found) < rules.least:
        signals["documents-missing"] += rules.least - len(found)
    return Reading(entries=tuple(found.values()), signals=+signals)
