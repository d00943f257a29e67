"""What every search engine does, and the clauses it is asked with.

A clause names fields and finished tokens only: no user text, no syntax. Two engines
that compile the same clause find the same documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search.document import Document


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHit:
    """One document found; `stored` is its JSON object."""

    document_id: str
    order: int
    score: float
    stored: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePage:
    """Hits by falling score, equal scores by order key; the exact total."""

    total: int
    hits: tuple[EngineHit, ...]


class SearchEngine(Protocol):
    """One index; readers may be many, the writer is one."""

    def add(self, documents: Sequence[Document]) -> None:
        """Take in documents whose ids are new; visible after `commit`."""
        ...

    def commit(self) -> None:
        """Make everything added durable and visible."""
        ...

    def search(self, clause: Clause, *, limit: int, offset: int = 0) -> EnginePage:
        """Find documents; `limit` 0 only counts."""
        ...

    def count(self) -> int:
        """How many documents the index holds."""
        ...

    def close(self) -> None:
        """Stop writing and give everything back."""
        ...
