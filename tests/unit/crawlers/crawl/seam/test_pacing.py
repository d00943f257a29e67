"""Backing off from a host: patience when it asks for it, peace when it is down."""

from dataclasses import dataclass

import pytest

from archive.capture import CaptureOutcome
from crawlers.crawl.seam.pacing import (
    FAILURES_IN_ROW,
    PATIENCE_IN_ROW,
    PAUSE_SECONDS,
    HostPacing,
    parse_retry_after,
)


@dataclass
class Steady:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
def pacing(steady: Steady) -> HostPacing:
    return HostPacing(clock=steady)


def test_a_host_that_asks_for_patience_is_given_twice_as_much_each_time(
    pacing: HostPacing, steady: Steady
) -> None:
    pauses = []
    for _ in range(PATIENCE_IN_ROW):
        assert not pacing.is_down("a")
        pacing.note("a", CaptureOutcome.COMPLETE, status=429)
        pauses.append(pacing.pause_of("a"))
    assert pauses == [2, 4, 8, 16, 16]
    assert pacing.is_down("a")
    assert pacing.pause_of("b") == 0, "each host for itself"
    steady.now += 40
    assert pacing.pause_of("a") == 0
    pacing.note("a", CaptureOutcome.COMPLETE, status=200)
    pacing.note("a", CaptureOutcome.COMPLETE, status=503)
    assert pacing.pause_of("a") == 2, "a good answer begins anew"


def test_a_host_is_obeyed_as_long_as_it_says(pacing: HostPacing) -> None:
    pacing.note("a", CaptureOutcome.COMPLETE, status=503, retry_after="17")
    assert pacing.pause_of("a") == 17
    assert not pacing.is_down("a")
    pacing.note("a", CaptureOutcome.COMPLETE, status=503, retry_after="3600")
    assert pacing.pause_of("a") == PAUSE_SECONDS
    assert pacing.is_down("a"), "who wants an hour is left alone for this run"


def test_a_host_that_only_fails_is_down_until_it_answers(pacing: HostPacing) -> None:
    for _ in range(FAILURES_IN_ROW):
        assert not pacing.is_down("a")
        pacing.note("a", CaptureOutcome.TIMEOUT, status=None)
    assert pacing.is_down("a")
    assert not pacing.is_down("b")
    pacing.note("a", CaptureOutcome.COMPLETE, status=404)
    assert not pacing.is_down("a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("120", 120), (None, None), ("-1", None), ("٣", None), ("1" * 10, None)],
)
def test_only_plain_seconds_are_read(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text) == seconds
