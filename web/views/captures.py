"""Captures: the record page and its views below `/c/ID`."""

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.digest import Digest, is_hex_digest
from web.citation import FORMATS
from web.rendering import cut
from web.replay.clean import CLEANER_VERSION
from web.site import Site
from web.views.answers import page, see_other
from web.views.mementos import add_links
from web.views.record import (
    build_record,
    cite_capture,
    digests_of,
    find_text,
)

TEXT_LIMIT_CHARS = 2_000_000
"""Characters of extracted text on one page; longer texts are cut and say so."""


class CapturePages:
    """The record page, its text and its citation."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/c/<capture_id>", "record", self.record),
            ("/c/<capture_id>/text", "text", self.text),
            ("/c/<capture_id>/cite", "cite", self.cite),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def record(self, capture_id: str) -> Response:
        """The record page; 64 hex digits lead to the short id."""
        if is_hex_digest(capture_id):
            return see_other(f"/c/{Digest(capture_id).short_id}", status=308)
        site = self._site
        record = build_record(site, site.get_capture(capture_id))
        response = page(
            site,
            "record.html",
            record=record,
            digests=digests_of(record.capture),
            replay=site.settings.replay_origin,
            cleaner=CLEANER_VERSION,
            operator_key=site.services.archive.identity.operator_key_id,
        )
        return add_links(response, site, record.main)

    def text(self, capture_id: str) -> Response:
        """The extracted text, alone."""
        site = self._site
        capture = site.get_capture(capture_id)
        text = find_text(site, capture)
        if text is None:
            raise NotFound
        return page(
            site,
            "text.html",
            capture=capture,
            text=text,
            parts=cut(text.text[:TEXT_LIMIT_CHARS], ()),
            is_cut=len(text.text) > TEXT_LIMIT_CHARS,
        )

    def cite(self, capture_id: str) -> Response:
        """The citation in all formats."""
        site = self._site
        capture = site.get_capture(capture_id)
        citation = cite_capture(site, capture)
        written = [(name, write(citation)) for name, write in FORMATS.items()]
        return page(site, "cite.html", citation=citation, formats=written)
