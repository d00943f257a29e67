"""Findings as a test expects them: whole, with every word and parameter."""

from dataclasses import replace

from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding, Outcome
from archive.verify.reporting.steps import STEPS
from tests.support.judging.sound import assert_sound


def failed(
    step: int, code: str, subject: str, detail: str, **parameters: str | int
) -> Finding:
    """A check that did not hold."""
    made = not_checked(step, code, subject, detail, **parameters)
    return replace(made, outcome=Outcome.FAILED)


def not_checked(
    step: int, code: str, subject: str, detail: str, **parameters: str | int
) -> Finding:
    """A check that could not be made."""
    return Finding(
        step=step,
        code=code,
        outcome=Outcome.NOT_CHECKED,
        subject=subject,
        detail=detail,
        specification=STEPS[step].specification,
        parameters=parameters,
    )


def holds(step: int, count: int, subject: str = "all") -> Finding:
    """A check that held for so many subjects."""
    return Finding(
        step=step,
        code="holds",
        outcome=Outcome.VERIFIED,
        subject=subject,
        detail=f"{STEPS[step].title} ({count} checked)",
        specification=STEPS[step].specification,
        parameters={"count": count},
    )


def found_by(collector: Collector, subject: str = "all") -> list[Finding]:
    """All that a collector has by now, in the order of a report."""
    report = collector.report(subject, required=frozenset(), headline=None)
    return list(assert_sound(report).findings)
