"""Paragraphs of a text with their languages: a page may quote in another script.

Index and highlighter both read a text through here, so their tokens agree.
"""

import re
from collections.abc import Iterator

from search.analysis.analyze import Forms, token_forms
from search.analysis.tokens import tokenize
from search.extract.language import identify

OWN_LANGUAGE_LETTERS = 30
"""A paragraph in the other script with so many letters has a language of its own."""
_CYRILLIC_LANGUAGES = frozenset({"be", "ru", "uk"})
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def read_tokens(text: str, language: str | None) -> Iterator[tuple[int, int, Forms]]:
    """Start, end and forms of each token, in the language of its paragraph."""
    at = 0
    for line in text.split("\n"):
        spoken = _language_of(line, language)
        for word, start, end in tokenize(line):
            yield at + start, at + end, token_forms(word, spoken)
        at += len(line) + 1


def _language_of(line: str, language: str | None) -> str | None:
    """The page's language, unless most of the line is in the other script."""
    if len(line) < OWN_LANGUAGE_LETTERS or language is None:
        return language
    own, other = _CYRILLIC, _LATIN
    if language not in _CYRILLIC_LANGUAGES:
        own, other = other, own
    others = len(other.findall(line))
    if others < OWN_LANGUAGE_LETTERS or others <= len(own.findall(line)):
        return language
    found = identify(line)
    return found.code if found else language
