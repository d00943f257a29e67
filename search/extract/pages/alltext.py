"""All visible text of a page, its title, a charset guess; imports resiliparse.

Fast and simple: no part of a page is judged unimportant here.
"""

from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

DETECTOR_BYTES = 256 * 1024
"""Bytes the charset detector looks at, half from each end."""
TITLES_OF_A_KIND = 3
"""Headings looked at: a page has one, or a list of them."""

_TITLE_PLACES = (
    ("meta[property='og:title']", "content"),
    ("title", None),
    ("h1", None),
)
_DESCRIPTIONS = "meta[name='description'], meta[property='og:description']"


def guess_charset(data: bytes) -> str | None:
    """Ask the detector, in the vocabulary of browsers; None if it has no idea."""
    guess = detect_encoding(data, max_len=DETECTOR_BYTES, html5_compatible=True)
    return str(guess) if guess else None


class PageTree:
    """One parsed page; parsing never fails on bad markup."""

    def __init__(self, html: str) -> None:
        self._tree = HTMLTree.parse(html)

    def title(self) -> str | None:
        """The page's title: og:title, else <title>, else the first heading."""
        document = self._tree.document
        if document is None:
            return None
        for selector, attribute in _TITLE_PLACES:
            node = document.query_selector(selector)
            if node is None:
                continue
            value = node.text if attribute is None else node.getattr(attribute)
            if value and value.strip():
                return str(value)
        return None

    def titles(self) -> tuple[str, ...]:
        """Every title the page gives itself: og:title, <title>, first headings."""
        document = self._tree.document
        if document is None:
            return ()
        found = []
        for selector, attribute in _TITLE_PLACES:
            for node in document.query_selector_all(selector)[:TITLES_OF_A_KIND]:
                value = node.text if attribute is None else node.getattr(attribute)
                if value and value.strip():
                    found.append(str(value))
        return tuple(dict.fromkeys(found))

    def descriptions(self) -> tuple[str, ...]:
        """What the head of the page says the page is about."""
        document = self._tree.document
        nodes = [] if document is None else document.query_selector_all(_DESCRIPTIONS)
        return tuple(str(node.getattr("content") or "") for node in nodes)

    def parts_of(
        self, selector: str, inner: tuple[str, str], *, limit: int
    ) -> Iterator[tuple[str, str]]:
        """For each element: the text of one inner element, and a time of another."""
        document = self._tree.document
        if document is None:
            return
        for node in document.query_selector_all(selector)[:limit]:
            text, time = map(node.query_selector, inner)
            shown = extract_plain_text(text.html) if text is not None else ""
            yield str(shown), (time.getattr("datetime") or "") if time else ""

    def all_text(self) -> str:
        """Everything a reader could see, in document order, one block a line."""
        return self._plain(main_content=False)

    def main_text(self) -> str:
        """What looks like the main part, by simple rules."""
        return self._plain(main_content=True)

    def _plain(self, *, main_content: bool) -> str:
        text = extract_plain_text(
            self._tree,
            preserve_formatting=True,
            main_content=main_content,
            list_bullets=False,
            alt_texts=False,
            links=False,
            form_fields=False,
            noscript=True,
            hidden_elements=True,
        )
        return str(text)
