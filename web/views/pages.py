"""Pages: the start page, lists of captures and failures, texts about the archive."""

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from web.replay.links import normal_form
from web.site import Site
from web.views.answers import answer, here, page
from web.views.archive_state import state_of_archive
from web.views.listing import Ids, Listing, list_captures, make_listing
from web.wording.prose import GLOSSARY, SYNTAX

NEW_ROWS = 8
"""Captures shown as new on the search page."""
COVERAGE_DAYS = 14
"""Days of the table on the start page: as many as fit beside a name."""


class Pages:
    """The routes for finding things and for reading about the archive."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/", "home", self.home),
            ("/out/<key>", "out", self.out),
            ("/captures", "captures", self.captures),
            ("/captures/<int:number>", "captures-page", self.captures),
            ("/failures", "failures", self.failures),
            ("/failures/<int:number>", "failures-page", self.failures),
            ("/claims", "claims", self.claims),
            ("/help", "help", self.help),
            ("/status", "status", self.status),
            ("/static/<name>", "static", self.asset),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def home(self) -> Response:
        """The search page: form, claim, state, coverage, what is new."""
        site = self._site
        overview = site.up_to_date()
        days, coverage = overview.coverage(days=COVERAGE_DAYS)
        return page(
            site,
            "home.html",
            counts=overview.counts(),
            days=days,
            coverage=coverage,
            top=max(
                (one.pages for row in coverage for one in row.days.values()), default=0
            ),
            new=list_captures(site, overview.newest_ids(limit=NEW_ROWS)),
            **state_of_archive(site),
        )

    def out(self, key: str) -> Response:
        """The page before leaving for the live site."""
        uri = self._site.up_to_date().find_address(key)
        if uri is None:
            raise NotFound
        return page(self._site, "out.html", uri=uri, live=normal_form(uri))

    def captures(self, number: int = 1) -> Response:
        """All page captures, newest first."""
        overview = self._site.up_to_date()
        total = overview.counts().listed
        listing = self._listing(overview.newest_ids, number, total, "/captures")
        return page(self._site, "captures.html", listing=listing)

    def failures(self, number: int = 1) -> Response:
        """Every attempt that did not end whole, newest first."""
        overview = self._site.up_to_date()
        total = overview.counts().failures
        listing = self._listing(overview.failed_ids, number, total, "/failures")
        return page(
            self._site,
            "failures.html",
            listing=listing,
            outcomes=overview.outcomes(),
        )

    def _listing(self, ids: Ids, number: int, total: int, path: str) -> Listing:
        path = here().base + path
        return make_listing(self._site, ids, number=number, total=total, path=path)

    def claims(self) -> Response:
        """What this archive proves and does not prove."""
        return page(self._site, "claims.html")

    def help(self) -> Response:
        """How to search, read a record and check one without us."""
        return page(self._site, "help.html", syntax=SYNTAX, glossary=GLOSSARY)

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
            **state_of_archive(site),
        )

    def asset(self, name: str) -> Response:
        """A style sheet, by its digest."""
        asset = self._site.renderer.assets.get(name)
        if asset is None:
            raise NotFound
        return answer(asset.data, media_type=asset.media_type)
