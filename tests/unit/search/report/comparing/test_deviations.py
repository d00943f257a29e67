"""Figures and names that two texts write a little differently: shown, and no others."""

import pytest

from search.report.comparing.deviations import (
    FIGURES,
    PERSONS,
    find_deviations,
    find_within,
    read_written,
)

LIST = (
    "Ihar Losik, Maksim Znak, Mikalai Statkevich, Siarhei Tsikhanouski, Viktar Babaryka"
)


def found(one: str, other: str, **how: bool) -> list[tuple[str, str, str]]:
    return [
        (str(one.doubt), one.one, one.other)
        for one in find_deviations(read_written(one), read_written(other), **how)
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("86,28% voted", "86,82% voted", [("figure-differs", "86,28%", "86,82%")]),
        ("86,28% voted", "86.28 % voted", []),
        ("1,265 people", "1 265 people", []),
        (
            "5 916 195 voters",
            "5,916,915 voters",
            [("figure-differs", "5 916 195", "5,916,915")],
        ),
        ("in 2024 and 2025", "in 2023 and 2026", []),
        ("412 votes", "398 votes", []),
        ("412 votes", "412% of votes", []),
        ("412 and 413", "412 and 413", []),
        ("41 here", "42 here", []),
    ],
)
def test_figures_one_digit_apart_or_changed_over(
    one: str, other: str, expected: list[tuple[str, str, str]]
) -> None:
    assert found(one, other) == expected
    assert found(one, other, is_same_story=False) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            "He is Dmitry Shlethauer.",
            "He is Dmitry Shletgauer.",
            [("name-spelt-differently", "Dmitry Shlethauer", "Dmitry Shletgauer")],
        ),
        ("Dmitry Shlethauer", "Siarhei Shletgauer", []),
        ("Александр Лукашенко", "Александру Лукашенке", []),
        ("Both Dmitry Shlethauer, Dmitry Shletgauer", "Dmitry Shletgauer", []),
        (
            f"{LIST}, Andrei Navitski",
            f"{LIST} and Andrei Novikau",
            [("list-names-another", "Andrei Navitski", "Andrei Novikau")],
        ),
        (f"{LIST}, Andrei Navitski", f"{LIST}, Pavel Belavus", []),
        ("Ihar Losik, Andrei Navitski", "Ihar Losik, Andrei Novikau", []),
    ],
)
def test_persons_a_letter_apart_and_others_in_the_same_list(
    one: str, other: str, expected: list[tuple[str, str, str]]
) -> None:
    assert found(one, other) == expected


def letters(number: int) -> str:
    """A number as letters, so that each is another name."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05}")


def test_a_hostile_text_is_looked_at_within_bounds() -> None:
    people = [f"Ihar Losik{letters(n)}" for n in range(PERSONS + 5_000)]
    numbers = " ".join(str(100_000 + n) for n in range(20_000))
    for joint in (", ", "; "):  # one list, and none
        text = numbers + joint.join(people)
        made = read_written(text)
        assert len(made.persons) <= PERSONS
        assert len(made.figures) == FIGURES
        # All of one given name and a letter apart from many: never all with all.
        assert len(list(find_within([text, text[1:]]))) < 500_000
    long = f"Ihar L{'o' * 50_000}sik has {'7' * 50_000}"
    assert list(find_within([long, long.replace("osik", "asik") + "7"])) == []
