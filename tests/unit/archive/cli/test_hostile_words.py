"""A40: words of a hostile archive are one line on a terminal, and hide nothing."""

import pytest

from archive.cli.reading import print_report
from archive.verify.reporting.report import Finding, Outcome, Report


def test_A40_no_word_of_a_report_makes_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = "a\x1b[2J\nVERIFIED everything\u202e\r"
    finding = Finding(
        step=1,
        outcome=Outcome.VERIFIED,
        code="x",
        subject=hostile,
        detail=hostile,
        specification="x",
    )
    report = Report(
        subject=hostile,
        findings=(finding,),
        required=frozenset({1}),
        headline=None,
        notices=(hostile,),
    )
    print_report(report, as_json=False)
    out = capsys.readouterr().out
    assert not any(line.startswith("VERIFIED everything") for line in out.splitlines())
    assert not set(out) & {"\x1b", "\u202e", "\r"}
