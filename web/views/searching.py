"""Searching: a query becomes a token; results, narrowing and sorting are links below.

No address holds a query, a value of a facet or a source: links hold numbers of values.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from archive.digest import Digest, is_hex_digest, is_short_id
from archive.errors import InvalidQuery, StoreError
from search.answering.grouping import GROUPS_MAX
from search.answering.service import ResultPage, Sorting
from search.counting import Counts
from search.query.nodes import FIRST
from search.query.parser import FIELDS
from web.access import search_options
from web.bounds import format_bounds, parse_bounds
from web.citing.checking import CITATION_LIMIT_CHARS, ids_named
from web.guards.limits import QUERY_LIMIT_CHARS
from web.replay.links import normal_form
from web.results import Asked, Narrowing
from web.site import NO_INDEX, Site
from web.views.answers import page, see_other
from web.wording.charts import Bin, Chart, make_chart

PAGE_HITS = 10
"""Hits on one page of results."""
PAGES_MAX = 1_000
"""Pages of one query: both engines give the first 10,000 hits."""
FACETS = ("source", "lang", "class", "outcome", "host")
"""Shown beside results, in this order, where the index counts them."""
VALUES_SHOWN = 8
"""Of one facet; the others are a number."""
SORTINGS = ("score", "newest", "oldest", "claimed-newest", "claimed-oldest")
DAY_FIELD = FIRST
DOCUMENT = "document"
"""What a followed link is fetched as; parts of other pages are something else."""
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetView:
    """Values of one facet with the number that links name them by."""

    name: str
    values: tuple[tuple[int, str, int], ...]
    rest: int


class SearchPages:
    """The search form's answers."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view, method in (
            ("/search", "search", self.search, "POST"),
            ("/search", "search-link", self.search_link, "GET"),
            ("/r/<token>", "results", self.results, "GET"),
            ("/r/<token>/<int:number>", "results-page", self.results, "GET"),
            ("/r/<token>/only/<int:number>", "narrow", self.narrow, "GET"),
            ("/r/<token>/without/<int:number>", "widen", self.widen, "GET"),
            ("/r/<token>/by/<sorting>", "sort", self.sort, "GET"),
            ("/r/<token>/copies/<shown>", "copies", self.copies, "GET"),
            ("/find", "find", self.find, "POST"),
        ):
            app.add_url_rule(rule, name, view, methods=[method])

    def search(self) -> Response:
        """Keep the query in memory and answer with the address of its results."""
        query = request.form.get("q", "").strip()[:QUERY_LIMIT_CHARS]
        return self._lead(Asked(query=query)) if query else see_other("/")

    def search_link(self) -> Response:
        """Ask what a link to a search names; the address that is left has no words."""
        if request.headers.get("Sec-Fetch-Dest", DOCUMENT) != DOCUMENT:
            raise Forbidden
        query = request.args.get("q", "").strip()[:QUERY_LIMIT_CHARS]
        try:
            wanted = parse_bounds(request.args.getlist("upto"))
        except ValueError as error:
            raise BadRequest from error
        return (
            self._lead(Asked(query=query, wanted=wanted)) if query else see_other("/")
        )

    def _lead(self, asked: Asked) -> Response:
        return see_other(f"/r/{self._site.queries.put(asked)}")

    def _asked(self, token: str) -> Asked:
        asked = self._site.queries.find(token)
        if asked is None:
            raise NotFound
        return asked

    def results(self, token: str, number: int = 1) -> Response:
        """One page of results; 410 with an empty form when the query is forgotten."""
        site = self._site
        asked = site.queries.find(token)
        if asked is None:
            return page(site, "expired.html", status=410)
        if not 1 <= number <= PAGES_MAX:
            raise NotFound
        problem, found, counts = "", None, None
        try:
            asked = site.queries.hold(token, site.services.search.upto()) or asked
            found = self._search(asked, number)
            counts = found.counts
        except InvalidQuery as error:
            problem = str(error)
        except NO_INDEX:
            return page(site, "unavailable.html", status=503, query=asked.query)
        offer = partial(site.queries.offer, token)
        chart = chart_of(counts) if counts else None
        return page(
            site,
            "results.html",
            asked=asked,
            query=asked.query,
            problem=problem,
            total=found.total if found else 0,
            unknown=found.unknown if found else (),
            no_fields=found.no_fields if found else (),
            fields=FIELDS,
            hits=site.shown_hits(found.hits) if found else [],
            some_missing=site.shown_hits(found.some_missing) if found else [],
            facets=facets_of(counts, asked, offer) if counts else [],
            chart=chart,
            days=[offer(days_of(bar.bin)) for bar in chart.bars] if chart else [],
            sortings=SORTINGS,
            link=self._link(asked) if found else "",
            token=token,
            number=number,
            first=(number - 1) * PAGE_HITS + 1,
            pages=pages_of(found, number, grouped=asked.grouped) if found else 0,
        )

    def _search(self, asked: Asked, number: int) -> ResultPage:
        offset = (number - 1) * PAGE_HITS
        return self._site.services.search.search(
            asked.text,
            limit=PAGE_HITS,
            offset=offset,
            options=search_options(
                self._site.settings.access,
                Sorting(asked.sorting),
                upto=asked.upto,
                grouped=asked.grouped,
            ),
            counted=True,
        )

    def _link(self, asked: Asked) -> str:
        """A link to what is asked; shown as words, it is nobody's address yet."""
        settings = self._site.settings
        base = (settings.link_base or settings.app_origin).rstrip("/")
        named = [("upto", pair) for pair in format_bounds(asked.upto)]
        return f"{base}/search?{urlencode([('q', asked.text), *named])}"

    def narrow(self, token: str, number: int) -> Response:
        """Only what has one value of a facet, or is of one bar, by its number."""
        asked = self._asked(token)
        chosen = self._site.queries.offered(token, number)
        if chosen is None:
            raise NotFound
        return self._lead(asked.with_narrowing(chosen))

    def widen(self, token: str, number: int) -> Response:
        """Leave out one of the narrowings."""
        asked = self._asked(token)
        if not 0 <= number < len(asked.narrowings):
            raise NotFound
        left = asked.narrowings[:number] + asked.narrowings[number + 1 :]
        return self._lead(replace(asked, narrowings=left))

    def sort(self, token: str, sorting: str) -> Response:
        """The same results in another order."""
        if sorting not in SORTINGS:
            raise NotFound
        return self._lead(replace(self._asked(token), sorting=sorting))

    def copies(self, token: str, shown: str) -> Response:
        """Near-identical texts once, or each for itself."""
        if shown not in ("once", "all"):
            raise NotFound
        return self._lead(replace(self._asked(token), grouped=shown == "once"))

    def find(self) -> Response:
        """Go to what was pasted: an address, an id, a digest, a citation."""
        site = self._site
        text = request.form.get("q", "").strip()[:CITATION_LIMIT_CHARS]
        for word in ids_named(text):
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


def pages_of(found: ResultPage, number: int, *, grouped: bool) -> int:
    """How many pages there are; of groups only whether there is another one."""
    if not grouped:
        return min(-(-found.total // PAGE_HITS), PAGES_MAX)
    return min(number + (len(found.hits) == PAGE_HITS), GROUPS_MAX // PAGE_HITS)


def facets_of(
    counts: Counts, asked: Asked, offer: Callable[[Narrowing], int]
) -> list[FacetView]:
    """The facets worth showing: those that still tell documents apart."""
    chosen = {one.field for one in asked.narrowings}
    views = []
    for name in FACETS:
        facet = counts.facets.get(name)
        if facet is None or name in chosen or len(facet.values) < 2:
            continue
        shown = facet.values[:VALUES_SHOWN]
        views.append(
            FacetView(
                name=name,
                values=tuple(
                    (offer(Narrowing(field=name, value=value)), value, count)
                    for value, count in shown
                ),
                rest=facet.rest + len(facet.values) - len(shown),
            )
        )
    return views


def chart_of(counts: Counts) -> Chart | None:
    """The histogram of first captures by day."""
    days = _days(counts)
    return make_chart(days) if len(days) > 1 else None


def days_of(one: Bin) -> Narrowing:
    """What a bar counts: documents first captured on its days."""
    days = str(one.start) if one.start == one.end else f"{one.start}..{one.end}"
    return Narrowing(field=DAY_FIELD, value=days)


def _days(counts: Counts) -> dict[date, tuple[int, int]]:
    return {
        _EPOCH + timedelta(days=number): (count, 0)
        for number, count in counts.captured_days.items()
    }
