"""Which checks the reader's policy requires, and what is said if it asks for none."""

from archive.attest.trust import TrustSet
from archive.verify.collector import Collector
from archive.verify.report import ONE_WITNESS
from archive.verify.witnesses import WITNESS_STEP

TOKEN_STEPS = frozenset({11, 13, 20})
REVOCATION_STEP = 12


def required_steps(
    base: frozenset[int],
    trust: TrustSet | None,
    *,
    asked: frozenset[int] = frozenset(),
) -> frozenset[int]:
    """The checks that must be VERIFIED; without trust, those of an undemanding one.

    `asked`: what the reader asks for beyond the policy, by giving what it needs.
    """
    required = {*base, *asked}
    if trust is not None and trust.witness_quorum:
        required.add(WITNESS_STEP)
    if trust is not None and trust.token_quorum:
        required |= TOKEN_STEPS
    return frozenset(required)


def headline(trust: TrustSet | None) -> str | None:
    """Say first that nobody but the operator vouches, if the policy asks for none."""
    if trust is None or (not trust.witness_quorum and not trust.token_quorum):
        return ONE_WITNESS
    return None


def note_optional(
    collector: Collector, trust: TrustSet | None, *, stamps: int = 0
) -> None:
    """List the checks of time stamps as they stand.

    `stamps`: time stamps that lie beside the log; this version does not judge them.
    """
    tokens = trust.token_quorum if trust else 0
    for step in sorted({*TOKEN_STEPS, REVOCATION_STEP}):
        collector.not_checked(
            step,
            "time-stamps-none",
            "anchors",
            f"{stamps} time stamps, not judged; the policy asks for {tokens}",
            asked=tokens,
            found=stamps,
        )
