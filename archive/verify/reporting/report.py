"""Outcome, Finding, Report: what was checked, how it ended, and what that is worth.

Three outcomes and only the first is good. Nothing missing, truncated, unread or
unknown may look like a pass; which checks are required is the policy's word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from archive.instant import format_instant

ONE_WITNESS = "one witness: the operator; no independent time"
"""First line of every report, page and export while the policy asks for neither."""
ALWAYS_REQUIRED = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 10})
"""For one capture or bundle (docs/verification.md)."""
ARCHIVE_REQUIRED = ALWAYS_REQUIRED | {15, 16, 17, 18, 19, 21}
UNREADABLE = "file-unreadable"
"""Code of what the disk or its rights do not give, at whichever step."""
UNREAD_CODES = frozenset({UNREADABLE, "folder-unreadable", "segment-unreadable"})
"""Nobody is told VERIFIED beside one of them, whether the step is required or not."""


class Outcome(StrEnum):
    """How a check ended."""

    VERIFIED = "VERIFIED"
    FAILED = "FAILED"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of the numbered procedure."""

    step: int
    code: str
    """Stable: other programs and translations depend on it."""
    outcome: Outcome
    subject: str
    """File, entry or field; file offsets are in `parameters`."""
    detail: str
    specification: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The stable JSON form."""
        return {
            "step": self.step,
            "code": self.code,
            "outcome": str(self.outcome),
            "subject": self.subject,
            "detail": self.detail,
            "specification": self.specification,
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Between which two instants something was made, as far as tokens prove."""

    not_before: datetime | None
    """Of a token that it names, so it was made later; None: no lower bound."""
    existed_by: datetime | None
    """When a quorum of authorities had stamped it; None: too few have."""

    @property
    def width(self) -> timedelta | None:
        """How far apart they are; None where one is missing."""
        if self.not_before is None or self.existed_by is None:
            return None
        return self.existed_by - self.not_before

    def as_json(self) -> dict[str, object]:
        """The stable JSON form; `bracket_seconds` is the width."""
        width = self.width
        return {
            "not_before": _instant(self.not_before),
            "existed_by": _instant(self.existed_by),
            "bracket_seconds": None if width is None else int(width.total_seconds()),
        }


NO_BRACKET = Bracket(not_before=None, existed_by=None)


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings of one run; `required` are the steps the policy asks for."""

    subject: str
    findings: tuple[Finding, ...]
    required: frozenset[int]
    headline: str | None
    """Said before everything else, where the policy asks for no second witness."""
    notices: tuple[str, ...] = ()
    bracket: Bracket = NO_BRACKET
    """Of one capture; of a bundle what holds for each of its parts; of an archive the
    time by which all but its tail existed."""

    @property
    def outcome(self) -> Outcome:
        """FAILED if any check failed, VERIFIED if each required one is VERIFIED.

        And if everything that the checks were to look at could be read.
        """
        if any(finding.outcome is Outcome.FAILED for finding in self.findings):
            return Outcome.FAILED
        done = {
            finding.step
            for finding in self.findings
            if finding.outcome is Outcome.VERIFIED
        }
        open_steps = {
            finding.step
            for finding in self.findings
            if finding.outcome is Outcome.NOT_CHECKED
        }
        is_read = all(finding.code not in UNREAD_CODES for finding in self.findings)
        if is_read and self.required <= done - open_steps:
            return Outcome.VERIFIED
        return Outcome.NOT_CHECKED

    @property
    def not_checked(self) -> tuple[int, ...]:
        """Steps that are required, or have unread files, and nobody could check."""
        done = {f.step for f in self.findings if f.outcome is Outcome.VERIFIED}
        failed = {f.step for f in self.findings if f.outcome is Outcome.FAILED}
        unread = {f.step for f in self.findings if f.code in UNREAD_CODES}
        return tuple(sorted((self.required | unread) - done - failed))

    def of(self, outcome: Outcome) -> Iterable[Finding]:
        """The findings that ended so."""
        return (finding for finding in self.findings if finding.outcome is outcome)

    def as_json(self) -> dict[str, object]:
        """The stable JSON form of `evidence verify --json`."""
        return {
            "outcome": str(self.outcome),
            "headline": self.headline,
            "subject": self.subject,
            "required": sorted(self.required),
            "notices": list(self.notices),
            **self.bracket.as_json(),
            "findings": [finding.as_json() for finding in self.findings],
        }
