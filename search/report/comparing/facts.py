"""The facts of a text, its numbers and names; how far two texts agree (pure).

A machine that rewrites an article leaves its numbers and names: sentences share no five
words with the original, and all of its facts.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from search.analysis.keys import name_key

NUMBERS_LEAST, NAMES_LEAST = 4, 3
"""Shared facts below which an agreement is chance."""
SHARED_LEAST = 0.5
"""Of the weight of the facts of the shorter text."""
SHINGLE_WORDS = 5
NAME_LETTERS = 4
YEARS = range(1900, 2101)
"""Every article on the same years shares them: they are no facts of it."""
NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?"
)
_NAME = re.compile(r"(?<=[^\s.!?:»”\"“«(—–-] )[^\W\d_][^\W\d_'’-]{3,}")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one text."""

    numbers: frozenset[str]
    names: frozenset[str]
    """Keys of names, alike in every spelling and script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What two texts have in common."""

    numbers: tuple[str, ...]
    names: tuple[str, ...]
    share: float
    """Of the weight of the facts of the shorter one; 0 to 1."""
    wording: float
    """Share of the runs of five words of the shorter one; 0 to 1."""

    @property
    def is_same_story(self) -> bool:
        """Whether one was made from the other, or both from a third."""
        many = len(self.numbers) >= NUMBERS_LEAST and len(self.names) >= NAMES_LEAST
        return many and self.share >= SHARED_LEAST


def find_facts(text: str) -> Facts:
    """Numbers in one form, and names within sentences by their keys."""
    numbers = map(plain_number, NUMBER.findall(text))
    words = (word for word in _NAME.findall(text) if word[0].isupper())
    keys = (name_key(word.lower(), "L") for word in words)
    return Facts(
        numbers=frozenset(n for n in numbers if not is_year(n)),
        names=frozenset(key for key in keys if key),
    )


class Stories:
    """Texts among which each is compared with others; what all state weighs little."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._facts = [find_facts(text) for text in texts]
        self._shingles = [_shingles(text) for text in texts]
        counts = Counter(
            fact for one in self._facts for fact in (*one.numbers, *one.names)
        )
        total = len(texts)
        self._weights = {fact: log(1 + total / n) for fact, n in counts.items()}

    def compare(self, one: int, other: int) -> Agreement:
        """Compare two of them, by their places."""
        first, second = self._facts[one], self._facts[other]
        numbers, names = first.numbers & second.numbers, first.names & second.names
        least = min(self._weigh(first), self._weigh(second))
        shared = self._weigh(Facts(numbers=numbers, names=names))
        return Agreement(
            numbers=tuple(sorted(numbers, key=_value)),
            names=tuple(sorted(names)),
            share=min(1.0, shared / least) if least else 0.0,
            wording=self._wording(one, other),
        )

    def _weigh(self, facts: Facts) -> float:
        return sum(self._weights[fact] for fact in (*facts.numbers, *facts.names))

    def _wording(self, one: int, other: int) -> float:
        first, second = self._shingles[one], self._shingles[other]
        least = min(len(first), len(second))
        return len(first & second) / least if least else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return {
        tuple(words[place : place + SHINGLE_WORDS])
        for place in range(len(words) - SHINGLE_WORDS + 1)
    }


def plain_number(printed: str) -> str:
    """A number without the signs between its thousands."""
    return re.sub(r"[,\u00a0\u202f ](?=\d{3})", "", printed)


def is_year(number: str) -> bool:
    """Whether it is more likely a year than a count."""
    return number.isdigit() and len(number) == 4 and int(number) in YEARS


def _value(number: str) -> float:
    """A number of a text for sorting."""
    try:
        return float(number.replace(",", "."))
    except ValueError:
        return 0.0
