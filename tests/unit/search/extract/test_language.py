"""Languages from words alone, Belarusian in Latin script among them."""

from pathlib import Path

import pytest

from search.extract.language import identify


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
    "text",
    [
        "أعلن المراقبون عن انتهاكات في مراكز الاقتراع",
        "观察员报告投票站的违规行为。选举委员会公布了结果。",
        "დამკვირვებლებმა დარღვევები დააფიქსირეს საარჩევნო უბნებზე",
        "Οι παρατηρητές ανέφεραν παραβιάσεις",
    ],
)
def test_a_script_of_none_of_our_languages_is_not_given_one(text: str) -> None:
    assert identify(text) is None
    assert identify(f"{text} BBC") is None


def test_one_latin_name_does_not_turn_an_english_page() -> None:
    text = "The opposition leader Sviatłana Cichanoŭskaja spoke in Vilnius on Monday. "
    found = identify(text + "She thanked the observers for their work that year. " * 5)
    assert found is not None
    assert found.code == "en"


@pytest.mark.corpus
def test_belarusian_sentences_are_seen_as_belarusian(corpus: Path) -> None:
    lines = (corpus / "lang-be" / "be_hse-ud-test.conllu").read_text("utf-8")
    sentences = [
        line.removeprefix("# text = ")
        for line in lines.splitlines()
        if line.startswith("# text = ") and len(line) > 70
    ]
    found = [identify(sentence) for sentence in sentences]
    right = sum(language is not None and language.code == "be" for language in found)
    print(f"{right} of {len(sentences)} sentences")
    assert right / len(sentences) >= 0.97
