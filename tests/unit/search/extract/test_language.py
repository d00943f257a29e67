"""Languages from words alone, Belarusian in Latin script among them."""

from pathlib import Path

import pytest

from benchmarks.quality.language import measure
from search.extract.language import identify, may_differ
from tests.support.judging.bars import missed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Цэнтральная выбарчая камісія паведаміла вынікі выбараў", "be"),
        ("Центральная избирательная комиссия сообщила результаты выборов", "ru"),
        ("Центральна виборча комісія повідомила результати виборів", "uk"),
        ("The election commission announced the results of the vote", "en"),
        ("Państwowa Komisja Wyborcza ogłosiła wyniki wyborów", "pl"),
        ("Vyriausioji rinkimų komisija paskelbė rinkimų rezultatus", "lt"),
        ("Centralnaja vybarčaja kamisija pavedamiła vyniki vybaraŭ", "be-Latn"),
        (
            "Naziralniki paviedamili pra parušeńni na vybarach, kažuć śviedki",
            "be-Latn",
        ),
        ("Sviatłana Cichanoŭskaja sustrełasia ź dypłamatami", "be-Latn"),
    ],
)
def test_language_is_found(text: str, code: str) -> None:
    found = identify(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "12 345", "—", "a1"])
def test_no_words_no_language(text: str) -> None:
    assert identify(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("أعلن المراقبون عن انتهاكات في مراكز الاقتراع", "ar"),
        ("观察员报告投票站的违规行为。选举委员会公布了结果。", "zh"),
        ("დამკვირვებლებმა დარღვევები დააფიქსირეს საარჩევნო უბნებზე", "ka"),
        ("Οι παρατηρητές ανέφεραν παραβιάσεις", "el"),
        ("참관인들은 투표소에서 위반 사항을 보고했습니다", "ko"),
        ("選挙管理委員会は結果を発表した", "ja"),
        ("Наблюдателите съобщиха за нарушения в избирателните секции", "bg"),
        ("Spozorovatelé oznámili porušení ve volebních místnostech", "cs"),
        ("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎤᏬᏂᎯᏍᏗ", "und"),
    ],
)
def test_another_language_is_named_or_unknown(text: str, code: str) -> None:
    for sample in (text, f"{text} BBC"):
        found = identify(sample)
        assert found is not None
        assert found.code == code


@pytest.mark.parametrize(
    "text",
    ["https://example.org/some/english/words", "@someone_else", "<a href='x'>12</a>"],
)
def test_addresses_and_markup_have_no_language(text: str) -> None:
    assert identify(text) is None


def test_a_line_worth_a_second_look_is_told_by_its_letters() -> None:
    assert may_differ("Центральная избирательная комиссия сообщила", "be")
    assert not may_differ("Цэнтральная выбарчая камісія паведаміла вынікі", "be")
    assert may_differ("The commission said " * 8, "pl")
    assert not may_differ("Komisja ogłosiła " * 8, "pl")


def test_one_latin_name_does_not_turn_an_english_page() -> None:
    text = "The opposition leader Sviatłana Cichanoŭskaja spoke in Vilnius on Monday. "
    found = identify(text + "She thanked the observers for their work that year. " * 5)
    assert found is not None
    assert found.code == "en"


@pytest.mark.corpus
def test_every_language_of_the_corpus_reaches_its_bar(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []
