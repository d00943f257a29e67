"""Lemmas: a query in any form finds the others; the light stemmer is measured."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from search.analysis.keys import fold_mixed_script
from search.analysis.lemmas import (
    lemma_form,
    query_lemmas,
    stem_belarusian,
    to_cyrillic,
)


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
def test_belarusian_stemmer_keeps_its_measure(corpus: Path) -> None:
    lemmas_of = read_forms(corpus / "lang-be" / "be_hse-ud-test.conllu")
    by_lemma, by_stem = defaultdict(set), defaultdict(set)
    for form, lemmas in lemmas_of.items():
        by_stem[stem_belarusian(form)].add(form)
        for lemma in lemmas:
            by_lemma[lemma].add(form)
    wanted = [pair for group in by_lemma.values() for pair in combinations(group, 2)]
    joined = [pair for group in by_stem.values() for pair in combinations(group, 2)]
    recall = sum(stem_belarusian(a) == stem_belarusian(b) for a, b in wanted)
    right = sum(bool(lemmas_of[a] & lemmas_of[b]) for a, b in joined)
    print(f"recall {recall / len(wanted):.3f}, precision {right / len(joined):.3f}")
    assert recall / len(wanted) >= 0.75
    assert right / len(joined) >= 0.81


def read_forms(path: Path) -> dict[str, set[str]]:
    """Every word form with its lemmas, as the analysis sees them."""
    lemmas_of: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text("utf-8").splitlines():
        columns = line.split("\t")
        if len(columns) != 10 or not columns[0].isdigit():
            continue
        if columns[3] not in ("PUNCT", "SYM", "X", "NUM"):
            form = fold_mixed_script(columns[1].lower().replace("\u0301", ""))
            lemmas_of[form].add(fold_mixed_script(columns[2].lower()))
    return lemmas_of
