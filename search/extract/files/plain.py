"""Plain text, JSON, XML and feeds to text."""

import html
import json
import re
from collections.abc import Iterator

from search.extract.dates import CONFLICT, find_in_text
from search.extract.result import Extract, clean_text, clean_title, join_parts

TEXT_EXTRACTOR = "text/2"
JSON_EXTRACTOR = "json/2"
XML_EXTRACTOR = "xml/2"

_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_INVISIBLE = re.compile(r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", re.DOTALL)
_TAG = re.compile(r"<[^>]*(?:>|$)")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)


def extract_plain(text: str) -> Extract:
    """Text as it stands."""
    return _made(clean_text(text), None, TEXT_EXTRACTOR)


def extract_json(text: str) -> Extract:
    """Every string and number of a JSON value, one a line; else the text as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return extract_plain(text)
    return _made(clean_text("\n".join(_leaves(value))), None, JSON_EXTRACTOR)


def extract_xml(markup: str) -> Extract:
    """Text between tags; markup escaped inside a feed is taken away too."""
    opened = _CDATA.sub(lambda found: html.escape(found[1]), markup)
    title = _TITLE.search(opened)
    text = _without_tags(opened)
    return _made(
        clean_text(text), _without_tags(title[1]) if title else None, XML_EXTRACTOR
    )


def _without_tags(markup: str) -> str:
    once = html.unescape(_TAG.sub("\n", _INVISIBLE.sub("\n", markup)))
    return html.unescape(_TAG.sub("\n", once)) if "<" in once else once


def _leaves(value: object) -> Iterator[str]:
    """Depth first, in order, without recursion."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, str | int | float) and not isinstance(item, bool):
            yield str(item)


def _made(text: str, title: str | None, extractor: str) -> Extract:
    whole, main_end, cut = join_parts(text, "")
    dates = find_in_text(text)
    return Extract(
        text=whole,
        main_end=main_end,
        title=clean_title(title),
        extractor=extractor,
        charset=None,
        declared_charset=None,
        warnings=(
            *(("truncated",) if cut else ()),
            *((CONFLICT,) if dates.conflict else ()),
        ),
        claimed=dates.claimed,
    )
