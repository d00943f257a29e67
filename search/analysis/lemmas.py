"""Lemmas: one base form per word and language; a light stemmer for Belarusian.

The lists of simplemma for ru uk pl lt en. Belarusian has no free lemma list, so its
words lose their ending: longest of some ninety, stem of three letters or more.
Measured on 1,077 sentences: see tests/unit/search/analysis/test_lemmas.py.
"""

import re
from functools import lru_cache

from search.analysis.keys import fold_mixed_script
from search.analysis.tokens import exact_form
from search.analysis.wordlists import find_lemma

STEM_MIN_LETTERS = 3
"""A shorter stem joins words that have nothing in common."""
LEMMA_CACHE = 300_000
"""Entries; word types of a large corpus."""

_LISTED = frozenset({"ru", "uk", "pl", "lt", "en"})
_CYRILLIC_LANGUAGES = ("be", "ru", "uk")
_LATIN_LANGUAGES = ("en", "pl", "lt", "be-Latn")

_ENDINGS = """
а я у ю ы і е э о ь й
ай яй ой ей эй ою ею аю яю ам ям ом ем эм ым ім ах ях ох ых іх оў еў аў яў
амі ямі ымі імі ыя ія ыі іі ыю ію ый ій ыяй іяй ыям іям ыях іях ыямі іямі
ая яя ое ае яе ую юю ага яга ому аму яму
ць ці аць яць іць ыць уць юць ець эць аш яш еш эш іш ыш
уе юе аем яем аюць яюць уюць еюць уеце аеце яеце іце ыце еце эце
іў ыў ла ло лі ала яла іла ыла алі ялі ілі ылі елі
ся цца ацца яцца іцца ыцца ецца эцца уцца юцца аецца яецца уецца аюцца яюцца уюцца
лася лося ліся алася ялася ілася ылася аліся яліся іліся ыліся аўся яўся іўся ыўся
"""
_BY_LENGTH = sorted(set(_ENDINGS.split()), key=len, reverse=True)
_ENDING = re.compile(
    f"^(.{{{STEM_MIN_LETTERS},}}?)(?:{'|'.join(_BY_LENGTH)})$".replace(
        "|ць|", "|(?<!с)ць|"
    ).replace("|ці|", "|(?<!с)ці|")
)
"""-сць and -сці end nouns (незалежнасць): only the last letter is an ending there."""
REFLEXIVE = "ся"
"""Written behind the stem of a verb that ends so: a verb of its own (сабрацца)."""
_REFLEXIVE = re.compile(".{3,}(?:ся|цца)$")
_SOFT_SIGN = re.compile("ь(?=[бвгдзклмнпрстфхцчшў])")
_HARD = {"дз": "д", "ц": "т"}
_SOFTENED = re.compile("(?:дз|ц)$")
_FLEETING_VOWEL = re.compile("^(.{3,})[аеоэ]([кц])$")


@lru_cache(maxsize=LEMMA_CACHE)
def stem_belarusian(word: str) -> str:
    """Stem of a case-folded Belarusian word in Cyrillic letters, either spelling."""
    folded = _SOFT_SIGN.sub("", word.replace("ё", "е"))
    if folded.startswith("ў"):
        folded = f"у{folded[1:]}"
    found = _ENDING.match(folded)
    stem = found[1] if found else folded
    stem = _FLEETING_VOWEL.sub(r"\1\2", stem).replace("ы", "і")
    stem = _SOFTENED.sub(lambda pair: _HARD[pair[0]], stem)
    return f"{stem}{REFLEXIVE}" if _REFLEXIVE.match(folded) else stem


_HARD_LETTERS = {
    "a": "а", "b": "б", "v": "в", "w": "в", "h": "г", "g": "г", "d": "д", "e": "э",
    "ž": "ж", "z": "з", "y": "ы", "i": "і", "j": "й", "k": "к", "ł": "л", "l": "ль",
    "m": "м", "n": "н", "o": "о", "p": "п", "r": "р", "s": "с", "t": "т", "u": "у",
    "ŭ": "ў", "f": "ф", "c": "ц", "č": "ч", "š": "ш", "ć": "ць", "ś": "сь", "ź": "зь",
    "ń": "нь", "ch": "х", "dz": "дз", "dž": "дж", "dź": "дзь", "'": "'",
}  # fmt: skip
_SOFT_VOWELS = {"a": "я", "e": "е", "o": "ё", "u": "ю", "i": "і"}
_LATIN_UNITS = {
    **_HARD_LETTERS,
    **{f"{glide}{v}": soft for glide in "ij" for v, soft in _SOFT_VOWELS.items()},
    **{f"l{v}": f"л{soft}" for v, soft in _SOFT_VOWELS.items()},
    **{f"li{v}": f"л{soft}" for v, soft in _SOFT_VOWELS.items()},
}
_LATIN_UNIT = re.compile("|".join(sorted(_LATIN_UNITS, key=len, reverse=True)))


def to_cyrillic(word: str) -> str:
    """Belarusian in Latin script, case-folded, in Cyrillic letters."""
    return _LATIN_UNIT.sub(lambda unit: _LATIN_UNITS[unit[0]], word)


@lru_cache(maxsize=LEMMA_CACHE)
def lemma_form(word: str, language: str | None) -> str:
    """Lemma of a word as written, in the language of its text.

    A language without lemmas gives the folded word. Never empty unless the word
    has no letter or digit left.
    """
    folded = fold_mixed_script(exact_form(word)).replace("ё", "е")
    if language == "be":
        return stem_belarusian(folded)
    if language == "be-Latn":
        return stem_belarusian(to_cyrillic(folded))
    if language not in _LISTED or not folded[:1].isalpha():
        return folded
    lemma = find_lemma(folded, language).casefold()
    return folded if " " in lemma else lemma.replace("ё", "е")


@lru_cache(maxsize=LEMMA_CACHE)
def query_lemmas(word: str) -> tuple[str, ...]:
    """Lemmas of a word in every language of its script: a query has no language.

    First the folded word, then one lemma for each of be, ru, uk or en, pl, lt,
    be-Latn; equal ones stand there once.
    """
    folded = lemma_form(word, None)
    if not folded[:1].isalpha():
        return (folded,)
    cyrillic = "\u0400" <= folded[0] <= "\u052f"
    languages = _CYRILLIC_LANGUAGES if cyrillic else _LATIN_LANGUAGES
    lemmas = [lemma_form(word, language) for language in languages]
    return tuple(dict.fromkeys([folded, *lemmas]))
