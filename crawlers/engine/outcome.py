"""How an exchange ended: the closed list of causes, judged into outcomes (pure).

`judge` serves exchanges that had a connection, `judge_connect_error` those that got
none. A combination that is not listed is a programming error, never a default.
"""

import errno
import os
import ssl
from dataclasses import dataclass
from enum import StrEnum

from archive.capture import CaptureOutcome, Phase


class Progress(StrEnum):
    """How far the framing of a response is."""

    HEAD = "head"
    """No complete final head yet."""
    BODY = "body"
    """Inside the body, or inside a body whose framing broke."""
    END = "end"
    """The message is complete, nothing came after it."""
    SURPLUS = "surplus"
    """The message is complete and more bytes came."""
    UNPARSED = "unparsed"
    """Not an HTTP response."""


class Cause(StrEnum):
    """What made us stop listening."""

    MESSAGE_END = "message-end"
    CLOSED = "closed"
    RESET = "reset"
    DEADLINE = "deadline"
    LIMIT = "limit"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The judgement, ready for an Exchange."""

    outcome: CaptureOutcome
    phase: Phase | None = None
    detail: str = ""
    flags: tuple[str, ...] = ()


class Unconnected(Exception):
    """No connection came about; `ending` says how. Never leaves the engine."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.detail)
        self.ending = ending


_CUT_FLAGS = {
    Cause.MESSAGE_END: (),
    Cause.CLOSED: (),
    Cause.RESET: ("cut-disconnect",),
    Cause.DEADLINE: ("cut-time",),
    Cause.LIMIT: ("cut-length",),
    Cause.STOPPED: ("cut-unspecified",),
}
"""Why the bytes of a response that is not HTTP end where they end."""

_LOCAL_ERRNOS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
    | {errno.ENETDOWN, errno.EPERM, errno.EACCES}
)
"""Trouble of this machine, its network or its own firewall: must not be written down as
the site's refusal. Unreachable hosts and networks are none: routers far away say so."""


def judge(
    cause: Cause, progress: Progress, *, heard: bool, oversize: bool, detail: str
) -> Ending:
    """Sort the end of an exchange whose request was sent.

    `heard`: at least one byte came back. `oversize`: the declared length is over the
    capture limit, so a shorter body is our cut by intent, not the peer's.
    """
    if progress is Progress.UNPARSED:
        return Ending(
            outcome=CaptureOutcome.NOT_HTTP,
            phase=Phase.HEAD,
            detail=detail or "the bytes received are not an HTTP response",
            flags=_CUT_FLAGS[cause],
        )
    if progress in (Progress.END, Progress.SURPLUS):
        return Ending(outcome=CaptureOutcome.COMPLETE)
    phase = Phase.HEAD if progress is Progress.HEAD else Phase.BODY
    outcome = _short_outcome(cause, heard=heard, oversize=oversize)
    return Ending(outcome=outcome, phase=phase, detail=detail or _DETAILS[outcome])


def _short_outcome(cause: Cause, *, heard: bool, oversize: bool) -> CaptureOutcome:
    """Outcome of a message that did not reach its end."""
    match cause:
        case Cause.DEADLINE:
            return CaptureOutcome.TIMEOUT
        case Cause.LIMIT:
            return CaptureOutcome.LENGTH
        case Cause.STOPPED:
            return CaptureOutcome.STOPPED
        case Cause.CLOSED | Cause.RESET if not heard:
            return CaptureOutcome.NO_RESPONSE
        case Cause.CLOSED | Cause.RESET if oversize:
            return CaptureOutcome.LENGTH
        case Cause.CLOSED | Cause.RESET:
            return CaptureOutcome.DISCONNECT
    raise AssertionError(f"{cause} without the end of a message")


_DETAILS = {
    CaptureOutcome.TIMEOUT: "the deadline passed",
    CaptureOutcome.LENGTH: "longer than the capture limit",
    CaptureOutcome.STOPPED: "stopped by us",
    CaptureOutcome.NO_RESPONSE: "the connection ended without a byte in reply",
    CaptureOutcome.DISCONNECT: "the connection ended inside the response",
}


def judge_connect_error(error: OSError, phase: Phase) -> Ending:
    """Sort what went wrong while connecting: phase `tcp`, `tls`, or `proxy`."""
    detail = describe_error(error)
    # The number of a TLS error is none of the system.
    if error.errno in _LOCAL_ERRNOS and not isinstance(error, ssl.SSLError):
        return Ending(
            outcome=CaptureOutcome.STOPPED, phase=phase, detail=f"here: {detail}"
        )
    if phase is Phase.TLS:
        return Ending(outcome=CaptureOutcome.TLS, phase=phase, detail=detail)
    if error.errno == errno.ETIMEDOUT:
        return Ending(outcome=CaptureOutcome.TIMEOUT, phase=phase, detail=detail)
    if phase is Phase.PROXY:
        return Ending(outcome=CaptureOutcome.PROXY, phase=phase, detail=detail)
    return Ending(outcome=CaptureOutcome.REFUSED, phase=phase, detail=detail)


def describe_error(error: BaseException) -> str:
    """One line without any local address: TLS reason, system text, or class name."""
    if isinstance(error, ssl.SSLError):
        return " ".join(f"TLS: {error.reason or error}".split())
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return type(error).__name__
