"""Tokens: what is one word, and its plainest form."""

import sys
import unicodedata
from pathlib import Path

import pytest

from benchmarks.quality.evasions import measure
from search.analysis.tokens import exact_form, starts_upper, tokenize


def words(text: str) -> list[str]:
    return [token.word for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("elections*2025", ["elections", "2025"]),
        ("FREE\u0414\u041e\u041c", ["FREE\u0414\u041e\u041c"]),
        ("LukaSHenka", ["LukaSHenka"]),
        ("аб’ява п'яць міжʼмор'е", ["аб’ява", "п'яць", "міжʼмор'е"]),
        ("'quoted' rock'n'roll dogs'", ["quoted", "rock'n'roll", "dogs"]),
        ("1,265 people", ["1", "265", "people"]),
        ("a_b", ["a", "b"]),
        ("вы\u00adбары wy\u200bbory", ["вы\u00adбары", "wy\u200bbory"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("x''y ʼa", ["x", "y", "a"]),
        ("", []),
        ("— … _ \u0301", []),
    ],
)
def test_words_are_cut_by_the_rule(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_offsets_point_at_the_word_in_code_points() -> None:
    text = "\U0001f5f3\ufe0f Выбары — 2025"
    assert [text[t.start : t.end] for t in tokenize(text)] == ["Выбары", "2025"]
    assert [t.start for t in tokenize(text)] == [3, 12]


def test_long_runs_are_cut_at_64_code_points() -> None:
    assert [len(word) for word in words("я" * 130)] == [64, 64, 2]


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Ёлка", "ёлка"),
        ("Łódź", "łódź"),
        ("ВЫ\u00adБАРЫ", "выбары"),
        ("аб’ява", "аб'ява"),
        ("e\u0301te\u0301", "été"),
        ("СЪ\u0301ѣздъ", "съѣздъ"),
        ("\u0130stanbul", "istanbul"),
    ],
)
def test_exact_form_folds_case_and_marks_only(word: str, form: str) -> None:
    assert exact_form(word) == form


def test_capitals_are_seen_in_every_script() -> None:
    assert [
        starts_upper(word) for word in ("Вясна", "вясна", "Łódź", "2025", "中")
    ] == [
        True,
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("в ы б о р ы сёння", ["выборы", "сёння"]),
        ("в\u2009ы\u2009б\u2009о\u2009р", ["выбор"]),
        ("K.G.B.K.G. fell", ["kgbkg", "fell"]),
        ("a b c d", ["a", "b", "c", "d"]),
        ("a b-c d", ["a", "b", "c", "d"]),
        ("в\u202cы\ufe0fбары", ["выбары"]),
        ("ｆｒａｕｄ", ["fraud"]),
    ],
)
def test_letters_spaced_out_or_disguised_are_a_word(
    text: str, forms: list[str]
) -> None:
    assert [exact_form(word) for word in words(text)] == forms


def test_evasions_are_found_through_the_search(tmp_path: Path) -> None:
    (figure,) = measure(tmp_path)
    print(*figure.row(), sep=" | ")
    assert figure.reached


def test_a_letter_that_stands_for_a_phrase_puts_no_space_into_a_form() -> None:
    """Beside a full-width letter, by which a word is spelled out."""
    letters = [chr(code) for code in range(0x80, sys.maxunicode) if chr(code).isalpha()]
    phrases = [
        one for one in letters if " " in unicodedata.normalize("NFKC", one).strip()
    ]
    assert "\ufdfa" in phrases
    for letter in phrases:
        assert not any(map(str.isspace, exact_form(f"\uff41{letter}")))
