"""Dates as people write them, in the languages of the archive: no guess is made.

A day needs a day, a month and a year; a month name alone with a year is a month.
Numbers are read as day.month.year or year-month-day only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

FIRST_YEAR, LAST_YEAR = 1991, 2099
"""Years a page about these elections may name as its own; `[first, last]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDate:
    """A date in a text: its words, their place, and the day or the first of a month."""

    raw: str
    start: int
    day: date
    whole: bool
    """False where only month and year are written."""


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    table = files("search").joinpath("data/months.tsv").read_text("utf-8")
    months: dict[str, int] = {}
    for line in table.splitlines():
        if line[:1] != "#":
            for number, forms in enumerate(line.split("\t")[1].split(), 1):
                # The same word may be two months (listapad): the first language wins.
                for form in forms.split("/"):
                    months.setdefault(form, number)
    return months


def month_names() -> frozenset[str]:
    """The months in every language that dates are read in, case-folded."""
    return frozenset(name.casefold() for name in _months())


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    month = rf"(?P<{{}}>{names})\.?"
    year = r"(?P<{}>(?:19|20)\d\d)"
    return re.compile(
        r"(?<![\w./-])(?:"
        rf"(?P<d1>\d{{1,2}})\.?(?:st|nd|rd|th)?\s+(?:of\s+)?{month.format('m1')}"
        rf",?\s+{year.format('y1')}"
        rf"|{month.format('m2')}\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
        rf"{year.format('y2')}"
        rf"|{year.format('y3')}\s*(?:m\.|\.\s*gada)\s*(?:(?P<d4>\d{{1,2}})\.\s*)?"
        rf"{month.format('m3')}(?:\s+(?P<d3>\d{{1,2}})\s*d\.?)?"
        rf"|{month.format('m5')}\s+{year.format('y5')}"
        rf"|(?P<d6>\d{{1,2}})\.(?P<n6>\d{{1,2}})\.{year.format('y6')}"
        rf"|{year.format('y7')}[-/.](?P<n7>\d{{1,2}})[-/.](?P<d7>\d{{1,2}})"
        r")(?![\w-])",
        re.IGNORECASE,
    )


def find_dates(text: str) -> Iterator[WrittenDate]:
    """Every date written in a text, in order; impossible ones are passed over."""
    for found in _pattern().finditer(text):
        parts = {name[0]: value for name, value in found.groupdict().items() if value}
        month = int(parts["n"]) if "n" in parts else _months()[parts["m"].lower()]
        year = int(parts["y"])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            continue
        try:
            day = date(year, month, int(parts.get("d", 1)))
        except ValueError:
            continue
        yield WrittenDate(
            raw=found[0], start=found.start(), day=day, whole="d" in parts
        )
