"""Gathers what the checks raise into findings: one per step, or one per failure."""

from collections.abc import Set
from dataclasses import replace

from archive.errors import EvidenceError, UnknownKey, Unreadable
from archive.verify.reporting.report import UNREADABLE, Finding, Outcome, Report
from archive.verify.reporting.steps import STEPS

FINDINGS_NAMED = 50
"""Of one step and outcome, listed one by one; beyond it only their number is kept."""
PROMISES_NAMED = 1000
"""The same of step 18: a promise without an outcome is found by its name alone."""
PROMISES_STEP = 18

NOTICES_LISTED = 200
"""Notes listed one by one: removals are rare, and each is to be seen."""


class Collector:
    """Notes passes, failures and what could not be checked, step by step."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._passes: dict[int, int] = {}
        self._unnamed: dict[tuple[int, Outcome], int] = {}
        self.notices: list[str] = []

    def passed(self, step: int, count: int = 1) -> None:
        """A check of this step held for `count` subjects."""
        self._passes[step] = self._passes.get(step, 0) + count

    def failed(
        self, step: int, code: str, subject: str, detail: str, **parameters: str | int
    ) -> None:
        """A check did not hold."""
        finding = _finding(step, code, subject, detail)
        self._add(replace(finding, outcome=Outcome.FAILED, parameters=parameters))

    def not_checked(
        self, step: int, code: str, subject: str, detail: str, **parameters: str | int
    ) -> None:
        """A check could not be made; that is no pass."""
        finding = _finding(step, code, subject, detail)
        self._add(replace(finding, parameters=parameters))

    def raised(
        self,
        step: int,
        code: str,
        subject: str,
        error: EvidenceError | OSError,
        **parameters: str | int,
    ) -> None:
        """A low-level check raised: FAILED, with two exceptions that are NOT CHECKED.

        A key that the reader does not know; and, whatever was to be read, bytes that
        the disk or its rights do not give: they may be altered or not.
        """
        if isinstance(error, Unreadable | OSError):
            self.not_checked(step, UNREADABLE, subject, str(error))
            return
        note = self.not_checked if isinstance(error, UnknownKey) else self.failed
        note(step, code, subject, str(error), **parameters)

    def abandon(self, *, but: Set[int] = frozenset()) -> None:
        """Forget what held so far, `but` of these steps: not all was looked at."""
        for step in self._passes.keys() - but:
            del self._passes[step]

    def counted(self, step: int) -> int:
        """For how many subjects a check of this step held so far."""
        return self._passes.get(step, 0)

    def notice(self, words: str) -> None:
        """Say something that changes no verdict; so many are listed, one by one."""
        if len(self.notices) < NOTICES_LISTED:
            self.notices.append(_shown(words))
        elif len(self.notices) == NOTICES_LISTED:
            self.notices.append("there are more notes; they are not listed")

    def has_failed(self, *steps: int) -> bool:
        """Whether one of these steps has a failure already."""
        return any(
            finding.step in steps and finding.outcome is Outcome.FAILED
            for finding in self._findings
        )

    def report(
        self, subject: str, *, required: frozenset[int], headline: str | None
    ) -> Report:
        """Close the collection: add one VERIFIED finding per step that held."""
        bad = {finding.step for finding in self._findings}
        for step, count in self._passes.items():
            if step not in bad:
                self._findings.append(_verified(step, count, subject))
        for (step, outcome), count in self._unnamed.items():
            self._findings.append(_more(step, outcome, count, subject))
        for step in sorted(required - bad - set(self._passes)):
            self.not_checked(
                step, "not-reached", subject, "an earlier failure stopped this check"
            )
        ordered = sorted(self._findings, key=lambda finding: finding.step)
        return Report(
            subject=subject,
            findings=tuple(ordered),
            required=required,
            headline=headline,
            notices=tuple(self.notices),
        )

    def _add(self, finding: Finding) -> None:
        kind = (finding.step, finding.outcome)
        named = sum((known.step, known.outcome) == kind for known in self._findings)
        most = PROMISES_NAMED if finding.step == PROMISES_STEP else FINDINGS_NAMED
        if named < most:
            self._findings.append(finding)
        else:
            self._unnamed[kind] = self._unnamed.get(kind, 0) + 1


def _finding(step: int, code: str, subject: str, detail: str) -> Finding:
    """One check that was not made; nothing is a pass before somebody says so."""
    return Finding(
        step=step,
        code=code,
        outcome=Outcome.NOT_CHECKED,
        subject=_shown(subject),
        detail=_shown(detail),
        specification=STEPS[step].specification,
    )


def _shown(text: str) -> str:
    """Escape what would write elsewhere on a terminal: names of files are hostile."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text
    )


def _verified(step: int, count: int, subject: str) -> Finding:
    detail = f"{STEPS[step].title} ({count} checked)"
    return replace(
        _finding(step, "holds", subject, detail),
        outcome=Outcome.VERIFIED,
        parameters={"count": count},
    )


def _more(step: int, outcome: Outcome, count: int, subject: str) -> Finding:
    detail = f"{count} more of this step are not listed"
    return replace(
        _finding(step, "more", subject, detail),
        outcome=outcome,
        parameters={"count": count},
    )
