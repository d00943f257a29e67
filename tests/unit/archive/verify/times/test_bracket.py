"""Times of captures and tokens at the very bounds of what check 13 allows."""

from datetime import timedelta

import pytest

from archive.instant import format_instant
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.times.bracket import (
    STATED_LATE,
    TAIL_AGE,
    TOLERANCE,
    describe_width,
    judge_time,
)
from tests.support.archives.bracketed import (
    MOMENT,
    NOON,
    ROOT,
    TOKEN,
    Told,
    findings,
    named,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (7325, "2 h 2 min"),
        (86400, "1 d"),
        (180061, "2 d 2 h"),
        (86401, "1 d 1 s"),
    ],
)
def test_a_width_is_told_by_its_two_largest_units(seconds: float, words: str) -> None:
    assert describe_width(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("beyond", [timedelta(), MOMENT])
def test_a_capture_may_lie_just_the_tolerance_outside_its_bounds(
    beyond: timedelta,
) -> None:
    """A clock may be off by that, and not by a moment more."""
    early, late = NOON - TOLERANCE - beyond, NOON + TOLERANCE + beyond
    for captured, lower, upper, words in (
        (early, NOON, None, "lies 5 min before the token that it names, of"),
        (late, None, NOON, "lies 5 min behind the time stamp of"),
    ):
        collector = Collector()
        is_bad = judge_time(collector, "entry 7", captured, lower, upper)
        assert is_bad == bool(beyond)
        told = [(one.subject, one.detail) for one in findings(collector)]
        said = f"captured_at {words} {format_instant(NOON)}"
        assert told == ([("entry 7", said)] if beyond else [])


@pytest.mark.parametrize("beyond", [timedelta(), MOMENT])
def test_a_capture_may_be_stated_an_hour_and_the_tolerance_after_it_began(
    beyond: timedelta,
) -> None:
    """Of several tokens that were logged before it the newest counts."""
    told = Told(upper=NOON + STATED_LATE)
    told.anchor()
    earlier = NOON - timedelta(hours=1)
    told.anchor(
        token=TOKEN.replace("ab", "cd"),
        gen_time=earlier,
        sent=earlier,
        received=earlier,
    )
    told.capture(NOON - STATED_LATE - TOLERANCE - beyond)
    late = [(13, "stated-late", Outcome.NOT_CHECKED)]
    assert named(told.collector) == (late if beyond else [])
    assert told.collector.counted(13) == (not beyond)


@pytest.mark.parametrize("beyond", [timedelta(), MOMENT])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_clock_of_the_operator_may_be_off_by_the_tolerance(
    sign: int, beyond: timedelta
) -> None:
    told, off = Told(), sign * (TOLERANCE + beyond)
    told.anchor(sent=NOON + off, received=NOON + off)
    assert named(told.collector) == (
        [(21, "clock-skew", Outcome.FAILED)] * bool(beyond)
    )
    for one in findings(told.collector):
        assert one.detail == "the operator's clock and t.tsr differ by 5 min"
        assert one.parameters == {"seconds": 300}


def test_a_skew_is_told_by_the_nearer_of_two_clock_times() -> None:
    told = Told()
    told.anchor(sent=NOON + 2 * TOLERANCE, received=NOON + 3 * TOLERANCE)
    (skew,) = findings(told.collector)
    assert skew.parameters == {"seconds": 600}


@pytest.mark.parametrize(
    "changed",
    [{"size": 4}, {"root": "other"}, {"gen_time": format_instant(NOON + MOMENT)}],
)
def test_a_lower_bound_is_the_stated_token_in_every_field(
    changed: dict[str, object],
) -> None:
    names: dict[str, object] = {
        "token": TOKEN,
        "size": 3,
        "root": ROOT,
        "gen_time": format_instant(NOON),
    }
    told = Told(upper=NOON)
    told.capture(NOON, names)
    assert named(told.collector) == [(13, "not-before-bad", Outcome.FAILED)]
    told = Told(upper=NOON)
    told.anchor()
    told.capture(NOON, names)
    assert named(told.collector) == []
    told.capture(NOON, names | changed)
    assert named(told.collector) == [(13, "not-before-bad", Outcome.FAILED)]


def test_captures_that_nothing_bounds_are_counted_unless_others_are_bounded() -> None:
    told = Told()
    told.capture(NOON)
    told.capture(NOON)
    told.brackets.finish(None)
    (few,) = findings(told.collector)
    assert (few.step, few.code) == (13, "time-stamps-none")
    assert few.detail.startswith("2 captures are bounded by no time stamp")
    for captures in (0, 1):
        told = Told(upper=NOON)
        for _number in range(captures):
            told.capture(NOON)
        told.brackets.finish(None)
        assert named(told.collector) == []
        assert told.collector.counted(13) == captures


def test_a_tail_may_wait_an_hour_for_its_stamp_and_then_is_named() -> None:
    told = Told(size=5)
    told.note("note", {}, seq=4)
    told.note("note", {}, seq=5)
    told.note("note", {}, seq=6)
    told.brackets.finish(NOON + TAIL_AGE)
    waiting = f"entries from 5 on wait for a time stamp since {format_instant(NOON)}"
    assert told.collector.notices == [waiting]
    assert named(told.collector) == []
    told.brackets.finish(NOON + TAIL_AGE + MOMENT)
    (late,) = findings(told.collector)
    assert (late.step, late.code) == (20, "tail-unstamped")
    assert late.outcome is Outcome.NOT_CHECKED
    assert late.subject == "entries from 5 on"
    assert late.parameters == {"first": 5}
    assert late.detail.startswith("no quorum has stamped them for 1 h; ")
    told.brackets.finish(None)
    assert "for an unknown time" in findings(told.collector)[-1].detail
