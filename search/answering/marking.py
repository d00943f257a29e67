"""Where in stored texts a query was found: exact marks.

A text is tokenised again with the same analysis that made the index, so marks agree
with either engine. Offsets are Unicode code points, `[start, end)`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from search.analysis.analyze import Forms
from search.engines.base import Beginning, Tokens
from search.engines.fields import (
    ALL,
    ALL_KEY,
    CAP,
    EXACT,
    HEAD,
    HEAD_KEY,
    HEAD_LEMMA,
    KEY,
    LEMMA,
    LOOSE,
)
from search.engines.planning import Leaf
from search.passages import ReadText

HIGHLIGHT_TOKENS = 100_000
"""Tokens of a text looked at, up to the end of a line: a book."""
MARKS_OF_LEAF = 2_000
"""Places marked for one word or phrase, the first ones: a text that repeats a word for
ever shows it no better by the others."""
_FORM_OF_FIELD = {
    field: Forms._fields.index(name)
    for name, fields in (
        ("exact", (EXACT, ALL, HEAD)),
        ("lemma", (LEMMA, HEAD_LEMMA)),
        ("key", (KEY, ALL_KEY, HEAD_KEY)),
        ("cap", (CAP,)),
        ("loose", (LOOSE,)),
    )
    for field in fields
}
"""Which of the forms of a token stands in a field."""

Row = tuple[int, tuple[str, ...], int]
"""Which form, its values in a row, and how many other tokens between two."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the whole text that a leaf of the query means."""

    start: int
    end: int
    leaf: int


class Marker:
    """Marks what the leaves of one query mean; made once for all texts of a page."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._anything = _SingleTest(*leaves)
        self._singles = [_SingleTest(leaf) for leaf in leaves]
        self._rows = [
            (number, row)
            for number, leaf in enumerate(leaves)
            for row in sorted(_rows_of(leaf))
        ]
        self._seen: dict[int, Forms] = {}
        """Forms that were looked at, by their identity, which they keep by it."""
        self._meaning: dict[int, list[int]] = {}
        """Leaves by the identity of forms that are what they mean."""

    def find(self, text: str, language: str | None) -> tuple[Mark, ...]:
        """Mark every place a leaf is found, in order, overlaps joined leaf by leaf."""
        read = ReadText(text, language, limit=HIGHLIGHT_TOKENS)
        spans = {*self._single_tokens(read.forms), *self._rows_of_tokens(read.forms)}
        marks = {
            Mark(read.place(first)[0], read.place(last)[1], number)
            for first, last, number in spans
        }
        return tuple(sorted(marks, key=lambda mark: (mark.start, mark.end, mark.leaf)))

    def _single_tokens(self, forms: list[Forms]) -> Iterator[tuple[int, int, int]]:
        """Token, the same, and leaf, where one token is what the leaf means.

        Forms are cached, so equal words of one language are one object here: each is
        looked at once for all texts.
        """
        if self._anything.asks_nothing:
            return
        names = list(map(id, forms))
        left = [MARKS_OF_LEAF] * len(self._singles)
        here = dict(zip(names, forms, strict=True))
        new = {name: here[name] for name in here.keys() - self._seen.keys()}
        self._seen.update(new)
        for name in self._anything.among(new):
            form = {name: here[name]}
            self._meaning[name] = [
                number for number, test in enumerate(self._singles) if test.among(form)
            ]
        meant = self._meaning.keys() & here.keys()
        for place, name in enumerate(names) if meant else ():
            if name in meant:
                for number in self._meaning[name]:
                    if left[number]:
                        left[number] -= 1
                        yield place, place, number

    def _rows_of_tokens(self, forms: list[Forms]) -> Iterator[tuple[int, int, int]]:
        """First and last token of each row that a leaf means, and the leaf."""
        columns: dict[int, _Column] = {}
        left = [MARKS_OF_LEAF] * len(self._singles)
        for number, (kind, values, slop) in self._rows:
            if kind not in columns:
                columns[kind] = _Column(list(map(itemgetter(kind), forms)))
            places = columns[kind].places(values)
            if all(places):
                for first, last in islice(_row_spans(places, slop), left[number]):
                    left[number] -= 1
                    yield first, last, number


def find_marks(
    text: str, language: str | None, leaves: Sequence[Leaf]
) -> tuple[Mark, ...]:
    """Mark one text."""
    return Marker(leaves).find(text, language)


class _SingleTest:
    """Whether a token alone is what one of some leaves means."""

    def __init__(self, *leaves: Leaf) -> None:
        values: list[set[str]] = [set() for _ in Forms._fields]
        beginnings: set[str] = set()
        for clause in (clause for leaf in leaves for clause in leaf.clauses):
            if isinstance(clause, Beginning):
                beginnings.add(clause.value)
            elif len(clause.values) == 1:
                values[_FORM_OF_FIELD[clause.field]].add(clause.values[0])
        self._values = values
        self._beginnings = tuple(beginnings)
        self.asks_nothing = not (beginnings or any(values))
        """Whether no token alone is meant, as by phrases."""

    def among(self, forms: dict[int, Forms]) -> list[int]:
        """Names of the forms that are; written out, as it runs for every word."""
        exacts, lemmas, keys, caps, looses = self._values
        begins = self._beginnings
        return [
            name
            for name, (exact, lemma, key, cap, loose) in forms.items()
            if exact in exacts
            or lemma in lemmas
            or key in keys
            or cap in caps
            or loose in looses
            or (begins and exact.startswith(begins))
        ]


def _rows_of(leaf: Leaf) -> set[Row]:
    return {
        (_FORM_OF_FIELD[clause.field], clause.values, clause.slop)
        for clause in leaf.clauses
        if isinstance(clause, Tokens) and len(clause.values) > 1
    }


class _Column:
    """One form of all tokens of a text."""

    def __init__(self, forms: list[str]) -> None:
        self._forms = forms
        self._held = set(forms)
        self._places: dict[str, list[int]] = {}

    def places(self, values: Sequence[str]) -> list[list[int]]:
        """Where each of the values stands, rising; nothing where one of them is not."""
        if not self._held.issuperset(values):
            return [[]]
        for value in values:
            if value not in self._places:
                self._places[value] = list(_places(self._forms, value))
        return [self._places[value] for value in values]


def _row_spans(places: Sequence[list[int]], slop: int) -> Iterator[tuple[int, int]]:
    """Tokens in a row; with slop, each within so many others of the one before.

    `places`: of the first token, of the second and so on. Where one is too far away,
    the next place looked at is the first that can reach it.
    """
    firsts, *others = places
    at = 0
    while at < len(firsts):
        first = last = firsts[at]
        at += 1
        for number, later in enumerate(others, start=1):
            behind = bisect_right(later, last)
            if behind == len(later):
                return
            if later[behind] > last + 1 + slop:
                reach = later[behind] - number * (1 + slop)
                at = max(at, bisect_left(firsts, reach))
                break
            last = later[behind]
        else:
            yield first, last


def _places(column: Sequence[object], value: object) -> Iterator[int]:
    at = -1
    for _ in range(column.count(value)):
        at = column.index(value, at + 1)
        yield at
