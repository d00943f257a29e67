"""Record: everything the record page and its JSON twin say about one capture.

One value, two renderers. The Report comes from `archive.verify` and is carried as it
is; nothing here judges.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from archive.capture import Capture, CaptureOutcome
from archive.digest import Digest
from archive.errors import EvidenceError
from archive.store.catalog.follow import IMPORT_KIND
from archive.store.reading.recorded import RecordedExchange, read_exchange_slice
from archive.verify.reporting.report import Finding, Report
from archive.verify.reporting.steps import STEPS
from search.answering.service import ExtractedText
from web.citing.citation import CLOCK, IMPORTED, Citation, format_text
from web.replay.links import PartTable
from web.site import PageCapture, Site
from web.views.around import compare_elsewhere, find_neighbours
from web.views.values import (
    FAILED,
    ClaimedDate,
    Connection,
    FindingView,
    Heads,
    PartView,
    RecordRow,
    RecordView,
    ReportView,
)
from web.wording.messages import text_of

PLAIN_METHOD = "GET"
"""What a visitor's browser asks with; anything else gets a banner."""
PRINTED_BLOCK_BYTES = 1 << 20
"""Of a block that is held for a record page, which prints heads alone."""
HEAD_LIMIT_BYTES = 64 * 1024
"""Bytes of a request or response head that are printed."""
LITTLE_TEXT_CHARS = 200
"""A page with less text may be one that only a browser fills."""


def build_record(site: Site, capture: Capture) -> RecordView:
    """Gather one record; CaptureNotFound when a page's main capture is not shown."""
    found = site.page_of(capture)
    main = found.main
    report = check_now(site, capture)
    exchange = _read(site, main)
    statement = exchange
    if main.capture_id != capture.capture_id:
        statement = _read(site, capture)
    text = site.text_of(main)
    citation = make_citation(
        site,
        capture,
        title=title_of(text),
        report=report,
        reservations=reservations_of(main, exchange),
    )
    return RecordView(
        capture=capture,
        main=main,
        page=found.page,
        title=citation.title,
        language=text.language if text else None,
        text=text,
        claims=_claims(site, main),
        report=report,
        connection=_connection(exchange.metadata if exchange else {}),
        heads=Heads(
            request=_head(exchange.request if exchange else b""),
            response=_head((exchange.response or b"") if exchange else b""),
        ),
        records=_rows(statement) if statement else (),
        parts=_part_views(found.parts),
        artifacts=found.artifacts,
        neighbours=find_neighbours(site, main),
        others=compare_elsewhere(site, main),
        banners=(*_banners(main, exchange), *_doubts(found, text)),
        method=_method(exchange),
        citation=citation,
        citation_text=format_text(citation),
        key=site.key_of(main.target_uri),
    )


def _claims(site: Site, capture: Capture) -> tuple[ClaimedDate, ...]:
    """The date the page gives itself: its word, no proof."""
    claimed = site.claimed_of(capture)
    if claimed is None:
        return ()
    return (ClaimedDate(text=claimed.value, method=claimed.method),)


def _read(site: Site, capture: Capture) -> RecordedExchange | None:
    """The records; None where they are damaged, which the report says in full."""
    try:
        with site.services.archive.open_slice(capture) as stream:
            return read_exchange_slice(stream, block_bytes=PRINTED_BLOCK_BYTES)
    except EvidenceError:
        return None


def _part_views(table: PartTable) -> tuple[PartView, ...]:
    """The signed parts list with the state of each part."""
    views = []
    for number, part in enumerate(table.parts):
        gap, capture = table.gap(number), table.capture(number)
        views.append(
            PartView(
                uri=part.uri,
                kind=part.kind,
                short_id=capture.short_id if capture else None,
                captured_at=capture.captured_at if capture else None,
                http_status=capture.http_status if capture else None,
                gap=None if gap is None else gap.reason,
                detail="" if gap is None else gap.detail,
            )
        )
    return tuple(views)


def view_of_report(site: Site, report: Report, *, at: datetime) -> ReportView:
    """Copy a report for printing."""
    return ReportView(
        outcome=str(report.outcome),
        headline=report.headline or "",
        findings=tuple(
            FindingView(
                step=finding.step,
                code=finding.code,
                outcome=str(finding.outcome),
                subject=finding.subject,
                detail=finding.detail,
                title=STEPS[finding.step].title,
                spec=finding.specification,
                required=finding.step in report.required,
                count=_count_of(finding),
            )
            for finding in report.findings
        ),
        checked_at=at,
        trust=site.services.trust.fingerprint,
        not_before=report.bracket.not_before,
        existed_by=report.bracket.existed_by,
    )


def _count_of(finding: Finding) -> int | None:
    """How many things a check that holds was made for."""
    count = finding.parameters.get("count")
    return count if isinstance(count, int) else None


def check_now(site: Site, capture: Capture) -> ReportView:
    """Run the live check of one capture."""
    report = site.services.verify(capture)
    return view_of_report(site, report, at=site.services.clock())


def make_citation(
    site: Site,
    capture: Capture,
    *,
    title: str,
    report: ReportView,
    reservations: tuple[str, ...],
) -> Citation:
    """Fill in a citation from the capture and the newest checkpoint over it."""
    services = site.services
    checkpoint = site.checkpoint()
    covered = checkpoint is not None and checkpoint.size > capture.leaf
    identity = services.archive.identity
    return Citation(
        capture_id=capture.capture_id,
        target_uri=capture.target_uri,
        captured_at=capture.captured_at,
        clock=IMPORTED if capture.kind == IMPORT_KIND else CLOCK,
        title=title,
        publisher=capture.source_id or "",
        claimed="",
        reservations=reservations,
        archive_name=identity.name,
        origin=identity.origin,
        leaf=capture.leaf,
        checkpoint_size=checkpoint.size if checkpoint and covered else None,
        checkpoint_root=site.base64(checkpoint.root)
        if checkpoint and covered
        else None,
        headline=report.headline,
        link_base=site.settings.link_base,
    )


def cite_capture(site: Site, capture: Capture) -> Citation:
    """The citation of one capture."""
    main = site.page_of(capture).main
    return make_citation(
        site,
        capture,
        title=title_of(site.text_of(main)),
        report=check_now(site, capture),
        reservations=reservations_of(main, _read(site, main)),
    )


def reservations_of(
    capture: Capture, exchange: RecordedExchange | None
) -> tuple[str, ...]:
    """What a reader must know before taking these bytes for the page at the address.

    In English whatever language is shown: a citation is the same everywhere.
    """
    method = _method(exchange)
    outcome = text_of(f"outcome.{capture.outcome.value}")
    status = capture.http_status
    found = []
    if capture.kind == IMPORT_KIND:
        return (text_of("cite.imported"),)
    if method != PLAIN_METHOD:
        found.append(text_of("cite.method", method=method))
    if status is None:
        found.append(text_of("cite.nothing", outcome=outcome))
    elif not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        found.append(text_of("cite.status", status=status))
    if status is not None and capture.outcome is not CaptureOutcome.COMPLETE:
        found.append(text_of("cite.cut", outcome=outcome))
    if capture.override is not None:
        found.append(text_of("cite.test", override=capture.override))
    return tuple(found)


def _method(exchange: RecordedExchange | None) -> str:
    """What the request asked with; unread counts as the usual."""
    if exchange is None:
        return PLAIN_METHOD
    return _at(exchange.metadata, "method") or PLAIN_METHOD


def title_of(text: ExtractedText | None) -> str:
    """The title a page gave itself; empty where it gave none."""
    return (text.title or "") if text else ""


def _head(message: bytes) -> str:
    """The head of an HTTP message; bytes that are no UTF-8 are shown as escapes."""
    head = message[:HEAD_LIMIT_BYTES].split(b"\r\n\r\n", 1)[0]
    return head.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def _rows(exchange: RecordedExchange) -> tuple[RecordRow, ...]:
    rows = []
    for record in exchange.records:
        header = record.header
        rows.append(
            RecordRow(
                kind=header.type,
                headers=header.fields,
                offset=record.span.offset,
                length=record.span.length,
            )
        )
    return tuple(rows)


def _at(value: object, *names: str) -> str:
    """A text inside nested JSON objects; empty where a level is absent."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)


def _connection(metadata: Mapping[str, object]) -> Connection:
    return Connection(
        peer=_at(metadata, "connection", "peer"),
        tls_version=_at(metadata, "connection", "tls", "version"),
        tls_verdict=_at(metadata, "connection", "tls", "verdict"),
        tls_error=_at(metadata, "connection", "tls", "error"),
        as_given=_at(metadata, "as_given"),
        detail=_at(metadata, "detail"),
        phase=_at(metadata, "phase"),
    )


def _banners(capture: Capture, exchange: RecordedExchange | None) -> tuple[str, ...]:
    connection = _connection(exchange.metadata if exchange else {})
    codes = []
    if capture.kind == IMPORT_KIND:
        return ("imported",)
    if capture.outcome is CaptureOutcome.POLICY:
        codes.append("not-tried")
    elif capture.http_status is None:
        codes.append("failure")
    elif capture.outcome is not CaptureOutcome.COMPLETE:
        codes.append("truncated")
    if _method(exchange) != PLAIN_METHOD:
        codes.append("method")
    if capture.override is not None:
        codes.append("test-set-up")
    if connection.tls_verdict == FAILED:
        codes.append("tls-not-verified")
    return tuple(codes)


def _doubts(found: PageCapture, text: ExtractedText | None) -> tuple[str, ...]:
    """Whether the archived bytes may not be what a reader of the page saw."""
    if found.main.http_status is None or text is None or found.artifacts:
        return ()
    return ("little-text",) if len(text.text) < LITTLE_TEXT_CHARS else ()


def digests_of(capture: Capture) -> Sequence[tuple[str, Digest | None]]:
    """The digests a record page prints, by code."""
    return (
        ("slice", Digest(capture.capture_id)),
        ("block", capture.block_digest),
        ("payload", capture.payload_digest),
    )
