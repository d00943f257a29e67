"""What a body shows of itself, bounded: title, visible text, prose, forms (pure).

No main text is sought here: these are signs to class a body by, never evidence of what
it says. The tree is that of the spider where there is one; each sign is looked for when
a rule asks for it first.
"""

import hashlib
import re
from functools import cached_property
from typing import Any

from parsel import Selector

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
UNSEEN = ("script", "style", "noscript", "template", "svg", "textarea")
_TITLES = "//title[not(ancestor::*[local-name()='svg'])]//text() | //h1//text()"
_PARAGRAPHS = "//p | //article//div[not(*)] | //blockquote | //article//li"
_UNFREE = re.compile(r"[\"']?isAccessibleForFree[\"']?\s*:\s*[\"']?false", re.I)
_SPACES = re.compile(r"\s+")


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
        """Visible text, spaces folded."""
        if not hasattr(self._root, "iter"):  # no element in it at all
            return ""
        hidden = {below for top in self._root.iter(*UNSEEN) for below in top.iter()}
        tops = set(self._root.iter(*UNSEEN))
        pieces: list[str] = []
        for body in self._root.iter("body"):
            for element in body.iter():
                if element.text and element not in hidden and _is_element(element):
                    pieces.append(element.text)
                if element.tail and (element not in hidden or element in tops):
                    pieces.append(element.tail)
            break
        return _fold(" ".join(pieces))[:TEXT_CHARACTERS]

    @cached_property
    def markup(self) -> str:
        """Scripts and addresses of scripts, frames and forms: what a page does."""
        found = self._texts("//script/text() | //script/@src | //iframe/@src")
        found += self._texts("//form/@action | //form/@id | //meta/@content")
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
        data = self._texts("//script[contains(@type, 'ld+json')]/text()")
        return any(_UNFREE.search(text) for text in data)

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
        words = re.sub(r"\d+", "0", f"{self.title}\n{self.text}")
        return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()

    def has(self, selector: str) -> bool:
        """Whether a CSS selector finds anything."""
        return hasattr(self._root, "iter") and bool(self._tree.css(selector))

    def _texts(self, path: str) -> list[str]:
        if not hasattr(self._root, "iter"):
            return []
        return [str(found.root) for found in self._tree.xpath(path)]


def _is_element(node: Any) -> bool:
    """Comments and processing instructions have a function for a tag."""
    return isinstance(node.tag, str)


def _fold(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
