"""CDX server: `/cdx`, the captures of an address, folder, host or domain by line."""

import heapq
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice

from flask import Flask, Response, request

from archive.store.catalog.lookup import KeyedCapture, KeyPlace
from web.access import shown_by
from web.protocols.cdx import (
    OUTPUTS,
    CdxQuery,
    CdxRefused,
    Line,
    choose,
    format_cdx_line,
    format_resume_key,
    line_of,
    parse_query,
    seconds_between,
)
from web.site import Site
from web.views.answers import TEXT, answer

ROWS_AT_A_TIME = 1_000
"""Catalog rows read at once."""
SCAN_ROWS = 100_000
"""Rows one answer looks at; beyond them the reader resumes."""


class Cdx:
    """The route for programs that look captures up."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the route."""
        app.add_url_rule("/cdx", "cdx", self.lines, methods=["GET"])

    def lines(self) -> Response:
        """Lines in the order of keys, then time; an unknown address has none."""
        try:
            query = parse_query(request.args.to_dict(flat=False))
        except CdxRefused as refused:
            return answer(f"400 {refused}\n", media_type=TEXT, status=400)
        self._site.services.archive.catch_up()
        scan = _Scan(self._site, query)
        found = list(_ordered(query, choose(query, scan.lines())))
        if scan.is_cut and not query.shows_key:
            words = "too many captures to look through; narrow url, or showResumeKey"
            return answer(f"400 {words}\n", media_type=OUTPUTS["text"], status=400)
        body = "".join(format_cdx_line(line, query) for line in found)
        is_full = len(found) == query.limit or scan.is_cut
        if query.shows_key and is_full and scan.place is not None:
            body += f"\n{format_resume_key(scan.place)}\n"
        return answer(body, media_type=OUTPUTS[query.output])


class _Scan:
    """Walks a stretch of keys; `place` is that of the row given last."""

    def __init__(self, site: Site, query: CdxQuery) -> None:
        self._site = site
        self._query = query
        self.place: KeyPlace | None = None
        self.is_cut = False
        self._seen = 0

    def lines(self) -> Iterator[Line]:
        """Lines of the captures that may be shown."""
        is_shown = shown_by(self._site.settings.access)
        for row in islice(self._rows(), SCAN_ROWS):
            if is_shown(row.capture):
                self.place = row.place
                yield line_of(row)
        self.is_cut = self._seen == SCAN_ROWS

    def _rows(self) -> Iterator[KeyedCapture]:
        archive = self._site.services.archive
        behind = self._query.behind
        limit = min(ROWS_AT_A_TIME, max(self._query.limit, 16))
        hidden = self._site.settings.access.hidden()
        while rows := archive.captures_of_keys(
            self._query.span, behind=behind, limit=limit, hidden_sources=hidden
        ):
            for row in rows:
                self._seen += 1
                yield row
            behind, limit = rows[-1].place, ROWS_AT_A_TIME


def _ordered(query: CdxQuery, lines: Iterator[Line]) -> Iterator[Line]:
    if query.closest is not None:
        far = partial(seconds_between, query.closest)
        return iter(heapq.nsmallest(query.limit, lines, key=far))
    if query.reverse:
        return reversed(deque(lines, maxlen=query.limit))
    return islice(lines, query.limit)
