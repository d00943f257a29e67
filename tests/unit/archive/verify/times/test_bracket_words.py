"""What check 13 and its neighbours tell, word for word, and what they count."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.instant import format_instant
from archive.verify.reporting.report import Outcome
from tests.support.archives.bracketed import (
    DAY,
    MOMENT,
    NOON,
    OTHER,
    ROOT,
    TOKEN,
    Told,
    finding,
    findings,
    named,
)

NAMES = {
    "token": TOKEN,
    "size": 3,
    "root": ROOT,
    "gen_time": "2025-01-26T12:00:00.000000Z",
}


def test_a_token_is_of_the_time_that_was_stated() -> None:
    told = Told()
    told.anchor(gen_time=NOON + MOMENT)
    assert findings(told.collector) == [
        finding(
            20,
            "anchor-misstated",
            Outcome.FAILED,
            "entry 5",
            "t.tsr is of 2025-01-26T12:00:00.000000Z, not as stated",
        )
    ]


def test_a_wrong_clock_is_told_whole() -> None:
    told = Told()
    early = NOON - timedelta(days=2, hours=3)
    told.anchor(sent=early - DAY, received=early)
    assert findings(told.collector) == [
        finding(
            21,
            "clock-skew",
            Outcome.FAILED,
            "entry 5",
            "the operator's clock and t.tsr differ by 2 d 3 h",
            seconds=2 * 86400 + 3 * 3600,
        )
    ]


def test_a_bound_that_was_not_logged_before_is_told_whole() -> None:
    told = Told(upper=NOON)
    told.capture(NOON, NAMES)
    assert findings(told.collector) == [
        finding(
            13,
            "not-before-bad",
            Outcome.FAILED,
            "entry 5",
            "it names a token that was not logged before it as it says",
        )
    ]
    told.brackets.finish(None)
    assert told.collector.counted(13) == 0


def test_a_bound_that_is_not_at_hand_is_told_whole() -> None:
    told = Told(upper=NOON)
    gone = TOKEN.replace("ab", "ef")
    told.anchor(token=gone)
    told.capture(NOON, {**NAMES, "token": gone})
    assert findings(told.collector) == [
        finding(
            13,
            "not-before-missing",
            Outcome.NOT_CHECKED,
            "entry 5",
            "the token it names is not at hand, or by nobody you trust",
        )
    ]


def test_a_token_behind_one_that_is_not_at_hand_is_looked_at() -> None:
    told = Told(upper=NOON)
    at = format_instant(NOON)
    stated = [
        {"tsr": tsr, "gen_time": at} for tsr in (TOKEN.replace("ab", "ef"), TOKEN)
    ]
    anchor = {"size": 3, "root": ROOT, "sent": at, "received": at, "tokens": stated}
    told.note("anchor", anchor)
    told.capture(NOON - DAY)
    assert named(told.collector) == [(13, "stated-late", Outcome.NOT_CHECKED)]


def test_a_capture_stated_late_is_told_whole() -> None:
    told = Told(upper=NOON + DAY)
    told.anchor()
    told.capture(NOON - DAY - timedelta(minutes=5))
    assert findings(told.collector) == [
        finding(
            13,
            "stated-late",
            Outcome.NOT_CHECKED,
            "entry 5",
            "captured_at is 1 d 5 min before a token that was logged earlier: only "
            "the operator vouches for that time",
        )
    ]
    assert told.collector.counted(13) == 0


def test_a_capture_outside_its_bound_is_told_once() -> None:
    told = Told(upper=NOON)
    told.anchor()
    told.capture(NOON - DAY, NAMES)
    assert findings(told.collector) == [
        finding(
            13,
            "time-outside",
            Outcome.FAILED,
            "entry 5",
            "captured_at lies 1 d before the token that it names, of "
            "2025-01-26T12:00:00.000000Z",
        )
    ]


def test_the_newest_token_counts_in_whichever_order_they_were_stated() -> None:
    hour = NOON - timedelta(hours=1)
    tokens = {TOKEN: NOON, OTHER: hour}
    for order in (tokens, reversed(tokens)):
        told = Told(upper=NOON)
        for token in order:
            at = tokens[token]
            told.anchor(token=token, gen_time=at, sent=at, received=at)
        told.capture(hour - timedelta(minutes=30))
        assert named(told.collector) == [(13, "stated-late", Outcome.NOT_CHECKED)]


@pytest.mark.parametrize("kind", ["capture", "page", "note"])
@pytest.mark.parametrize("holds", [True, False])
def test_captures_and_pages_that_hold_are_timed(kind: str, holds: bool) -> None:
    told = Told(upper=NOON)
    predicate = {"captured_at": format_instant(NOON), "not_before": None}
    said = SimpleNamespace(kind=kind, predicate=predicate, seq=5, signed=NOON)
    told.brackets.note(cast("Any", said), holds=holds, subject="entry 5")
    assert told.collector.counted(13) == (holds and kind != "note")


def test_nothing_is_timed_while_nobody_is_trusted() -> None:
    told = Told(upper=NOON, is_judged=False)
    told.anchor(gen_time=NOON + DAY)
    told.capture(NOON)
    told.note("note", {}, seq=99)
    told.brackets.finish(None)
    assert findings(told.collector) == []
    assert told.collector.notices == []


def test_captures_bounded_by_nothing_are_told_whole() -> None:
    told = Told()
    for _number in range(3):
        told.capture(NOON)
    told.brackets.finish(None)
    assert findings(told.collector) == [
        finding(
            13,
            "time-stamps-none",
            Outcome.NOT_CHECKED,
            "anchors",
            "3 captures are bounded by no time stamp from above",
        )
    ]
    assert told.collector.counted(13) == 0


def test_where_some_are_bounded_only_these_are_counted() -> None:
    told = Told(upper=NOON)
    told.capture(NOON)
    told.uppers.clear()
    told.capture(NOON)
    told.brackets.finish(None)
    assert findings(told.collector) == []
    assert told.collector.counted(13) == 1


def test_a_tail_is_told_whole() -> None:
    for now, words in (
        (NOON + timedelta(hours=25, seconds=3), "for 1 d 1 h"),
        (None, "for an unknown time"),
    ):
        told = Told(size=5)
        told.note("note", {}, seq=5)
        told.brackets.finish(now)
        assert findings(told.collector) == [
            finding(
                20,
                "tail-unstamped",
                Outcome.NOT_CHECKED,
                "entries from 5 on",
                f"no quorum has stamped them {words}; `evidence timestamp` asks again",
                first=5,
            )
        ]
        assert told.collector.notices == []


def test_without_a_tail_nothing_waits() -> None:
    told = Told(size=6)
    told.note("note", {}, seq=5)
    told.anchor()
    told.brackets.finish(None)
    assert findings(told.collector) == []
    assert told.collector.notices == []
