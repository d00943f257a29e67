"""A report in English: numbers agree with their nouns, hand captures are called so."""

from datetime import UTC, datetime

import pytest

from search.report.span.english import Links, html_page, sentence, text_lines
from search.report.span.findings import Finding, Kind, SourceReport
from search.report.span.period import Window
from search.report.span.span_report import Report


def failed(times: int, code: str = "failed") -> Finding:
    parameters: dict[str, str | int] = {"state": "dns", "times": times}
    parameters |= {"from": "2025-01-26T08:00", "until": "2025-01-26T09:00"}
    parameters["every_s"] = 600
    return Finding(kind=Kind.FAILED, code=code, parameters=parameters)


def report(source_id: str | None, captured: int) -> Report:
    source = SourceReport(
        source_id=source_id,
        title="An outlet" if source_id else "",
        group="",
        restricted=False,
        jobs=captured,
        captured=captured,
        signals={},
        findings=(failed(1),),
    )
    day = datetime(2025, 1, 26, tzinfo=UTC)
    window = Window(since=day, until=day)
    return Report(archive_id="a", archive_name="A", window=window, sources=(source,))


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (failed(1), "could not be seen: dns, once"),
        (failed(2), "could not be seen: dns, 2 times"),
        (failed(1, "job-not-closed"), "1 run without an end: running, or killed"),
        (failed(3, "job-not-closed"), "3 runs without an end: running, or killed"),
        (failed(1, "gaps"), "1 gap, the longest from 2025-01-26 08:00 until"),
    ],
)
def test_numbers_agree_with_what_they_count(finding: Finding, words: str) -> None:
    assert sentence(finding).startswith(words)


def test_one_capture_of_one_job_is_called_so() -> None:
    lines = list(text_lines(report("outlet", 1), Links()))
    assert "outlet: An outlet: 1 capture in 1 job" in lines
    assert "2 captures in 2 jobs" in html_page(report("outlet", 2), Links())


def test_captures_for_no_source_are_called_made_by_hand() -> None:
    lines = list(text_lines(report(None, 2), Links()))
    assert "by hand, for no source: 2 captures in 2 jobs" in lines
    assert "<h2>by hand, for no source</h2>" in html_page(report(None, 2), Links())
