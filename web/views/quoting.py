"""Quoting: the text of a capture, a place in it, and its citation in every format."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.errors import InvalidQuery
from search.answering.marking import HIGHLIGHT_TOKENS, MARKS_OF_LEAF
from search.answering.results import ExtractedText
from search.quote import Quotation, find_words, format_quotation, make_quotation
from web.citing.citation import FORMATS
from web.citing.quotation import (
    QUOTE_LIMIT_CHARS,
    Place,
    find_again,
    fragment_of,
    parse_place,
    place_of,
    selectors_of,
)
from web.guards.limits import QUERY_LIMIT_CHARS
from web.site import Site
from web.views.answers import error_page
from web.views.captures import record_page
from web.views.record import build_record
from web.wording.rendering import cut

PLACES_SHOWN = 20
"""Places of the same words that are offered."""
TEXT_LIMIT_CHARS = 2_000_000
"""Characters of extracted text on one page; longer texts are cut and say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotationView:
    """A quotation with its link and what other tools read."""

    quoted: Quotation
    place: Place
    fragment: str
    selectors: str
    line: str
    """For `evidence quote check`."""


class QuotePages:
    """The text, and citing it."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view, method in (
            ("/c/<capture_id>/text", "text", self.text, "GET"),
            ("/c/<capture_id>/text", "text-marked", self.marked, "POST"),
            ("/c/<capture_id>/cite", "cite", self.cite, "GET"),
            ("/c/<capture_id>/cite", "quote", self.quote, "POST"),
        ):
            app.add_url_rule(rule, name, view, methods=[method])

    def text(self, capture_id: str) -> Response:
        """The extracted text; with a quotation link, its place in it."""
        capture = self._site.get_capture(capture_id)
        text = self._site.main_text_of(capture)
        if text is None:
            raise NotFound
        names = ("t", "x", "d")
        values = [request.args.get(name, "") for name in names]
        marks: tuple[tuple[int, int], ...] = ()
        problem = ""
        if any(values):
            place = parse_place(*values)
            if place is None:
                return error_page(self._site, 400)
            span = find_again(place, text.text)
            marks = () if span is None else (span,)
            problem = "" if span else "elsewhere"
            if span and place.extractor != text.extractor:
                problem = "moved"
        return self._show(
            capture, text, marks, problem=problem, quoted=bool(marks), count=None
        )

    def marked(self, capture_id: str) -> Response:
        """The extracted text with the words of a query marked; none if it is none."""
        capture = self._site.get_capture(capture_id)
        text = self._site.main_text_of(capture)
        if text is None:
            raise NotFound
        query = request.form.get("q", "")[:QUERY_LIMIT_CHARS]
        try:
            marks = self._site.services.search.marks(query, text)
        except InvalidQuery:
            marks = ()
        return self._show(
            capture, text, marks, problem="", quoted=False, count=len(marks)
        )

    def _show(
        self,
        capture: Capture,
        text: ExtractedText,
        marks: Sequence[tuple[int, int]],
        **said: str | int | None,
    ) -> Response:
        return record_page(
            self._site,
            "record_text.html",
            "text",
            build_record(self._site, capture),
            text=text,
            pieces=cut(text.text[:TEXT_LIMIT_CHARS], marks),
            is_cut=len(text.text) > TEXT_LIMIT_CHARS,
            marked_words=HIGHLIGHT_TOKENS,
            marked_places=MARKS_OF_LEAF,
            **said,
        )

    def cite(self, capture_id: str) -> Response:
        """The citation in all formats, and the form for a quotation."""
        return self._cite(self._site.get_capture(capture_id), "", None)

    def quote(self, capture_id: str) -> Response:
        """Find a pasted sentence and give the link to it; several places: choose."""
        capture = self._site.get_capture(capture_id)
        words = request.form.get("q", "").strip()[:QUOTE_LIMIT_CHARS]
        main = self._site.page_of(capture).main
        text = self._site.text_of(main)
        if text is None or not words:
            return self._cite(capture, words, [])
        spans = find_words(text.text, words)[:PLACES_SHOWN]
        found = [make_quotation(main.capture_id, text, span) for span in spans]
        return self._cite(capture, words, found)

    def _cite(
        self, capture: Capture, words: str, found: list[Quotation] | None
    ) -> Response:
        site = self._site
        record = build_record(site, capture)
        formats = [(name, write(record.citation)) for name, write in FORMATS.items()]
        return record_page(
            site,
            "record_cite.html",
            "cite",
            record,
            formats=formats,
            words=words,
            quotations=None if found is None else list(map(_view, found)),
            link_base=site.settings.link_base or site.settings.app_origin,
        )


def _view(quoted: Quotation) -> QuotationView:
    selectors = selectors_of(quoted)
    return QuotationView(
        quoted=quoted,
        place=place_of(quoted),
        fragment=fragment_of(quoted.exact),
        selectors=json.dumps(selectors, ensure_ascii=False, indent=2),
        line=format_quotation(quoted).decode(),
    )
