"""Keys of hits as numbers that rise from hit to hit, for every order of hits (pure)."""

import math
from collections.abc import Callable, Mapping

from search.engines.base import (
    AllOf,
    AnyOf,
    Beginning,
    Between,
    Clause,
    OneOf,
    Sorting,
    Tokens,
)

SCORE_DIGITS = 3
"""Decimals kept: sums of 32-bit numbers agree to about five."""


def _down(value: float | None) -> float:
    """Large ones first; what has none comes last."""
    return math.inf if value is None else -float(value)


def _up(value: float | None) -> float:
    return math.inf if value is None else float(value)


def _score(value: float | None) -> float:
    return -round(float(value or 0.0), SCORE_DIGITS)


def is_scored(clause: Clause) -> bool:
    """Whether what it finds is ranked: filters alone give all the same score, 0."""
    match clause:
        case Tokens() | Beginning():
            return True
        case AnyOf():
            return any(map(is_scored, clause.clauses))
        case AllOf():
            return any(map(is_scored, clause.wanted))
        case OneOf() | Between():
            return False


def finds_rows(clause: Clause) -> bool:
    """Whether all that it finds has some tokens in a row."""
    match clause:
        case Tokens():
            return len(clause.values) > 1
        case AnyOf():
            return bool(clause.clauses) and all(map(finds_rows, clause.clauses))
        case AllOf():
            return any(map(finds_rows, clause.wanted))
        case Beginning() | OneOf() | Between():
            return False


RANKS: Mapping[Sorting, Callable[[float | None], float]] = {
    Sorting.SCORE: _score,
    Sorting.NEWEST: _down,
    Sorting.OLDEST: _up,
    Sorting.CLAIMED_NEWEST: _down,
    Sorting.CLAIMED_OLDEST: _up,
}
"""What a score or a time is worth in an order; equal ones are a tie."""
