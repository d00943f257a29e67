"""Verifying: run the checks now, what each step means, and whether a citation is right.

The check of the whole archive runs behind the pages; its page counts the seconds while
it is being read, without a script, and ends by itself.
"""

import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.digest import Digest, is_hex_digest
from archive.errors import EvidenceError, StoreError
from archive.verify.reporting.steps import STEPS
from web.citing.checking import CITATION_LIMIT_CHARS, Judgement, ids_named, judge
from web.site import Removed, Site
from web.views.answers import HTML, here, page, see_other
from web.views.archive_state import state_of_archive
from web.views.record import cite_capture

PROGRESS_SECONDS = 10
"""A page that counts holds one thread for so long; then the reader looks again."""


class VerifyPages:
    """The routes below `/verify`."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site
        self._counting = threading.Lock()

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view, method in (
            ("/verify", "verify", self.verify, "GET"),
            ("/verify", "check", self.check, "POST"),
            ("/verify/archive", "verify-archive", self.archive, "GET"),
            ("/verify/archive", "verify-again", self.again, "POST"),
        ):
            app.add_url_rule(rule, name, view, methods=[method])

    def verify(self) -> Response:
        """What is checked, what each step means, how to check without us."""
        return self._show(judgement=None)

    def _show(self, **values: Any) -> Response:
        return page(
            self._site,
            "verify.html",
            steps=STEPS.values(),
            identity=self._site.services.archive.identity,
            **state_of_archive(self._site),
            **values,
        )

    def check(self) -> Response:
        """An id or digest leads to its proof; a citation is compared, word for word."""
        text = request.form.get("q", "").strip()[:CITATION_LIMIT_CHARS]
        words = ids_named(text)
        shown = self._first_shown(words)
        if shown is None:
            return self._show(judgement="unknown", pasted=text)
        if text in words:
            return see_other(f"/c/{shown}/proof")
        judgement = self._judge(text, shown)
        return self._show(judgement=judgement, pasted=text, short_id=shown)

    def _first_shown(self, words: list[str]) -> str | None:
        for word in words:
            short_id = Digest(word).short_id if is_hex_digest(word) else word
            try:
                return self._site.get_capture(short_id).short_id
            except Removed:
                raise
            except StoreError:
                continue
        return None

    def _judge(self, text: str, short_id: str) -> Judgement:
        site = self._site
        checkpoint = site.checkpoint()

        def root_at(size: int) -> str | None:
            if checkpoint is None or size > checkpoint.size:
                return None
            try:
                return site.base64(site.services.archive.log.root(size))
            except EvidenceError:
                return None

        citation = cite_capture(site, site.get_capture(short_id))
        return judge(text, citation, root_at)

    def again(self) -> Response:
        """Check the whole archive again, if nobody just did."""
        self._site.sweep.again()
        return see_other("/verify/archive")

    def archive(self) -> Response:
        """The last check of the whole archive; the seconds, while one runs."""
        site = self._site
        if site.services.verify_archive is None:
            raise NotFound
        if site.sweep.state.state != "running" or self._counting.locked():
            return page(site, "verify_archive.html", ticks=(), **state_of_archive(site))
        choice = here()
        stream = site.renderer.stream(
            "verify_archive.html",
            choice,
            archive_name=site.services.archive.identity.name,
            path=request.path,
            ticks=self._ticks(),
            after=lambda: state_of_archive(site),
            **state_of_archive(site),
        )
        response = Response(stream, content_type=HTML)
        response.headers["Content-Language"] = choice.code
        return response

    def _ticks(self) -> Iterator[int]:
        if not self._counting.acquire(blocking=False):
            return  # another reader's page counts already
        try:
            yield from self._site.sweep.progress(seconds=PROGRESS_SECONDS)
        finally:
            self._counting.release()
