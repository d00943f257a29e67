"""Whatever a user writes changes leaf values of the outgoing body, nothing else."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidQuery
from search.analysis.gazetteer import load_stop_words
from search.engines.elastic_query import compile_clause
from search.engines.fields import FILTER_FIELDS, TOKEN_FIELDS
from search.engines.planning import Planner
from search.query.parser import parse_query

KEYS = {
    "bool", "must", "must_not", "should", "minimum_should_match", "constant_score",
    "filter", "boost", "term", "terms", "prefix", "value", "match_phrase", "query",
    "slop", "range", "gte", "lt", "match_all", "match_none", "order", "captured_us",
    *TOKEN_FIELDS, *FILTER_FIELDS,
}  # fmt: skip


def keys_of(body: Any) -> set[str]:
    if isinstance(body, dict):
        found = set(body)
        for value in body.values():
            found |= keys_of(value)
        return found
    if isinstance(body, list):
        return set().union(*map(keys_of, body))
    return set()


QUERIES = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["exact:", "name:", '"', "(", ")", "OR", "-", "*", "~3", "{", "}", "script",
             "выбары", "captured:2025", "lang:be", "a.b", "_source", "$", "\\u0000"]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@given(QUERIES)
def test_only_leaf_values_depend_on_the_query(text: str) -> None:
    planner = Planner(
        gazetteer=None, stop_words=load_stop_words(), seen_again=lambda _: ()
    )
    try:
        plan = planner.plan(parse_query(text))
    except InvalidQuery:
        return
    body = compile_clause(plan.tier_one)
    assert keys_of(body) <= KEYS
    json.dumps(body, allow_nan=False)
