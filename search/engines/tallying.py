"""What both engines are asked to count, in the one form that both understand (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.counting import DAY_US
from search.engines.base import Tally

FACET_VALUES = 10_000
"""Values of a field that are counted exactly; hosts of a large archive are fewer."""


def aggregations(fields: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    """Values of filter fields and days of time fields, all in one request."""
    asked: dict[str, Any] = {
        name: {"terms": {"field": name, "size": FACET_VALUES}} for name in fields
    }
    for name in times:
        # Without a least count a page of 1900 beside one of 2200 is 100,000 buckets.
        by_day = {"field": name, "interval": DAY_US, "min_doc_count": 1}
        asked[name] = {"histogram": by_day}
    return asked


def read_tally(
    total: int, found: Mapping[str, Any], fields: Sequence[str], times: Sequence[str]
) -> Tally:
    """The answer to `aggregations`."""
    return Tally(
        total=total,
        values={
            name: {str(one["key"]): int(one["doc_count"]) for one in _of(found, name)}
            for name in fields
        },
        days={
            name: {
                round(one["key"]) // DAY_US: int(one["doc_count"])
                for one in _of(found, name)
            }
            for name in times
        },
    )


def _of(found: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    buckets: Sequence[Mapping[str, Any]] = found[name]["buckets"]
    return buckets
