"""Every finding is one that a person can read and a program can sort."""

import re

from archive.attest.trust.trustset import TrustSet
from archive.capture import Capture
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome, Report
from archive.verify.reporting.steps import STEPS
from tests.support.archives.archives import MadeArchive

_CODE = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")


def assert_sound(report: Report) -> Report:
    """Steps are numbered, codes have their form, words are words of a sentence."""
    for finding in report.findings:
        assert finding.step in STEPS, finding
        assert _CODE.fullmatch(finding.code), finding
        _assert_words(finding.subject)
        _assert_words(finding.detail)
        assert all(_is_name(name) for name in finding.parameters), finding
        _assert_keys(finding.as_json())
    for notice in report.notices:
        _assert_words(notice)
    if report.headline is not None:
        _assert_words(report.headline)
    _assert_keys(report.as_json())
    return report


def codes(report: Report, outcome: Outcome = Outcome.FAILED) -> set[str]:
    """Step and code of every finding of an outcome."""
    assert_sound(report)
    return {f"{one.step} {one.code}" for one in report.of(outcome)}


def judge_capture(
    made: MadeArchive, capture: Capture, trust: TrustSet | None
) -> Report:
    """What one capture is found to be by a reader who believes that."""
    reader = ArchiveReader.open(made.root)
    try:
        return verify_capture(reader, capture, trust=trust)
    finally:
        reader.close()


def _assert_words(text: object) -> None:
    assert isinstance(text, str), text
    assert text.strip(), "nothing is said"
    assert not text.startswith("XX"), text  # mutmut's mark; inside may be base64
    assert not text.endswith("XX"), text
    letters = [sign for sign in text if sign.isalpha()]
    assert len(letters) < 12 or any(sign.islower() for sign in letters), text
    assert "None" not in text, text


def _assert_keys(value: object) -> None:
    assert isinstance(value, dict), value
    assert all(isinstance(key, str) and _is_name(key) for key in value), value


def _is_name(key: str) -> bool:
    return key == key.lower() and "xx" not in key
