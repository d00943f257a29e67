"""Listing: rows of captures for lists, and the history of one address by day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.errors import CaptureNotFound
from archive.store.catalog.addresses import END, AddressQuery, moment_of
from web.access import shown_by
from web.site import Site

HISTORY_ROWS = 2_000
"""Captures of one address on one page."""
LIST_ROWS = 50
"""Captures on one page of a list."""
Ids = Callable[..., list[str]]
"""Takes `limit` and `offset`; gives hex ids, newest first."""


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
class History:
    """One page of the captures of an address; page 1 holds the newest."""

    rows: list[HistoryRow]
    """Oldest first."""
    number: int
    pages: int
    total: int
    """Captures on all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Captures of one day, UTC."""

    date: date
    rows: list[HistoryRow]


def pages_of(total: int, rows: int) -> int:
    """Pages that many rows fill; an empty list has one, too."""
    return max(-(-total // rows), 1)


def make_listing(
    site: Site, ids: Ids, *, number: int, total: int, path: str = ""
) -> Listing:
    """One page of a list, with the path below which its pages are; NotFound beyond."""
    pages = pages_of(total, LIST_ROWS)
    if not 1 <= number <= pages:
        raise NotFound
    found = ids(limit=LIST_ROWS, offset=(number - 1) * LIST_ROWS)
    rows = list_captures(site, found)
    return Listing(rows=rows, number=number, pages=pages, total=total, path=path)


def list_captures(site: Site, ids: list[str]) -> list[Row]:
    """Rows of the captures that may be shown, in the order of their ids."""
    rows = []
    is_shown = shown_by(site.settings.access)
    for capture_id in ids:
        try:
            capture = site.services.archive.get_capture(capture_id)
        except CaptureNotFound:
            continue
        if is_shown(capture):
            rows.append(_row(site, capture))
    return rows


def _row(site: Site, capture: Capture) -> Row:
    heading = site.heading_of(capture)
    return Row(
        short_id=capture.short_id,
        title=(heading.title or "") if heading else "",
        language=heading.language if heading else None,
        uri=capture.target_uri,
        source_id=capture.source_id,
        captured_at=capture.captured_at,
        outcome=capture.outcome.value,
        http_status=capture.http_status,
    )


def history_of(site: Site, uri: str, number: int = 1) -> History:
    """The captures of an address that may be shown, by pages; NotFound beyond."""
    addresses = site.services.archive.addresses

    def find(asked: AddressQuery) -> History:
        total = addresses.count(asked).count
        pages = pages_of(total, HISTORY_ROWS)
        if not 1 <= number <= pages:
            raise NotFound
        found = addresses.before(
            asked, END, limit=HISTORY_ROWS, offset=(number - 1) * HISTORY_ROWS
        )
        if not found:
            raise NotFound
        older = addresses.body_before(asked, moment_of(found[-1]))
        rows = _history_rows(older, found[::-1])
        return History(rows=rows, number=number, pages=pages, total=total)

    return site.ask_shown(uri, find)


def _history_rows(
    older: Capture | None, captures: Sequence[Capture]
) -> list[HistoryRow]:
    """Rows of captures; `older` is what the first of them is compared with."""
    rows: list[HistoryRow] = []
    before = None if older is None else _body_of(older)
    for capture in captures:
        digest = _body_of(capture)
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
    return rows


def _body_of(capture: Capture) -> str:
    return capture.payload_digest.hex if capture.payload_digest else ""


def _change(before: str | None, digest: str) -> str:
    if not digest:
        return "none"
    if before is None:
        return "first"
    return "same" if before == digest else "changed"
