"""Name keys: one spelling for a name in every script, two variants, a loose form.

Cyrillic and Latin spellings are replaced by symbols (a table, longest match first),
then fifteen steps strip what differs between spellings and most case endings. The
letter c is read in two ways: variant E as in English, variant W as in Polish,
Lithuanian and Belarusian in Latin script. Rules only; names that no rule joins are in
the gazetteer. Measured on the project's name table: docs/search-quality.md.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from search.analysis.tokens import drop_invisible

Variant = Literal["E", "W"]
VARIANTS: tuple[Variant, ...] = ("E", "W")

LOOSE_MIN_SYMBOLS = 4
"""Shorter loose keys join strangers, so they are not written."""
KEY_MIN_SYMBOLS = 4
"""Shorter keys are searched among capitalised words only."""
KEY_CACHE = 300_000
"""Entries; word types of a large corpus."""
W_LANGUAGES = frozenset({"pl", "lt", "be-Latn", "cs", "de"})
"""Documents in these languages are indexed with variant W."""

_W_LETTERS = frozenset("łśżźćńąęŭšž\u010d")
_ROWS = """
A a o ą ó а о
B b б
V v w ŭ в ў
H h g kh г ґ х
D d dz dź д дз
Z z з
E e ę ė ia ya ja ie ye je io yo jo iė ię ią ją ję jó ió е ё є э я ьо йо йе йа
I i y į и і ї ы
Q zh ž ż dzh dž dż ж дж
J j й
K k q к
L l ł л
M m м
N n н
P p п
R r rz р
RQ rzh
S s с
T t ts tz ć т ц тс
U u ų ū у
Y iu yu ju ю йу
F f ph ф
C cz č tch tsch ч
X sh sz š sch ш
XC shch szcz šč щ шч
KS x
"""
_POSSESSIVE = re.compile("['’ʼ`]s?$")
_SUFFIX = "(?:EVS|AVS|AMI|IMI|AH|EH|AM|EM|IM|AS|IS|US|ES|IH|UM)"


def _read_rows() -> dict[str, str]:
    """Spell out the table; ъ and ь are silent."""
    table = {"ъ": "", "ь": ""}
    for row in _ROWS.split("\n"):
        symbol, *entries = row.split() or [""]
        table.update(dict.fromkeys(entries, symbol))
    return table


def _build_table(variant: Variant) -> dict[str, str]:
    """Add the readings of the letter c to the common rows."""
    rows = _read_rows()
    table = dict(rows)
    for entry, symbol in rows.items():
        if entry[0] in "eiyėęį":
            table[f"c{entry}"] = f"T{symbol}"
        if entry[0] in "iay":
            table[f"ck{entry}"] = f"TK{symbol}"
    table["ch"] = "C" if variant == "E" else "H"
    table["ck"] = "K" if variant == "E" else "TK"
    table["c"] = "Ж"
    return table


_TABLES: dict[Variant, dict[str, str]] = {v: _build_table(v) for v in VARIANTS}
_LONGEST = max(len(entry) for table in _TABLES.values() for entry in table)
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
_FLEETING_VOWEL = re.compile("^(.{2,}[^AEIU])[AE]([RTN])$")
_LOOSE_FOLD = str.maketrans("XCQ", "STZ", "AEIU")


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
    key = _to_symbols(_prepare(word), _TABLES[variant])
    for pattern, replacement in _STEPS_BEFORE:
        key = pattern.sub(replacement, key)
    key = key.replace("Ж", "K" if variant == "E" else "T")
    key = _HARD_E.sub(r"\1A", _DOUBLED.sub(r"\1", key))
    for _ in range(3):
        key = _CASE_ENDING.sub(r"\1", _LAST_VOWELS.sub(r"\1", key))
    return _FLEETING_VOWEL.sub(r"\1\2", _LAST_VOWELS.sub(r"\1", key))


def index_variant(word: str, language: str | None) -> Variant:
    """The variant a word of a document is indexed with."""
    if language in W_LANGUAGES or not _W_LETTERS.isdisjoint(word.casefold()):
        return "W"
    return "E"


def query_keys(word: str) -> tuple[str, ...]:
    """Both readings of a word in a query, without repeats or empty keys."""
    keys = dict.fromkeys((name_key(word, "E"), name_key(word, "W")))
    return tuple(key for key in keys if key)


def loose_key(key: str) -> str:
    """Second chance for a key: consonants only; empty below four symbols."""
    if not key:
        return ""
    first = "A" if key[0] in "AE" else key[0].translate(_LOOSE_FOLD) or key[0]
    loose = _DOUBLED.sub(r"\1", first + key[1:].translate(_LOOSE_FOLD))
    return loose if len(loose) >= LOOSE_MIN_SYMBOLS else ""
