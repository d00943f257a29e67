"""Counts by value and by day, the same for every engine (pure)."""

from collections.abc import Iterable

from search.engines.base import Facet

FACET_SHOWN = 20
"""Values of a facet that are named; the others are one number."""
DAY_US = 86_400_000_000
"""Microseconds of a UTC day."""


def cut_facet(counts: Iterable[tuple[str, int]]) -> Facet:
    """The commonest values, equal ones by name, and how many others there are."""
    ranked = sorted(counts, key=lambda item: (-item[1], item[0]))
    return Facet(
        values=tuple(ranked[:FACET_SHOWN]), rest=max(0, len(ranked) - FACET_SHOWN)
    )
