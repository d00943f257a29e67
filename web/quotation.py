"""Quotation: a place in a kept text, its link, and the place found again (pure).

The link holds offsets in Unicode code points, the extractor and the beginning of the
quote's digest: it does not say what is quoted, and never leads to other words.
"""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

QUOTE_LIMIT_CHARS = 4_000
"""A page of print; who quotes more cites the capture."""
CONTEXT_CHARS = 32
"""Before and after, as in W3C TextQuoteSelector."""
DIGEST_BYTES = 8
PLACES_LIMIT = 20
"""Places of the same words that are offered."""
SEARCHED_CHARS = 400_000
"""Of a text with other offsets, looked through by digest."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Quoted words with what stands around them."""

    place: Place
    exact: str
    prefix: str
    suffix: str

    @property
    def selectors(self) -> list[dict[str, object]]:
        """W3C Web Annotation selectors, as JSON objects."""
        return [
            {
                "type": "TextQuoteSelector",
                "exact": self.exact,
                "prefix": self.prefix,
                "suffix": self.suffix,
            },
            {
                "type": "TextPositionSelector",
                "start": self.place.start,
                "end": self.place.end,
            },
        ]

    @property
    def fragment(self) -> str:
        """A text fragment, by which a browser shows the words on the live page."""
        words = self.exact.split()
        if len(words) <= 2 * FRAGMENT_WORDS:
            return ":~:text=" + _encoded(" ".join(words))
        first = _encoded(" ".join(words[:FRAGMENT_WORDS]))
        last = _encoded(" ".join(words[-FRAGMENT_WORDS:]))
        return f":~:text={first},{last}"


FRAGMENT_WORDS = 5
"""Words at either end of a longer quote."""


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("-", "%2D")


def digest_of(words: str) -> str:
    """First 8 bytes of SHA-256 of the words, hex."""
    return hashlib.sha256(words.encode()).digest()[:DIGEST_BYTES].hex()


def find_words(text: str, words: str) -> list[tuple[int, int]]:
    """Where words stand: exactly, else with any white space between them."""
    words = words.strip()[:QUOTE_LIMIT_CHARS]
    if not words:
        return []
    exact = [match.span() for match in re.finditer(re.escape(words), text)]
    if exact:
        return exact[:PLACES_LIMIT]
    loose = r"\s+".join(map(re.escape, words.split()))
    return [match.span() for match in re.finditer(loose, text)][:PLACES_LIMIT]


def quote_at(text: str, span: tuple[int, int], *, extractor: str) -> Quotation:
    """The quotation of a span of a text."""
    start, end = span
    exact = text[start:end]
    place = Place(start=start, end=end, extractor=extractor, digest=digest_of(exact))
    return Quotation(
        place=place,
        exact=exact,
        prefix=text[max(start - CONTEXT_CHARS, 0) : start],
        suffix=text[end : end + CONTEXT_CHARS],
    )


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
    for start in range(min(len(text) - length + 1, SEARCHED_CHARS)):
        if digest_of(text[start : start + length]) == place.digest:
            return start, start + length
    return None
