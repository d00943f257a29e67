"""What a check found: one thing, one outcome of three, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a thing is; what cannot be told is never good."""

    UNSAFE = "unsafe"
    """Somebody may be harmed, or what is captured may be worth less."""
    WEAKER = "weaker"
    """Missing, or weaker than it could be."""
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    check: str
    """Name of the thing, stable: programs may look for it."""
    outcome: Outcome
    says: str
    """How it is, in plain words."""
    without: str = ""
    """What may happen, or cannot be done, as long as it is so."""
    step: str = ""
    """The exact next step."""
    is_needed: bool = False
    """Whether nothing new can be kept and signed without it."""

    @property
    def line(self) -> str:
        """All of it as one sentence or two."""
        words = f"{self.says}: {self.without}" if self.without else self.says
        return f"{words}. Do: {self.step}" if self.step else words


def good(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check=check, outcome=Outcome.GOOD, says=says)


def weaker(
    check: str, says: str, *, without: str, step: str, is_needed: bool = False
) -> Finding:
    """Missing, weaker, or not to be told."""
    return Finding(
        check=check,
        outcome=Outcome.WEAKER,
        says=says,
        without=without,
        step=step,
        is_needed=is_needed,
    )


def unsafe(check: str, says: str, *, without: str, step: str) -> Finding:
    """Somebody may be harmed."""
    return Finding(
        check=check, outcome=Outcome.UNSAFE, says=says, without=without, step=step
    )


def untold(check: str, says: str) -> Finding:
    """The system does not say how it is."""
    return weaker(
        check,
        f"cannot be told: {says}",
        without="it may be well or not",
        step="look yourself",
    )
