"""Gazetteer: a strict table, looked up by any form of a word."""

import pytest

from search.analysis.gazetteer import (
    Gazetteer,
    load_gazetteer,
    load_stop_words,
    parse_gazetteer,
)

TABLE = "# comment\ncec\torg\ten:CEC; ru:ЦИК; be:Цэнтральная выбарчая камісія\n"


def test_every_form_finds_the_others() -> None:
    gazetteer = Gazetteer(parse_gazetteer(TABLE))
    assert "ЦИК" in gazetteer.other_forms("CEC")
    assert "CEC" in gazetteer.other_forms("цэнтральнай выбарчай камісіі")


def test_own_form_is_not_repeated() -> None:
    assert "CEC" not in Gazetteer(parse_gazetteer(TABLE)).other_forms("cec")


@pytest.mark.parametrize("text", ["", "banana", "—", "CEC banana"])
def test_other_text_finds_nothing(text: str) -> None:
    assert Gazetteer(parse_gazetteer(TABLE)).find(text) == ()


@pytest.mark.parametrize(
    "line", ["cec\torg", "cec\tfruit\ten:CEC", "cec\torg\tCEC", "cec\torg\ten:"]
)
def test_malformed_line_is_refused(line: str) -> None:
    with pytest.raises(AssertionError):
        parse_gazetteer(line)


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Olga", "Вольга"),
        ("Nikolai", "Микола"),
        ("elections", "выбары"),
        ("выбараў", "elections"),
        ("political prisoners", "палітвязень"),
        ("снежань", "December"),
        ("ЦИК", "CKW"),
    ],
)
def test_shipped_table_joins_languages(word: str, form: str) -> None:
    assert form in load_gazetteer().other_forms(word)


def test_shipped_ids_are_unique() -> None:
    ids = [entry.entry_id for entry in load_gazetteer().entries]
    assert len(ids) == len(set(ids))


def test_stop_words_cover_the_languages() -> None:
    assert {"the", "і", "и", "та", "się", "ir", "und"} <= load_stop_words()
    assert "election" not in load_stop_words()
