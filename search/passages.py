"""Paragraphs of a text with their languages: a page may quote in another script.

Index and highlighter both read a text through here, so their tokens agree.
"""

import re
from bisect import bisect_right
from functools import lru_cache

from search.analysis.analyze import Forms, PlainForms, form_table, plain_table
from search.analysis.tokens import split_words, word_spans
from search.extract.language import (
    SAMPLE_CODE_POINTS,
    Language,
    identify,
    may_differ,
)

OWN_LANGUAGE_LETTERS = 30
"""A paragraph in the other script with so many letters has a language of its own."""
SAME_SCRIPT_CODE_POINTS = 80
"""A shorter paragraph in the same script is not asked for its language."""
OWN_LANGUAGE_PROBABILITY = 0.9
"""A paragraph in the same script must be so surely of another language."""
LINES_KEPT = 2_048
"""Lines whose language is known from a moment ago: hits are shown again and again."""
_CYRILLIC_LANGUAGES = frozenset({"be", "ru", "uk"})
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def read_forms(text: str, language: str | None) -> list[Forms]:
    """The forms of all tokens, for an index, which asks for no places."""
    return ReadText(text, language).forms


def read_plain(text: str, language: str | None) -> tuple[str, str]:
    """Exact forms and name keys of all tokens, as field strings; for margins.

    Half of the words of menus and margins stand nowhere else.
    """
    pairs: list[PlainForms] = []
    for line in text.split("\n"):
        words = split_words(line)
        if words:
            known = plain_table(_language_of(line, language))
            pairs += map(known.__getitem__, words)
    return " ".join([one for one, _ in pairs]), " ".join([key for _, key in pairs])


class ReadText:
    """The forms of all tokens of a text; the places of those that are asked for."""

    def __init__(self, text: str, language: str | None, *, limit: int = 0) -> None:
        """Read the text, or its lines until they have `limit` tokens if that is set."""
        self.forms: list[Forms] = []
        self._firsts: list[int] = []
        self._lines: list[tuple[int, str]] = []
        self._spans: dict[int, list[tuple[int, int]]] = {}
        at = 0
        for line in text.split("\n"):
            words = split_words(line)
            if limit:
                del words[limit - len(self.forms) :]
            if words:
                self._firsts.append(len(self.forms))
                self._lines.append((at, line))
                known = form_table(_language_of(line, language))
                self.forms += map(known.__getitem__, words)
                if limit and len(self.forms) >= limit:
                    break
            at += len(line) + 1

    def place(self, number: int) -> tuple[int, int]:
        """Start and end of a token in the text."""
        row = bisect_right(self._firsts, number) - 1
        at, line = self._lines[row]
        if row not in self._spans:
            self._spans[row] = word_spans(line)
        start, end = self._spans[row][number - self._firsts[row]]
        return at + start, at + end


def _language_of(line: str, language: str | None) -> str | None:
    """The page's language, unless the line is surely in another one."""
    if len(line) < OWN_LANGUAGE_LETTERS or language is None:
        return language
    own, other = _CYRILLIC, _LATIN
    if language not in _CYRILLIC_LANGUAGES:
        own, other = other, own
        if line.isascii():
            return _if_sure(line, language)
    others = len(other.findall(line))
    if others < OWN_LANGUAGE_LETTERS or others <= len(own.findall(line)):
        return _if_sure(line, language)
    found = _identify(line[:SAMPLE_CODE_POINTS])
    return found.code if found else language


@lru_cache(maxsize=LINES_KEPT)
def _identify(sample: str) -> Language | None:
    """The language of a line; the same line has the same one."""
    return identify(sample)


def _if_sure(line: str, language: str) -> str:
    """Another language of the same script, where the letters say so and it is sure."""
    if len(line) < SAME_SCRIPT_CODE_POINTS or not may_differ(line, language):
        return language
    found = _identify(line[:SAMPLE_CODE_POINTS])
    sure = found is not None and found.probability >= OWN_LANGUAGE_PROBABILITY
    return found.code if found is not None and sure else language
