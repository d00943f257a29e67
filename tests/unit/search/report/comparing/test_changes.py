"""What changed between two texts: every paragraph accounted for, words inside."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.report.comparing import changes
from search.report.comparing.changes import (
    Changes,
    Kind,
    compare_texts,
    split_paragraphs,
)
from tests.support.judging.examples import examples

BEFORE = """\
Statement on prisoners
There are 1,245 political prisoners in the country today.
The second paragraph stays where it is.
This one moves to the top of the page.
An old paragraph that nobody will ever miss.
"""
AFTER = """\
Statement on prisoners
This one moves to the top of the page.
There are 1,265  political prisoners in the country now.
The second paragraph stays where it is.
Something entirely new was written here.
"""


def kinds(found: Changes) -> list[tuple[str, str]]:
    return [
        (one.kind.value, shown.text)
        for one in found.paragraphs
        if (shown := one.after or one.before) is not None
    ]


def test_paragraphs_are_added_removed_moved_and_changed() -> None:
    found = compare_texts(BEFORE, AFTER)
    assert found.counts == {
        Kind.SAME: 2,
        Kind.ADDED: 1,
        Kind.REMOVED: 1,
        Kind.MOVED: 1,
        Kind.CHANGED: 1,
    }
    assert found.complete
    assert not found.equal
    assert ("moved", "This one moves to the top of the page.") in kinds(found)


def test_words_inside_a_changed_paragraph() -> None:
    (changed, *_) = compare_texts(BEFORE, AFTER).first_numbers()
    assert changed.numbers
    assert [(piece.kind.value, piece.text) for piece in changed.pieces] == [
        ("same", "There are "),
        ("removed", "1,245"),
        ("added", "1,265"),
        ("same", "  political prisoners in the country "),
        ("removed", "today"),
        ("added", "now"),
        ("same", "."),
    ]


def test_numbers_come_first() -> None:
    before = "One long sentence with a word in it.\nThe turnout was 81.2 percent today."
    after = "One long sentence with a term in it.\nThe turnout was 86.8 percent today."
    found = compare_texts(before, after).first_numbers()
    assert [one.numbers for one in found] == [True, False]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b c", "a  b\u00a0c"),
        ("a\n\n\nb", "a\nb"),
        ("a\n\f\nb", "a\nb"),
        (" a \n", "a"),
        ("", "\n"),
    ],
)
def test_spacing_is_no_change(before: str, after: str) -> None:
    assert compare_texts(before, after).equal


def test_rows_of_a_list_are_paragraphs() -> None:
    before = "".join(f"{n}\tDistrict {n}\t{n * 7}\n" for n in range(500))
    after = before.replace("42\tDistrict 42\t294\n", "").replace("\t700\n", "\t701\n")
    found = compare_texts(before, after)
    assert {kind.value: n for kind, n in found.counts.items()} == {
        "same": 498,
        "added": 0,
        "removed": 1,
        "moved": 0,
        "changed": 1,
    }


def test_a_cell_that_shares_no_word_is_still_the_same_cell() -> None:
    found = compare_texts(
        "Candidate A\n905\nCandidate B", "Candidate A\n811\nCandidate B"
    )
    (cell,) = found.first_numbers()
    assert (cell.kind, [piece.text for piece in cell.pieces]) == (
        Kind.CHANGED,
        ["905", "811"],
    )


def test_a_paragraph_that_came_twice_is_added_once() -> None:
    assert kinds(compare_texts("a b c d e f", "a b c d e f\na b c d e f")) in (
        [("same", "a b c d e f"), ("added", "a b c d e f")],
        [("added", "a b c d e f"), ("same", "a b c d e f")],
    )


def test_long_lists_are_cut_where_both_have_the_same_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(5)
    old = [f"row {n} of the list, value {rng.randrange(10**6)}" for n in range(600)]
    new = [row for row in old if rng.random() < 0.97]
    new[100] = "something else altogether was put here"
    new.insert(50, new.pop(400))
    whole = compare_texts("\n".join(old), "\n".join(new))
    monkeypatch.setattr("search.report.comparing.sequences.ELEMENTS_ALIGNED", 30)
    cut = compare_texts("\n".join(old), "\n".join(new))
    assert cut.counts == whole.counts
    assert cut.counts[Kind.MOVED] == 1


def test_what_is_too_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAIR_CELLS", 10)
    before = "the quick brown fox jumps over the lazy dog again"
    found = compare_texts(before, before.replace("quick", "slow"))
    assert not found.complete
    assert found.counts[Kind.REMOVED] == found.counts[Kind.ADDED] == 1


LINES = st.lists(
    st.sampled_from(
        ["a b c", "a b d", "1 2", "1 3", "x", "  ", "е\u0301 w", "\f", "q, r."]
    ),
    max_size=12,
)


@settings(max_examples=examples(300), deadline=None)
@given(LINES, LINES)
def test_every_paragraph_is_accounted_for(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    found = compare_texts(before, after)
    was = [one.before for one in found.paragraphs if one.before]
    now = [one.after for one in found.paragraphs if one.after]
    assert sorted(was, key=lambda one: one.start) == split_paragraphs(before)
    assert now == split_paragraphs(after)
    assert all(before[one.start : one.end] == one.text for one in was)
    for one in found.paragraphs:
        if not one.pieces or one.before is None or one.after is None:
            continue
        added = "".join(p.text for p in one.pieces if p.kind is not Kind.REMOVED)
        kept = "".join(p.text for p in one.pieces if p.kind is not Kind.ADDED)
        assert added == one.after.text
        assert kept.split() == one.before.text.split()
