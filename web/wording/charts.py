"""Charts: where bars and calendar cells stand; numbers in, geometry out (pure).

A chart is drawn as inline SVG without styles of its own, and has a table as its twin.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

CHART_WIDTH = 720
"""Units of the drawing; it is scaled to the width of the page."""
CHART_HEIGHT = 120
BARS_MAX = 62
"""Beyond it days are put together to weeks, months, years."""
YEARS_MAX = 4 * BARS_MAX
"""Bars of years: a page may state any year, and a stranger's file any time."""
_UNITS = ("day", "week", "month", "year")
BAR_WIDTH_MAX = 28.0
LEVELS = 4
"""Shades of a cell that is not empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A bar's days `[start, end]`, and what it counts: good ones and others."""

    start: date
    end: date
    count: int
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of two parts, from the bottom up; lengths in units of the drawing."""

    bin: Bin
    x: float
    width: float
    y: float
    height: float
    others_y: float
    others_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars over time; `unit` is `day`, `week`, `month` or `year`."""

    bars: tuple[Bar, ...]
    top: int
    unit: str
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT


def make_chart(days: Mapping[date, tuple[int, int]]) -> Chart | None:
    """Bars of `(count, others)` by day, gaps between days included; None if empty."""
    unit, bins = bin_days(days)
    if not bins:
        return None
    top = max(one.count + one.others for one in bins)
    step = CHART_WIDTH / len(bins)
    width = min(step * 0.8, BAR_WIDTH_MAX)
    last = CHART_WIDTH - width
    if len(bins) > 1:
        step = last / (len(bins) - 1)
    return Chart(
        bars=tuple(
            _bar(one, x=round(number * step, 2), width=round(width, 2), top=top)
            for number, one in enumerate(bins)
        ),
        top=top,
        unit=unit,
    )


def _bar(one: Bin, *, x: float, width: float, top: int) -> Bar:
    scale = CHART_HEIGHT / max(top, 1)
    height = _length(one.count, scale)
    others = _length(one.others, scale)
    return Bar(
        bin=one,
        x=x,
        width=width,
        y=round(CHART_HEIGHT - height, 2),
        height=height,
        others_y=round(CHART_HEIGHT - height - others, 2),
        others_height=others,
    )


def _length(count: int, scale: float) -> float:
    """A bar that counts something is never too short to be seen."""
    return round(max(count * scale, 2.0), 2) if count else 0.0


def bin_days(days: Mapping[date, tuple[int, int]]) -> tuple[str, list[Bin]]:
    """Put days together until they fit; empty stretches between them are bins too.

    But for years farther apart than `YEARS_MAX`: then only those that count something.
    """
    if not days:
        return "day", []
    first, last = min(days), max(days)
    unit = next(
        (one for one in _UNITS if _length_in(one, first, last) <= BARS_MAX), "year"
    )
    sums: dict[date, list[int]] = {}
    for day, (count, others) in days.items():
        at = sums.setdefault(_start(day, unit), [0, 0])
        at[0] += count
        at[1] += others
    if unit == "year" and _length_in(unit, first, last) > YEARS_MAX:
        starts: Iterable[date] = sorted(sums)[-YEARS_MAX:]
    else:
        starts = _starts(first, last, unit)
    return unit, [
        Bin(
            start=start,
            end=_end(start, unit),
            count=sums.get(start, (0, 0))[0],
            others=sums.get(start, (0, 0))[1],
        )
        for start in starts
    ]


def _length_in(unit: str, first: date, last: date) -> int:
    """How many bins there are from one day to another."""
    if unit == "year":
        return last.year - first.year + 1
    if unit == "month":
        return (last.year - first.year) * 12 + last.month - first.month + 1
    days = (last - _start(first, unit)).days
    return days // (7 if unit == "week" else 1) + 1


def _starts(first: date, last: date, unit: str) -> Iterator[date]:
    """The first days of all bins from one day to another."""
    start = _start(first, unit)
    for _ in range(_length_in(unit, first, last) - 1):
        yield start
        start = _end(start, unit) + timedelta(days=1)
    yield start


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return date.fromordinal(max(day.toordinal() - day.weekday(), 1))
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _end(start: date, unit: str) -> date:
    """The last day of a bin; of the last week there is, its last day."""
    if unit == "year":
        return start.replace(month=12, day=31)
    if unit == "month":
        return start.replace(day=monthrange(start.year, start.month)[1])
    if unit == "week":
        monday = start.toordinal() - start.weekday()
        return date.fromordinal(min(monday + 6, date.max.toordinal()))
    return start


def level_of(count: int, top: int) -> int:
    """The shade of a cell: 0 for nothing, else 1 to `LEVELS`."""
    if count <= 0:
        return 0
    return max(1, min(LEVELS, -(-count * LEVELS // max(top, LEVELS))))


def weeks_of(month: date) -> Sequence[Sequence[date | None]]:
    """The days of a month in weeks from Monday; None stands outside the month."""
    first = month.replace(day=1)
    day = first - timedelta(days=first.weekday())
    weeks = []
    while day < first or day.month == first.month:
        week = [day + timedelta(days=number) for number in range(7)]
        weeks.append([one if one.month == first.month else None for one in week])
        day += timedelta(days=7)
    return weeks
