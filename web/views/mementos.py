"""Mementos: TimeGate, TimeMaps and PWID addresses, and the headers of a memento.

Addresses are read from the request target as it was sent: WSGI decodes paths, and
slash merging would turn `http://` into `http:/`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from urllib.parse import unquote

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from archive.capture import Capture
from archive.errors import FormatError
from archive.store.catalog.lookup import FIRST_PLACE, KeyedCapture, span_of
from archive.warc.surt import make_urlkey
from web.access import may_show, shown_by
from web.protocols.mementos import (
    LINK_FORMAT,
    Neighbourhood,
    Origins,
    TimeMap,
    format_cdxj_timemap,
    format_http_date,
    format_json_timemap,
    format_link_timemap,
    gate_links,
    link,
    link_header,
    memento_links,
    parse_http_date,
    parse_pwid,
)
from web.site import Site
from web.views.answers import JSON, TEXT, answer, json_answer, see_other

PAGE_MEMENTOS = 1_000
"""Mementos of one page of a TimeMap."""
ROWS_AT_A_TIME = 8
"""Rows looked at while the nearest memento is looked for."""
MOST_ROWS = 1_000
"""Rows read from the catalog at once."""
FIRST_TIME = datetime.min.replace(tzinfo=UTC)
LAST_TIME = datetime.max.replace(tzinfo=UTC)
_FORMS = {
    "link": (format_link_timemap, LINK_FORMAT),
    "json": (format_json_timemap, JSON),
    "cdxj": (format_cdxj_timemap, TEXT),
}
_NUMBERED = re.compile(r"([1-9][0-9]{0,5})/(?=[A-Za-z][A-Za-z0-9+.-]*:)")
_WEB = re.compile(r"https?:", re.IGNORECASE)


class Mementos:
    """Routes of RFC 7089 on the origin of our pages."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site
        self._origins = origins_of(site)

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/timegate/<path:rest>", "timegate", self.timegate),
            ("/timemap/<kind>/<path:rest>", "timemap", self.timemap),
            ("/pwid/<path:rest>", "pwid", self.pwid),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def timegate(self, rest: str) -> Response:
        """Answer 302 to the memento nearest to Accept-Datetime, else to the newest."""
        del rest
        uri = asked_address("/timegate/")
        wanted = request.headers.get("Accept-Datetime")
        try:
            at = None if wanted is None else parse_http_date(wanted)
        except FormatError:
            return _varying(_said(400, "malformed Accept-Datetime"))
        self._site.services.archive.catch_up()
        chosen = nearest(self._site, make_urlkey(uri), at)
        if chosen is None:
            return _varying(_said(404, "no memento"))
        response = answer("", media_type=TEXT, status=302)
        response.headers["Location"] = self._origins.memento(chosen)
        links = gate_links(self._origins, uri, chosen)
        response.headers["Link"] = link_header(links)
        return _varying(response)

    def timemap(self, kind: str, rest: str) -> Response:
        """All mementos of an address, by pages."""
        del rest
        if kind not in _FORMS:
            raise NotFound
        uri = asked_address(f"/timemap/{kind}/")
        numbered = _NUMBERED.match(uri)
        page = int(numbered[1]) if numbered else 1
        uri = uri[numbered.end() :] if numbered else uri
        self._site.services.archive.catch_up()
        start = (page - 1) * PAGE_MEMENTOS
        shown, count = [], 0
        for capture in mementos_of(self._site, make_urlkey(uri)):
            if start <= count < start + PAGE_MEMENTOS:
                shown.append(capture)
            count += 1
        if not shown:
            raise NotFound
        pages = -(-count // PAGE_MEMENTOS)
        found = TimeMap(uri=uri, page=page, pages=pages, mementos=shown)
        write, media_type = _FORMS[kind]
        return answer(write(self._origins, found), media_type=media_type)

    def pwid(self, rest: str) -> Response:
        """Answer 303 to the record a PWID names; several records are listed."""
        del rest
        try:
            asked = parse_pwid(asked_address("/pwid/"))
        except FormatError as error:
            raise NotFound from error
        site = self._site
        site.services.archive.catch_up()
        kind = "page" if asked.whole_page else "capture"
        end = asked.at.replace(microsecond=999_999)  # a PWID is precise to the second
        in_second = site.services.archive.addresses.within(
            asked.uri, asked.at, end, limit=MOST_ROWS
        )
        found = list(filter(shown_by(site.settings.access), in_second))
        found = [one for one in found if one.kind == kind] or found
        own = site.services.archive.identity.origin.rsplit("/", 1)[-1]
        if not found or asked.archive != own:
            raise NotFound
        if len(found) > 1:
            rows = [{"record": f"/c/{one.short_id}"} for one in found]
            return json_answer({"captures": rows}, status=300)
        return see_other(f"/c/{found[0].short_id}")


def origins_of(site: Site) -> Origins:
    """The two origins, as links name them."""
    return Origins(app=site.settings.app_origin, replay=site.settings.replay_origin)


def asked_address(prefix: str) -> str:
    """The address behind a prefix in the request target, as it was sent.

    One that was escaped as a whole is unescaped once; a missing scheme is `http`.
    """
    target = str(
        request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or ""
    )
    if not target.startswith("/"):  # absolute form: scheme and authority come first
        target = "/" + target.partition("://")[2].partition("/")[2]
    if not target.startswith(prefix):
        raise BadRequest
    asked = target[len(prefix) :]
    if re.match(r"[A-Za-z]+%3A", asked, re.IGNORECASE):
        asked = unquote(asked)
    if prefix == "/pwid/" or _WEB.match(asked) or _NUMBERED.match(asked):
        return asked
    return f"http://{asked}"


def mementos_of(site: Site, urlkey: str) -> Iterator[Capture]:
    """The mementos of a key, oldest first: all answers that may be shown."""
    ask = site.services.archive.captures_of_keys
    is_shown = shown_by(site.settings.access)
    behind = FIRST_PLACE
    while rows := ask(span_of(urlkey), behind=behind, limit=MOST_ROWS):
        for row in rows:
            if row.capture.http_status is not None and is_shown(row.capture):
                yield row.capture
        behind = rows[-1].place


def nearest(site: Site, urlkey: str, at: datetime | None) -> Capture | None:
    """The memento nearest to a time; the earlier of two; without a time the newest."""
    if at is None:
        return next(_earlier(site, urlkey, LAST_TIME), None)
    earlier = next(_earlier(site, urlkey, at), None)
    later = next(_later(site, urlkey, at), None)
    if earlier is None or later is None:
        return earlier or later
    before, behind = at - earlier.captured_at, later.captured_at - at
    return earlier if before <= behind else later


def _earlier(site: Site, urlkey: str, at: datetime) -> Iterator[Capture]:
    """Mementos not later than a time, the latest first."""
    return _walk(site, partial(site.services.archive.captures_until, urlkey, at))


def _later(site: Site, urlkey: str, at: datetime) -> Iterator[Capture]:
    """Mementos later than a time, the earliest first."""
    return _walk(site, partial(site.services.archive.captures_after, urlkey, at))


def _walk(site: Site, ask: Callable[..., list[KeyedCapture]]) -> Iterator[Capture]:
    offset, limit = 0, ROWS_AT_A_TIME
    is_shown = shown_by(site.settings.access)
    while rows := ask(limit=limit, offset=offset):
        for row in rows:
            if row.capture.http_status is not None and is_shown(row.capture):
                yield row.capture
        offset += len(rows)
        limit = min(limit * 4, MOST_ROWS)  # a site that failed for months


def add_memento_headers(response: Response, site: Site, capture: Capture) -> Response:
    """Say of an answer that it is a memento, and where its neighbours are."""
    response.headers["Memento-Datetime"] = format_http_date(capture.captured_at)
    return add_links(response, site, capture)


def add_links(response: Response, site: Site, capture: Capture) -> Response:
    """Link to original, TimeGate, TimeMap and the neighbours in time."""
    uri = capture.target_uri
    if not _is_memento(site, capture):
        response.headers["Link"] = link(origins_of(site).timegate(uri), "timegate")
        return response
    around = _around(site, capture)
    links = memento_links(origins_of(site), uri, around)
    response.headers["Link"] = link_header(links)
    return response


def _around(site: Site, capture: Capture) -> Neighbourhood:
    """Its neighbours, found from both sides: an address may have many captures."""
    urlkey = make_urlkey(capture.target_uri)
    prev, following = None, None
    for other in _earlier(site, urlkey, capture.captured_at):
        if other.captured_at == capture.captured_at and other.leaf >= capture.leaf:
            following = other if other.leaf > capture.leaf else following
            continue
        prev = other
        break
    return Neighbourhood(
        first=next(_later(site, urlkey, FIRST_TIME), capture),
        last=next(_earlier(site, urlkey, LAST_TIME), capture),
        prev=prev,
        next=following or next(_later(site, urlkey, capture.captured_at), None),
    )


def _is_memento(site: Site, capture: Capture) -> bool:
    return capture.http_status is not None and may_show(capture, site.settings.access)


def _said(status: int, words: str) -> Response:
    return answer(f"{status} {words}\n", media_type=TEXT, status=status)


def _varying(response: Response) -> Response:
    response.headers["Vary"] = "Accept-Datetime"
    return response
