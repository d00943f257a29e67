"""Clauses to Elasticsearch's query bodies, as plain JSON values (pure).

Only leaf values differ between two bodies of one shape: user text never becomes a key,
a field name or a query string. Scores are those of the token clauses alone.
"""

from typing import Any

from search.analysis.analyze import EMPTY
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
from search.engines.fields import CAPTURED_US, CLAIMED_US, ORDER, UNORDERED_FIELDS

NOTHING: dict[str, Any] = {"match_none": {}}
_UNDATED_LAST = {"missing": "_last"}
_SORTS: dict[Sorting, list[dict[str, Any]]] = {
    Sorting.SCORE: [{"_score": "desc"}, {ORDER: "asc"}],
    Sorting.NEWEST: [{CAPTURED_US: "desc"}, {ORDER: "asc"}],
    Sorting.OLDEST: [{CAPTURED_US: "asc"}, {ORDER: "asc"}],
    Sorting.CLAIMED_NEWEST: [
        {CLAIMED_US: {"order": "desc", **_UNDATED_LAST}},
        {ORDER: "asc"},
    ],
    Sorting.CLAIMED_OLDEST: [
        {CLAIMED_US: {"order": "asc", **_UNDATED_LAST}},
        {ORDER: "asc"},
    ],
}


def compile_sorting(sorting: Sorting) -> list[dict[str, Any]]:
    """The order of hits; the order key decides between equals."""
    return _SORTS[sorting]


def compile_clause(clause: Clause) -> dict[str, Any]:
    """Compile one clause and all below it."""
    match clause:
        case Tokens():
            return _tokens(clause)
        case Beginning():
            prefix = {"prefix": {clause.field: {"value": clause.value}}}
            return _constant(prefix, clause.boost)
        case OneOf():
            if not clause.values:
                return NOTHING
            return _constant({"terms": {clause.field: list(clause.values)}}, 0.0)
        case Between():
            return _constant(_between(clause), 0.0)
        case AnyOf():
            if len(clause.clauses) < clause.least:
                return NOTHING
            parts = [compile_clause(part) for part in clause.clauses]
            return {"bool": {"should": parts, "minimum_should_match": clause.least}}
        case AllOf():
            return _all(clause)


def _tokens(clause: Tokens) -> dict[str, Any]:
    if not clause.values or EMPTY in clause.values:
        return NOTHING
    if len(clause.values) == 1:
        term = {"value": clause.values[0], "boost": clause.boost}
        return {"term": {clause.field: term}}
    if clause.field in UNORDERED_FIELDS:
        raise AssertionError(f"field {clause.field} has no positions")
    phrase = {
        "query": " ".join(clause.values),
        "slop": clause.slop,
        "boost": clause.boost,
    }
    return {"match_phrase": {clause.field: phrase}}


def _between(clause: Between) -> dict[str, Any]:
    ends = {"gte": clause.low, "lt": clause.high}
    return {"range": {clause.field: {k: v for k, v in ends.items() if v is not None}}}


def _all(clause: AllOf) -> dict[str, Any]:
    wanted = [compile_clause(part) for part in clause.wanted]
    if not wanted:
        wanted = [_constant({"match_all": {}}, 0.0)]
    unwanted = [compile_clause(part) for part in clause.unwanted]
    return {"bool": {"must": wanted, "must_not": unwanted}}


def _constant(query: dict[str, Any], boost: float) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": boost}}
