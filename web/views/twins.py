"""Twins: the JSON of lists, texts, citations, comparisons and of the pages about us.

The same functions as the pages use; other renderers.
"""

from collections.abc import Callable
from functools import partial

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.claim import CLAIM, DOES_NOT_PROVE
from archive.errors import EvidenceError
from archive.verify.reporting.steps import STEPS
from search.report.comparing.changes import ParagraphChange, compare_texts
from web.citing.citation import FORMATS
from web.overview import SourceCount
from web.site import Site
from web.views.answers import json_answer
from web.views.archive_state import state_of_archive
from web.views.linking import links_of
from web.views.listing import Ids, list_captures, make_listing
from web.views.openapi import make_document
from web.views.pages import NEW_ROWS
from web.views.record import cite_capture
from web.views.shapes import (
    CitationAnswer,
    ClaimsAnswer,
    CompareAnswer,
    HomeAnswer,
    LinksAnswer,
    ListAnswer,
    SourceAnswer,
    SourcesAnswer,
    SourceShape,
    StepShape,
    TextAnswer,
    VerifyAnswer,
)


class Twins:
    """JSON routes without a search or a record."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site
        self._document = make_document(site.settings.app_origin)

    def routes(self) -> tuple[tuple[str, str, Callable[..., Response]], ...]:
        """Rule, name and view of each."""
        base = "/api/v1"
        return (
            (f"{base}/", "api-home", self.home),
            (f"{base}/captures", "api-captures", self.captures),
            (f"{base}/captures/<int:number>", "api-captures-page", self.captures),
            (f"{base}/failures", "api-failures", self.failures),
            (f"{base}/failures/<int:number>", "api-failures-page", self.failures),
            (f"{base}/sources", "api-sources", self.sources),
            (f"{base}/s/<key>", "api-source", self.source),
            (f"{base}/s/<key>/<int:number>", "api-source-page", self.source),
            (f"{base}/c/<capture_id>/text", "api-text", self.text),
            (f"{base}/c/<capture_id>/cite", "api-cite", self.cite),
            (f"{base}/c/<capture_id>/links", "api-links", self.links),
            (f"{base}/compare/<before>/<after>", "api-compare", self.compare),
            (f"{base}/claims", "api-claims", self.claims),
            (f"{base}/verify", "api-verify", self.verify),
            (f"{base}/openapi.json", "api-openapi", self.openapi),
        )

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in self.routes():
            app.add_url_rule(rule, name, view, methods=["GET"])

    def home(self) -> Response:
        """Figures, and what is new."""
        site = self._site
        overview = site.up_to_date()
        return json_answer(
            HomeAnswer(
                name=site.services.archive.identity.name,
                counts=overview.counts(),
                new=list_captures(site, overview.newest_ids(limit=NEW_ROWS)),
            )
        )

    def captures(self, number: int = 1) -> Response:
        """All page captures, newest first."""
        overview = self._site.up_to_date()
        total = overview.counts().listed
        return json_answer(self._list(overview.newest_ids, number, total))

    def failures(self, number: int = 1) -> Response:
        """Attempts that did not end whole, newest first."""
        overview = self._site.up_to_date()
        total = overview.counts().failures
        return json_answer(self._list(overview.failed_ids, number, total))

    def _list(self, ids: Ids, number: int, total: int) -> ListAnswer:
        found = make_listing(self._site, ids, number=number, total=total)
        return ListAnswer(
            captures=found.rows, number=number, pages=found.pages, total=total
        )

    def sources(self) -> Response:
        """What is held of each source."""
        found = [_source(one) for one in self._site.up_to_date().sources()]
        return json_answer(SourcesAnswer(sources=found))

    def source(self, key: str, number: int = 1) -> Response:
        """Captures of one source, newest first."""
        overview = self._site.up_to_date()
        source = overview.find_source(key)
        if source is None:
            raise NotFound

        ids = partial(overview.source_ids, source)
        listed = self._list(ids, number, len(source.ids))
        return json_answer(SourceAnswer(source=_source(source), list=listed))

    def text(self, capture_id: str) -> Response:
        """The extracted text of a capture."""
        capture = self._site.get_capture(capture_id)
        text = self._site.main_text_of(capture)
        if text is None:
            raise NotFound
        return json_answer(
            TextAnswer(
                id=capture.capture_id,
                text=text.text,
                title=text.title,
                language=text.language,
                extractor=text.extractor,
                text_digest=str(text.text_digest),
            )
        )

    def cite(self, capture_id: str) -> Response:
        """The citation in every format."""
        capture = self._site.get_capture(capture_id)
        citation = cite_capture(self._site, capture)
        written = {name: write(citation) for name, write in FORMATS.items()}
        return json_answer(CitationAnswer(id=capture.capture_id, formats=written))

    def links(self, capture_id: str) -> Response:
        """Where a page leads, and what is captured of that."""
        capture = self._site.get_capture(capture_id)
        try:
            links = links_of(self._site, capture)
        except EvidenceError as error:  # altered, or gone: the record says how
            raise NotFound from error
        return json_answer(LinksAnswer(id=capture.capture_id, links=links))

    def compare(self, before: str, after: str) -> Response:
        """What changed between the texts of two captures."""
        captures = [self._site.get_capture(one) for one in (before, after)]
        texts = [self._site.main_text_of(one) for one in captures]
        if texts[0] is None or texts[1] is None:
            raise NotFound
        changes = compare_texts(texts[0].text, texts[1].text)
        return json_answer(
            CompareAnswer(
                before=captures[0].capture_id,
                after=captures[1].capture_id,
                equal=changes.equal,
                titles=[text.title for text in (texts[0], texts[1])],
                counts={str(kind): count for kind, count in changes.counts.items()},
                changes=[_change(one) for one in changes.paragraphs],
            )
        )

    def claims(self) -> Response:
        """What is claimed, and what not."""
        return json_answer(ClaimsAnswer(claim=CLAIM, does_not_prove=DOES_NOT_PROVE))

    def verify(self) -> Response:
        """What is checked, and the last check of the whole archive."""
        state = state_of_archive(self._site)
        steps = [
            StepShape(number=step.number, title=step.title) for step in STEPS.values()
        ]
        return json_answer(
            VerifyAnswer(steps=steps, sweep=state["sweep"], report=state["report"])
        )

    def openapi(self) -> Response:
        """The description of this API."""
        return json_answer(self._document)


def _source(count: SourceCount) -> SourceShape:
    return SourceShape(
        id=count.source_id,
        key=None if count.source_id is None else Site.key_of(count.source_id),
        pages=count.pages,
        failures=count.failures,
        newest=count.newest,
    )


def _change(change: ParagraphChange) -> dict[str, object]:
    return {
        "kind": str(change.kind),
        "before": None if change.before is None else change.before.text,
        "after": None if change.after is None else change.after.text,
        "pieces": [
            {"kind": str(piece.kind), "text": piece.text} for piece in change.pieces
        ],
    }
