"""Names that some documents mention: one line a name, whatever its spelling."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from search.analysis.gazetteer import load_gazetteer
from search.answering.mentions import Mention, find_mentions
from search.search_cli import search
from tests.support.archives.search_archive import ArchiveBox

TEXTS = (
    ("be", "Учора Зянон Брыльчык сустрэўся ў Вільні з Рутай Малюк. Выбары прайшлі."),
    ("ru", "Вчера Зенон Брыльчик встретился в Вильнюсе с Рутой Малюк. Выборы прошли."),
    ("en", "On Monday in January Zianon Brylchyk met Ruta Maliuk in Vilnius."),
    ("pl", "Wczoraj Zenon Brylczyk spotkał się w Wilnie. Wybory odbyły się."),
    (
        "de",
        "Gestern traf Senon Bryltschyk die Kommission. Die Wahl ist vorbei.",
    ),
)


def by_documents(found: tuple[Mention, ...]) -> dict[str, tuple[int, str | None]]:
    return {one.name: (one.documents, one.kind) for one in found}


def test_spellings_of_a_name_are_one_line_and_a_place_is_called_one() -> None:
    texts = [(text, language) for language, text in TEXTS]
    found = find_mentions(texts, load_gazetteer())
    surname = found[0]
    assert surname.documents == 5
    spellings = dict(surname.spellings).keys()
    assert {"Брыльчык", "Брыльчик", "Brylchyk", "Brylczyk"} <= spellings
    assert surname.name.split()[-1] in spellings
    (place,) = (one for one in found if one.kind == "place")
    assert place.documents >= 4
    assert {"Вільні", "Вильнюсе", "Vilnius", "Wilnie"} <= dict(place.spellings).keys()
    told = " ".join(word for one in found for word, _ in one.spellings)
    for ordinary in (
        "Учора",
        "Выбары",
        "Monday",
        "January",
        "Kommission",
        "Wahl",
        "Зянон",
    ):
        assert ordinary not in told


def test_a_word_that_is_written_small_too_is_no_name() -> None:
    text = (
        "The Commission met. The commission said that the Commission is a commission."
    )
    assert find_mentions([(text, "en")], load_gazetteer()) == ()
    assert find_mentions([], load_gazetteer()) == ()


def test_a_given_name_stands_only_where_it_does_in_most_documents() -> None:
    def named(*texts: str) -> list[str]:
        found = find_mentions([(text, "en") for text in texts], load_gazetteer())
        return [one.name for one in found]

    alone = "Reporters said that Brylchyk had left."
    ruta, zianon = (f"They met {name} Brylchyk at noon." for name in ("Ruta", "Zianon"))
    assert named(zianon, zianon, alone) == ["Zianon Brylchyk"]
    assert named(zianon, alone, alone) == ["Brylchyk"]
    assert named(ruta, zianon, zianon, alone, alone) == ["Brylchyk"]
    # Spellings of a given name count together.
    assert named(zianon, zianon.replace("Zianon", "Zyanon"), alone) == [
        "Zianon Brylchyk"
    ]


def test_the_command_names_whom_the_documents_found_mention(
    new_archive: Callable[[], ArchiveBox], article: Callable[[str, str], str]
) -> None:
    box = new_archive()
    for language, text in TEXTS:
        box.page(f"https://{language}.example/", article("News", text))
    box.index()

    def run(*words: str) -> str:
        done = CliRunner().invoke(search, words, obj=box.context)
        assert done.exit_code == 0, done.output
        return done.output

    made = json.loads(run("--names", "--json", "Brylchyk"))
    assert made["names_documents"] == 5
    assert made["names"][0]["documents"] == 5
    told = run("--names", "Brylchyk")
    assert "names in 5 documents:" in told
    assert "names" not in json.loads(run("--json", "Brylchyk"))


@pytest.mark.parametrize("text", ["", "\n\n", "А", "—«»", "İ̇ Ǆ ǅ ß"])
def test_odd_texts_have_no_names_and_raise_nothing(text: str) -> None:
    assert find_mentions([(text, None)], load_gazetteer()) == ()
