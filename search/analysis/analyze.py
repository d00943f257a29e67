"""A token to its forms in the fields of the index.

The same function serves both engines and the highlighter, so a hit and its mark can
never disagree.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

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
COUNTED_EVERY = 512
"""New words of a table between two looks at how many there are."""
PlainForms = tuple[str, str]
"""Exact form and name key."""
Made = TypeVar("Made")


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


class _Table(dict[str, Made]):
    """What is made of each word in one language, made when first asked for."""

    def __init__(
        self, language: str | None, make: Callable[[str, str | None], Made]
    ) -> None:
        super().__init__()
        self._language = language
        self._make = make

    def __missing__(self, word: str) -> Made:
        if len(self) % COUNTED_EVERY == 0:
            _forget_at_the_bound()
        made = self[word] = self._make(word, self._language)
        return made


_FORMS: dict[str | None, _Table[Forms]] = {}
_PLAIN: dict[str | None, _Table[PlainForms]] = {}


def _forget_at_the_bound() -> None:
    tables: list[dict[str, Any]] = [*_FORMS.values(), *_PLAIN.values()]
    if sum(map(len, tables)) >= FORMS_CACHE:
        for table in tables:
            table.clear()


def form_table(language: str | None) -> Mapping[str, Forms]:
    """Forms of every word of a text in that language; the fastest way to many."""
    if language not in _FORMS:
        _FORMS.setdefault(language, _Table(language, _make_forms))
    return _FORMS[language]


def plain_table(language: str | None) -> Mapping[str, PlainForms]:
    """Exact form and name key of every word: all that a text around a text needs."""
    if language not in _PLAIN:
        _PLAIN.setdefault(language, _Table(language, _make_plain))
    return _PLAIN[language]


def _make_plain(word: str, language: str | None) -> PlainForms:
    known = form_table(language).get(word)
    if known is not None:
        return known.exact, known.key
    return exact_form(word) or EMPTY, _key_of(word, language)


def _key_of(word: str, language: str | None) -> str:
    return name_key(word, index_variant(word, language)) or EMPTY


def _make_forms(word: str, language: str | None) -> Forms:
    key = _key_of(word, language)
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
