"""Every way an exchange can end has exactly one outcome."""

import errno
import ssl

import pytest

from archive.capture import CaptureOutcome as O
from archive.capture import Phase
from crawlers.engine.outcome import (
    Cause,
    Progress,
    describe_error,
    judge,
    judge_connect_error,
)


@pytest.mark.parametrize(
    ("cause", "progress", "heard", "oversize", "outcome", "phase"),
    [
        (Cause.MESSAGE_END, Progress.END, True, False, O.COMPLETE, None),
        (Cause.CLOSED, Progress.END, True, False, O.COMPLETE, None),
        (Cause.RESET, Progress.SURPLUS, True, False, O.COMPLETE, None),
        (Cause.DEADLINE, Progress.SURPLUS, True, False, O.COMPLETE, None),
        (Cause.STOPPED, Progress.END, True, False, O.COMPLETE, None),
        (Cause.CLOSED, Progress.HEAD, False, False, O.NO_RESPONSE, Phase.HEAD),
        (Cause.RESET, Progress.HEAD, False, False, O.NO_RESPONSE, Phase.HEAD),
        (Cause.DEADLINE, Progress.HEAD, False, False, O.TIMEOUT, Phase.HEAD),
        (Cause.STOPPED, Progress.HEAD, False, False, O.STOPPED, Phase.HEAD),
        (Cause.CLOSED, Progress.HEAD, True, False, O.DISCONNECT, Phase.HEAD),
        (Cause.CLOSED, Progress.BODY, True, False, O.DISCONNECT, Phase.BODY),
        (Cause.RESET, Progress.BODY, True, False, O.DISCONNECT, Phase.BODY),
        (Cause.CLOSED, Progress.BODY, True, True, O.LENGTH, Phase.BODY),
        (Cause.LIMIT, Progress.BODY, True, False, O.LENGTH, Phase.BODY),
        (Cause.DEADLINE, Progress.BODY, True, False, O.TIMEOUT, Phase.BODY),
        (Cause.STOPPED, Progress.BODY, True, False, O.STOPPED, Phase.BODY),
    ],
)
def test_each_end_of_an_exchange_has_its_outcome_and_phase(
    cause: Cause,
    progress: Progress,
    heard: bool,
    oversize: bool,
    outcome: O,
    phase: Phase | None,
) -> None:
    ending = judge(cause, progress, heard=heard, oversize=oversize, detail="")
    assert (ending.outcome, ending.phase) == (outcome, phase)
    assert bool(ending.detail) is (outcome is not O.COMPLETE)


@pytest.mark.parametrize(
    ("cause", "flags"),
    [
        (Cause.CLOSED, ()),
        (Cause.RESET, ("cut-disconnect",)),
        (Cause.DEADLINE, ("cut-time",)),
        (Cause.LIMIT, ("cut-length",)),
        (Cause.STOPPED, ("cut-unspecified",)),
    ],
)
def test_what_is_not_http_says_why_it_ends(
    cause: Cause, flags: tuple[str, ...]
) -> None:
    ending = judge(cause, Progress.UNPARSED, heard=True, oversize=False, detail="")
    assert (ending.outcome, ending.flags) == (O.NOT_HTTP, flags)


def test_an_unlisted_case_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        judge(Cause.MESSAGE_END, Progress.BODY, heard=True, oversize=False, detail="")


@pytest.mark.parametrize(
    ("number", "phase", "outcome"),
    [
        (errno.ECONNREFUSED, Phase.TCP, O.REFUSED),
        (errno.EHOSTUNREACH, Phase.TCP, O.REFUSED),
        (errno.ENETUNREACH, Phase.TCP, O.REFUSED),
        (errno.ECONNRESET, Phase.TCP, O.REFUSED),
        (errno.ETIMEDOUT, Phase.TCP, O.TIMEOUT),
        (errno.ECONNRESET, Phase.TLS, O.TLS),
        (errno.EMFILE, Phase.TCP, O.STOPPED),
        (errno.ENOBUFS, Phase.TLS, O.STOPPED),
        (errno.ENETDOWN, Phase.TCP, O.STOPPED),
        (errno.EPERM, Phase.TCP, O.STOPPED),
        (errno.EACCES, Phase.TCP, O.STOPPED),
    ],
)
def test_a_failed_connect_has_its_outcome_and_names_no_address(
    number: int, phase: Phase, outcome: O
) -> None:
    error = OSError(number, "text with 192.168.0.5:40000")
    ending = judge_connect_error(error, phase)
    assert (ending.outcome, ending.phase) == (outcome, phase)
    assert "192.168" not in ending.detail


def test_errors_are_described_without_addresses_or_source_lines() -> None:
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong (_ssl.c:1006)")
    error.reason = "WRONG_VERSION_NUMBER"
    assert describe_error(error) == "TLS: WRONG_VERSION_NUMBER"
    assert describe_error(ConnectionAbortedError()) == "ConnectionAbortedError"
