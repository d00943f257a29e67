"""Quotation links: a place in a kept text, and the place found again (pure).

What a quotation is, `search.quote` says; this is its link, and what other tools read.
The link holds offsets in Unicode code points, the extractor and the beginning of the
quote's digest: it does not say what is quoted, and never leads to other words.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode

from search.quote import Quotation

QUOTE_LIMIT_CHARS = 4_000
"""A page of print; who quotes more cites the capture."""
DIGEST_BYTES = 8
SEARCHED_PLACES = 50_000
"""Of a text with other offsets, looked at by digest, nearest to the old one first."""
HASHED_CHARS = 16_000_000
"""Hashed for one link in all: some tens of milliseconds, whatever a link may say."""
FRAGMENT_WORDS = 5
"""Words at either end of a longer quote."""
_RANGE = re.compile(r"(0|[1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
_DIGEST = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a link names: `[start, end)` of one extractor's text, and a digest."""

    start: int
    end: int
    extractor: str
    digest: str

    @property
    def query(self) -> str:
        """The part of the link behind the question mark."""
        span = f"{self.start}-{self.end}"
        return urlencode({"t": span, "x": self.extractor, "d": self.digest})


def place_of(quoted: Quotation) -> Place:
    """The place that a link to a quotation names."""
    return Place(
        start=quoted.start,
        end=quoted.end,
        extractor=quoted.extractor,
        digest=digest_of(quoted.exact),
    )


def selectors_of(quoted: Quotation) -> list[dict[str, object]]:
    """W3C Web Annotation selectors, as JSON objects."""
    return [
        {
            "type": "TextQuoteSelector",
            "exact": quoted.exact,
            "prefix": quoted.prefix,
            "suffix": quoted.suffix,
        },
        {"type": "TextPositionSelector", "start": quoted.start, "end": quoted.end},
    ]


def fragment_of(exact: str) -> str:
    """A text fragment, by which a browser shows the words on the live page."""
    words = exact.split()
    if len(words) <= 2 * FRAGMENT_WORDS:
        return ":~:text=" + _encoded(" ".join(words))
    first = _encoded(" ".join(words[:FRAGMENT_WORDS]))
    last = _encoded(" ".join(words[-FRAGMENT_WORDS:]))
    return f":~:text={first},{last}"


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("-", "%2D")


def digest_of(words: str) -> str:
    """First 8 bytes of SHA-256 of the words, hex."""
    return hashlib.sha256(words.encode()).digest()[:DIGEST_BYTES].hex()


def parse_place(span: str, extractor: str, digest: str) -> Place | None:
    """Read the three values of a link; None unless each is as we write it."""
    match = _RANGE.fullmatch(span)
    if match is None or _DIGEST.fullmatch(digest) is None or not extractor:
        return None
    start, end = int(match[1]), int(match[2])
    if not start < end <= start + QUOTE_LIMIT_CHARS:
        return None
    return Place(start=start, end=end, extractor=extractor, digest=digest)


def find_again(place: Place, text: str) -> tuple[int, int] | None:
    """The span a link means in a text; another place only if the words are the same.

    A text made by another version of the extractor has other offsets: the words are
    looked for by their digest there.
    """
    if digest_of(text[place.start : place.end]) == place.digest:
        if place.end <= len(text):
            return place.start, place.end
        return None
    length = place.end - place.start
    most = min(SEARCHED_PLACES, HASHED_CHARS // length)
    for start in islice(_around(place.start, len(text) - length + 1), most):
        if digest_of(text[start : start + length]) == place.digest:
            return start, start + length
    return None


def _around(middle: int, end: int) -> Iterator[int]:
    """All of `[0, end)`, the nearest to `middle` first: texts change a little."""
    middle = min(middle, end - 1)
    for away in range(end):
        if away <= middle:
            yield middle - away
        if away and middle + away < end:
            yield middle + away
