"""Captures: the record page and its views below `/c/ID`, each a page of its own."""

from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.digest import Digest, is_hex_digest
from web.citing.metadata import dublin_core, format_coins
from web.replay.clean import CLEANER_VERSION
from web.site import Site
from web.views.answers import page, see_other
from web.views.mementos import add_links
from web.views.record import build_record, digests_of
from web.views.values import RecordView

PRINTED_CHARS = 20_000
"""Of the text, on paper, where the frame is not: some five sheets."""


class CapturePages:
    """The record page and its views: page, picture, source, parts, proof."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/c/<capture_id>", "record", self.record),
            ("/c/<capture_id>/picture", "picture", self.picture),
            ("/c/<capture_id>/source", "source-bytes", self.source),
            ("/c/<capture_id>/parts", "parts", self.parts),
            ("/c/<capture_id>/proof", "proof", self.proof),
            ("/c/<capture_id>/changes", "changes", self.changes),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def _record(self, capture_id: str) -> RecordView:
        return build_record(self._site, self._site.get_capture(capture_id))

    def _page(self, template: str, tab: str, record: RecordView) -> Response:
        return record_page(self._site, template, tab, record)

    def record(self, capture_id: str) -> Response:
        """The record page; 64 hex digits lead to the short id."""
        if is_hex_digest(capture_id):
            return see_other(f"/c/{Digest(capture_id).short_id}", status=308)
        record = self._record(capture_id)
        response = record_page(
            self._site, "record.html", "page", record, printed=PRINTED_CHARS
        )
        return add_links(response, self._site, record.main)

    def picture(self, capture_id: str) -> Response:
        """How a browser showed the page, and the parts it was made of."""
        record = self._record(capture_id)
        if not record.artifacts:
            raise NotFound
        return self._page("record_picture.html", "picture", record)

    def source(self, capture_id: str) -> Response:
        """Digests, original bytes, headers and records."""
        return self._page("record_source.html", "source", self._record(capture_id))

    def parts(self, capture_id: str) -> Response:
        """The parts of a page with their capture times, gaps included."""
        record = self._record(capture_id)
        if not record.parts:
            raise NotFound
        return self._page("record_parts.html", "parts", record)

    def proof(self, capture_id: str) -> Response:
        """The check, run now: every step with what it means."""
        return self._page("record_proof.html", "proof", self._record(capture_id))

    def changes(self, capture_id: str) -> Response:
        """Go to the comparison with the capture before."""
        record = self._record(capture_id)
        earlier = record.neighbours.earlier
        if earlier is None:
            raise NotFound
        return see_other(f"/compare/{earlier.short_id}/{record.main.short_id}")


def record_page(
    site: Site, template: str, tab: str, record: RecordView, **values: Any
) -> Response:
    """Render one view of a record, with what its head and tray need."""
    return page(
        site,
        template,
        tab=tab,
        record=record,
        digests=digests_of(record.capture),
        replay=site.settings.replay_origin,
        cleaner=CLEANER_VERSION,
        operator_key=site.services.archive.identity.operator_key_id,
        coins=format_coins(record.citation),
        dublin=dublin_core(record.citation),
        can_bundle=site.services.bundle is not None,
        **values,
    )
