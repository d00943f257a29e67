"""Which checks the reader's policy requires, and what every report says first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archive.attest.trust.folder import TrustSet
from archive.instant import format_instant
from archive.verify.log.witnesses import WITNESS_STEP
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import ARCHIVE_REQUIRED, ONE_WITNESS, Bracket

STAMP_STEP, REVOCATION_STEP, BRACKET_STEP, ANCHOR_STEP = 11, 12, 13, 20
TOKEN_STEPS = frozenset({STAMP_STEP, BRACKET_STEP})
"""Asked for with tokens; of a whole archive the files beside its log as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a reader wants beyond the policy, and the time it is."""

    strict: bool = False
    """Ask for revocation data, too."""
    now: datetime | None = None
    """To say how old the part is that no authority stamped yet."""
    side_by_side: bool = False
    """Read large archives in several processes (docs/verification.md)."""


NO_WISHES = Wishes()


def required_steps(
    base: frozenset[int],
    trust: TrustSet | None,
    *,
    asked: frozenset[int] = frozenset(),
    wishes: Wishes = NO_WISHES,
) -> frozenset[int]:
    """The checks that must be VERIFIED; without trust, those of an undemanding one.

    `asked`: what the reader asks for beyond the policy, by giving what it needs.
    """
    required = {*base, *asked}
    if trust is not None and trust.witness_quorum:
        required.add(WITNESS_STEP)
    if trust is not None and trust.token_quorum:
        required |= TOKEN_STEPS
        if base >= ARCHIVE_REQUIRED:
            required.add(ANCHOR_STEP)
    if wishes.strict:
        required.add(REVOCATION_STEP)
    return frozenset(required)


def headline(
    witnesses: int, trust: TrustSet | None, bracket: Bracket, *, about: str = ""
) -> str:
    """Say first who vouches besides the operator, and for which time.

    Nobody, where the policy asks for nobody: what is there by chance is no promise.
    `about`: of several parts, for how many of them the time holds.
    """
    if trust is None or (not trust.witness_quorum and not trust.token_quorum):
        return ONE_WITNESS
    return (
        f"{witnesses} of {trust.witness_quorum} witnesses, "
        f"{trust.token_quorum} authorities asked for: {describe_bracket(bracket)}"
        f"{about}"
    )


def describe_bracket(bracket: Bracket) -> str:
    """The bracket in words."""
    after, before = bracket.not_before, bracket.existed_by
    if before is None:
        return "no independent time"
    if after is None:
        return f"existed by {format_instant(before)}"
    return f"made between {format_instant(after)} and {format_instant(before)}"


def note_unknown_origin(collector: Collector, steps: Iterable[int]) -> None:
    """List the checks that need the keys of this log, where the reader has none."""
    for step in steps:
        collector.not_checked(
            step,
            "origin-unknown",
            "trust folder",
            "nothing is known about this log: its keys are in no trust folder of yours"
            " (docs/verification.md, trust)",
        )


def note_unjudged(
    collector: Collector, trust: TrustSet | None, *, steps: frozenset[int]
) -> None:
    """List the checks of time stamps where the reader trusts no authority."""
    tokens = trust.token_quorum if trust else 0
    for step in sorted(steps):
        collector.not_checked(
            step,
            "time-stamps-none",
            "anchors",
            f"no time stamps by authorities you trust; the policy asks for {tokens}",
            asked=tokens,
            found=0,
        )
