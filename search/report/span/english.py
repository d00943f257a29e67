"""A report in English: one table of sentences, as text and as a page for mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from archive.instant import format_instant
from archive.lines import one_line
from search.report.span.findings import Finding, Kind, ShownChange, SourceReport
from search.report.span.span_report import Report

SENTENCES = {
    "new": "new",
    "changed": "changed",
    "changed-not-compared": "changed; too many changes to show this one",
    "list-at-new-address": "the list is at a new address now; before: {old}",
    "same-at-new-address": "the same file at a new address; before: {old}",
    "vanished": "was there, and the server says that it is not any more",
    "came-back": "was gone, and is there again",
    "failed": "could not be seen: {state}, {repeated}",
    "not-the-page": "answered, but not with the page: {state}, {repeated}",
    "promise-blocked": "promised and not asked for by our own rules: {reason}",
    "promise-not-reached": "promised and not reached: {reason}",
    "job-not-closed": "{runs} without an end: running, or killed",
    "gaps": "{gaps}, the longest from {from} until {until}; meant: every {every}",
    "still-late": "not looked at since {from}; meant: every {every}",
    "less-than-expected": "brought less than expected: {name} {bound}, found {value}",
    "more-than-expected": "out of the ordinary: {name} {bound}, found {value}",
    "signal": "{signal}, {repeated}",
    "second-profile-differs": "another profile was shown something else",
    "second-profile-not-shown": "another profile was not shown the page",
    "second-profile-alone-shown": "another profile was shown the page, ours was not",
    "second-profile-not-checked": "another profile was given other bytes, nobody asked"
    " once more",
    "clock-set-back": "the clock was set back between these captures",
    "vantage-differs": "something else was served there (capture {there} there)",
    "vantage-unreachable-from-there": "seen here, not from there ({there} there)",
    "vantage-unreachable-from-here": "not seen here, but from there ({there} there)",
    "vantage-unreachable-from-both": "seen from neither place ({there} there)",
    "vantage-not-checked": "the capture {there} there does not verify",
    "vantage-not-compared": "other bytes there, not compared: one of the two cannot be"
    " had whole (capture {there} there)",
}
"""By code of a finding; parameters stand in braces."""
HEADINGS = {
    Kind.SUSPICIOUS: "Suspicious",
    Kind.FAILED: "Failed: could not be seen; this says nothing about the content",
    Kind.LATE: "Late",
    Kind.VANISHED: "Vanished",
    Kind.CHANGED: "Changed",
    Kind.NEW: "New",
}
"""In the order of the report: what a person has to look at comes first."""
LISTED = 200
"""Lines of one kind of one source; the rest is counted."""
STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:60em;margin:1em auto;padding:0 1em}"
    "code,pre{font-size:13px}pre{white-space:pre-wrap;margin:.2em 0 .8em 1.5em}"
    "ins{background:#dfd;text-decoration:none}del{background:#fdd}h2{margin-top:1.5em}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How captures are named: by short id, or by an address of the interface."""

    base: str | None = None

    def of(self, short_id: str) -> str:
        """What stands behind a line."""
        return short_id if self.base is None else f"{self.base}/c/{short_id}"


def sentence(finding: Finding) -> str:
    """What the finding says, in English, without control characters."""
    words = SENTENCES[finding.code].format_map(dict(_said(finding)))
    return f"{words}{change_words(finding.change)}"


def _said(finding: Finding) -> Iterator[tuple[str, str]]:
    """The parameters as they are read."""
    for key, value in finding.parameters.items():
        if key == "every_s":
            yield "every", str(timedelta(seconds=int(value)))
        elif key in ("from", "until"):
            yield key, str(value)[:16].replace("T", " ")
        elif key == "times":
            times = int(value)
            yield "repeated", "once" if times == 1 else f"{times} times"
            yield "runs", _number_of(times, "run")
            yield "gaps", _number_of(times, "gap")
        else:
            yield key, one_line(str(value))


def change_words(change: ShownChange | None) -> str:
    """The counts of a change behind its sentence."""
    if change is None:
        return ""
    noun = "rows" if change.is_list else "paragraphs"
    counts = [f"{count} {kind}" for kind, count in change.counts.items() if count]
    said = ["title"] if change.retitled else []
    said += [f"{noun}: {', '.join(counts)}"] if counts else []
    return f" ({'; '.join(said)})"


def text_lines(report: Report, links: Links) -> Iterator[str]:
    """The report for a terminal or a mail."""
    window = report.window
    yield (
        f"Archive {report.archive_name}, from {_moment(window.since)}"
        f" until {_moment(window.until)} (UTC)"
    )
    yield headline(report)
    for source in report.sources:
        yield from _source_lines(source, links)


def headline(report: Report) -> str:
    """Totals in one line; also the subject of a mail."""
    counts = report.counts
    said = ", ".join(f"{counts[kind]} {kind}" for kind in HEADINGS)
    return f"{_captured(report.captured, report.jobs)}: {said}"


def _captured(captures: int, jobs: int) -> str:
    return f"{_number_of(captures, 'capture')} in {_number_of(jobs, 'job')}"


def _number_of(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _name(source: SourceReport) -> str:
    """Id and title of a source; what was captured by hand has neither."""
    if source.source_id is None:
        return "by hand, for no source"
    return f"{source.source_id}: {one_line(source.title)}"


def _source_lines(source: SourceReport, links: Links) -> Iterator[str]:
    restricted = "; persons: contents are not shown" if source.restricted else ""
    yield ""
    yield f"{_name(source)}: {_captured(source.captured, source.jobs)}{restricted}"
    for kind, heading in HEADINGS.items():
        found = source.of(kind)
        if found:
            yield f"  {heading} ({len(found)})"
        for finding in found[:LISTED]:
            yield from _finding_lines(finding, links)
        if len(found) > LISTED:
            yield f"    and {len(found) - LISTED} more"
    if quiet := _quiet(source):
        yield f"  signals: {quiet}"


def _quiet(source: SourceReport) -> str:
    """Signals that are only counted, in one line; may be empty."""
    counts = [f"{code} {times}" for code, times in source.signals.items()]
    return one_line(", ".join(counts))


def _finding_lines(finding: Finding, links: Links) -> Iterator[str]:
    place = f"{one_line(finding.uri)}: " if finding.uri else ""
    yield f"    {place}{sentence(finding)}"
    if finding.captures:
        yield f"      {' -> '.join(map(links.of, finding.captures))}"
    change = finding.change
    for sign, words in change.lines if change else ():
        yield f"      {sign} {words}"
    if change and change.lines and change.more:
        yield f"      and {change.more} more"


def html_page(report: Report, links: Links) -> str:
    """The report as one page without script, pictures or outside addresses."""
    title = f"{report.archive_name}: {headline(report)}"
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(report.archive_name)}</h1>",
        f"<p>{_moment(report.window.since)} until {_moment(report.window.until)} UTC."
        f" {escape(headline(report))}.</p>",
        *(part for source in report.sources for part in _html_source(source, links)),
        "</body></html>\n",
    ]
    return "".join(parts)


def _html_source(source: SourceReport, links: Links) -> Iterator[str]:
    yield f"<h2>{escape(_name(source))}</h2>"
    restricted = " Contents about persons are not shown." if source.restricted else ""
    yield f"<p>{_captured(source.captured, source.jobs)}.{restricted}</p>"
    for kind, heading in HEADINGS.items():
        found = source.of(kind)
        if not found:
            continue
        yield f"<h3>{escape(heading)} ({len(found)})</h3><ul>"
        for finding in found[:LISTED]:
            yield _html_finding(finding, links)
        yield f"<li>and {len(found) - LISTED} more" if len(found) > LISTED else ""
        yield "</ul>"
    if quiet := _quiet(source):
        yield f"<p>signals: {escape(quiet)}</p>"


def _html_finding(finding: Finding, links: Links) -> str:
    place = f"<code>{escape(one_line(finding.uri))}</code>: " if finding.uri else ""
    named = " ".join(_html_link(short_id, links) for short_id in finding.captures)
    change = finding.change
    lines = (
        "\n".join(f"{escape(sign)} {escape(words)}" for sign, words in change.lines)
        if change
        else ""
    )
    if change and change.lines and change.more:
        lines += f"\nand {change.more} more"
    shown = f"<pre>{lines}</pre>" if lines else ""
    return f"<li>{place}{escape(sentence(finding))} {named}{shown}"


def _html_link(short_id: str, links: Links) -> str:
    if links.base is None:
        return f"<code>{escape(short_id)}</code>"
    return f'<a href="{escape(links.of(short_id))}">{escape(short_id[:8])}</a>'


def _moment(instant: datetime) -> str:
    return format_instant(instant)[:16].replace("T", " ")
