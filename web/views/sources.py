"""Sources: what is watched, day by day, with its gaps, failures and expectations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from archive.errors import EvidenceError
from web.coverage import DayCount
from web.overview import SourceCount
from web.site import Site
from web.views.answers import here, page
from web.views.listing import make_listing
from web.wording.charts import Chart, make_chart

GAPS_SHOWN = 12
"""Stretches without an attempt that are listed, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One line of the list of sources."""

    count: SourceCount
    title: str
    publisher: str
    chart: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days `[first, last]` without an attempt, between days with one."""

    first: date
    last: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest finished job of a source: what it promised, and what came of it."""

    opened_at: datetime
    closed_at: datetime
    vantage: str
    counts: Mapping[str, int]
    expectations: Sequence[Mapping[str, Any]]
    about: Mapping[str, Any]


class SourcePages:
    """The list of sources and the page of one."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/sources", "sources", self.sources),
            ("/s/<key>", "source", self.source),
            ("/s/<key>/<int:number>", "source-page", self.source),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def sources(self) -> Response:
        """What is held of each source."""
        overview = self._site.up_to_date()
        rows = []
        for count in overview.sources():
            run = last_run(self._site, count.source_id)
            about = run.about if run else {}
            rows.append(
                SourceRow(
                    count=count,
                    title=str(about.get("title") or ""),
                    publisher=str(about.get("publisher") or ""),
                    chart=chart_of(overview.days_of(count.source_id)),
                )
            )
        return page(self._site, "sources.html", sources=rows)

    def source(self, key: str, number: int = 1) -> Response:
        """One source: days, gaps, failures, expectations, captures newest first."""
        site = self._site
        overview = site.up_to_date()
        source = overview.find_source(key)
        if source is None:
            raise NotFound
        days = overview.days_of(source.source_id)
        return page(
            site,
            "source.html",
            source=source,
            days=days,
            chart=chart_of(days),
            gaps=gaps_of(list(days)),
            run=last_run(site, source.source_id),
            listing=make_listing(
                site,
                partial(overview.source_ids, source),
                number=number,
                total=len(source.ids),
                path=f"{here().base}/s/{key}",
            ),
        )


def chart_of(days: Mapping[date, DayCount]) -> Chart | None:
    """Page captures and failures by day."""
    return make_chart({day: (one.pages, one.failures) for day, one in days.items()})


def gaps_of(days: Sequence[date]) -> list[Gap]:
    """Stretches of days without an attempt, newest first."""
    gaps = []
    ordered = sorted(days)
    for before, after in pairwise(ordered):
        missing = (after - before).days - 1
        if missing > 0:
            first, last = before + timedelta(days=1), after - timedelta(days=1)
            gaps.append(Gap(first=first, last=last, days=missing))
    return gaps[: -GAPS_SHOWN - 1 : -1]


def last_run(site: Site, source_id: str | None) -> LastRun | None:
    """The last job of a source; None without one, or where it cannot be read."""
    if source_id is None:
        return None
    try:
        found = site.services.archive.jobs.last(source_id)
    except EvidenceError:
        return None
    if found is None:
        return None
    opening, closing = found
    return LastRun(
        opened_at=opening.opened_at,
        closed_at=closing.closed_at,
        vantage=opening.vantage,
        counts=closing.counts,
        expectations=closing.expectations,
        about=opening.source,
    )
