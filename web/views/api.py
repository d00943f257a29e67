"""API: the JSON twins of pages below `/api/v1`; their errors are those of faults.py."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, NotFound, UnsupportedMediaType

from archive.errors import InvalidQuery
from search.answering.service import Hit
from web.access import search_options
from web.bounds import held, read_bounds
from web.guards.limits import QUERY_LIMIT_CHARS
from web.site import NO_INDEX, Site
from web.views.answers import error_json, json_answer
from web.views.listing import history_of
from web.views.record import build_record
from web.views.shapes import (
    AddressAnswer,
    HitShape,
    RecordAnswer,
    SearchAnswer,
    SnippetShape,
    StatusAnswer,
)
from web.views.twins import Twins

HIT_LIMIT = 100
"""Most hits of one answer."""


class Api:
    """The JSON routes; the same functions as the pages use."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view, method in (
            ("/api/v1/search", "api-search", self.search, "POST"),
            ("/api/v1/c/<capture_id>", "api-record", self.record, "GET"),
            ("/api/v1/u/<key>", "api-address", self.address, "GET"),
            ("/api/v1/u/<key>/<int:number>", "api-address-page", self.address, "GET"),
            ("/api/v1/status", "api-status", self.status, "GET"),
        ):
            app.add_url_rule(rule, name, view, methods=[method])
        Twins(self._site).register(app)

    def search(self) -> Response:
        """Answer `{"query", "limit", "offset", "upto"}`; the query is in no address."""
        if not request.is_json:
            raise UnsupportedMediaType
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict):
            raise BadRequest
        site = self._site
        query: Any = asked.get("query")
        limit, offset = asked.get("limit", 10), asked.get("offset", 0)
        try:
            wanted = read_bounds(asked.get("upto", {}))
        except ValueError:
            query = None
        if not _is_search(query, limit, offset):
            return error_json(
                400,
                "bad-request",
                "query must be text of at most 1,000 characters, limit 1 to 100, "
                "offset 0 to 10,000, upto as an answer has it.",
                "Send a JSON object with these members.",
            )
        try:
            upto = held(wanted, site.services.search.upto())
            found = site.services.search.search(
                query,
                limit=limit,
                offset=offset,
                options=search_options(site.settings.access, upto=upto),
            )
        except InvalidQuery as error:
            return error_json(400, "invalid-query", str(error), "Correct the query.")
        except NO_INDEX:
            return error_json(
                503, "no-index", "There is no index.", "Run evidence index."
            )
        return json_answer(
            SearchAnswer(
                query=found.query,
                total=found.total,
                hits=_hits(site, found.hits),
                some_missing=_hits(site, found.some_missing),
                upto=dict(upto),
            )
        )

    def record(self, capture_id: str) -> Response:
        """One record: capture, report, parts, records, citation."""
        record = build_record(self._site, self._site.get_capture(capture_id))
        capture = record.capture
        zone = self._site.zone_of(record.main.source_id)
        return json_answer(
            RecordAnswer(
                id=capture.capture_id,
                short_id=capture.short_id,
                capture=capture,
                title=record.title,
                language=record.language,
                page=record.page.short_id if record.page else None,
                report=record.report,
                connection=record.connection,
                request_head=record.heads.request,
                response_head=record.heads.response,
                records=record.records,
                parts=record.parts,
                artifacts=record.artifacts,
                banners=record.banners,
                citation=record.citation_text,
                raw=f"{self._site.settings.replay_origin}/raw/{capture.short_id}",
                timezone=zone.key if zone else None,
                corroboration=record.others,
            )
        )

    def address(self, key: str, number: int = 1) -> Response:
        """All captures of one address by pages, each of them oldest first."""
        uri = self._site.up_to_date().find_address(key)
        if uri is None:
            raise NotFound
        found = history_of(self._site, uri, number)
        return json_answer(
            AddressAnswer(
                uri=uri,
                captures=found.rows,
                number=found.number,
                pages=found.pages,
                total=found.total,
            )
        )

    def status(self) -> Response:
        """Counts, checkpoint and the last check of the whole archive."""
        site = self._site
        sweep = site.sweep.state
        identity = site.services.archive.identity
        return json_answer(
            StatusAnswer(
                archive=identity.archive_id,
                name=identity.name,
                origin=identity.origin,
                counts=site.up_to_date().counts(),
                checkpoint=site.checkpoint(),
                sweep=sweep.state,
                outcome=None if sweep.report is None else str(sweep.report.outcome),
                headline=None if sweep.report is None else sweep.report.headline,
            )
        )


def _is_search(query: object, limit: object, offset: object) -> bool:
    return (
        isinstance(query, str)
        and 0 < len(query.strip()) <= QUERY_LIMIT_CHARS
        and type(limit) is int
        and 1 <= limit <= HIT_LIMIT
        and type(offset) is int
        and 0 <= offset <= 10_000
    )


def _hits(site: Site, hits: Sequence[Hit]) -> list[HitShape]:
    return [
        HitShape(
            id=hit.capture_id,
            short_id=hit.short_id,
            uri=hit.uri,
            title=hit.title,
            language=hit.language,
            captured_at=hit.captured_at,
            captures=hit.captures,
            imported=hit.is_imported,
            kind=hit.kind,
            part=hit.part,
            parts=hit.parts,
            score=hit.score,
            missing=list(hit.missing),
            snippets=[
                SnippetShape(text=one.text, marks=[list(mark) for mark in one.marks])
                for one in hit.snippets
            ],
        )
        for hit in site.shown_hits(hits)
    ]
