"""Words looked for before a pattern: they never hide a match of it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.sources.classes import general_rules
from crawlers.sources.needles import find_needles, fold_case, search

PHRASES = {
    rule.name: rule.phrase for rule in general_rules() if rule.phrase is not None
}
CASES = {
    "a+|b": (),
    "one|two three": ("one", "two three"),
    "colou?r of it": ("r of it",),
    "x(alpha|beta) y": ("alpha", "beta"),
    "(maybe )?certainly": ("certainly",),
    "(maybe){0,2}[a-z]surely": ("surely",),
    r"end\. Here": ("end. here",),
    "(?:inner|other)": (),
    "Straße": ("strasse",),
    "(word|.)": (),
}


@pytest.mark.parametrize("expression", CASES)
def test_needles_are_words_that_every_match_holds(expression: str) -> None:
    assert find_needles(expression) == tuple(sorted(CASES[expression]))


def test_every_phrase_of_the_shipped_rules_has_needles() -> None:
    assert PHRASES
    assert all(find_needles(phrase.pattern) for phrase in PHRASES.values())


@pytest.mark.parametrize("name", PHRASES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_a_shipped_phrase_matches_is_found_behind_its_needles(
    name: str, data: st.DataObject
) -> None:
    phrase = PHRASES[name]
    exact = re.compile(phrase.pattern)
    text = data.draw(st.from_regex(exact, fullmatch=True))
    spelt = data.draw(st.sampled_from((text, text.upper(), text.title())))
    for page in (spelt, f"before {spelt} after"):
        found = search(phrase, page, folded=fold_case(page))
        expected = phrase.search(page)
        assert (found is None) == (expected is None)


@pytest.mark.parametrize("letter", ["\u0130", "\u0131", "\u017f", "\u212a"])
def test_letters_that_patterns_take_for_others_are_folded_as_they_are(
    letter: str,
) -> None:
    for plain in "isk":
        if re.fullmatch(plain, letter, re.I):
            assert fold_case(letter) == plain


def test_a_text_without_needles_is_not_looked_at_by_the_pattern() -> None:
    pattern = re.compile("(a|a)*certainly|b", re.I)
    assert find_needles(pattern.pattern) == ()  # `b` alone says too little
    slow = re.compile("((x+)+y)? certainly not", re.I)
    text = "x" * 5_000
    assert search(slow, text, folded=fold_case(text)) is None
