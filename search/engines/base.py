"""What every search engine does, and the clauses it is asked with.

A clause names fields and finished tokens only: no user text, no syntax. Two engines
that compile the same clause find the same documents.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from search.documents.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens in a row in one field; `slop` = other tokens allowed between two."""

    field: str
    values: tuple[str, ...]
    boost: float = 1.0
    slop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A token that begins so; every match weighs the same."""

    field: str
    value: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One of some values of a filter field or of the order key; never scored."""

    field: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A number field in `[low, high)`; None is open; never scored."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least `least` of the clauses; scores add up."""

    clauses: tuple["Clause", ...]
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every clause of `wanted` and none of `unwanted`; all documents if both empty."""

    wanted: tuple["Clause", ...]
    unwanted: tuple["Clause", ...] = ()


Clause = Tokens | Beginning | OneOf | Between | AnyOf | AllOf


class Sorting(Enum):
    """The order of hits; the order key decides between equals."""

    SCORE = "score"
    NEWEST = "newest"
    OLDEST = "oldest"
    """By the time of the first capture."""
    CLAIMED_NEWEST = "claimed-newest"
    CLAIMED_OLDEST = "claimed-oldest"
    """By the day the page claims; those that claim none come last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHit:
    """One document found; `stored` is its JSON object, its id in it."""

    order: int
    score: float
    """0 where hits are not ranked."""
    stored: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePage:
    """Hits in the order asked for, equal ones by order key; the exact total."""

    total: int
    hits: tuple[EngineHit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Documents of a clause: all, by value of filter fields, by day of time fields.

    Days since 1970, UTC; empty days are left out.
    """

    total: int
    values: Mapping[str, Mapping[str, int]]
    days: Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A document the engine will never take, and why."""

    document_id: str
    reason: str


class SearchReader(Protocol):
    """What is asked of one index."""

    def search(
        self,
        clause: Clause,
        *,
        limit: int,
        offset: int = 0,
        sorting: Sorting = Sorting.SCORE,
        bare: bool = False,
    ) -> EnginePage:
        """Find documents; `limit` 0 only counts, `bare` leaves `stored` empty."""
        ...

    def tally(
        self, clause: Clause, fields: Sequence[str], times: Sequence[str] = ()
    ) -> Tally:
        """Count the documents of a clause by values of filter fields and by day.

        `times` are time fields; one pass over the documents counts it all.
        """
        ...

    def stream(self, clause: Clause) -> Iterator[EngineHit]:
        """All documents of a clause in order-key order, as of now, without a limit."""
        ...

    def count(self) -> int:
        """How many documents the index holds."""
        ...


class SearchEngine(SearchReader, Protocol):
    """One index; readers may be many, the writer is one."""

    @property
    def takes_repeats(self) -> bool:
        """Whether a document that is there already may be added again."""
        ...

    def add(self, documents: Sequence[Document]) -> None:
        """Take in documents whose ids are new; visible after `commit`."""
        ...

    def commit(self) -> Sequence[Rejected]:
        """Make everything added durable and visible; says what was refused since."""
        ...

    def reload(self) -> None:
        """See what was committed since the index was opened; SearchUnavailable."""
        ...

    def close(self) -> None:
        """Stop writing and give everything back."""
        ...
