"""Each promised seed has exactly one outcome, whatever happened."""

from typing import Any

import pytest

from archive.capture import CaptureOutcome
from crawlers.crawl.jobs.joblog import JobLog
from tests.support.capturing.fake_web import FakeArchive

CASES = [
    (CaptureOutcome.COMPLETE, "", "captured", ""),
    (CaptureOutcome.COMPLETE, "redirect-limit", "failed", "redirect-limit"),
    (CaptureOutcome.DNS, "", "failed", "dns"),
    (CaptureOutcome.DISCONNECT, "cut", "failed", "cut"),
    (CaptureOutcome.POLICY, "", "blocked", "policy"),
    (CaptureOutcome.TLS_REFUSED, "", "blocked", "tls-refused"),
    (None, "robots", "blocked", "robots"),
]


@pytest.mark.parametrize(("outcome", "problem", "state", "reason"), CASES)
def test_the_last_attempt_decides(
    shelf: FakeArchive,
    make_exchange: Any,
    *,
    outcome: CaptureOutcome | None,
    problem: str,
    state: str,
    reason: str,
) -> None:
    trail = (
        ()
        if outcome is None
        else (shelf.capture(make_exchange(outcome)).result(timeout=0),)
    )
    log = JobLog(seeds=("http://a.example/",))
    log.settle_trail(0, trail, problem=problem)
    (result,) = log.settled()
    assert (result.state, result.reason) == (state, reason)
    assert len(result.captures) == len(trail)


def test_a_seed_nobody_settled_was_not_reached_and_the_first_word_stands() -> None:
    log = JobLog(seeds=("a", "b"))
    log.settle(1, "failed", captures=(), reason="first")
    log.settle(1, "captured", captures=("x",), reason="")
    assert [result.state for result in log.settled()] == ["not-reached", "failed"]


def test_a_reason_is_one_short_line_of_ascii() -> None:
    log = JobLog(seeds=("a",))
    log.settle(0, "failed", captures=(), reason="bad\n\x07 \u202e" + "я" * 5000)
    reason = log.settled()[0].reason
    assert reason.isascii()
    assert reason.isprintable()
    assert len(reason) <= 500
