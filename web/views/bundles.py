"""Bundles: the evidence of one capture to take away, after a page that warns."""

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.errors import EvidenceError, LimitExceeded
from web.site import Site
from web.views.answers import answer
from web.views.captures import record_page
from web.views.record import build_record

ZIP = "application/zip"


class BundlePages:
    """The page before a download, and the download."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        rule = "/c/<capture_id>/bundle"
        app.add_url_rule(rule, "bundle", self.warn, methods=["GET"])
        app.add_url_rule(rule, "bundle-file", self.send, methods=["POST"])

    def warn(self, capture_id: str) -> Response:
        """What is in a bundle, and what it means to possess one."""
        return self._page(capture_id, "")

    def _page(self, capture_id: str, problem: str) -> Response:
        if self._site.services.bundle is None:
            raise NotFound
        record = build_record(self._site, self._site.get_capture(capture_id))
        return record_page(
            self._site, "record_bundle.html", "bundle", record, problem=problem
        )

    def send(self, capture_id: str) -> Response:
        """The bundle as a ZIP; its name says nothing of the source."""
        make = self._site.services.bundle
        if make is None:
            raise NotFound
        capture = self._site.get_capture(capture_id)
        try:
            data = make(capture)
        except LimitExceeded:
            return self._page(capture_id, "large")
        except EvidenceError:
            return self._page(capture_id, "unsound")
        response = answer(data, media_type=ZIP)
        name = f"evidence-{capture.short_id[:8]}.zip"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
