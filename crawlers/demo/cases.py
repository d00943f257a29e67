"""What the demonstration must have captured: a table, and the check against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive.capture import Capture, CaptureOutcome
from archive.store.reading.reader import ArchiveReader

COMPLETE = CaptureOutcome.COMPLETE
Visits = Mapping[int, Mapping[str, list[Capture]]]
"""Visit number to address to its captures, pages included, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """On one visit, one address ended one way."""

    title: str
    visit: int
    uri: str
    outcome: CaptureOutcome = COMPLETE
    http_status: int | None = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One address on both visits: the same bytes, or others."""

    title: str
    uri: str
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCase:
    """A page captured with its parts; `gaps` are those that were not there."""

    title: str
    uri: str
    parts: frozenset[str]
    gaps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One planned case and whether it came out as planned."""

    title: str
    uri: str
    problem: str | None
    captures: tuple[Capture, ...] = ()
    """Those that show it, one a visit."""


RESULTS = "http://commission.example/be/results.html"
TURNOUT = "http://commission.example/ru/turnout.html"
REFUSING = "http://outlet-old.example/be/"
REPORT = "http://observers.example/en/report.html"
ARTICLE = "http://outlet.example/be/news/1009.html"
MIRRORED = "http://outlet-mirror.example/be/news/1009.html"
LANGUAGES = ("be", "be-latn", "ru", "en", "pl", "lt")
HOSTS = (
    "commission.example",
    "observers.example",
    "outlet.example",
    "outlet-mirror.example",
)
CASES: tuple[Case, ...] = (
    *(
        Case(
            title=f"robots.txt of {host}",
            visit=visit,
            uri=f"http://{host}/robots.txt",
        )
        for visit in (1, 2)
        for host in HOSTS
    ),
    *(
        Case(
            title=f"an article in the language {language}",
            visit=1,
            uri=f"http://outlet.example/{language}/news/1009.html",
        )
        for language in LANGUAGES
    ),
    Case(title="results, first table", visit=1, uri=RESULTS),
    Case(title="results, corrected table", visit=2, uri=RESULTS),
    Case(title="a page before it disappears", visit=1, uri=TURNOUT),
    Case(title="the page has disappeared", visit=2, uri=TURNOUT, http_status=404),
    Case(title="an article on the mirror", visit=1, uri=MIRRORED),
    Case(
        title="a server that refuses",
        visit=1,
        uri=REFUSING,
        outcome=CaptureOutcome.REFUSED,
        http_status=None,
    ),
    Case(
        title="a server that still refuses",
        visit=2,
        uri=REFUSING,
        outcome=CaptureOutcome.REFUSED,
        http_status=None,
    ),
    Case(
        title="a reply cut short",
        visit=1,
        uri=REPORT,
        outcome=CaptureOutcome.DISCONNECT,
    ),
    Case(
        title="windows-1251 without a label",
        visit=1,
        uri="http://commission.example/ru/order.html",
    ),
    Case(
        title="windows-1251 labelled utf-8",
        visit=1,
        uri="http://commission.example/ru/notice.html",
    ),
    Case(
        title="a redirect",
        visit=1,
        uri="http://commission.example/results",
        http_status=302,
    ),
    Case(
        title="a redirect to another host's list",
        visit=1,
        uri="http://outlet.example/news",
        http_status=301,
    ),
    Case(title="a list in chunks and gzip", visit=1, uri="http://outlet.example/be/"),
    Case(
        title="a list that ends with the connection",
        visit=1,
        uri="http://observers.example/en/",
    ),
    Case(
        title="an article that is new on the second visit",
        visit=2,
        uri="http://outlet.example/be/news/1010.html",
    ),
    Case(
        title="a picture that is not there",
        visit=1,
        uri="http://outlet.example/img/hemicycle.png",
        http_status=404,
    ),
)
COMPARISONS = (
    Comparison(title="the results were changed", uri=RESULTS, is_same=False),
    Comparison(title="this article was not changed", uri=ARTICLE, is_same=True),
)
PAGES = (
    PageCase(
        title="a page with style sheets, pictures and a font, and one gap",
        uri=ARTICLE,
        parts=frozenset({"style", "image", "font"}),
        gaps=frozenset({"http://outlet.example/img/hemicycle.png"}),
    ),
)


def sort_by_visit(captures: Iterable[Capture]) -> Visits:
    """Tell the visits apart: the n-th job of a source is visit n."""
    jobs: dict[str, list[str]] = {}
    visits: dict[int, dict[str, list[Capture]]] = {1: {}, 2: {}}
    for capture in captures:
        if capture.source_id is None or capture.job_id is None:
            continue
        known = jobs.setdefault(capture.source_id, [])
        if capture.job_id not in known:
            known.append(capture.job_id)
        visit = visits.setdefault(known.index(capture.job_id) + 1, {})
        visit.setdefault(capture.target_uri, []).append(capture)
    return visits


def check_cases(reader: ArchiveReader) -> tuple[CaseResult, ...]:
    """Hold the archive against the whole table."""
    visits = sort_by_visit(reader.captures())
    return (
        *(_check_case(case, visits) for case in CASES),
        *(_check_comparison(comparison, visits) for comparison in COMPARISONS),
        *(_check_page(page, visits, reader) for page in PAGES),
    )


def _check_case(case: Case, visits: Visits) -> CaseResult:
    found = _captures(visits, case.visit, case.uri)
    fitting = tuple(
        capture
        for capture in found
        if (capture.outcome, capture.http_status) == (case.outcome, case.http_status)
    )
    problem = None
    if not fitting:
        got = ", ".join(f"{c.outcome} {c.http_status or ''}".strip() for c in found)
        wanted = f"{case.outcome} {case.http_status or ''}".strip()
        problem = f"visit {case.visit}: expected {wanted}, got {got or 'no capture'}"
    shown = fitting[:1]  # the others are retries on the same visit
    return CaseResult(title=case.title, uri=case.uri, problem=problem, captures=shown)


def _check_comparison(comparison: Comparison, visits: Visits) -> CaseResult:
    first = _captures(visits, 1, comparison.uri)
    second = _captures(visits, 2, comparison.uri)
    problem: str | None = "not captured on both visits"
    captures: tuple[Capture, ...] = ()
    if first and second:
        captures = (first[0], second[0])
        is_same = first[0].payload_digest == second[0].payload_digest
        words = "the same" if is_same else "other"
        problem = f"the second visit brought {words} bytes"
        if is_same is comparison.is_same:
            problem = None
    return CaseResult(
        title=comparison.title, uri=comparison.uri, problem=problem, captures=captures
    )


def _check_page(case: PageCase, visits: Visits, reader: ArchiveReader) -> CaseResult:
    found = visits[1].get(case.uri, [])
    pages = tuple(capture for capture in found if capture.kind == "page")
    if not pages:
        return CaseResult(title=case.title, uri=case.uri, problem="no page capture")
    parts = reader.read_page(pages[0]).parts
    status = {
        capture.target_uri: capture.http_status
        for captures in visits[1].values()
        for capture in captures
    }
    good = {part.kind for part in parts if status.get(part.uri) == 200}
    gaps = {part.uri for part in parts if status.get(part.uri) != 200}
    problem = None
    if good != case.parts or gaps != case.gaps:
        problem = f"parts {sorted(good)}, gaps {sorted(gaps)}"
    return CaseResult(title=case.title, uri=case.uri, problem=problem)


def _captures(visits: Visits, visit: int, uri: str) -> list[Capture]:
    found = visits[visit].get(uri, [])
    return [capture for capture in found if capture.kind == "capture"]
