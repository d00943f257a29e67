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
_JOINED = re.compile(r"[^\W_]+(?:(?<=[^\W\d_])['’](?=[^\W\d_])[^\W_]+)*")
"""The tokens of a line of letters, digits and common apostrophes; none is cut."""
_UNUSUAL = re.compile(f"[{MARKS}{INVISIBLE}ʼ]")
"""What makes a token more than letters and digits, or those joined by apostrophes."""
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

    Only a line with letters spaced out, marks or rare signs needs the whole pattern.
    """
    pattern, letters = _simple_pattern(line)
    if pattern is not None:
        words = pattern.findall(line)
        if _are_simple(list(map(len, words)), letters):
            return words
    return [found[0] for found in _TOKEN.finditer(line)]


def word_spans(line: str) -> list[tuple[int, int]]:
    """The places of the words of `split_words`, `[start, end)`."""
    pattern, letters = _simple_pattern(line)
    if pattern is not None:
        spans = [found.span() for found in pattern.finditer(line)]
        if _are_simple([end - start for start, end in spans], letters):
            return spans
    return [found.span() for found in _TOKEN.finditer(line)]


def _simple_pattern(line: str) -> tuple[re.Pattern[str] | None, int]:
    """A pattern that finds the tokens of a usual line, if not so many single letters
    stand in a row: one more may be spaced out, with an apostrophe behind it.
    """
    if not line.isascii() and _UNUSUAL.search(line) is not None:
        return None, 0
    if "'" in line or "’" in line:
        return _JOINED, SPACED_LETTERS - 1
    return _PLAIN, SPACED_LETTERS


def _are_simple(lengths: list[int], letters: int) -> bool:
    """Whether words of these lengths are neither cut nor so many letters in a row."""
    if max(lengths, default=0) > TOKEN_CODE_POINTS:
        return False
    return lengths.count(1) < letters or b"\1" * letters not in bytes(lengths)


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
    wide = word
    if _WIDE.search(word):  # a letter may stand for a phrase, with its spaces
        wide = "".join(unicodedata.normalize("NFKC", word).split())
    folded = unicodedata.normalize("NFC", drop_invisible(wide).casefold())
    return _APOSTROPHE.sub("'", _DROPPED.sub("", folded))


def starts_upper(word: str) -> bool:
    """Whether a word begins with a capital letter."""
    return word[:1] != word[:1].lower()
