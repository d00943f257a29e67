"""The article as the page states it for machines, found again among what it shows.

Publishers write the whole body into JSON-LD. It is a claim, so only lines that the page
really shows are taken; it tells which of them are the article.
"""

import html
import json
import re

STATED_SIGNS = 400
"""Letters and digits of a body; a shorter one is a teaser."""
SEEN_LEAST, SEEN_MOST = 0.8, 1.3
"""Share of the body that the lines found are together; else it is another text."""
LINE_SIGNS = 30
"""Letters and digits of a line that is no chance; shorter ones count between such."""
ROW_WORDS, ROWS_SHARE = 4, 0.7
"""A line stands in the body if so many of its rows of words do: links may differ."""

_BODY = re.compile(r'"articleBody"\s*:\s*"((?:[^"\\]|\\.){400,400000})"')
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W_]+")


class _Body:
    """A stated body, asked line by line."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.signs = "".join(words)
        self._rows = _rows(words)

    def holds(self, words: list[str]) -> bool:
        """Whether it has these words, in this order."""
        if not words:
            return False
        if "".join(words) in self.signs:
            return True
        rows = _rows(words)
        return len(rows & self._rows) >= ROWS_SHARE * len(rows) > ROW_WORDS


def stated_article(markup: str, everything: str) -> str:
    """The shown lines of the stated body, in order; empty where there is none."""
    texts = [_read(found[1]) for found in _BODY.finditer(markup)]
    body = _Body(max(texts, key=len, default=""))
    if len(body.signs) < STATED_SIGNS:
        return ""
    lines = everything.split("\n")
    words = [_words(line) for line in lines]
    sizes = [sum(map(len, one)) if body.holds(one) else 0 for one in words]
    long = [number for number, size in enumerate(sizes) if size >= LINE_SIGNS]
    if not long:
        return ""
    span = range(long[0], long[-1] + 1)
    share = sum(sizes[number] for number in span) / len(body.signs)
    if not SEEN_LEAST <= share <= SEEN_MOST:
        return ""
    return "\n".join(lines[number] for number in span if sizes[number])


def _read(literal: str) -> str:
    """A JSON string without tags; empty where it is none."""
    try:
        text = json.loads(f'"{literal}"', strict=False)
    except ValueError:
        return ""
    return _TAG.sub(" ", html.unescape(text))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _rows(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[at:] for at in range(ROW_WORDS)), strict=False))
