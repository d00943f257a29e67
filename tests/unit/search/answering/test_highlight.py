"""Marks stand where the words stand, and snippets show them."""

import random

import pytest

from search.analysis.gazetteer import load_gazetteer
from search.answering.highlight import SNIPPET_CODE_POINTS, SNIPPETS, cut_snippets
from search.answering.marking import MARKS_OF_LEAF, Mark, Marker, find_marks
from search.engines.base import Tokens
from search.engines.fields import EXACT
from search.engines.planning import Leaf, Planner
from search.query.parser import parse_query


def leaves(query: str) -> tuple[Leaf, ...]:
    planner = Planner(
        gazetteer=load_gazetteer(), stop_words=frozenset(), seen_again=lambda _node: ()
    )
    return planner.plan(parse_query(query)).leaves


def marked(text: str, language: str | None, query: str) -> list[str]:
    return [
        text[mark.start : mark.end]
        for mark in find_marks(text, language, leaves(query))
    ]


@pytest.mark.parametrize(
    ("text", "language", "query", "expected"),
    [
        (
            "Сёння Ціханоўская і Тихановской",
            "be",
            "Tsikhanouskaya",
            ["Ціханоўская", "Тихановской"],
        ),
        ("\U0001f5f3\ufe0f вы\u00adбары!", "be", "выбары", ["вы\u00adбары"]),
        ("FREE\u0414\u041e\u041c", "en", "freedom", ["FREE\u0414\u041e\u041c"]),
        ("a b a c", "en", '"a c"', ["a c"]),
        ("a b a c", "en", '"c a"', []),
        ("a b a c", "en", '"b c"~1', ["b a c"]),
        ("a b a c", "en", '"c b"~1', ["b a c"]),
        ("lukash Lukashenka", "en", "lukas*", ["lukash", "Lukashenka"]),
        ("1,265 of 1265", "en", "1265", ["1,265", "1265"]),
        ("<b>vote</b>", "en", "vote", ["vote"]),
        ("", "en", "vote", []),
        ("Elections in Minsk", "en", "выбары", ["Elections"]),
    ],
)
def test_marks_are_the_words_found(
    text: str, language: str, query: str, expected: list[str]
) -> None:
    assert marked(text, language, query) == expected


@pytest.mark.parametrize(
    ("query", "looks"),
    [('"fair vote"', False), ('"fair vote" vote', True), ("fai*", True), ('"a"', True)],
)
def test_words_alone_are_looked_at_where_some_are_meant(
    query: str, looks: bool
) -> None:
    marker = Marker(leaves(query))
    marker.find("A fair vote", "en")
    assert bool(marker._seen) is looks


def test_one_marker_marks_every_text_as_if_it_were_alone() -> None:
    asked = leaves('vote "fair vote" прэзідэнт* Lukashenka')
    texts = [
        ("a fair vote, a vote", "en"),
        ("Прэзідэнт Лукашэнка", "be"),
        ("vote", None),
        ("nothing", "en"),
        ("a fair vote, a vote", "en"),
    ]
    marker = Marker(asked)
    together = [marker.find(text, language) for text, language in texts]
    assert together == [find_marks(text, language, asked) for text, language in texts]
    assert [len(marks) for marks in together] == [3, 2, 1, 0, 3]


def test_snippets_are_short_few_and_do_not_overlap() -> None:
    text = " ".join(f"word{n}" + (" vote" if n % 40 == 0 else "") for n in range(2000))
    marks = find_marks(text, "en", leaves("vote"))
    snippets = cut_snippets(text, marks)
    assert 1 <= len(snippets) <= SNIPPETS
    ends = 0
    for snippet in snippets:
        assert len(snippet.text) <= SNIPPET_CODE_POINTS
        assert snippet.start >= ends
        ends = snippet.start + len(snippet.text)
        assert text[snippet.start : ends] == snippet.text
        for start, end in snippet.marks:
            assert snippet.text[start:end] == "vote"


def test_best_snippet_has_the_most_different_words() -> None:
    text = "vote. " + "x " * 300 + "the vote was a fraud. " + "y " * 300 + "fraud."
    snippets = cut_snippets(text, find_marks(text, "en", leaves("vote fraud")))
    assert any("vote was a fraud" in snippet.text for snippet in snippets)


def test_text_without_marks_shows_its_beginning() -> None:
    (snippet,) = cut_snippets("first words " * 50, ())
    assert snippet.text.startswith("first words")
    assert snippet.marks == ()


def test_breaks_become_spaces_of_the_same_length() -> None:
    text = "a\nvote\n\f\nb"
    (snippet,) = cut_snippets(text, find_marks(text, "en", leaves("vote")))
    assert snippet.text == "a vote   b"
    assert snippet.marks == ((2, 6),)


def test_empty_text_has_no_snippet() -> None:
    assert cut_snippets("", ()) == ()


def test_mark_longer_than_a_snippet_is_left_out_without_error() -> None:
    text = "x" * 500
    assert cut_snippets(text, [Mark(0, 500, 0)])[0].marks == ()


def rows_by_trying(
    words: list[str], values: tuple[str, ...], slop: int
) -> list[tuple[int, int]]:
    """Each row of words, the next one as near as can be, by looking at every word."""
    found = []
    for first, word in enumerate(words):
        last = first if word == values[0] else -1
        for wanted in values[1:]:
            places = range(last + 1, min(last + 2 + slop, len(words)))
            last = next((n for n in places if last >= 0 and words[n] == wanted), -1)
        if last >= 0:
            found.append((first, last))
    return found


@pytest.mark.parametrize("slop", [0, 1, 3, 50])
def test_rows_of_words_are_those_that_looking_at_every_word_finds(slop: int) -> None:
    chance = random.Random(slop)
    for _ in range(300):
        words = chance.choices(("aa", "bb", "cc", "dd"), k=chance.randint(2, 40))
        values = tuple(chance.choices(("aa", "bb", "cc"), k=chance.randint(2, 3)))
        leaf = Leaf(label="x", clauses=(Tokens(field=EXACT, values=values, slop=slop),))
        marks = find_marks(" ".join(words), None, [leaf])
        assert [(one.start // 3, one.end // 3) for one in marks] == rows_by_trying(
            words, values, slop
        )


def test_the_passages_chosen_are_the_best_ones_there_are() -> None:
    chance = random.Random(5)
    for _ in range(200):
        places = sorted(chance.sample(range(1_500), k=chance.randint(1, 60)))
        marks = [Mark(at, at + 3, chance.randrange(4)) for at in places]

        def worth(low: int, marks: list[Mark] = marks) -> tuple[int, int, int]:
            ends = marks[low].start + SNIPPET_CODE_POINTS
            inside = [one.leaf for one in marks[low:] if one.end <= ends]
            return len(set(inside)), len(inside), -marks[low].start

        best = marks[max(range(len(marks)), key=worth)]
        snippets = cut_snippets("x" * 1_600, marks)
        assert any(
            one.start <= best.start < one.start + len(one.text) for one in snippets
        )


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("election Minsk " * 50_000, "election Minsk"),
        ("minsk " * 100_000, " ".join(f'"minsk zz"~{n}' for n in range(50)) + " minsk"),
        (" ".join(f"abc{n:x}" for n in range(30_000)), "abc* abcd* abce* abc1*"),
        ("aa c bb c " * 25_000, " ".join(f'"aa bb"~{n}' for n in range(40)) + " aa"),
    ],
)
def test_a_page_stuffed_with_words_is_marked_within_bounds(
    text: str, query: str
) -> None:
    """It may rank first for a word that everybody asks for."""
    asked = leaves(query)
    marks = find_marks(text, "en", asked)
    assert 0 < len(marks) <= MARKS_OF_LEAF * len(asked)
    assert marks[0].start < len(text) // 100
    assert len(cut_snippets(text, marks)) == SNIPPETS
