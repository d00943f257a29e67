"""Turns between addresses of one shape: a calendar without end leaves room for others.

Counted by the address as its request has it: Scrapy percent-encodes what it is given.
"""

import re
from collections import Counter
from urllib.parse import unquote, urlsplit

from scrapy import Request

SHAPE_TURN = 25
"""Addresses of one shape asked for before those of another shape come first: a calendar
without end takes turns with the articles, and leaves them most of the budget."""
_NUMBERS = re.compile(r"\d+")


class ShapeTurns:
    """How often each shape of one crawl took its turn."""

    def __init__(self) -> None:
        self._shapes: Counter[str] = Counter()

    def take(self, request: Request) -> Request:
        """The same request, behind those of shapes that were asked for less often."""
        shape = shape_of(request.url)
        self._shapes[shape] += 1
        request.priority = -(self._shapes[shape] // SHAPE_TURN)
        return request

    def give_back(self, request: Request) -> None:
        """What was asked for before takes no turn of its shape once more."""
        is_hop = "redirect_times" in request.meta
        if "depth" in request.cb_kwargs and not is_hop:
            self._shapes[shape_of(request.url)] -= 1


def shape_of(url: str) -> str:
    """An address without its numbers: what pages made by one machine share."""
    parts = urlsplit(url)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&"))
    path = _NUMBERS.sub("0", unquote(parts.path))  # else `%D0%B5` had numbers
    return f"{parts.netloc}{path}?{'&'.join(names)}"
