"""Quotations: a link leads to the words it was made of, or to none."""

import hashlib

import pytest

from archive.digest import Digest
from search.answering.results import ExtractedText
from search.quote import Quotation, find_words, make_quotation
from web.citing.quotation import (
    QUOTE_LIMIT_CHARS,
    Place,
    digest_of,
    find_again,
    fragment_of,
    parse_place,
    place_of,
    selectors_of,
)

TEXT = "Вынікі 😀 выбараў.\nКандыдат А: 905\u00a0галасоў. Кандыдат Б: 611 галасоў."


def quoted(words: str) -> Quotation:
    made = ExtractedText(
        text=TEXT,
        main_end=len(TEXT),
        title=None,
        extractor="html 1",
        text_digest=Digest.of(TEXT.encode()),
        charset=None,
        declared_charset=None,
        language="be",
    )
    return make_quotation("a" * 64, made, find_words(TEXT, words)[0])


def link(words: str) -> Place:
    return place_of(quoted(words))


def test_offsets_are_code_points_and_the_link_says_nothing() -> None:
    place = link("Кандыдат Б")
    assert TEXT[place.start : place.end] == "Кандыдат Б"
    assert place.digest == hashlib.sha256("Кандыдат Б".encode()).hexdigest()[:16]
    assert "андыдат" not in place.query
    assert place.query == f"t={place.start}-{place.end}&x=html+1&d={place.digest}"


def test_a_link_is_read_only_in_the_form_it_is_written_in() -> None:
    digest = digest_of("x")
    assert parse_place("0-1", "html 1", digest) is not None
    for span, extractor, other in (
        ("0-0", "x", digest),
        ("5-4", "x", digest),
        ("00-1", "x", digest),
        ("+0-1", "x", digest),
        ("0-1 ", "x", digest),
        ("0-1", "", digest),
        ("0-1", "x", digest.upper()),
        ("0-1", "x", digest[:-1]),
        (f"0-{QUOTE_LIMIT_CHARS + 1}", "x", digest),
        ("٠-١", "x", digest),
    ):
        assert parse_place(span, extractor, other) is None, (span, extractor, other)


def test_the_words_are_found_again_in_a_text_extracted_anew() -> None:
    place = link("Кандыдат Б: 611")
    assert find_again(place, TEXT) == (place.start, place.end)
    anew = "Меню\n\n" + TEXT
    assert find_again(place, anew) == (place.start + 6, place.end + 6)


@pytest.mark.parametrize("old", [0, 5, 40, 9_000])
def test_the_words_are_found_wherever_they_went(old: int) -> None:
    place = Place(start=old, end=old + 4, extractor="x", digest=digest_of("word"))
    for start in (0, 3, 60, 96):
        text = ("." * start + "word").ljust(100, ".")
        assert find_again(place, text) == (start, start + 4)


@pytest.mark.parametrize("length", [1, 100, 4_000])
def test_a_link_that_leads_nowhere_is_soon_given_up(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []

    def counted(words: str) -> str:
        hashed.append(len(words))
        return digest_of(words)

    monkeypatch.setattr("web.citing.quotation.digest_of", counted)
    place = Place(start=9, end=9 + length, extractor="x", digest="0" * 16)
    assert find_again(place, "я" * 500_000) is None
    assert len(hashed) <= 50_001
    assert sum(hashed) <= 16_000_000 + 4_000


@pytest.mark.parametrize("shift", [-1, 1, 7])
def test_another_place_is_never_guessed(shift: int) -> None:
    place = link("Кандыдат Б: 611")
    altered = TEXT.replace("611", "612")
    assert find_again(place, altered) is None
    moved = Place(
        start=place.start + shift,
        end=place.end + shift,
        extractor=place.extractor,
        digest=digest_of("other words......"),
    )
    assert find_again(moved, TEXT) is None
    beyond = Place(start=500, end=505, extractor="x", digest=digest_of(""))
    assert find_again(beyond, TEXT) is None


def test_selectors_and_fragment_name_the_words_and_what_stands_around() -> None:
    one = quoted("Кандыдат Б: 611")
    quote, position = selectors_of(one)
    assert quote["exact"] == "Кандыдат Б: 611"
    assert str(quote["prefix"]).endswith("галасоў. ")
    assert quote["suffix"] == " галасоў."
    assert position["start"] == place_of(one).start
    assert fragment_of(one.exact).startswith(":~:text=%D0%9A")
    long = fragment_of("w-" * 9 + " a b c d e f g h i j k l")
    assert "," in long
    assert "-" not in long
