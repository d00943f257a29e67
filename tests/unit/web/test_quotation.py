"""Quotations: a link leads to the words it was made of, or to none."""

import hashlib

import pytest

from web.quotation import (
    QUOTE_LIMIT_CHARS,
    Place,
    digest_of,
    find_again,
    find_words,
    parse_place,
    quote_at,
)

TEXT = "Вынікі 😀 выбараў.\nКандыдат А: 905\u00a0галасоў. Кандыдат Б: 611 галасоў."


def place_of(words: str, text: str = TEXT) -> Place:
    return quote_at(text, find_words(text, words)[0], extractor="html 1").place


def test_words_are_found_exactly_or_with_other_white_space() -> None:
    assert find_words(TEXT, "Кандыдат А") == [(18, 28)]
    assert find_words(TEXT, "  выбараў. Кандыдат ") == [(9, 26)]
    assert len(find_words(TEXT, "Кандыдат")) == 2
    assert find_words(TEXT, "кандыдат") == []
    assert find_words(TEXT, " ") == []
    assert find_words("a.b", "a?b") == []


def test_offsets_are_code_points_and_the_link_says_nothing() -> None:
    place = place_of("Кандыдат Б")
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
    place = place_of("Кандыдат Б: 611")
    assert find_again(place, TEXT) == (place.start, place.end)
    anew = "Меню\n\n" + TEXT
    assert find_again(place, anew) == (place.start + 6, place.end + 6)


@pytest.mark.parametrize("shift", [-1, 1, 7])
def test_another_place_is_never_guessed(shift: int) -> None:
    place = place_of("Кандыдат Б: 611")
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
    quotation = quote_at(TEXT, find_words(TEXT, "Кандыдат Б: 611")[0], extractor="x")
    quote, position = quotation.selectors
    assert quote["exact"] == "Кандыдат Б: 611"
    assert str(quote["prefix"]).endswith("галасоў. ")
    assert quote["suffix"] == " галасоў."
    assert position["start"] == quotation.place.start
    assert quotation.fragment.startswith(":~:text=%D0%9A")
    long = quote_at("w-" * 9 + " a b c d e f g h i j k l", (0, 42), extractor="x")
    assert "," in long.fragment
    assert "-" not in long.fragment
