"""Listing: rows of captures for lists, and the history of one address by day."""

from dataclasses import dataclass
from datetime import date, datetime

from archive.capture import Capture
from archive.errors import CaptureNotFound
from web.access import may_show
from web.site import Site

HISTORY_LIMIT = 2_000
"""Captures of one address on one page; the newest are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture in a list."""

    short_id: str
    title: str
    language: str | None
    uri: str
    source_id: str | None
    captured_at: datetime
    outcome: str
    http_status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a list."""

    rows: list[Row]
    number: int
    pages: int
    total: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One capture of an address; `change` against the one before."""

    short_id: str
    captured_at: datetime
    outcome: str
    http_status: int | None
    change: str
    """`first`, `same`, `changed` or `none` (no bytes to compare)."""
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Captures of one day, UTC."""

    date: date
    rows: list[HistoryRow]


def list_captures(site: Site, ids: list[str]) -> list[Row]:
    """Rows of the captures that may be shown, in the order of their ids."""
    rows = []
    for capture_id in ids:
        try:
            capture = site.services.archive.get_capture(capture_id)
        except CaptureNotFound:
            continue
        if may_show(capture, site.settings.access):
            rows.append(_row(site, capture))
    return rows


def _row(site: Site, capture: Capture) -> Row:
    text = site.text_of(capture)
    return Row(
        short_id=capture.short_id,
        title=(text.title or "") if text else "",
        language=text.language if text else None,
        uri=capture.target_uri,
        source_id=capture.source_id,
        captured_at=capture.captured_at,
        outcome=capture.outcome.value,
        http_status=capture.http_status,
    )


def history_of(site: Site, uri: str) -> list[HistoryRow]:
    """All captures of an address that may be shown, oldest first."""
    captures = [
        capture
        for capture in site.services.archive.find_captures(uri)
        if capture.kind == "capture" and may_show(capture, site.settings.access)
    ]
    captures.sort(key=lambda one: (one.captured_at, one.leaf))
    rows: list[HistoryRow] = []
    before: str | None = None
    for capture in captures:
        digest = capture.payload_digest.hex if capture.payload_digest else ""
        rows.append(
            HistoryRow(
                short_id=capture.short_id,
                captured_at=capture.captured_at,
                outcome=capture.outcome.value,
                http_status=capture.http_status,
                change=_change(before, digest),
                digest=digest,
            )
        )
        before = digest or before
    return rows[-HISTORY_LIMIT:]


def _change(before: str | None, digest: str) -> str:
    if not digest:
        return "none"
    if before is None:
        return "first"
    return "same" if before == digest else "changed"
