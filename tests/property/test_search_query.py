"""Any text is a query or an InvalidQuery; a tree's written form means the tree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import InvalidQuery
from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.engines.planning import Planner
from search.query.nodes import Node, format_query
from search.query.parser import parse_query
from tests.support.judging.examples import examples

SIGNS = st.sampled_from([*"()-+*~:,/_ a\n\x00\u200b\ud800\U0001f5f3", '"', '"~3', ".."])
FIELDS = st.sampled_from(
    [
        "exact:",
        "name:",
        "lang:",
        "captured:",
        "claimed:",
        "2025-01..",
        "host:a",
        "type:",
        " OR ",
    ]
)
WORDS = st.sampled_from(["выбары", "Łódź", "1,265", "е\u0301", "the", "lukash*"])
PIECES = st.one_of(SIGNS, FIELDS, WORDS)
TEXTS = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=40).map("".join))


def parse_or_none(text: str) -> Node | None:
    try:
        return parse_query(text)
    except InvalidQuery as error:
        if not 1 <= error.column <= len(text) + 1:
            raise AssertionError(f"column {error.column} is outside") from error
        return None


@settings(max_examples=examples(1000), deadline=None)
@given(TEXTS)
def test_any_text_is_parsed_or_refused_and_its_form_is_stable(text: str) -> None:
    tree = parse_or_none(text)
    if tree is None:
        return
    written = format_query(tree)
    assert format_query(parse_query(written)) == written
    assert parse_query(written) == tree


@settings(max_examples=examples(300), deadline=None)
@given(TEXTS)
def test_any_query_can_be_planned(text: str) -> None:
    tree = parse_or_none(text)
    if tree is None:
        return
    Planner(
        gazetteer=load_gazetteer(),
        stop_words=load_stop_words(),
        seen_again=lambda _node: (),
    ).plan(tree)
