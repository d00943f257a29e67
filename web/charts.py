"""Charts: where bars and calendar cells stand; numbers in, geometry out (pure).

A chart is drawn as inline SVG without styles of its own, and has a table as its twin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

CHART_WIDTH = 720
"""Units of the drawing; it is scaled to the width of the page."""
CHART_HEIGHT = 120
BARS_MAX = 62
"""Beyond it days are put together to weeks, months, years."""
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
    """Put days together until they fit; empty stretches between them are bins too."""
    if not days:
        return "day", []
    first, last = min(days), max(days)
    for unit in ("day", "week", "month", "year"):
        bins = _bins(days, first, last, unit)
        if len(bins) <= BARS_MAX or unit == "year":
            break
    return unit, bins[-BARS_MAX * 4 :]


def _bins(
    days: Mapping[date, tuple[int, int]], first: date, last: date, unit: str
) -> list[Bin]:
    sums: dict[date, list[int]] = {}
    for day, (count, others) in days.items():
        at = sums.setdefault(_start(day, unit), [0, 0])
        at[0] += count
        at[1] += others
    bins, start = [], _start(first, unit)
    while start <= last:
        after = _next(start, unit)
        count, others = sums.get(start, (0, 0))
        bins.append(
            Bin(start=start, end=after - timedelta(days=1), count=count, others=others)
        )
        start = after
    return bins


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _next(start: date, unit: str) -> date:
    if unit == "year":
        return start.replace(year=start.year + 1)
    if unit == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


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
