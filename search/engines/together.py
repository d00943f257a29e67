"""Filter fields whose values are written together and counted in one look (pure).

Eight fields of a million documents counted one by one are eight columns read. What is
said of a document repeats: some hundred combinations stand for all of them, so these
are counted and then taken apart. Each document has one combination in each group.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from search.engines.base import Tally
from search.engines.tallying import aggregations, read_tally

GROUPS: Mapping[str, tuple[str, ...]] = {
    "of_site": ("source", "host"),
    "of_page": ("lang", "type", "status", "outcome", "class", "warning"),
}
"""Names of the combined fields, and what they combine; part of the index."""
COMBINED_BYTES = 8_192
"""A longer combination is left out: an engine cuts or drops long values."""
TOO_LONG = ""
"""Stands for a combination that was left out: then fields are counted singly."""
COMBINATIONS_KEPT = 20_000
"""Combinations known from the last counts; each some hundred bytes."""

_GROUPED = frozenset(field for held in GROUPS.values() for field in held)
_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def combine(group: str, filters: Mapping[str, tuple[str, ...]]) -> str:
    """The values that a document has in the fields of a group, as one value."""
    made = _WRITER.encode([filters.get(field, ()) for field in GROUPS[group]])
    return made if len(made.encode()) <= COMBINED_BYTES else TOO_LONG


@lru_cache(maxsize=COMBINATIONS_KEPT)
def _taken_apart(group: str, combined: str) -> tuple[tuple[str, str], ...]:
    """Field and value, each that a combination holds."""
    columns = zip(GROUPS[group], json.loads(combined), strict=True)
    return tuple((field, value) for field, values in columns for value in values)


def ask_together(fields: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    """The request for the groups of some fields, and for days of time fields."""
    return aggregations(_groups_of(fields), times)


def read_together(
    found: Mapping[str, Any], fields: Sequence[str], times: Sequence[str]
) -> Tally | None:
    """Counts by single fields out of the answer to `ask_together`.

    None where a combination was left out, or where there are too many of them, or
    where a field is in no group: then fields are to be counted singly.
    """
    counts: dict[str, Counter[str]] = {field: Counter() for field in fields}
    grouped = read_tally(0, found, _groups_of(fields), times)
    total = 0
    for group, counted in grouped.values.items():
        if TOO_LONG in counted or found[group]["sum_other_doc_count"]:
            return None
        total = sum(counted.values())
        for combined, documents in counted.items():
            for field, value in _taken_apart(group, combined):
                if field in counts:
                    counts[field][value] += documents
    if not grouped.values or not set(fields) <= _GROUPED:
        return None
    values = {field: dict(counted) for field, counted in counts.items()}
    return replace(grouped, total=total, values=values)


def _groups_of(fields: Sequence[str]) -> tuple[str, ...]:
    wanted = set(fields)
    return tuple(name for name, held in GROUPS.items() if not wanted.isdisjoint(held))
