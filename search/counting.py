"""Counts by value and by day, added up over archives, alike for all engines (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FACET_SHOWN = 20
"""Values of a facet that are named; the others are one number."""
DAY_US = 86_400_000_000
"""Microseconds of a UTC day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """Values of one filter field and how many documents have each.

    By falling count, then value; `rest` is how many other values there are.
    """

    values: tuple[tuple[str, int], ...]
    rest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a query finds, counted: all of the first tier."""

    total: int
    facets: Mapping[str, Facet]
    captured_days: Mapping[int, int]
    """Documents by the day of their first capture; days since 1970, UTC."""
    claimed_days: Mapping[int, int]
    """Documents by the day they claim to be from, as written; days since 1970."""

    @property
    def undated(self) -> int:
        """Documents that claim no date."""
        return self.total - sum(self.claimed_days.values())


def add_up(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """One histogram of several, days in order."""
    whole: Counter[int] = Counter()
    for part in parts:
        whole.update(part)
    return dict(sorted(whole.items()))


def make_facet(parts: Iterable[Mapping[str, int]]) -> Facet:
    """One facet of several: the commonest values, equal ones by name."""
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update(part)
    ranked = sorted(whole.items(), key=lambda item: (-item[1], item[0]))
    return Facet(
        values=tuple(ranked[:FACET_SHOWN]), rest=max(0, len(ranked) - FACET_SHOWN)
    )
