"""Filter fields whose values are written together and counted in one look (pure).

Eight fields of a million documents counted one by one are eight columns read. What is
said of a document repeats: some hundred combinations stand for all of them, so these
are counted and then taken apart. Each document has one combination in each group.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from search.counting import DAY_US
from search.engines.base import Tally
from search.engines.fields import CAPTURED_US, CLAIMED_US
from search.engines.tallying import aggregations, read_tally

GROUPS: Mapping[str, tuple[str, ...]] = {
    "of_site": ("source", "host"),
    "of_page": ("lang", "type", "status", "outcome", "class", "warning"),
}
"""Names of the combined fields, and what they combine; part of the index."""
DAYS: Mapping[str, str] = {CAPTURED_US: "captured_day", CLAIMED_US: "claimed_day"}
"""Number fields that hold the day of a time field; a small number is counted fast."""
COMBINED_BYTES = 8_192
"""A longer combination is left out: an engine cuts or drops long values."""
TOO_LONG = ""
"""Stands for a combination that was left out: then fields are counted singly."""
COMBINATIONS_KEPT = 20_000
"""Combinations known from the last counts; each some hundred bytes."""

_FIRST_DAY = date(1970, 1, 1).toordinal()
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


def day_number(microseconds: int) -> int:
    """The UTC day of a time since 1970, counted from the first day of year 1."""
    return microseconds // DAY_US + _FIRST_DAY


def ask_together(fields: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    """The request for the groups of some fields, and for days of time fields."""
    return aggregations((*_groups_of(fields), *(DAYS[name] for name in times)), ())


def read_together(
    found: Mapping[str, Any], fields: Sequence[str], times: Sequence[str]
) -> Tally | None:
    """Counts by single fields out of the answer to `ask_together`.

    None where a combination was left out, or where there are too many of them, or of
    days, or where a field is in no group: then fields are to be counted singly.
    """
    groups = _groups_of(fields)
    if not groups or not set(fields) <= _GROUPED:
        return None
    if any(one["sum_other_doc_count"] for one in found.values()):
        return None
    together = read_tally(0, found, (*groups, *(DAYS[name] for name in times)), ())
    counts: dict[str, Counter[str]] = {field: Counter() for field in fields}
    for group in groups:
        if TOO_LONG in together.values[group]:
            return None
        for combined, documents in together.values[group].items():
            for field, value in _taken_apart(group, combined):
                if field in counts:
                    counts[field][value] += documents
    return Tally(
        total=sum(together.values[groups[0]].values()),
        values={field: dict(counted) for field, counted in counts.items()},
        days={
            name: {
                int(day) - _FIRST_DAY: documents
                for day, documents in together.values[DAYS[name]].items()
            }
            for name in times
        },
    )


def _groups_of(fields: Sequence[str]) -> tuple[str, ...]:
    wanted = set(fields)
    return tuple(name for name, held in GROUPS.items() if not wanted.isdisjoint(held))
