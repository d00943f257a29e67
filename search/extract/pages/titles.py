"""The titles a page gives itself, compared: which is whole, which misprinted (pure).

A heading is cut by a list that is too narrow, or misspelt in one place and right in
another. Nothing is put right: the page's own words are taken, and a doubt is named.
"""

import re
from collections.abc import Sequence

from search.extract.apart import one_apart

TITLE_CONFLICT = "title_conflict"
"""Warning: two places give the title alike but for a slip of the pen."""
WORDS_LEAST = 4
"""Shorter titles are alike by chance."""
TITLE_WORDS = 80
"""Looked at in one title."""
MISPRINTS = 2
"""Words a slip of the pen apart; with more of them it is another heading."""
MISPRINT_LETTERS = 5
"""Shorter words that are one letter apart are two words."""

_WORD = re.compile(r"\w+")
_CUT = re.compile(r"(?:…|\.{3})\s*$")


def choose_title(titles: Sequence[str]) -> tuple[str | None, bool]:
    """The title, and whether another place has nearly the same one.

    `titles`: og:title, <title>, first headings, in this order. The first one counts; if
    it is cut, the first that goes on where it stops.
    """
    if not titles:
        return None, False
    words = [_words(title) for title in titles]
    chosen = 0
    if _CUT.search(titles[0]):
        longer = (n for n in range(1, len(titles)) if _goes_on(words[0], words[n]))
        chosen = next(longer, 0)
    doubtful = any(_is_near(words[chosen], other) for other in words)
    return titles[chosen], doubtful


def _words(title: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(title)[:TITLE_WORDS]]


def _goes_on(cut: list[str], whole: list[str]) -> bool:
    """Whether a cut title is the beginning of another; its last word may be cut too."""
    if not cut or len(whole) < len(cut):
        return False
    rest, last = cut[:-1], cut[-1]
    return whole[: len(rest)] == rest and whole[len(rest)].startswith(last)


def _is_near(one: list[str], other: list[str]) -> bool:
    """Whether one holds the other but for a word or two that are misprinted."""
    short, long = sorted((one, other), key=len)
    size = len(short)
    if size < WORDS_LEAST:
        return False
    starts = range(len(long) - size + 1)
    return any(_is_misprint(short, long[at : at + size]) for at in starts)


def _is_misprint(one: list[str], other: list[str]) -> bool:
    unlike = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return 0 < len(unlike) <= MISPRINTS and all(
        min(map(len, pair)) >= MISPRINT_LETTERS and one_apart(*pair) for pair in unlike
    )
