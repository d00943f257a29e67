"""Charts and calendars: every day is counted once, and nothing empty looks full."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.wording.charts import (
    BARS_MAX,
    CHART_HEIGHT,
    CHART_WIDTH,
    LEVELS,
    bin_days,
    level_of,
    make_chart,
    weeks_of,
)

DAYS = st.dictionaries(
    st.dates(min_value=date(2019, 1, 1), max_value=date(2031, 12, 31)),
    st.tuples(st.integers(0, 50), st.integers(0, 50)),
    min_size=1,
    max_size=40,
)


@given(DAYS)
def test_bins_follow_each_other_and_count_everything_once(
    days: dict[date, tuple[int, int]],
) -> None:
    unit, bins = bin_days(days)
    assert unit == "year" or len(bins) <= BARS_MAX
    assert sum(one.count for one in bins) == sum(count for count, _ in days.values())
    assert sum(one.others for one in bins) == sum(other for _, other in days.values())
    for before, after in pairwise(bins):
        assert after.start == before.end + timedelta(days=1)
    assert bins[0].start <= min(days)
    assert max(days) <= bins[-1].end


@given(DAYS)
def test_bars_stay_inside_the_drawing_and_show_what_is_there(
    days: dict[date, tuple[int, int]],
) -> None:
    chart = make_chart(days)
    assert chart is not None
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= CHART_WIDTH + 0.1
        assert bar.height + bar.others_height <= CHART_HEIGHT + 2.1
        assert (bar.height > 0) == (bar.bin.count > 0)
        assert (bar.others_height > 0) == (bar.bin.others > 0)


@pytest.mark.parametrize(
    ("dates", "unit", "most"),
    [
        ((date.min, date(2025, 1, 26), date(2025, 1, 27), date.max), "year", 3),
        ((date.max,), "day", 1),
        ((date(9999, 12, 1), date.max), "day", 31),
        ((date(9999, 9, 1), date.max), "week", 18),
        ((date(9998, 1, 1), date.max), "month", 24),
        ((date.min, date(1, 4, 1)), "week", 13),
        ((date(1800, 1, 1), date(2025, 1, 1)), "year", 226),
    ],
)
def test_any_dates_there_are_make_few_bars(
    dates: tuple[date, ...], unit: str, most: int
) -> None:
    """Records of a stranger's file state what they like; none is left out or counted
    twice, and no bar is made for each day between them.
    """
    chosen, bins = bin_days(dict.fromkeys(dates, (1, 0)))
    assert (chosen, len(bins)) == (unit, most)
    assert sum(one.count for one in bins) == len(dates)
    assert len({one.start for one in bins}) == len(bins)
    assert all(one.start <= one.end for one in bins)


def test_nothing_has_no_chart() -> None:
    assert make_chart({}) is None


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_weeks_of_a_month_hold_each_day_once_from_monday(year: int) -> None:
    for number in range(1, 13):
        first = date(year, number, 1)
        weeks = weeks_of(first)
        days = [day for week in weeks for day in week if day is not None]
        assert days == sorted(days)
        assert days[0] == first
        assert len(days) == ((first + timedelta(days=32)).replace(day=1) - first).days
        assert all(
            day.weekday() == place
            for week in weeks
            for place, day in enumerate(week)
            if day is not None
        )


def test_a_shade_tells_nothing_from_little_and_little_from_much() -> None:
    assert level_of(0, 10) == 0
    assert level_of(1, 1000) == 1
    assert level_of(1000, 1000) == LEVELS
    assert level_of(1, 1) == 1
