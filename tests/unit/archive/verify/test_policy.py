"""A report as JSON, what a policy requires, and what is said before all else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, cast

import pytest

from archive.attest.trust.folder import TrustSet
from archive.verify.policy import (
    BRACKET_STEP,
    STAMP_STEP,
    Wishes,
    describe_bracket,
    headline,
    note_unjudged,
    note_unknown_origin,
    required_steps,
)
from archive.verify.reporting.collector import (
    Collector,
)
from archive.verify.reporting.report import (
    ALWAYS_REQUIRED,
    ARCHIVE_REQUIRED,
    NO_BRACKET,
    ONE_WITNESS,
    Bracket,
    Outcome,
    Report,
)
from archive.verify.reporting.steps import STEPS
from tests.support.judging.findings import failed, found_by, holds, not_checked

EARLY = datetime(2025, 1, 26, 8, tzinfo=UTC)
LATE = EARLY + timedelta(seconds=90)


def test_a_report_as_json_has_every_part_in_its_form() -> None:
    finding = failed(5, "slice-altered", "entry 3", "words", offset=7)
    report = Report(
        subject="the archive",
        findings=(finding, holds(1, 3)),
        required=frozenset({8, 1, 5}),
        headline="said first",
        notices=("one", "two"),
        bracket=Bracket(not_before=EARLY, existed_by=LATE),
    )
    assert report.as_json() == {
        "outcome": "FAILED",
        "headline": "said first",
        "subject": "the archive",
        "required": [1, 5, 8],
        "notices": ["one", "two"],
        "not_before": "2025-01-26T08:00:00.000000Z",
        "existed_by": "2025-01-26T08:01:30.000000Z",
        "bracket_seconds": 90,
        "findings": [
            {
                "step": 5,
                "code": "slice-altered",
                "outcome": "FAILED",
                "subject": "entry 3",
                "detail": "words",
                "specification": STEPS[5].specification,
                "parameters": {"offset": 7},
            },
            {
                "step": 1,
                "code": "holds",
                "outcome": "VERIFIED",
                "subject": "all",
                "detail": f"{STEPS[1].title} (3 checked)",
                "specification": STEPS[1].specification,
                "parameters": {"count": 3},
            },
        ],
    }
    assert list(report.of(Outcome.FAILED)) == [finding]
    assert list(report.of(Outcome.NOT_CHECKED)) == []


@pytest.mark.parametrize("missing", ["not_before", "existed_by"])
def test_a_bracket_with_an_open_end_has_no_width(missing: str) -> None:
    whole = Bracket(not_before=EARLY, existed_by=LATE)
    half = replace(whole, **{missing: None})
    assert (whole.width, half.width) == (timedelta(seconds=90), None)
    assert half.as_json() == {**whole.as_json(), missing: None, "bracket_seconds": None}


# The policy


def trust(witnesses: int, tokens: int) -> TrustSet:
    """A policy that asks for so many."""
    fields: dict[str, Any] = {"roots": (), "operators": (), "log_vkey": cast("Any", 0)}
    return TrustSet(**fields, witness_quorum=witnesses, token_quorum=tokens)


ASKED = [(None, 0, 0), *((trust(w, t), w, t) for w, t in product((0, 2), (0, 3)))]


@pytest.mark.parametrize(("policy", "witnesses", "tokens"), ASKED)
@pytest.mark.parametrize("base", [ALWAYS_REQUIRED, ARCHIVE_REQUIRED])
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_required_is_the_procedure_the_policy_and_the_wishes(
    base: frozenset[int],
    policy: TrustSet | None,
    witnesses: int,
    tokens: int,
    strict: bool,
) -> None:
    wanted = set(base)
    wanted |= {9} if witnesses else set()
    wanted |= {STAMP_STEP, BRACKET_STEP} if tokens else set()
    wanted |= {20} if tokens and base == ARCHIVE_REQUIRED else set()
    wanted |= {12} if strict else set()
    assert required_steps(base, policy, wishes=Wishes(strict=strict)) == wanted
    if not strict:
        assert required_steps(base, policy) == wanted
        wished = required_steps(base | {22}, policy, asked=frozenset({14}))
        assert wished == wanted | {14, 22}


@pytest.mark.parametrize(("policy", "witnesses", "tokens"), ASKED)
def test_who_vouches_is_said_first_unless_nobody_is_asked_for(
    policy: TrustSet | None, witnesses: int, tokens: int
) -> None:
    told = headline(1, policy, Bracket(not_before=None, existed_by=LATE))
    if not witnesses and not tokens:
        assert told == ONE_WITNESS
    else:
        by = "existed by 2025-01-26T08:01:30.000000Z"
        asked = f"{tokens} authorities asked for"
        assert told == f"1 of {witnesses} witnesses, {asked}: {by}"


def test_a_bracket_is_said_as_far_as_it_is_proven() -> None:
    whole = Bracket(not_before=EARLY, existed_by=LATE)
    assert describe_bracket(NO_BRACKET) == "no independent time"
    assert describe_bracket(replace(whole, existed_by=None)) == "no independent time"
    assert describe_bracket(replace(whole, not_before=None)) == (
        "existed by 2025-01-26T08:01:30.000000Z"
    )
    assert describe_bracket(whole) == (
        "made between 2025-01-26T08:00:00.000000Z and 2025-01-26T08:01:30.000000Z"
    )


def test_without_keys_of_this_log_each_check_that_needs_them_is_named() -> None:
    collector = Collector()
    note_unknown_origin(collector, (3, 10))
    words = (
        "nothing is known about this log: its keys are in no trust folder of yours"
        " (docs/verification.md, trust)"
    )
    assert found_by(collector) == [
        not_checked(step, "origin-unknown", "trust folder", words) for step in (3, 10)
    ]


@pytest.mark.parametrize(("policy", "asked"), [(None, 0), (trust(2, 3), 3)])
def test_without_authorities_each_check_of_time_is_named(
    policy: TrustSet | None, asked: int
) -> None:
    collector = Collector()
    note_unjudged(collector, policy, steps=frozenset({13, 11, 20}))
    words = f"no time stamps by authorities you trust; the policy asks for {asked}"
    assert found_by(collector) == [
        not_checked(step, "time-stamps-none", "anchors", words, asked=asked, found=0)
        for step in (11, 13, 20)
    ]
