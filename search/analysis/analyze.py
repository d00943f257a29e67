"""A token to its forms in the fields of the index.

The same function serves both engines and the highlighter, so a hit and its mark can
never disagree.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from search.analysis.keys import loose_key, name_key
from search.analysis.lemmas import lemma_form
from search.analysis.spellings import index_variant
from search.analysis.tokens import exact_form, starts_upper

ANALYSIS_VERSION = 3
"""Raised with every change of tokens, lemmas, keys or their data files."""
NUMBER = "#"
"""In the field of capitals, where a token is a number that is no year."""
EMPTY = "_"
"""Written where a token has no form in a field, so that positions stay equal."""
FORMS_CACHE = 300_000
"""Entries; ten times the speed of analysing every token anew."""


_COUNTED = re.compile("(?!(?:19|20)[0-9]{2}$)[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Forms:
    """What one token is in each field; EMPTY where it has no form."""

    exact: str
    lemma: str
    key: str
    cap: str
    loose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFields:
    """Token fields of one text; each a string of tokens separated by a space."""

    exact: str
    lemma: str
    key: str
    cap: str
    loose: str


@lru_cache(maxsize=FORMS_CACHE)
def token_forms(word: str, language: str | None) -> Forms:
    """Analyse one token of a text in that language."""
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
    rows = list(forms)
    return TokenFields(
        exact=" ".join(row.exact for row in rows),
        lemma=" ".join(row.lemma for row in rows),
        key=" ".join(row.key for row in rows),
        cap=" ".join(row.cap for row in rows),
        loose=" ".join(row.loose for row in rows),
    )
