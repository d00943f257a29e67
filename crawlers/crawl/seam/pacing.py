"""Backing off from a host in trouble: pure, times are seconds of a steady clock.

A host that asks for patience (429, 503) gets it, as long as it says. One that fails
again and again is left alone for the rest of the run: its seeds alone are still tried,
once each, so that each failure of theirs is a capture, and the next run asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from archive.capture import CaptureOutcome

PATIENCE_STATUSES = frozenset({429, 503})
FIRST_PAUSE_SECONDS = 2.0
"""After one answer that asks for patience; doubles with each further one in a row."""
DOUBLED_SECONDS = 16.0
"""The longest pause that a host did not ask for."""
PAUSE_SECONDS = 120.0
"""The longest pause; who asks for more is left alone for this run."""
FAILURES_IN_ROW = 6
"""Two addresses with all their attempts: then the host is down."""
PATIENCE_IN_ROW = 5
"""Answers in a row that ask for patience until the host counts as down: half a minute
was waited then, and other sources want the place."""
HOST_DOWN = "host-down"
"""Signal, and reason, of what was not asked because its host is down."""
_NO_CONTACT = frozenset(
    {
        CaptureOutcome.DNS,
        CaptureOutcome.REFUSED,
        CaptureOutcome.TIMEOUT,
        CaptureOutcome.NO_RESPONSE,
        CaptureOutcome.TLS,
        CaptureOutcome.PROXY,
    }
)


@dataclass(slots=True)
class _Host:
    failures: int = 0
    patience: int = 0
    not_before: float = 0.0
    too_long: bool = False


@dataclass(slots=True, kw_only=True)
class HostPacing:
    """How the hosts of one run are doing."""

    clock: Callable[[], float]
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def pause_of(self, host: str) -> float:
        """Seconds to wait before the next request to a host."""
        known = self._hosts.get(host)
        return max(0.0, known.not_before - self.clock()) if known else 0.0

    def is_down(self, host: str) -> bool:
        """Whether a host is left alone for the rest of the run."""
        known = self._hosts.get(host)
        return known is not None and (
            known.failures >= FAILURES_IN_ROW
            or known.patience >= PATIENCE_IN_ROW
            or known.too_long
        )

    def note(
        self,
        host: str,
        outcome: CaptureOutcome,
        *,
        status: int | None,
        retry_after: str | None = None,
    ) -> None:
        """Take in how an attempt ended."""
        known = self._hosts.setdefault(host, _Host())
        if outcome in _NO_CONTACT:
            known.failures += 1
            return
        known.failures = 0
        if status not in PATIENCE_STATUSES:
            known.patience, known.too_long = 0, False
            return
        known.patience += 1
        asked = parse_retry_after(retry_after)
        doubled = FIRST_PAUSE_SECONDS * 2 ** (known.patience - 1)
        pause = min(DOUBLED_SECONDS, doubled)
        known.too_long = asked is not None and asked > PAUSE_SECONDS
        wait = min(PAUSE_SECONDS, pause if asked is None else asked)
        known.not_before = self.clock() + wait


def parse_retry_after(text: str | None) -> float | None:
    """Seconds that a server asks to wait; None for a date or anything else.

    A date would be compared with our clock, which may be wrong: the pause that doubles
    does as well.
    """
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return float(text)
