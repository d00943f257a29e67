"""What a body shows of itself, bounded: title, visible text, prose, forms (pure).

No main text is sought here: these are signs to class a body by, never evidence of what
it says. The tree is that of the spider where there is one; each sign is looked for when
a rule asks for it first.
"""

import hashlib
import re
from functools import cached_property
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
_TITLES = XPath(
    "//title[not(ancestor::*[local-name()='svg'])]//text() | //h1//text()",
    smart_strings=False,
)
_CALLED = XPath("//script/text() | //script/@src | //iframe/@src", smart_strings=False)
_STATED = XPath("//form/@action | //form/@id | //meta/@content", smart_strings=False)
_LINKED_DATA = XPath("//script[contains(@type, 'ld+json')]/text()", smart_strings=False)
_PARAGRAPHS = "//p | //article//div[not(*)] | //blockquote | //article//li"
_UNFREE = re.compile(r"[\"']?isAccessibleForFree[\"']?\s*:\s*[\"']?false", re.I)
_TEXTS = XPath(".//text()", smart_strings=False)
_HIDDEN_TEXTS = XPath(
    " | ".join(f".//{name}//text()" for name in UNSEEN), smart_strings=False
)
"""Asked for at once: to look at each element from here takes ten times as long."""


class Signs:
    """The signs of one HTML tree."""

    def __init__(self, tree: Selector) -> None:
        self._tree = tree
        self._root: Any = tree.root

    @cached_property
    def title(self) -> str:
        """The title and the first headings."""
        return _fold(" | ".join(self._texts(_TITLES)[:TITLES]))

    @cached_property
    def text(self) -> str:
        """Visible text in the order of the page, spaces folded."""
        if not hasattr(self._root, "iter"):  # no element in it at all
            return ""
        # A page may leave out its tags for head and body; then the parser that puts
        # them back does so by rules of another time.
        body = next(self._root.iter("body"), self._root)
        hides = next(body.iter(*UNSEEN), None) is not None
        hidden = _HIDDEN_TEXTS(body) if hides else []
        return _fold(" ".join(_without(_TEXTS(body), hidden)))[:TEXT_CHARACTERS]

    @cached_property
    def folded_text(self) -> str:
        """The same for comparison without letter case."""
        return fold_case(self.text)

    @cached_property
    def markup(self) -> str:
        """Scripts and addresses of scripts, frames and forms: what a page does."""
        found = [*self._texts(_CALLED), *self._texts(_STATED)]
        return " ".join(found)[:MARKUP_CHARACTERS]

    @cached_property
    def prose_characters(self) -> int:
        """Characters in paragraphs that are long enough to say something."""
        total = 0
        for paragraph in self._tree.xpath(_PARAGRAPHS):
            length = len(_fold("".join(paragraph.root.itertext())))
            links = (_fold("".join(a.itertext())) for a in paragraph.root.iter("a"))
            if length >= PROSE_LEAST and sum(map(len, links)) < LINKS_SHARE * length:
                total += length
        return total

    @cached_property
    def says_unfree(self) -> bool:
        """Whether it says itself that it is not free to read."""
        return any(_UNFREE.search(text) for text in self._texts(_LINKED_DATA))

    @cached_property
    def asks_password(self) -> bool:
        """Whether it has a field for a password."""
        return self.has("input[type=password]")

    @cached_property
    def shows_media(self) -> bool:
        """Whether there is something to see besides text."""
        return self.has("img, picture, object, embed, video, audio")

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal visible texts; digits aside, which count visits and times."""
        words = f"{self.title}\n{self.text}".encode("utf-8", "replace")
        return hashlib.sha256(words.translate(None, b"0123456789")).hexdigest()

    def has(self, selector: str) -> bool:
        """Whether a CSS selector finds anything."""
        return hasattr(self._root, "iter") and bool(self._tree.css(selector))

    def _texts(self, path: XPath) -> list[str]:
        if not hasattr(self._root, "iter"):
            return []
        found: list[str] = path(self._root)
        return found


def _without(texts: list[str], hidden: list[str]) -> list[str]:
    """Leave out those that are hidden; both in the order of the page."""
    if not hidden:
        return texts
    seen = []
    waiting = iter([*hidden, None])
    next_hidden = next(waiting)
    for text in texts:
        if text == next_hidden:
            next_hidden = next(waiting)
        else:
            seen.append(text)
    return seen


def _fold(text: str) -> str:
    return " ".join(text.split())
