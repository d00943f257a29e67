"""The numbers beside results, each with the filter that a link behind it adds."""

from collections.abc import Iterator

from search.counting import Counts
from search.output.answers import day_name


def numbers_of(counts: Counts) -> Iterator[tuple[str, int]]:
    """Each value of each facet and each day, as written in a query, and its count."""
    for name, facet in counts.facets.items():
        for value, count in facet.values:
            yield f'{name}:"{value}"', count
    for field, days in (
        ("first", counts.captured_days),
        ("claimed", counts.claimed_days),
    ):
        for day, count in days.items():
            yield f"{field}:{day_name(day)}", count
