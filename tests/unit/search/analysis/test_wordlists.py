"""Word lists read from known places: the same words and lemmas as the library's own."""

from importlib.resources import files
from random import Random

import pytest
from simplemma.strategies.dictionaries import StreamDictionaryFactory

from search.analysis import wordlists
from search.analysis.wordlists import WordLists, read_list, read_number


def words_of(language: str, count: int) -> list[str]:
    found = read_list(language)
    assert found is not None, "make the places again: tests/make/word_places.py"
    chosen = Random(language).sample(list(found), count)
    return [*chosen, *(word[:-1] for word in chosen), *(f"{w}z" for w in chosen)]


def test_a_list_holds_what_the_library_reads_in_it() -> None:
    found, own = read_list("en"), StreamDictionaryFactory().get_dictionary("en")
    assert found is not None
    assert list(found) == list(own)
    assert len(found) == len(own)
    asked = words_of("en", 3_000)
    assert [found.get(word) for word in asked] == [own.get(word) for word in asked]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["lt", "pl", "ru", "uk"])
def test_every_list_holds_what_the_library_reads_in_it(language: str) -> None:
    found, own = read_list(language), StreamDictionaryFactory().get_dictionary(language)
    assert found is not None
    assert list(found) == list(own)
    asked = words_of(language, 20_000)
    assert [found.get(word) for word in asked] == [own.get(word) for word in asked]


@pytest.mark.parametrize("language", ["en", "lt", "pl", "ru", "uk"])
def test_the_places_are_of_the_list_that_is_installed(language: str) -> None:
    assert read_list(language) is not None


def test_words_before_the_first_and_behind_the_last_are_not_found() -> None:
    found = read_list("en")
    assert found is not None
    assert found.get("") is None
    assert found.get("\U0010ffff", "none") == "none"
    with pytest.raises(KeyError):
        found["\U0010ffff"]


def test_places_of_another_list_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    other = wordlists.packed_list("lt")
    monkeypatch.setattr(wordlists, "packed_list", lambda language: other)
    assert read_list("en") is None
    lists = WordLists()
    assert lists.get_dictionary("en").get("elections") == "election"


def test_a_list_without_places_is_read_by_the_library() -> None:
    assert not files("search").joinpath("data/lv.places").is_file()
    assert WordLists().get_dictionary("lv").get("vēlēšanas") is not None


@pytest.mark.parametrize(
    ("data", "number"), [(b"\x05", 5), (b"\xe5\x8e\x26", 624485), (b"\x80\x01", 128)]
)
def test_numbers_of_several_bytes_are_read(data: bytes, number: int) -> None:
    assert read_number(data, 0) == (number, len(data))
