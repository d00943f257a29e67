"""Which checks the reader's policy requires, and what is said if it asks for none."""

from archive.attest.trust import TrustSet
from archive.verify.collector import Collector
from archive.verify.report import ONE_WITNESS

WITNESS_STEP = 9
TOKEN_STEPS = frozenset({11, 13, 20})
LAST_SEEN_STEP = 14
REVOCATION_STEP = 12


def required_steps(base: frozenset[int], trust: TrustSet | None) -> frozenset[int]:
    """The checks that must be VERIFIED; without trust, those of an undemanding one."""
    required = set(base)
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
    """List the checks of witnesses, time stamps and earlier heads as they stand.

    `stamps`: time stamps that lie beside the log; this version does not judge them.
    """
    witnesses = trust.witness_quorum if trust else 0
    tokens = trust.token_quorum if trust else 0
    collector.not_checked(
        WITNESS_STEP,
        "witnesses-none",
        "log/checkpoint",
        f"0 witnesses; the policy asks for {witnesses}",
        asked=witnesses,
    )
    for step in sorted({*TOKEN_STEPS, REVOCATION_STEP}):
        collector.not_checked(
            step,
            "time-stamps-none",
            "anchors",
            f"{stamps} time stamps, not judged; the policy asks for {tokens}",
            asked=tokens,
            found=stamps,
        )
    collector.not_checked(
        LAST_SEEN_STEP,
        "last-seen-none",
        "log/checkpoint",
        "no earlier checkpoint was given to compare with",
    )
