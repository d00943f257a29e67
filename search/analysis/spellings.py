"""How letters and groups of letters are read: the table of name keys, by variant.

Common rows first; a variant changes what its languages read differently: E English
and Cyrillic, W Polish, Czech, Belarusian in Latin script and the like, L Lithuanian
and Latvian (W, and the endings of masculine names dropped), G German, F French.
"""

import re
from typing import Literal

Variant = Literal["E", "W", "L", "G", "F"]
VARIANTS: tuple[Variant, ...] = ("E", "W", "L", "G", "F")

_ROWS = """
A a o ą ó а о
B b б
V v w ŭ в ў
H h g kh г ґ х
D d dz dź д дз
Z z з
E e ę ė ia ya ja ie ye je io yo jo iė ię ią ją ję jó ió  е ё є э я ьо йо йе йа
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
_GERMAN = """
XC schtsch
C tsch
Q dsch
Z ẓ
T z tz
K c ck
TKI cki
"""
_FRENCH = """
U ou
Y iou
X ch
XC chtch
C tch
Q j dj
KI qui gui
KE que gue
H gu
"""
HARD_C: dict[Variant, str] = {"E": "K", "W": "T", "L": "T", "G": "K", "F": "K"}
"""What a c is that no row takes."""
_W_LANGUAGES = frozenset({"pl", "be-Latn", "cs", "sk", "sl", "hr", "bs"})
_W_LETTERS = frozenset("łśżźćńąęŭšž\u010d")
_BALTIC_LETTERS = frozenset("šžčėųūįāēīļķņģ")
_GERMAN_VOICED_S = re.compile("(?<=[aeiouyäöü])s(?=[aeiouyäöüj])")
_BALTIC_ENDING = re.compile(
    r"(?<=[^\W\d_]{4})(?:[ij]us|(?<!i)us|ijs)$"
    r"|(?<=[^\W\d_]{3})(?:[iy]s|as|(?<=[bcčdfghjklļmnņprtvzž])s)$"
)


def _read_rows(rows: str) -> dict[str, str]:
    """Spell out the rows of a table."""
    table: dict[str, str] = {}
    for row in rows.split("\n"):
        symbol, *entries = row.split() or [""]
        table.update(dict.fromkeys(entries, symbol))
    return table


def _build_table(variant: Variant) -> dict[str, str]:
    """Add the readings of the letter c, and what the variant reads differently."""
    rows = _read_rows(_ROWS)
    table = {"ъ": "", "ь": "", **rows}
    for entry, symbol in rows.items():
        if entry[0] in "eiyėęį":
            table[f"c{entry}"] = f"T{symbol}"
        if entry[0] in "iay":
            table[f"ck{entry}"] = f"TK{symbol}"
    table["ch"] = "C" if variant == "E" else "H"
    table["ck"] = "K" if variant == "E" else "TK"
    table["c"] = "Ж"
    if variant == "E":
        table["rz"] = "RZ"
    if variant == "G":
        table = {k: v for k, v in table.items() if not k.startswith("ck")}
        table.update(_read_rows(_GERMAN))
    if variant == "F":
        # j is a consonant of its own there, never a sign of softness
        table = {k: v for k, v in table.items() if not k.startswith(("ck", "j"))}
        table.update(_read_rows(_FRENCH))
    return table


TABLES: dict[Variant, dict[str, str]] = {v: _build_table(v) for v in VARIANTS}


def voice_german_s(word: str) -> str:
    """A case-folded word with z for each s between vowels: з is written so."""
    return _GERMAN_VOICED_S.sub("ẓ", word)


def drop_baltic_ending(word: str) -> str:
    """A case-folded word without -as -is -ys -us -ius, as Latvian without -s."""
    return _BALTIC_ENDING.sub("", word)


def index_variant(word: str, language: str | None) -> Variant:
    """The variant a word of a document is indexed with."""
    if language in ("lt", "lv"):
        return "L"
    if language in _W_LANGUAGES:
        return "W"
    if not word.isascii() and not _W_LETTERS.isdisjoint(word.casefold()):
        return "W"
    if language == "de":
        return "G"
    return "F" if language == "fr" else "E"


def query_variants(word: str) -> tuple[Variant, ...]:
    """The readings of a word of a query, which has no language.

    Baltic endings are dropped only where a letter or -ius says that it is Baltic; a
    final -ou is Belarusian (-оў), never French.
    """
    folded = word.casefold()
    if not folded.isascii() and folded > "\u0400":
        return ("E",)
    baltic = folded.endswith("ius") or not _BALTIC_LETTERS.isdisjoint(folded)
    french = not folded.endswith("ou")
    return (
        "E",
        "W",
        *(("L",) if baltic else ()),
        "G",
        *(("F",) if french else ()),
    )
