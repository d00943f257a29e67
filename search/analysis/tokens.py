"""Words of a text with their offsets, and the plainest written form of a word.

Token n of a text is position n in every field of the index, so nothing here may
depend on a language. Offsets are Unicode code points, `[start, end)`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

TOKEN_CODE_POINTS = 64
"""A longer run is cut: search servers split tokens over 255 and shift positions."""
APOSTROPHES = "'’ʼ"
"""U+02BC is a letter to Unicode and an apostrophe to Belarusian and Ukrainian."""
MARKS = "\u0300-\u036f"
INVISIBLE = (
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
"""Soft hyphen, zero-width signs, direction marks, joiners, variants: part of a word."""
SPACED_LETTERS = 5
"""So many letters, each alone, with one and the same gap between, are one word."""
FORM_CACHE = 300_000
"""Entries; a news corpus has some 200,000 word types, about 60 MB."""

_SIGN = "(?!ʼ)[^\\W_]"
_LETTER = "(?!ʼ)[^\\W\\d_]"
_GAP = "[ \u00a0\u2000-\u200a\u202f\u205f.\u00b7*_-]"
_SPACED = (
    rf"(?<![^\W_]){_LETTER}(?P<gap>{_GAP}){_LETTER}"
    rf"(?:(?P=gap){_LETTER})"
    rf"{{{SPACED_LETTERS - 2},{TOKEN_CODE_POINTS // 2 - 2}}}(?![^\W_])"
)
"""Letters spaced out to be read by people only."""
_IS_SPACED = re.compile(_SPACED)
_TOKEN = re.compile(
    rf"{_SPACED}|{_SIGN}(?:{_SIGN}|[{MARKS}{INVISIBLE}]"
    rf"|(?<=[^\W\d_]|[{MARKS}{INVISIBLE}])(?<![{APOSTROPHES}])"
    rf"[{APOSTROPHES}](?={_LETTER})){{0,{TOKEN_CODE_POINTS - 1}}}"
)
_PLAIN = re.compile(rf"[^\W_]{{1,{TOKEN_CODE_POINTS}}}")
_UNUSUAL = re.compile(f"[{MARKS}{INVISIBLE}{APOSTROPHES}]")
"""What makes a token more than a run of letters and digits."""
_WIDE = re.compile("[\uff21-\uff5a\U0001d400-\U0001d7ff]")
"""Full-width and mathematical letters: another shape of the same."""
_RARE = re.compile("[ʼ\uff21-\uff5a\U0001d400-\U0001d7ff]")
"""Letters that are not written as they are, though they are letters."""
_DROPPED = re.compile(f"[{MARKS}{INVISIBLE}]")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")


class Token(NamedTuple):
    """One word of a text, as written: `text[start:end] == word`."""

    word: str
    start: int
    end: int


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of a text in order."""
    for found in _TOKEN.finditer(text):
        yield Token(found[0], *found.span())


def split_words(line: str) -> list[str]:
    """The words of `tokenize`, without their places: five times as fast.

    Only a line with single letters, marks or apostrophes needs the whole pattern.
    """
    if _UNUSUAL.search(line) is None:
        words = _PLAIN.findall(line)
        if list(map(len, words)).count(1) < SPACED_LETTERS:
            return words
    return [found[0] for found in _TOKEN.finditer(line)]


def drop_invisible(word: str) -> str:
    """NFC without the combining marks that remain and without invisible signs."""
    if _is_plain(word):
        return word
    plain = _DROPPED.sub("", unicodedata.normalize("NFC", word))
    spaced = _IS_SPACED.fullmatch(plain)
    return plain.replace(spaced["gap"], "") if spaced else plain


def _is_plain(word: str) -> bool:
    """Whether it holds composed letters and digits alone."""
    return word.isalnum() and unicodedata.is_normalized("NFC", word)


@lru_cache(maxsize=FORM_CACHE)
def exact_form(word: str) -> str:
    """Write a word for the field `exact`: case, marks, apostrophes; nothing else.

    ё stays apart from е and ł from l. May be empty (a lone mark was cut off).
    """
    if word.isascii() and word.isalnum():
        return word.lower()
    folded = word.casefold()
    if _is_plain(word) and _is_plain(folded) and not _RARE.search(folded):
        return folded
    wide = unicodedata.normalize("NFKC", word) if _WIDE.search(word) else word
    folded = unicodedata.normalize("NFC", drop_invisible(wide).casefold())
    return _APOSTROPHE.sub("'", _DROPPED.sub("", folded))


def starts_upper(word: str) -> bool:
    """Whether a word begins with a capital letter."""
    return word[:1] != word[:1].lower()
