"""Name keys: one spelling for a name in every script, a variant for each reading.

Cyrillic and Latin spellings are replaced by symbols (`spellings.py`, longest match
first), then fifteen steps strip what differs between spellings and most case endings.
A document is indexed with the variant of its language; a query is read in all of them.
Rules only; names that no rule joins are in the gazetteer. Measured on the project's
name tables: docs/search-quality.md.
"""

import re
import unicodedata
from functools import lru_cache

from search.analysis.spellings import (
    HARD_C,
    TABLES,
    Variant,
    drop_baltic_ending,
    query_variants,
    voice_german_s,
)
from search.analysis.tokens import drop_invisible

LOOSE_MIN_SYMBOLS = 6
LOOSE_MIN_CONSONANTS = 4
"""Shorter loose keys join strangers, so they are not written."""
KEY_MIN_SYMBOLS = 4
"""Shorter keys are searched among capitalised words only."""
KEY_CACHE = 300_000
"""Entries; word types of a large corpus."""

_POSSESSIVE = re.compile("['’ʼ`]s?$")
_SUFFIX = "(?:EVS|AVS|AMI|IMI|AH|EH|AM|EM|IM|AS|IS|US|ES|IH|UM)"
_LONGEST = max(len(entry) for table in TABLES.values() for entry in table)
_STEPS_BEFORE = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("['’ʼ]", ""),
        (r"([AEIUY])[IJ]+(?=$|[^A])", r"\1"),
        ("J[AE]", "E"),
        ("JU", "U"),
        ("J", ""),
        ("^U(?=[^AEIUJY])", "V"),
        ("(?<=[AEI])U", "V"),
        ("Y", "U"),
        ("Ж$", "T"),
    )
)
_DOUBLED = re.compile(r"(.)\1+")
_HARD_E = re.compile("([TRCXQL])E")
_LAST_VOWELS = re.compile("^(.{2,}?)[AEIU]+$")
_CASE_ENDING = re.compile(
    rf"^(?=.{{4,}}{_SUFFIX}$)((?:[AEIU]*[^AEIU]){{2,}}[AEIU]*){_SUFFIX}$"
)
_FLEETING_VOWEL = re.compile("^(.{2,}[^AEIU])[AE]([RTNK])$")
_LOOSE_FOLD = str.maketrans("XCQZ", "STSS")
_VOWELS = re.compile("[AEIU]+")
_LIQUID = re.compile("(?<=[^A])A?([LR])A?(?=[^A])")


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u052f"


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and letter <= "\u024f"


_TO_CYRILLIC = str.maketrans("abcehikmoptxy", "авсенікмортху")
_TO_LATIN = str.maketrans("авсенікмортхуѕј", "abcehikmoptxysj")


def fold_mixed_script(word: str) -> str:
    """Turn look-alikes to the script of most letters; a tie goes to Cyrillic.

    Takes and gives case-folded text; a word of one script comes back unchanged.
    """
    if word.isascii():
        return word
    cyrillic = sum(map(_is_cyrillic, word))
    latin = sum(map(_is_latin, word))
    if not cyrillic or not latin:
        return word
    return word.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)


def _prepare(word: str) -> str:
    return fold_mixed_script(_POSSESSIVE.sub("", drop_invisible(word).casefold()))


def _symbol_of(letter: str, table: dict[str, str]) -> str:
    """A letter in no row keeps itself; accented Latin takes its base letter."""
    if "\u00c0" <= letter <= "\u024f":
        base = unicodedata.normalize("NFD", letter)[0]
        return table.get(base, base)
    return letter


def _to_symbols(word: str, table: dict[str, str]) -> str:
    symbols: list[str] = []
    at = 0
    while at < len(word):
        for length in range(min(_LONGEST, len(word) - at), 0, -1):
            symbol = table.get(word[at : at + length])
            if symbol is not None:
                break
        else:
            length, symbol = 1, _symbol_of(word[at], table)
        symbols.append(symbol)
        at += length
    return "".join(symbols)


@lru_cache(maxsize=KEY_CACHE)
def name_key(word: str, variant: Variant) -> str:
    """Key of a word in one variant; empty where nothing but silent signs is left."""
    prepared = _prepare(word)
    if variant == "L":
        prepared = drop_baltic_ending(prepared)
    elif variant == "G":
        prepared = voice_german_s(prepared)
    key = _to_symbols(prepared, TABLES[variant])
    for pattern, replacement in _STEPS_BEFORE:
        key = pattern.sub(replacement, key)
    key = key.replace("Ж", HARD_C[variant])
    key = _HARD_E.sub(r"\1A", _DOUBLED.sub(r"\1", key))
    for _ in range(3):
        key = _CASE_ENDING.sub(r"\1", _LAST_VOWELS.sub(r"\1", key))
    return _FLEETING_VOWEL.sub(r"\1\2", _LAST_VOWELS.sub(r"\1", key))


def query_keys(word: str) -> tuple[str, ...]:
    """Every reading of a word in a query, without repeats or empty keys."""
    keys = dict.fromkeys(name_key(word, variant) for variant in query_variants(word))
    return tuple(key for key in keys if key)


def loose_key(key: str) -> str:
    """Second chance for a key: any vowel, one hissing sound, liquids either way round.

    Empty where too little is left to tell names from other words.
    """
    if not key:
        return ""
    plain = _DOUBLED.sub(r"\1", _VOWELS.sub("A", key.translate(_LOOSE_FOLD)))
    consonants = len(plain) - plain.count("A")
    if len(plain) < LOOSE_MIN_SYMBOLS or consonants < LOOSE_MIN_CONSONANTS:
        return ""
    return _LIQUID.sub(r"\1A", plain)
