"""A token to its forms in the fields of the index.

The same function serves both engines and the highlighter, so a hit and its mark can
never disagree.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from search.analysis.keys import loose_key, name_key
from search.analysis.lemmas import lemma_form
from search.analysis.spellings import index_variant
from search.analysis.tokens import exact_form, starts_upper

ANALYSIS_VERSION = 4
"""Raised with every change of tokens, lemmas, keys or their data files."""
NUMBER = "#"
"""In the field of capitals, where a token is a number that is no year."""
EMPTY = "_"
"""Written where a token has no form in a field, so that positions stay equal."""
FORMS_CACHE = 300_000
"""Words of all languages kept with their forms; beyond it all are forgotten."""


_COUNTED = re.compile("(?!(?:19|20)[0-9]{2}$)[0-9]{1,9}")


class Forms(NamedTuple):
    """What one token is in each field; EMPTY where it has no form."""

    exact: str
    lemma: str
    key: str
    cap: str
    loose: str


class TokenFields(NamedTuple):
    """Token fields of one text; each a string of tokens separated by a space."""

    exact: str
    lemma: str
    key: str
    cap: str
    loose: str


class _FormTable(dict[str, Forms]):
    """Forms by word in one language, made when first asked for."""

    def __init__(self, language: str | None) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> Forms:
        if sum(map(len, _TABLES.values())) >= FORMS_CACHE:
            for table in list(_TABLES.values()):
                table.clear()
        made = self[word] = _make_forms(word, self._language)
        return made


_TABLES: dict[str | None, _FormTable] = {}


def form_table(language: str | None) -> Mapping[str, Forms]:
    """Forms of every word of a text in that language; the fastest way to many."""
    return _TABLES.get(language) or _TABLES.setdefault(language, _FormTable(language))


def _make_forms(word: str, language: str | None) -> Forms:
    key = name_key(word, index_variant(word, language)) or EMPTY
    if _COUNTED.fullmatch(word):
        return Forms(exact_form(word), lemma_form(word, language), key, NUMBER, EMPTY)
    capital = key != EMPTY and starts_upper(word)
    return Forms(
        exact_form(word) or EMPTY,
        lemma_form(word, language) or EMPTY,
        key,
        key if capital else EMPTY,
        (loose_key(key) or EMPTY) if capital else EMPTY,
    )


def join_forms(forms: Iterable[Forms]) -> TokenFields:
    """Write the forms of consecutive tokens as field strings."""
    columns = list(zip(*forms, strict=True))
    return TokenFields(*map(" ".join, columns or ("",) * len(TokenFields._fields)))
