"""What two texts of one story write a little differently: figures, names, lists (pure).

86.28 for 86.82, one person in two spellings, another person in the same list: a slip of
the pen, or an alteration. It is shown as printed, never settled, and nothing is joined.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, islice, pairwise
from typing import Generic, TypeVar

from search.analysis.keys import name_key
from search.extract.apart import one_apart
from search.report.comparing.facts import NUMBER, Stories, is_year, plain_number

DIGITS_LEAST = 3
"""Shorter numbers are one digit apart by chance."""
FAMILY_LETTERS = 6
"""Shorter names that are one letter apart are two names."""
ENDING_LETTERS = 2
"""Case endings: a name that differs there alone is inflected."""
LIST_NAMES = 4
SHARED_NAMES = 5
"""Two lists with so many persons in common, and half of the shorter, are one list."""
FIGURES, LISTS, NAMES_OF_LIST = 500, 50, 200
"""Looked at in one text: a hostile one has a million of each."""
PERSONS = LISTS * NAMES_OF_LIST
"""Places with a person looked at in one text; lists are made of them."""
FORM_SIGNS = 40
"""Longer words and numbers are none; to look one up costs the square of its length."""
TEXTS = 200
"""Compared with each other in one go."""

Kind = TypeVar("Kind")
_PERCENT = re.compile(r"\s?%")
_WORD = re.compile(r"[^\W\d_][^\W\d_'’-]{2,}")
_BETWEEN = re.compile(
    r"\s*,\s*(?:(?:and|und|oraz|і|й|и|ды)\s+)?|\s+(?:and|und|oraz|і|и|ды)\s+"
)


class Doubt(StrEnum):
    """What may be an error in one of the two; stable codes."""

    FIGURE = "figure-differs"
    """A number with two digits changed over, or one digit another."""
    SPELLING = "name-spelt-differently"
    """A person whose family name is one letter apart."""
    PERSON = "list-names-another"
    """Two lists of the same persons, but for one of the same given name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One place, as each of the texts prints it."""

    doubt: Doubt
    one: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    given: str
    """Key of the given name."""
    family: str
    printed: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The figures, persons and lists of one text."""

    figures: dict[tuple[str, bool], str]
    """Number in one form and whether it is a percentage: as printed."""
    persons: dict[tuple[str, str], str]
    """Given name's key and family name in lower case: as printed."""
    lists: tuple[dict[tuple[str, str], str], ...]


def read_written(text: str) -> Written:
    """Find them; each by its first place."""
    found = list(islice(_find_persons(text), PERSONS))
    groups = (group[:NAMES_OF_LIST] for group in _lists(text, found))
    lists = (group for group in groups if len(group) >= LIST_NAMES)
    return Written(
        figures=dict(reversed(list(islice(_find_figures(text), FIGURES)))),
        persons=_by_name(found),
        lists=tuple(islice(map(_by_name, lists), LISTS)),
    )


def find_deviations(
    one: Written, other: Written, *, is_same_story: bool = True
) -> tuple[Deviation, ...]:
    """What differs a little; figures only where both tell the same story."""
    found = list(_spellings(one, other))
    found += _others_in_lists(one, other)
    if is_same_story:
        found = [*_figures(one, other), *found]
    return tuple(dict.fromkeys(found))


def find_within(texts: Sequence[str]) -> Iterator[tuple[int, int, Deviation]]:
    """What differs a little among the texts of one page: places of two, and what."""
    looked_at = texts[:TEXTS]
    stories = Stories(looked_at)
    written = [read_written(text) for text in looked_at]
    for one, other in combinations(range(len(looked_at)), 2):
        same = stories.compare(one, other).is_same_story
        for found in find_deviations(written[one], written[other], is_same_story=same):
            yield one, other, found


class _Near(Generic[Kind]):
    """Written forms, each of a kind, to look up those a slip of the pen apart.

    Forms one apart are equal once the right sign of each, or of one, is left out: so
    nobody compares all with all.
    """

    def __init__(self, forms: Iterable[tuple[str, Kind]]) -> None:
        self._forms = list(forms)
        self._places: defaultdict[tuple[str, Kind], list[int]] = defaultdict(list)
        for place, (form, kind) in enumerate(self._forms):
            for shape in _shapes(form):
                self._places[shape, kind].append(place)

    def to(self, asked: tuple[str, Kind]) -> Iterator[tuple[str, Kind]]:
        """Forms of the same kind that are one apart, in their order."""
        form, kind = asked
        shapes = _shapes(form)
        places = {at for shape in shapes for at in self._places.get((shape, kind), ())}
        for place in sorted(places):
            if one_apart(form, self._forms[place][0]):
                yield self._forms[place]


def _shapes(form: str) -> set[str]:
    """A form, and the same without one of its signs."""
    return {form, *(form[:at] + form[at + 1 :] for at in range(len(form)))}


def _find_figures(text: str) -> Iterator[tuple[tuple[str, bool], str]]:
    for match in NUMBER.finditer(text):
        number = plain_number(match.group())
        digits = sum(map(str.isdigit, number))
        if not DIGITS_LEAST <= digits <= FORM_SIGNS or is_year(number):
            continue
        percent = _PERCENT.match(text, match.end())
        printed = match.group() + (percent.group() if percent else "")
        yield (number.replace(",", "."), percent is not None), printed


def _figures(one: Written, other: Written) -> Iterator[Deviation]:
    mine = [figure for figure in one.figures if figure not in other.figures]
    theirs = _Near(figure for figure in other.figures if figure not in one.figures)
    for first in mine:
        for second in theirs.to(first):
            if len(first[0]) == len(second[0]):
                yield Deviation(
                    doubt=Doubt.FIGURE,
                    one=one.figures[first],
                    other=other.figures[second],
                )


def _find_persons(text: str) -> Iterator[_Person]:
    """Two words with capitals side by side, in one line."""
    for given, family in pairwise(_WORD.finditer(text)):
        gap = text[given.end() : family.start()]
        if gap not in (" ", "\u00a0"):
            continue
        if len(given.group()) > FORM_SIGNS or len(family.group()) > FORM_SIGNS:
            continue
        if given.group()[0].isupper() and family.group()[0].isupper():
            yield _Person(
                given=name_key(given.group().lower(), "L"),
                family=family.group().casefold(),
                printed=f"{given.group()} {family.group()}",
                start=given.start(),
                end=family.end(),
            )


def _by_name(persons: Sequence[_Person]) -> dict[tuple[str, str], str]:
    return {
        (person.given, person.family): person.printed for person in reversed(persons)
    }


def _lists(text: str, persons: Sequence[_Person]) -> Iterator[list[_Person]]:
    """Persons with nothing but commas and one "and" between them."""
    group: list[_Person] = []
    for person in persons:
        if group and not _BETWEEN.fullmatch(text[group[-1].end : person.start]):
            yield group
            group = []
        group.append(person)
    yield group


def _spellings(one: Written, other: Written) -> Iterator[Deviation]:
    """Persons of one given name whose family names are one letter apart."""
    mine = sorted(one.persons.keys() - other.persons.keys())
    theirs = _Near(
        (family, given) for given, family in sorted(other.persons.keys() - one.persons)
    )
    for given, family in mine:
        for twin, _ in theirs.to((family, given)):
            if _is_misspelt(family, twin):
                yield Deviation(
                    doubt=Doubt.SPELLING,
                    one=one.persons[given, family],
                    other=other.persons[given, twin],
                )


def _is_misspelt(one: str, other: str) -> bool:
    if min(len(one), len(other)) < FAMILY_LETTERS or one[0] != other[0]:
        return False
    stems = one[:-ENDING_LETTERS], other[:-ENDING_LETTERS]
    return stems[0] != stems[1] and one_apart(one, other)


def _others_in_lists(one: Written, other: Written) -> Iterator[Deviation]:
    """The same list, in which one name stands for another of the same given name."""
    for mine in one.lists:
        for theirs in other.lists:
            shared = mine.keys() & theirs.keys()
            half = 2 * len(shared) >= min(len(mine), len(theirs))
            if len(shared) < SHARED_NAMES or not half:
                continue
            for given, family in sorted(mine.keys() - shared):
                twins = sorted(name for name in theirs.keys() - shared)
                for twin in twins:
                    if twin[0] == given and not _is_misspelt(family, twin[1]):
                        yield Deviation(
                            doubt=Doubt.PERSON,
                            one=mine[given, family],
                            other=theirs[twin],
                        )
