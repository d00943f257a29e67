"""The verdict: only VERIFIED is good, and nothing missing may look like it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import BadSignature, UnknownKey
from archive.verify.reporting.collector import FINDINGS_NAMED, Collector
from archive.verify.reporting.report import (
    ALWAYS_REQUIRED,
    ARCHIVE_REQUIRED,
    Finding,
    Outcome,
    Report,
)
from archive.verify.reporting.steps import STEPS

findings = st.lists(
    st.builds(
        Finding,
        step=st.integers(1, 21),
        code=st.just("x"),
        outcome=st.sampled_from(Outcome),
        subject=st.just("x"),
        detail=st.just("x"),
        specification=st.just("x"),
    ),
    max_size=40,
)
steps = st.frozensets(st.integers(1, 21))


def report(found: list[Finding], required: frozenset[int]) -> Report:
    """A report of these findings."""
    return Report(subject="x", findings=tuple(found), required=required, headline=None)


@given(findings, steps)
def test_verified_means_every_required_step_and_no_failure(
    found: list[Finding], required: frozenset[int]
) -> None:
    outcomes = {
        step: {finding.outcome for finding in found if finding.step == step}
        for step in range(1, 22)
    }
    verdict = report(found, required).outcome
    if any(Outcome.FAILED in outcomes[step] for step in outcomes):
        assert verdict is Outcome.FAILED
    elif all(outcomes[step] == {Outcome.VERIFIED} for step in required):
        assert verdict is Outcome.VERIFIED
    else:
        assert verdict is Outcome.NOT_CHECKED


@given(findings, steps)
def test_one_finding_more_never_makes_a_verdict_better(
    found: list[Finding], required: frozenset[int]
) -> None:
    worse = [Outcome.VERIFIED, Outcome.NOT_CHECKED, Outcome.FAILED]
    for index, finding in enumerate(found):
        if finding.outcome is not Outcome.VERIFIED:
            without = report(found[:index] + found[index + 1 :], required).outcome
            assert worse.index(without) <= worse.index(report(found, required).outcome)


def test_nothing_checked_is_nothing_verified() -> None:
    assert report([], ALWAYS_REQUIRED).outcome is Outcome.NOT_CHECKED


def test_the_required_steps_are_those_of_the_procedure() -> None:
    assert frozenset({*range(1, 9), 10}) == ALWAYS_REQUIRED
    assert frozenset({*range(1, 9), 10, *range(15, 20), 21}) == ARCHIVE_REQUIRED
    assert set(STEPS) == set(range(1, 23)) >= ARCHIVE_REQUIRED


def test_json_has_the_stable_keys() -> None:
    collector = Collector()
    collector.failed(5, "slice-altered", "entry 3", "words", offset=7)
    value = collector.report("x", required=frozenset({5}), headline="h").as_json()
    assert value["outcome"] == "FAILED"
    assert value["headline"] == "h"
    assert value["findings"] == [
        {
            "step": 5,
            "code": "slice-altered",
            "outcome": "FAILED",
            "subject": "entry 3",
            "detail": "words",
            "specification": STEPS[5].specification,
            "parameters": {"offset": 7},
        }
    ]


def test_outcomes_are_written_as_people_read_them() -> None:
    assert [str(outcome) for outcome in Outcome] == [
        "VERIFIED",
        "FAILED",
        "NOT CHECKED",
    ]


# The collector


def test_passes_of_a_step_make_one_finding_with_their_number() -> None:
    collector = Collector()
    collector.passed(1)
    collector.passed(1, 4)
    (finding,) = collector.report("x", required=frozenset(), headline=None).findings
    assert (finding.step, finding.code, finding.outcome) == (
        1,
        "holds",
        Outcome.VERIFIED,
    )
    assert finding.parameters == {"count": 5}


def test_one_failure_takes_the_pass_of_its_step_away() -> None:
    collector = Collector()
    collector.passed(1, 1000)
    collector.failed(1, "statement-malformed", "entry 7", "words")
    done = collector.report("x", required=frozenset({1}), headline=None)
    assert [finding.outcome for finding in done.findings] == [Outcome.FAILED]


def test_a_required_step_that_nobody_reached_is_said() -> None:
    done = Collector().report("x", required=frozenset({1, 2}), headline=None)
    assert [(f.step, f.code, f.outcome) for f in done.findings] == [
        (1, "not-reached", Outcome.NOT_CHECKED),
        (2, "not-reached", Outcome.NOT_CHECKED),
    ]
    assert done.not_checked == (1, 2)


def test_an_unknown_key_is_not_checked_and_every_other_error_failed() -> None:
    collector = Collector()
    collector.raised(3, "key-unknown", "x", UnknownKey("who"))
    collector.raised(4, "signature-bad", "x", BadSignature("no"))
    outcomes = {
        finding.step: finding.outcome
        for finding in collector.report(
            "x", required=frozenset(), headline=None
        ).findings
    }
    assert outcomes == {3: Outcome.NOT_CHECKED, 4: Outcome.FAILED}


@pytest.mark.parametrize("kind", [Outcome.FAILED, Outcome.NOT_CHECKED])
def test_findings_beyond_the_limit_are_counted_and_keep_their_outcome(
    kind: Outcome,
) -> None:
    collector = Collector()
    note = collector.failed if kind is Outcome.FAILED else collector.not_checked
    for number in range(FINDINGS_NAMED + 7):
        note(3, "key-unknown", f"entry {number}", "words")
    done = collector.report("x", required=frozenset({3}), headline=None)
    assert len(done.findings) == FINDINGS_NAMED + 1
    assert (done.findings[-1].code, done.findings[-1].outcome) == ("more", kind)
    assert done.findings[-1].parameters == {"count": 7}
    assert done.outcome is kind


def test_a_failure_behind_many_unchecked_ones_is_not_hidden() -> None:
    collector = Collector()
    for number in range(2 * FINDINGS_NAMED):
        collector.not_checked(3, "key-unknown", f"entry {number}", "words")
    collector.failed(3, "key-unknown", "the one", "words")
    done = collector.report("x", required=frozenset({3}), headline=None)
    assert "the one" in {finding.subject for finding in done.of(Outcome.FAILED)}
    assert done.outcome is Outcome.FAILED


def test_findings_are_listed_by_step() -> None:
    collector = Collector()
    for step, _ in product((21, 5, 1), range(2)):
        collector.failed(step, "x", "x", "x")
    done = collector.report("x", required=frozenset(), headline=None)
    assert [f.step for f in done.findings] == [1, 1, 5, 5, 21, 21]
