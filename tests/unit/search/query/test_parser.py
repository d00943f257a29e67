"""The query language: what a text means, and that any text means something."""

from datetime import UTC, datetime

import pytest

from archive.errors import InvalidQuery
from search.query.nodes import (
    And,
    Exact,
    Filter,
    Name,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    When,
    Word,
    format_query,
)
from search.query.parser import no_fields_of, parse_query


def word(text: str) -> Word:
    return Word(text=text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("выбары", word("выбары")),
        ("a b", And(items=(word("a"), word("b")))),
        ('"a b"', Phrase(text="a b")),
        ('"a b"~3', Phrase(text="a b", slop=3)),
        ('"a b"~999', Phrase(text="a b", slop=50)),
        ("a -b", And(items=(word("a"), Not(item=word("b"))))),
        ("a --b", And(items=(word("a"), word("b")))),
        ("+the a", And(items=(Word(text="the", required=True), word("a")))),
        ("a OR b c", Or(items=(word("a"), And(items=(word("b"), word("c")))))),
        ("(a OR b) c", And(items=(Or(items=(word("a"), word("b"))), word("c")))),
        ("a or b", And(items=(word("a"), word("or"), word("b")))),
        ("lukash*", Prefix(text="lukash")),
        ("lu*", word("lu*")),
        ("exact:Минск", Exact(text="Минск")),
        ('name:"Sviatlana T"', Name(text="Sviatlana T")),
        ("lang:be,ru", Filter(field="lang", values=("be", "ru"))),
        ('source:"a,b c"', Filter(field="source", values=("a", "b c"))),
        ("class:soft-404,page", Filter(field="class", values=("soft-404", "page"))),
        ("warning:ocr", Filter(field="warning", values=("ocr",))),
        ("foo:bar", word("foo:bar")),
        ("http://news.example/x", word("http://news.example/x")),
        ("e-mail", word("e-mail")),
    ],
)
def test_text_means_its_tree(text: str, tree: Node) -> None:
    assert parse_query(text) == tree
    assert parse_query(format_query(tree)) == tree


def test_date_is_another_word_for_captured() -> None:
    parsed = parse_query("date:2025-01-26")
    assert isinstance(parsed, When)
    assert format_query(parsed) == "captured:2025-01-26"


def test_claimed_days_are_as_written() -> None:
    parsed = parse_query("claimed:2025-01-26")
    assert parsed == When(
        field="claimed",
        start=datetime(2025, 1, 26, tzinfo=UTC),
        end=datetime(2025, 1, 27, tzinfo=UTC),
        written="2025-01-26",
    )
    assert format_query(parsed) == "claimed:2025-01-26"


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ('"unclosed', "unclosed"),
        ("(a b", "a b"),
        ("a) b", "a b"),
        ("() a", "a"),
        ('a "" b', "a b"),
        ("OR a OR", "a"),
        ("a - b", "a b"),
        ("lang: a", "lang: a"),
        ("a ( — ) …", "a"),
        ("((((a))))", "a"),
    ],
)
def test_strays_mean_nothing(text: str, same_as: str) -> None:
    assert parse_query(text) == parse_query(same_as)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("— ?!", 1),
        ("-a", 1),
        ("-a -b", 1),
        ("a OR -b", 1),
        ("captured:yesterday", 10),
        ("a captured:2025-13", 12),
        ('a captured:"2025-13"', 13),
        ("a  captured:2025-01..2025-13", 22),
        ("a claimed:2025-02..2025-01", 20),
        ("claimed:2025-01-26+03:00", 19),
        ("claimed:..2025-01-26Z", 21),
        ("claimed:..", 9),
        ("x" * 1001, 1001),
        ("a " * 65, 129),
        ("(" * 9 + "a", 9),
    ],
)
def test_what_cannot_be_done_is_said_with_its_column(text: str, column: int) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_query(text)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("language:be", ("language",)),
        ('Title:"two words" site:a.example title:x', ("title", "site")),
        ("lang:be date:2025 name:X exact:y captured:2025", ()),
        ("http://a.example/x 12:30 claim: nothing", ()),
        ('"said:so" выбары:2025', ()),
    ],
)
def test_what_looks_like_a_field_and_is_none_is_told(
    text: str, names: tuple[str, ...]
) -> None:
    assert no_fields_of(text) == names
