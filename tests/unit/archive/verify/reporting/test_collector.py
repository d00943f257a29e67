"""What is gathered: whole findings, their order, each bound on both sides."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.errors import BadSignature, UnknownKey
from archive.verify.reporting.collector import (
    FINDINGS_NAMED,
    NOTICES_LISTED,
    PROMISES_NAMED,
    PROMISES_STEP,
    Collector,
)
from archive.verify.reporting.report import (
    Report,
)
from tests.support.judging.findings import failed, found_by, holds, not_checked

EARLY = datetime(2025, 1, 26, 8, tzinfo=UTC)
LATE = EARLY + timedelta(seconds=90)


def test_each_way_of_noting_keeps_every_word_and_parameter() -> None:
    collector = Collector()
    collector.failed(5, "slice-altered", "entry 3", "words", exact=1)
    collector.not_checked(9, "witnesses-none", "log", "few", asked=2, found=1)
    collector.raised(4, "signature-bad", "entry 4", BadSignature("no"), n=7)
    collector.raised(3, "key-unknown", "entry 5", UnknownKey("who"), name="k")
    collector.failed(5, "slice-altered", "entry 4", "other words")
    collector.passed(2)
    collector.passed(2, 4)
    collector.passed(1, 0)
    assert found_by(collector, "the archive") == [
        holds(1, 0, "the archive"),
        holds(2, 5, "the archive"),
        not_checked(3, "key-unknown", "entry 5", "who", name="k"),
        failed(4, "signature-bad", "entry 4", "no", n=7),
        failed(5, "slice-altered", "entry 3", "words", exact=1),
        failed(5, "slice-altered", "entry 4", "other words"),
        not_checked(9, "witnesses-none", "log", "few", asked=2, found=1),
    ]


def test_a_step_that_failed_holds_for_nobody_and_a_required_one_is_said() -> None:
    collector = Collector()
    collector.passed(1, 3)
    collector.passed(2)
    collector.failed(1, "statement-malformed", "entry 7", "words")
    done = collector.report("all", required=frozenset({1, 2, 8, 4}), headline="first")
    stopped = "an earlier failure stopped this check"
    assert done == Report(
        subject="all",
        findings=(
            failed(1, "statement-malformed", "entry 7", "words"),
            holds(2, 1),
            not_checked(4, "not-reached", "all", stopped),
            not_checked(8, "not-reached", "all", stopped),
        ),
        required=frozenset({1, 2, 4, 8}),
        headline="first",
    )
    assert done.not_checked == (4, 8)


def test_how_often_a_check_held_is_known_until_all_is_abandoned() -> None:
    collector = Collector()
    assert collector.counted(9) == 0
    collector.passed(9, 2)
    collector.passed(9)
    assert (collector.counted(9), collector.counted(8)) == (3, 0)
    collector.notice("kept")
    collector.failed(1, "x", "kept", "too")
    collector.abandon()
    assert collector.counted(9) == 0
    assert found_by(collector) == [failed(1, "x", "kept", "too")]
    assert collector.notices == ["kept"]


def test_only_failures_of_the_steps_asked_for_count_as_failed() -> None:
    collector = Collector()
    collector.not_checked(9, "x", "x", "x")
    collector.failed(8, "x", "x", "x")
    assert not collector.has_failed(9)
    assert not collector.has_failed()
    assert not collector.has_failed(7, 9)
    assert collector.has_failed(8)
    assert collector.has_failed(7, 8, 9)


@pytest.mark.parametrize(
    ("step", "most"),
    [(PROMISES_STEP, PROMISES_NAMED), (17, FINDINGS_NAMED), (19, FINDINGS_NAMED)],
)
def test_of_one_step_and_outcome_so_many_are_named_and_the_rest_counted(
    step: int, most: int
) -> None:
    collector = Collector()

    def note(number: int) -> None:
        collector.failed(step, "x", f"subject {number}", "detail")

    for number in range(most):
        note(number)
    named = [failed(step, "x", f"subject {n}", "detail") for n in range(most)]
    assert found_by(collector) == named
    collector.not_checked(step, "y", "of another outcome", "detail")
    note(most)
    other = not_checked(step, "y", "of another outcome", "detail")
    one = failed(step, "more", "all", "1 more of this step are not listed", count=1)
    assert found_by(collector) == [*named, other, one]


def test_more_that_are_not_listed_keep_their_outcome_and_their_number() -> None:
    collector = Collector()
    for _ in range(FINDINGS_NAMED + 3):
        collector.not_checked(9, "y", "y", "y")
        collector.failed(9, "x", "x", "x")
    words = "3 more of this step are not listed"
    assert found_by(collector)[2 * FINDINGS_NAMED :] == [
        not_checked(9, "more", "all", words, count=3),
        failed(9, "more", "all", words, count=3),
    ]


def test_so_many_notes_are_listed_and_the_rest_is_said_once() -> None:
    collector = Collector()
    for number in range(NOTICES_LISTED):
        collector.notice(f"note {number}")
    listed = [f"note {number}" for number in range(NOTICES_LISTED)]
    assert collector.notices == listed
    for _ in range(3):
        collector.notice("one more")
    said = [*listed, "there are more notes; they are not listed"]
    assert collector.notices == said
    done = collector.report("x", required=frozenset(), headline=None)
    assert done.notices == tuple(said)


def test_what_would_write_elsewhere_on_a_terminal_is_escaped_letter_by_letter() -> None:
    collector = Collector()
    collector.failed(1, "x", "a\x1b[2J\nЖ", "b\u202e'\"\\c")
    collector.notice("c\x7f\u2028d")
    assert found_by(collector) == [failed(1, "x", r"a\x1b[2J\nЖ", "b\\u202e'\"\\c")]
    assert collector.notices == [r"c\x7f\u2028d"]
