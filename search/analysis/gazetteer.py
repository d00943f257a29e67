"""Other names of the same thing, which no rule joins: Volha and Olga, ЦИК and CKW.

Read from `data/gazetteer.tsv`: id, kind, forms (`lang:form`, separated by `; `). Public
figures, given names, places, offices and the vocabulary of elections only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice, product

from search.analysis.keys import KEY_MIN_SYMBOLS, name_key
from search.analysis.lemmas import query_lemmas, stem_belarusian
from search.analysis.spellings import VARIANTS
from search.analysis.tokens import exact_form, tokenize

KINDS = ("person", "given", "place", "org", "term")
VOCABULARY = "term"
"""Words of a language, not names: another word of the same sound is another word."""
TABLES = ("gazetteer.tsv", "terms.tsv")
"""Names and offices; general vocabulary."""
LEMMA_COMBINATIONS = 64
"""Ways to read the words of one phrase: four languages to the power of three words."""
_COLUMNS = 3
_NEGATED = re.compile("(?:nie|ne)([a-ząćęłńóśźżčėįšųūž]{6,})$", re.IGNORECASE)

Place = tuple[str, tuple[str, ...]]
"""`base`, `stem` or `key`, and that form of each word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing and its written forms, with their languages."""

    entry_id: str
    kind: str
    forms: tuple[tuple[str, str], ...]


def parse_gazetteer(text: str) -> tuple[Entry, ...]:
    """Read the table strictly; a malformed line is our own mistake."""
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS or columns[1] not in KINDS:
            raise AssertionError(f"gazetteer line {number} is malformed")
        forms = tuple(_parse_form(form, number) for form in columns[2].split("; "))
        entries.append(Entry(entry_id=columns[0], kind=columns[1], forms=forms))
    return tuple(entries)


def _parse_form(written: str, number: int) -> tuple[str, str]:
    language, colon, form = written.partition(":")
    if not colon or not language or not form:
        raise AssertionError(f"gazetteer line {number}: {written!r} is no form")
    return language, form


class Gazetteer:
    """Looks up written words among the forms of all entries."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.names = frozenset(
            form
            for entry in entries
            if entry.kind != VOCABULARY
            for _, form in entry.forms
        )
        """Forms that name somebody or something: known by any sound, short or long."""
        self._places: dict[Place, list[Entry]] = {}
        for entry in entries:
            for language, form in entry.forms:
                for place in _form_places(form, language):
                    known = self._places.setdefault(place, [])
                    if entry not in known:
                        known.append(entry)

    def find(self, text: str) -> tuple[Entry, ...]:
        """Entries with a form like the whole of this text, in table order."""
        found = {
            entry.entry_id: entry
            for place in _query_places(text)
            for entry in self._places.get(place, ())
        }
        return tuple(found.values())

    def other_forms(self, text: str) -> tuple[str, ...]:
        """Forms of the entries found that the rules do not join with the text."""
        own = set(_query_places(text))
        return tuple(
            dict.fromkeys(
                form
                for entry in self.find(text)
                for language, form in entry.forms
                if own.isdisjoint(_form_places(form, language))
            )
        )


def _words(text: str) -> list[str]:
    return [token.word for token in tokenize(text)]


def _form_places(form: str, language: str) -> Iterator[Place]:
    """Where a form of the table is found; forms there are base forms."""
    words = _words(form)
    yield "base", tuple(map(exact_form, words))
    if language == "be":
        yield "stem", tuple(stem_belarusian(exact_form(word)) for word in words)
    yield from _key_places(words)


def _query_places(text: str) -> Iterator[Place]:
    """Where a written text may be found: as it is, by base forms, by keys."""
    words = _words(text)
    if not words:
        return
    yield from _places_of(words)
    plain = _without_negation(words)
    if plain is not None:
        yield from _places_of(plain)


def _places_of(words: list[str]) -> Iterator[Place]:
    yield "base", tuple(map(exact_form, words))
    lemmas = product(*(query_lemmas(word) for word in words))
    for combination in islice(lemmas, LEMMA_COMBINATIONS):
        yield "base", combination
        yield "stem", combination
    yield from _key_places(words)


def _without_negation(words: list[str]) -> list[str] | None:
    """Polish and Lithuanian write "not" in front of a participle, in one word."""
    found = [_NEGATED.match(word) for word in words]
    if not any(found):
        return None
    return [one[1] if one else word for one, word in zip(found, words, strict=True)]


def _key_places(words: list[str]) -> Iterator[Place]:
    """Keys in each variant, where every one is long enough to mean something."""
    for variant in VARIANTS:
        keys = tuple(name_key(word, variant) for word in words)
        if all(len(key) >= KEY_MIN_SYMBOLS for key in keys):
            yield "key", keys


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The gazetteer of this package, read once."""
    folder = files("search").joinpath("data")
    tables = [folder.joinpath(name).read_text("utf-8") for name in TABLES]
    return Gazetteer(tuple(entry for text in tables for entry in parse_gazetteer(text)))


@lru_cache(maxsize=1)
def load_stop_words() -> frozenset[str]:
    """Function words of all languages, in their exact form."""
    table = files("search").joinpath("data/stop.tsv").read_text("utf-8")
    rows = [
        line.split("\t") for line in table.splitlines() if line[:1] not in ("", "#")
    ]
    return frozenset(exact_form(word) for _, words in rows for word in words.split())
