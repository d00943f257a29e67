"""Outlinks: where a captured page leads, by its own links (pure).

Nothing is fetched and nothing is followed: addresses come out in the one form captures
carry, with hosts as A-labels, for lists outside the frame.
"""

from dataclasses import dataclass

from web.replay.links import absolute_form, normal_form
from web.replay.parsing import base_of, parse_page

LINKS_LIMIT = 500
"""Links of one page that are listed: a news front page has 200 to 400."""
WORDS_CHARS = 120
"""Characters of a link's words that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlink:
    """One address a page leads to, and the words of its first link there."""

    uri: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlinks:
    """The links of a page in its order, each address once."""

    links: tuple[Outlink, ...]
    more: int
    """Addresses beyond the limit, which are only counted."""


def find_outlinks(text: str, *, base: str) -> Outlinks:
    """Read the links of a page; those to itself and to other schemes are left out."""
    root = parse_page(text)
    start = base_of(root, base)
    found: dict[str, str] = {}
    own = normal_form(base)
    for element in root.iter("a", "area"):
        written = element.get("href")
        if not written:
            continue
        uri = absolute_form(start, written)
        if uri is None or uri == own:
            continue
        words = " ".join("".join(element.itertext()).split()) or element.get("alt", "")
        if not found.get(uri):
            found[uri] = words[:WORDS_CHARS]
    listed = list(found.items())
    return Outlinks(
        links=tuple(
            Outlink(uri=uri, words=words) for uri, words in listed[:LINKS_LIMIT]
        ),
        more=max(len(listed) - LINKS_LIMIT, 0),
    )
