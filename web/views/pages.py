"""Pages: search, results, lists and texts; each view parses, calls once and renders."""

import re
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.digest import Digest, is_hex_digest, is_short_id
from archive.errors import InvalidQuery, SearchUnavailable, StoreError
from web.prose import SYNTAX
from web.replay.links import normal_form
from web.site import Site
from web.views.answers import answer, here, page, see_other
from web.views.listing import Listing, list_captures, rows_of_address
from web.views.record import view_of_report

PAGE_HITS = 10
"""Hits on one page of results."""
LIST_ROWS = 50
"""Captures on one page of a list."""
QUERY_LIMIT_CHARS = 1_000
"""The query language's own bound."""
NEW_ROWS = 8
"""Captures shown as new on the search page."""
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


class Pages:
    """The routes for finding things and for reading about the archive."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view, method in (
            ("/", "home", self.home, "GET"),
            ("/search", "search", self.search, "POST"),
            ("/r/<token>", "results", self.results, "GET"),
            ("/r/<token>/<int:number>", "results-page", self.results, "GET"),
            ("/find", "find", self.find, "POST"),
            ("/u/<key>", "address", self.address, "GET"),
            ("/out/<key>", "out", self.out, "GET"),
            ("/sources", "sources", self.sources, "GET"),
            ("/s/<key>", "source", self.source, "GET"),
            ("/s/<key>/<int:number>", "source-page", self.source, "GET"),
            ("/captures", "captures", self.captures, "GET"),
            ("/captures/<int:number>", "captures-page", self.captures, "GET"),
            ("/claims", "claims", self.claims, "GET"),
            ("/help", "help", self.help, "GET"),
            ("/status", "status", self.status, "GET"),
            ("/static/<name>", "static", self.asset, "GET"),
        ):
            app.add_url_rule(rule, name, view, methods=[method])

    def home(self) -> Response:
        """The search page: form, claim, state, what is new."""
        site = self._site
        overview = site.up_to_date()
        ids = overview.newest_ids(limit=NEW_ROWS)
        return page(
            site,
            "home.html",
            counts=overview.counts(),
            new=list_captures(site, ids),
            **self._archive_state(),
        )

    def _archive_state(self) -> dict[str, Any]:
        site = self._site
        sweep = site.sweep.state
        report = None
        if sweep.report is not None and sweep.finished_at is not None:
            report = view_of_report(site, sweep.report, at=sweep.finished_at)
        return {
            "sweep": sweep.state,
            "report": report,
            "checkpoint": site.checkpoint(),
            "trust": site.services.trust,
            "entries": site.services.archive.next_leaf,
        }

    def search(self) -> Response:
        """Keep the query in memory and answer with the address of its results."""
        query = request.form.get("q", "").strip()[:QUERY_LIMIT_CHARS]
        if not query:
            return see_other("/")
        return see_other(f"/r/{self._site.queries.put(query)}")

    def results(self, token: str, number: int = 1) -> Response:
        """One page of results; 410 with an empty form when the query is forgotten."""
        site = self._site
        query = site.queries.find(token)
        if query is None:
            return page(site, "expired.html", status=410)
        if not 1 <= number <= 1_000:
            raise NotFound
        problem, found = "", None
        try:
            offset = (number - 1) * PAGE_HITS
            found = site.services.search.search(query, limit=PAGE_HITS, offset=offset)
        except InvalidQuery as error:
            problem = str(error)
        except SearchUnavailable:
            return page(site, "unavailable.html", status=503, query=query)
        return page(
            site,
            "results.html",
            query=query,
            problem=problem,
            total=found.total if found else 0,
            hits=site.shown_hits(found.hits) if found else [],
            some_missing=site.shown_hits(found.some_missing) if found else [],
            token=token,
            number=number,
            first=(number - 1) * PAGE_HITS + 1,
            pages=-(-found.total // PAGE_HITS) if found else 0,
        )

    def find(self) -> Response:
        """Go to what was pasted: an address, an id, a digest, a citation."""
        site = self._site
        text = request.form.get("q", "").strip()[: QUERY_LIMIT_CHARS * 16]
        for word in re.findall(r"[a-z2-7]{26}|[0-9a-f]{64}", text):
            short_id = Digest(word).short_id if is_hex_digest(word) else word
            if is_short_id(short_id) and self._exists(short_id):
                return see_other(f"/c/{short_id}")
        address = normal_form(text) if _SCHEME.match(text) else None
        if address is not None:
            key = site.key_of(address)
            if site.up_to_date().find_address(key) is not None:
                return see_other(f"/u/{key}")
        return page(site, "unknown.html", status=404)

    def _exists(self, short_id: str) -> bool:
        try:
            self._site.get_capture(short_id)
        except StoreError:
            return False
        return True

    def address(self, key: str) -> Response:
        """All captures of one address, failures among them."""
        site = self._site
        uri = site.up_to_date().find_address(key)
        if uri is None:
            raise NotFound
        days = rows_of_address(site, uri)
        if not days:
            raise NotFound
        return page(site, "address.html", uri=uri, days=days, key=key)

    def out(self, key: str) -> Response:
        """The page before leaving for the live site."""
        uri = self._site.up_to_date().find_address(key)
        if uri is None:
            raise NotFound
        return page(self._site, "out.html", uri=uri, live=normal_form(uri))

    def sources(self) -> Response:
        """What is held of each source."""
        sources = self._site.up_to_date().sources()
        return page(self._site, "sources.html", sources=sources)

    def source(self, key: str, number: int = 1) -> Response:
        """Captures of one source, newest first."""
        overview = self._site.up_to_date()
        source = overview.find_source(key)
        if source is None or number < 1:
            raise NotFound
        ids = overview.source_ids(
            source, limit=LIST_ROWS, offset=(number - 1) * LIST_ROWS
        )
        listing = self._listing(ids, number, len(source.ids), f"{here().base}/s/{key}")
        return page(self._site, "source.html", source=source, listing=listing)

    def captures(self, number: int = 1) -> Response:
        """All page captures, newest first."""
        overview = self._site.up_to_date()
        if number < 1:
            raise NotFound
        ids = overview.newest_ids(limit=LIST_ROWS, offset=(number - 1) * LIST_ROWS)
        listing = self._listing(
            ids, number, overview.counts().listed, f"{here().base}/captures"
        )
        return page(self._site, "captures.html", listing=listing)

    def _listing(self, ids: list[str], number: int, total: int, path: str) -> Listing:
        if not ids and number > 1:
            raise NotFound
        pages = max(-(-total // LIST_ROWS), 1)
        rows = list_captures(self._site, ids)
        return Listing(rows=rows, number=number, pages=pages, total=total, path=path)

    def claims(self) -> Response:
        """What this archive proves and does not prove."""
        return page(self._site, "claims.html")

    def help(self) -> Response:
        """How to search, read a record and check one without us."""
        return page(self._site, "help.html", syntax=SYNTAX)

    def status(self) -> Response:
        """Log, checkpoint, trust folder, last check of the whole archive."""
        site = self._site
        overview = site.up_to_date()
        return page(
            site,
            "status.html",
            identity=site.services.archive.identity,
            counts=overview.counts(),
            outcomes=overview.outcomes(),
            **self._archive_state(),
        )

    def asset(self, name: str) -> Response:
        """A style sheet, by its digest."""
        asset = self._site.renderer.assets.get(name)
        if asset is None:
            raise NotFound
        return answer(asset.data, media_type=asset.media_type)
