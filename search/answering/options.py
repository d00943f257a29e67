"""How a query is asked: variants, order, and the entries of the log it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from search.engines.base import Sorting


class Variants(Enum):
    """How far from the written word a found word may be."""

    ALL = "all"
    """Any form and spelling, in any script; other names and translations."""
    FORMS = "forms"
    """Any form and spelling, in any script."""
    NONE = "none"
    """As written, but for case, marks and invisible signs; `name:` stays what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """Everything about a question but its text and the part of the answer to show.

    `since` and `upto` are entries of the log by archive id: only documents first
    captured at an entry in `[since, upto)` are found, and captures from `upto` on count
    for nothing. The same `upto` for each page keeps pages together while the archive
    grows.
    """

    variants: Variants = Variants.ALL
    sorting: Sorting = Sorting.SCORE
    grouped: bool = False
    """Show equal and near-identical texts once: pages are of groups, totals are not."""
    since: Mapping[str, int] = field(default_factory=dict)
    upto: Mapping[str, int] = field(default_factory=dict)
    hidden_sources: frozenset[str] = frozenset()
    """Documents of these are not found: what they captured is nowhere in an answer."""


EVERYTHING = SearchOptions()
"""All variants, best first, the whole archive."""
