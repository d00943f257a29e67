"""Dates of publication: stated, shown or found, never mixed with other times."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.quality.dates import measure
from search.extract.by_type import extract
from search.extract.dates import CONFLICT, find_claimed, names_later_month
from search.extract.written_dates import find_dates
from tests.support.judging.bars import missed

ARTICLE = "Observers said so. " * 20


@pytest.mark.parametrize(
    ("text", "day", "whole"),
    [
        ("2025 m. sausio 26 d.", "2025-01-26", True),
        ("26 студзеня 2025 года", "2025-01-26", True),
        ("28 сьнежня 2024", "2024-12-28", True),
        ("28 śniežnia 2024", "2024-12-28", True),
        ("26 stycznia 2025 r.", "2025-01-26", True),
        ("26 січня 2025", "2025-01-26", True),
        ("January 26th, 2025", "2025-01-26", True),
        ("2025. gada 26. janvārī", "2025-01-26", True),
        ("26.01.2025", "2025-01-26", True),
        ("снежань 2024", "2024-12-01", False),
    ],
)
def test_a_written_date_is_read(text: str, day: str, whole: bool) -> None:
    (found,) = find_dates(f"x, {text}.")
    assert (found.day.isoformat(), found.whole, found.raw.rstrip(".")) == (
        day,
        whole,
        text.removesuffix(" года").removesuffix(" r.").rstrip("."),
    )


@pytest.mark.parametrize(
    "text", ["30 лютага 2024", "02/03/2024", "26 студзеня", "Saturday", "may 12", "1.2"]
)
def test_no_date_is_invented(text: str) -> None:
    assert list(find_dates(text)) == []


@pytest.mark.parametrize(
    ("head", "value", "method"),
    [
        (
            '<script type="application/ld+json">'
            '{"datePublished": "2025-01-26T21:00:00+03:00"}</script>',
            "2025-01-26T21:00:00+03:00",
            "json-ld",
        ),
        (
            '<meta property="article:published_time" content="2025-01-26">',
            "2025-01-26",
            "meta",
        ),
        ("<time datetime='2025-01-26' itemprop=datePublished>", "2025-01-26", "time"),
        ("<p>26 студзеня 2025, 21:00</p>", "2025-01-26", "text"),
    ],
)
def test_a_stated_date_keeps_its_words_and_method(
    head: str, value: str, method: str
) -> None:
    made = extract(
        f"<html><head>{head}</head><body><h1>T</h1>{head}<p>{ARTICLE}".encode(),
        media_type="text/html",
    )
    assert made.claimed is not None
    assert (made.claimed.value, made.claimed.method) == (value, method)
    assert CONFLICT not in made.warnings


def test_the_epoch_is_no_date() -> None:
    markup = '<meta property="article:published_time" content="1970-01-01T00:00:00Z">'
    assert find_claimed(markup, ARTICLE).claimed is None


def test_two_statements_far_apart_are_a_conflict() -> None:
    markup = (
        '<script>{"datePublished": "2024-01-26"}</script>'
        '<meta name="pubdate" content="2025-01-26">'
    )
    dates = find_claimed(markup, ARTICLE)
    assert dates.conflict
    assert dates.claimed is not None
    assert (dates.claimed.value, dates.claimed.confidence) == ("2024-01-26", 0.5)


def test_a_later_month_in_the_text_is_a_conflict() -> None:
    assert names_later_month("сказаў 28 снежня 2024", date(2024, 1, 5))
    assert not names_later_month("сказаў 28 снежня 2023", date(2024, 1, 5))
    page = b"<meta name=pubdate content='2024-01-05'><p>28 December 2024. " + (
        ARTICLE.encode()
    )
    assert CONFLICT in extract(page, media_type="text/html").warnings


@pytest.mark.corpus
def test_dates_reach_their_bars(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []
    assert figures[2].value > figures[3].value
