"""Lemmas: a query in any form finds the others; the light stemmer is measured."""

from pathlib import Path

import pytest

from benchmarks.quality.lemmas import measure
from search.analysis.lemmas import (
    lemma_form,
    query_lemmas,
    stem_belarusian,
    to_cyrillic,
)
from tests.support.judging.bars import missed


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "elections", "election"),
        ("ru", "выборах", "выборы"),
        ("ru", "ещё", "еще"),
        ("uk", "виборів", "вибори"),
        ("pl", "wyborach", "wybory"),
        ("lt", "rinkimų", "rinkimai"),
        ("be", "выбараў", "выбары"),
        ("be", "камісіі", "камісія"),
        ("be", "сьнежань", "снежань"),
        ("be", "перамогу", "перамога"),
        ("be", "ўлады", "улады"),
        ("be", "незалежнасцю", "незалежнасць"),
        ("be-Latn", "vybaraŭ", "vybary"),
    ],
)
def test_forms_of_a_word_share_a_lemma(language: str, one: str, other: str) -> None:
    assert lemma_form(one, language) == lemma_form(other, language)


def test_latin_belarusian_meets_cyrillic() -> None:
    assert to_cyrillic("cichanoŭskaja") == "ціханоўская"
    assert lemma_form("vybaraŭ", "be-Latn") == lemma_form("выбараў", "be")


def test_unknown_language_keeps_the_folded_word() -> None:
    assert lemma_form("Wahlen", "de") == "wahlen"
    assert lemma_form("Ёлка", None) == "елка"


def test_a_query_word_has_the_lemmas_of_every_language_of_its_script() -> None:
    assert {"выбары", "вібар"} <= set(query_lemmas("выбары"))
    assert {"elections", "election"} <= set(query_lemmas("elections"))
    assert query_lemmas("1265") == ("1265",)


@pytest.mark.parametrize("word", ["", "'", "ь", "ў", "да", "中文", "٣"])
def test_odd_words_have_a_lemma_and_no_error(word: str) -> None:
    for language in ("be", "ru", "uk", "pl", "lt", "en", "be-Latn", None):
        assert isinstance(lemma_form(word, language), str)


@pytest.mark.corpus
def test_belarusian_stemmer_reaches_its_bars(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []


def test_a_reflexive_verb_is_a_word_of_its_own() -> None:
    assert stem_belarusian("сабралася") == stem_belarusian("сабрацца")
    assert stem_belarusian("сабрала") != stem_belarusian("сабралася")
    assert stem_belarusian("праца") == stem_belarusian("працы")
