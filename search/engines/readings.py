"""Written words to the tokens that mean them, field by field."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice, product

from search.analysis.keys import KEY_MIN_SYMBOLS, loose_key, query_keys
from search.analysis.lemmas import query_lemmas
from search.analysis.tokens import exact_form, tokenize
from search.engines.base import Tokens
from search.engines.fields import (
    ALL,
    ALL_KEY,
    BOOSTS,
    CAP,
    EXACT,
    HEAD,
    HEAD_KEY,
    HEAD_LEMMA,
    KEY,
    LEMMA,
    LOOSE,
)

COMBINATIONS = 8
"""Readings of one phrase in one field: each is a phrase search of its own."""
FIELDS_OF_EXACT = (EXACT, ALL, HEAD)
_FIELDS_OF_LEMMA = (LEMMA, HEAD_LEMMA)
_FIELDS_OF_KEY = (KEY, ALL_KEY, HEAD_KEY)
SOUND_FIELDS = frozenset({*_FIELDS_OF_KEY, CAP, LOOSE})
"""Where words are known by their sound."""
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’ \u00a0\u2009\u202f]\d{3})+")
_PLAIN_NUMBER = re.compile(r"\d{4,12}")


def words_of(text: str) -> list[str]:
    """The tokens of a written text."""
    return [token.word for token in tokenize(text)]


def distinct(clauses: Iterable[Tokens]) -> tuple[Tokens, ...]:
    """One clause per field and tokens, the heaviest of equal ones."""
    best: dict[tuple[str, tuple[str, ...], int], Tokens] = {}
    for clause in clauses:
        place = (clause.field, clause.values, clause.slop)
        known = best.get(place)
        if known is None or known.boost < clause.boost:
            best[place] = clause
    return tuple(best.values())


def readings(words: list[str]) -> Iterator[Tokens]:
    """Every way in which words in a row are looked for."""
    yield from exact_readings(words)
    yield from _in_fields(_FIELDS_OF_LEMMA, map(query_lemmas, words))
    keys = [query_keys(word) for word in words]
    if len(words) == 1:
        yield from _key_readings(keys[0])
    elif all(keys):
        yield from _in_fields(_FIELDS_OF_KEY, keys)


def exact_readings(words: list[str]) -> Iterator[Tokens]:
    """The words as written, in a row."""
    yield from _in_fields(FIELDS_OF_EXACT, ((exact_form(word),) for word in words))


def _key_readings(keys: tuple[str, ...]) -> Iterator[Tokens]:
    """A short key means a name only where the word has a capital."""
    for key in keys:
        if len(key) < KEY_MIN_SYMBOLS:
            yield Tokens(field=CAP, values=(key,), boost=BOOSTS[CAP])
            continue
        yield from _in_fields(_FIELDS_OF_KEY, [(key,)])
    yield from _loose_readings(keys, 1.0)


def _loose_readings(keys: tuple[str, ...], factor: float) -> Iterator[Tokens]:
    for loose in dict.fromkeys(map(loose_key, keys)):
        if loose:
            boost = BOOSTS[LOOSE] * factor
            yield Tokens(field=LOOSE, values=(loose,), boost=boost)


def name_readings(words: list[str], boost: float) -> Iterator[Tokens]:
    """Keys of capitalised words in a row; a single word also by its loose key."""
    keys = [query_keys(word) for word in words]
    if not all(keys):
        return
    for values in islice(product(*keys), COMBINATIONS):
        yield Tokens(field=CAP, values=values, boost=boost)
        yield Tokens(field=HEAD_KEY, values=values, boost=boost)
        yield Tokens(field=ALL_KEY, values=values, boost=boost * BOOSTS[ALL_KEY])
    if len(words) == 1:
        yield from _loose_readings(keys[0], boost)


def _in_fields(
    fields: tuple[str, ...], columns: Iterable[tuple[str, ...]]
) -> Iterator[Tokens]:
    readings = list(islice(product(*columns), COMBINATIONS))
    for field in fields:
        for values in readings:
            if all(values):
                yield Tokens(field=field, values=values, boost=BOOSTS[field])


def number_readings(text: str) -> Iterator[Tokens]:
    """1265, 1,265 and 1 265 are one number, however the page writes it."""
    if _THOUSANDS.fullmatch(text):
        joined = re.sub(r"\D", "", text)
        yield from exact_readings([joined])
    elif _PLAIN_NUMBER.fullmatch(text):
        yield from exact_readings(f"{int(text):,}".split(","))
