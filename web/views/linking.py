"""Linking: where a captured page leads, with the captures of those addresses.

A captured address leads to its capture nearest in time; any other is plain text. No
link here leaves the archive.
"""

from datetime import datetime, timedelta

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.errors import EvidenceError
from archive.store.catalog.addresses import AddressQuery, Moment
from web.replay import media
from web.replay.charset import decode_page
from web.replay.outlinks import Outlink, find_outlinks
from web.site import Site
from web.views.captures import record_page
from web.views.record import build_record
from web.views.values import LinksView, LinkView

PAGE_LIMIT_BYTES = 8 << 20
"""Largest page whose links are read."""


class LinkPages:
    """The view of a record with the links of its page."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the route."""
        app.add_url_rule("/c/<capture_id>/links", "links", self.links, methods=["GET"])

    def links(self, capture_id: str) -> Response:
        """Where the page leads, captured addresses first."""
        site = self._site
        capture = site.get_capture(capture_id)
        record = build_record(site, capture)
        try:
            links = links_of(site, capture)
        except EvidenceError:  # altered, or gone: the receipt beside it says how
            links = None
        return record_page(site, "record_links.html", "links", record, links=links)


def links_of(site: Site, capture: Capture) -> LinksView:
    """The links of a page; NotFound for what is no page, EvidenceError if altered."""
    main = site.page_of(capture).main
    if main.http_status is None:
        raise NotFound
    payload = site.services.archive.payload(main, limit_bytes=PAGE_LIMIT_BYTES)
    if not media.is_html(payload.media_type, payload.data):
        raise NotFound
    text = site.text_of(main)
    known = text.charset if text else None
    page = decode_page(payload.data, known=known, declared=payload.charset)
    found = find_outlinks(page, base=main.target_uri)
    rows = [_row(site, one, main.captured_at) for one in found.links]
    return LinksView(
        captured=tuple(row for row in rows if row.captures),
        missing=tuple(row for row in rows if not row.captures),
        more=found.more,
    )


def _row(site: Site, link: Outlink, at: datetime) -> LinkView:
    addresses, here = site.services.archive.addresses, Moment(captured_at=at)

    def distance(capture: Capture) -> timedelta:
        return abs(capture.captured_at - at)

    def find(asked: AddressQuery) -> tuple[Capture | None, int]:
        sides = (*addresses.before(asked, here, limit=1), addresses.behind(asked, here))
        nearest = min((one for one in sides if one), key=distance, default=None)
        return nearest, addresses.count(asked).count if nearest else 0

    nearest, count = site.ask_shown(link.uri, find)
    return LinkView(
        uri=link.uri,
        words=link.words,
        captures=count,
        nearest=nearest.short_id if nearest else None,
        captured_at=nearest.captured_at if nearest else None,
        outcome=nearest.outcome.value if nearest else None,
        http_status=nearest.http_status if nearest else None,
    )
