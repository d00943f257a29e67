"""Addresses: every attempt at one URI, as a calendar, a chart and a list."""

from dataclasses import dataclass
from datetime import date

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.digest import is_short_id
from web.site import Site
from web.views.answers import here, page, see_other
from web.views.listing import Day, HistoryRow, history_of
from web.wording.charts import Chart, level_of, make_chart, weeks_of

MONTHS_SHOWN = 24
"""Months of the calendar, the newest; older captures are in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A day of the calendar; `count` 0: no attempt on that day."""

    day: date
    count: int
    failed: int
    changed: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month in weeks from Monday; None outside of it."""

    first: date
    weeks: list[list[Cell | None]]


class AddressPages:
    """The captures of one address, and the way to compare two of them."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/u/<key>", "address", self.address),
            ("/u/<key>/<int:number>", "address-page", self.address),
            ("/compare", "compare-two", self.choose),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def address(self, key: str, number: int = 1) -> Response:
        """All captures of one address, failures among them, by pages."""
        site = self._site
        uri = site.up_to_date().find_address(key)
        if uri is None:
            raise NotFound
        history = history_of(site, uri, number)
        rows = history.rows
        days: dict[date, list[HistoryRow]] = {}
        for row in reversed(rows):
            days.setdefault(row.captured_at.date(), []).append(row)
        return page(
            site,
            "address.html",
            uri=uri,
            key=key,
            days=[Day(date=day, rows=found) for day, found in days.items()],
            months=months_of(days),
            chart=chart_of(days),
            history=history,
            below=f"{here().base}/u/{key}",
            total=len(rows),
            failed=sum(1 for row in rows if row.http_status is None),
            changed=sum(1 for row in rows if row.change == "changed"),
        )

    def choose(self) -> Response:
        """Go to the comparison of the two captures that a form names."""
        ids = [request.args.get(name, "") for name in ("a", "b")]
        if not all(map(is_short_id, ids)):
            raise NotFound
        return see_other(f"/compare/{ids[0]}/{ids[1]}")


def chart_of(days: dict[date, list[HistoryRow]]) -> Chart | None:
    """Answered and failed attempts by day."""
    return make_chart(
        {
            day: (
                sum(1 for row in rows if row.http_status is not None),
                sum(1 for row in rows if row.http_status is None),
            )
            for day, rows in days.items()
        }
    )


def months_of(days: dict[date, list[HistoryRow]]) -> list[Month]:
    """The months with captures, newest first."""
    top = max(map(len, days.values()))
    firsts = sorted({day.replace(day=1) for day in days}, reverse=True)
    return [
        Month(
            first=first,
            weeks=[
                [None if day is None else _cell(day, days, top) for day in week]
                for week in weeks_of(first)
            ],
        )
        for first in firsts[:MONTHS_SHOWN]
    ]


def _cell(day: date, days: dict[date, list[HistoryRow]], top: int) -> Cell:
    rows = days.get(day, [])
    return Cell(
        day=day,
        count=len(rows),
        failed=sum(1 for row in rows if row.http_status is None),
        changed=sum(1 for row in rows if row.change == "changed"),
        level=level_of(len(rows), top),
    )
