"""What a body shows of itself, bounded: title, visible text, prose, forms (pure).

No main text is sought here: these are signs to class a body by, never evidence of what
it says. The tree is that of the spider where there is one; each sign is looked for when
a rule asks for it first.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from lxml.etree import XPath
from parsel import Selector

from crawlers.sources.needles import fold_case

TEXT_CHARACTERS = 400_000
"""Of visible text; a class is plain from less."""
MARKUP_CHARACTERS = 200_000
"""Of scripts and addresses within the body that rules look at."""
PROSE_LEAST = 80
"""Characters that make a paragraph prose, not a label or a teaser's line."""
TITLES = 4
"""Text nodes of the title and the first headings."""
LINKS_SHARE = 0.6
"""Of a paragraph's text within links, from which on it is a list of links."""
UNSEEN = ("script", "style", "noscript", "template", "svg", "textarea", "title")
HEADINGS_LOOKED_AT = 100
"""Titles and headings that are opened in search of text."""
_LINKED_DATA = XPath("//script[contains(@type, 'ld+json')]/text()", smart_strings=False)
_UNFREE = re.compile(r"[\"']?isAccessibleForFree[\"']?\s*:\s*[\"']?false", re.I)
_TEXTS = XPath(".//text()", smart_strings=False)
"""From one element at a time: of several, or of paths that are joined by `|`, libxml2
compares each node with each, and a page of 100 KB takes minutes."""


class Signs:
    """The signs of one HTML tree."""

    def __init__(self, tree: Selector) -> None:
        is_tree = hasattr(tree.root, "iter")  # that of JSON is none
        self._tree = tree if is_tree else Selector(text="", type="html")
        self._root: Any = self._tree.root

    @cached_property
    def title(self) -> str:
        """The title and the first headings."""
        headings = islice(_outermost(self._root, "title", "h1"), HEADINGS_LOOKED_AT)
        texts = (
            text
            for heading in headings
            if heading.tag == "h1" or next(heading.iterancestors("svg"), None) is None
            for text in _TEXTS(heading)
        )
        return _fold(" | ".join(islice(texts, TITLES)))

    @cached_property
    def text(self) -> str:
        """Visible text in the order of the page, spaces folded."""
        # A page may leave out its tags for head and body; then the parser that puts
        # them back does so by rules of another time.
        body = next(self._root.iter("body"), self._root)
        unseen = _outermost(body, *UNSEEN)
        hidden = [text for element in unseen for text in _TEXTS(element)]
        return _fold(" ".join(_without(_TEXTS(body), hidden)))[:TEXT_CHARACTERS]

    @cached_property
    def folded_text(self) -> str:
        """The same for comparison without letter case."""
        return fold_case(self.text)

    @cached_property
    def markup(self) -> str:
        """Scripts and addresses of scripts, frames and forms: what a page does."""
        return " ".join(_markup(self._root))[:MARKUP_CHARACTERS]

    @cached_property
    def prose_characters(self) -> int:
        """Characters in paragraphs that are long enough to say something."""
        total = 0
        for paragraph in _paragraphs(self._root):
            length = len(_fold("".join(paragraph.itertext())))
            if length >= PROSE_LEAST and _in_links(paragraph) < LINKS_SHARE * length:
                total += length
        return total

    @cached_property
    def says_unfree(self) -> bool:
        """Whether it says itself that it is not free to read."""
        return any(_UNFREE.search(text) for text in _LINKED_DATA(self._root))

    @cached_property
    def asks_password(self) -> bool:
        """Whether it has a field for a password."""
        return self.has("input[type=password]")

    @cached_property
    def shows_media(self) -> bool:
        """Whether there is something to see besides text."""
        media = self._root.iter("img", "picture", "object", "embed", "video", "audio")
        return next(media, None) is not None

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal visible texts; digits aside, which count visits and times."""
        words = f"{self.title}\n{self.text}".encode("utf-8", "replace")
        return hashlib.sha256(words.translate(None, b"0123456789")).hexdigest()

    def has(self, selector: str) -> bool:
        """Whether a CSS selector finds anything."""
        return bool(self._tree.css(selector))


def _outermost(root: Any, *tags: str) -> Iterator[Any]:
    """Elements of some kinds that stand in no other of them, in document order."""
    found = root.iter(*tags)
    for element in found:
        yield element
        within = sum(1 for _ in element.iter(*tags)) - 1 if len(element) else 0
        next(islice(found, within, within), None)


def _paragraphs(root: Any) -> Iterator[Any]:
    """Elements that hold prose: paragraphs, quotations, and others within articles.

    None stands in another of its kind, so that each text is read three times at most.
    """
    yield from _outermost(root, "p")
    yield from _outermost(root, "blockquote")
    for article in _outermost(root, "article"):
        yield from _outermost(article, "li")
        yield from (div for div in article.iter("div") if div.find("*") is None)


def _in_links(paragraph: Any) -> int:
    """Characters of a paragraph that are within links."""
    links = _outermost(paragraph, "a")
    return sum(len(_fold("".join(link.itertext()))) for link in links)


def _markup(root: Any) -> Iterator[str]:
    for element in root.iter("script", "iframe"):
        if "src" in element.attrib:
            yield element.attrib["src"]
        if element.tag == "script" and element.text:
            yield element.text
    for element in root.iter("form", "meta"):
        names = ("action", "id") if element.tag == "form" else ("content",)
        yield from (element.attrib[name] for name in names if name in element.attrib)


def _without(texts: list[str], hidden: list[str]) -> list[str]:
    """Leave out those that are hidden; both in the order of the page."""
    seen: list[str] = []
    begin = 0
    for text in hidden:
        place = texts.index(text, begin)
        seen += texts[begin:place]
        begin = place + 1
    return seen + texts[begin:]


def _fold(text: str) -> str:
    return " ".join(text.split())
