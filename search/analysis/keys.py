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
_SUFFIX = "EVS|AVS|AMI|IMI|AH|EH|AM|EM|IM|AS|IS|US|ES|IH|UM"
_SUFFIXES = tuple(_SUFFIX.split("|"))
_STEPS_BEFORE = tuple(
    (needed, re.compile(pattern), replacement)
    for needed, pattern, replacement in (
        ("I", "(?<=[AEIUY])[IJ]+(?=$|[^A])", ""),
        ("J", "J[AE]", "E"),
        ("J", "JU", "U"),
        ("J", "J", ""),
        ("U", "^U(?=[^AEIUJY])", "V"),
        ("U", "(?<=[AEI])U", "V"),
        ("Y", "Y", "U"),
        ("Ж", "Ж$", "T"),
    )
)
"""A step is left out where its symbol is missing; no pattern has groups: they cost."""
_DOUBLED = re.compile(r"(.)(?=\1)")
_HARD_E = re.compile("(?<=[TRCXQL])E")
_CASE_ENDING = re.compile(
    rf"^(?=.{{4,}}(?:{_SUFFIX})$)((?:[AEIU]*[^AEIU]){{2,}}[AEIU]*)(?:{_SUFFIX})$"
)
_FLEETING = ("A", "E")
_FLEETING_VOWEL = re.compile("(?<=..[^AEIU])[AE](?=[RTNK]$)")
_LOOSE_FOLD = str.maketrans("XCQZ", "STSS")
_VOWELS = re.compile("[AEIU]+")
_LIQUID = re.compile("(?<=[^A])A?([LR])A?(?=[^A])")


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u052f"


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and letter <= "\u024f"


_HAS_CYRILLIC = re.compile("[\u0400-\u052f]").search
_HAS_LATIN = re.compile("[A-Za-z\u00aa-\u024f]").search
_TO_CYRILLIC = str.maketrans("abcehikmoptxy", "авсенікмортху")
_TO_LATIN = str.maketrans("авсенікмортхуѕј", "abcehikmoptxysj")


def fold_mixed_script(word: str) -> str:
    """Turn look-alikes to the script of most letters; a tie goes to Cyrillic.

    Takes and gives case-folded text; a word of one script comes back unchanged.
    """
    if word.isascii() or not (_HAS_CYRILLIC(word) and _HAS_LATIN(word)):
        return word
    cyrillic = sum(map(_is_cyrillic, word))
    latin = sum(map(_is_latin, word))
    if not cyrillic or not latin:
        return word
    return word.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)


def _prepare(word: str) -> str:
    folded = drop_invisible(word).casefold()
    if not folded.isalnum() or "ʼ" in folded:
        folded = _POSSESSIVE.sub("", folded)
    return fold_mixed_script(folded)


class _Letters(dict[int, str]):
    """Symbols of single letters, for `str.translate`; learns letters in no row.

    Such a letter keeps itself; accented Latin takes its base letter.
    """

    def __missing__(self, code: int) -> str:
        letter = symbol = chr(code)
        if "\u00c0" <= letter <= "\u024f":
            base = unicodedata.normalize("NFD", letter)[0]
            symbol = self.get(ord(base), base)
        self[code] = symbol
        return symbol


def _one_pattern(entries: list[str]) -> re.Pattern[str]:
    """Any of the entries, the longest first, gathered by their first letter."""
    rests: dict[str, list[str]] = {}
    for entry in sorted(entries, key=len, reverse=True):
        rests.setdefault(entry[0], []).append(entry[1:])
    return re.compile(
        "|".join(f"{first}(?:{'|'.join(ends)})" for first, ends in rests.items())
    )


_SILENT = dict.fromkeys(map(ord, "'’ʼ"), "")
_LETTERS = {
    variant: _Letters(
        {ord(e): symbol for e, symbol in table.items() if len(e) == 1} | _SILENT
    )
    for variant, table in TABLES.items()
}
_GROUPS = {
    variant: _one_pattern([entry for entry in table if len(entry) > 1])
    for variant, table in TABLES.items()
}


def _to_symbols(word: str, variant: Variant) -> str:
    """Groups of letters first, which become capitals; then the letters left."""
    table = TABLES[variant]
    grouped = _GROUPS[variant].sub(lambda found: table[found[0]], word)
    return grouped.translate(_LETTERS[variant])


def name_key(word: str, variant: Variant) -> str:
    """Key of a word in one variant; empty where nothing but silent signs is left."""
    prepared = _prepare(word)
    if variant == "L":
        prepared = drop_baltic_ending(prepared)
    elif variant == "G":
        prepared = voice_german_s(prepared)
    return _key_of(prepared, variant)


@lru_cache(maxsize=KEY_CACHE)
def _key_of(prepared: str, variant: Variant) -> str:
    """Key of a prepared word: the same for a word in small letters and in capitals."""
    key = _to_symbols(prepared, variant)
    for needed, pattern, replacement in _STEPS_BEFORE:
        if needed in key:
            key = pattern.sub(replacement, key)
    key = _DOUBLED.sub("", key.replace("Ж", HARD_C[variant]))
    if "E" in key:
        key = _HARD_E.sub("A", key)
    for _ in range(3):
        key = _drop_vowels(key)
        ending = _CASE_ENDING.match(key) if key.endswith(_SUFFIXES) else None
        if ending is None:
            break
        key = ending[1]
    key = _drop_vowels(key)
    return _FLEETING_VOWEL.sub("", key) if key[-2:-1] in _FLEETING else key


def _drop_vowels(key: str) -> str:
    """Without the vowels at its end, of which the first two symbols are none."""
    return key[: max(2, len(key.rstrip("AEIU")))]


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
    plain = _DOUBLED.sub("", _VOWELS.sub("A", key.translate(_LOOSE_FOLD)))
    consonants = len(plain) - plain.count("A")
    if len(plain) < LOOSE_MIN_SYMBOLS or consonants < LOOSE_MIN_CONSONANTS:
        return ""
    return _LIQUID.sub(_turn, plain)


def _turn(liquid: re.Match[str]) -> str:
    """A function is a third of the cost of a replacement that names a group."""
    return f"{liquid[1]}A"
