"""Mementos: dates, links and TimeMaps of RFC 7089 (pure).

A memento is a capture with an HTTP answer; its address is that of the cleaned copy on
the replay origin. Every address written here is ASCII without `<`, `>`, quotes or
white space, so that no archived address can end a link or a header.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from archive.capture import Capture
from archive.errors import FormatError
from archive.instant import format_instant

LINK_FORMAT = "application/link-format"
TIMEMAP_KINDS = ("link", "json", "cdxj")
"""Forms of a TimeMap, as they stand in its address."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) "
    r"(\d{2}):(\d{2}):(\d{2}) GMT",
    re.ASCII,
)
_PLAIN = "".join(sorted(set(map(chr, range(0x21, 0x7F))) - set("<>\"'\\^`")))
_PWID = re.compile(
    r"urn:pwid:(?P<archive>[^:\s]{1,253}):"
    r"(?P<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z):"
    r"(?P<part>part|page):(?P<uri>\S{1,16384})",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where the two applications are reached, `https://archive.example`."""

    app: str
    replay: str

    def timegate(self, uri: str) -> str:
        """Address that negotiates in time."""
        return f"{self.app}/timegate/{plain(uri)}"

    def timemap(self, kind: str, uri: str, *, page: int = 1) -> str:
        """Address of a TimeMap in one of its forms; the first page has no number."""
        number = "" if page == 1 else f"{page}/"
        return f"{self.app}/timemap/{kind}/{number}{plain(uri)}"

    def memento(self, capture: Capture) -> str:
        """Address of the cleaned copy of a capture."""
        return f"{self.replay}/v/{capture.short_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """Mementos around one of them, in time; None where there is none."""

    first: Capture
    last: Capture
    prev: Capture | None
    next: Capture | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMap:
    """One page of the mementos of an address, oldest first, never empty."""

    uri: str
    """The address asked for."""
    page: int
    pages: int
    mementos: Sequence[Capture]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pwid:
    """A persistent web identifier; precise to the second."""

    archive: str
    at: datetime
    whole_page: bool
    """`page`: with its parts; `part`: these bytes alone."""
    uri: str


def plain(uri: str) -> str:
    """Write an address so that it can stand in a link, a header or a path."""
    return quote(uri, safe=_PLAIN)


def format_http_date(moment: datetime) -> str:
    """Write RFC 1123 in GMT, whatever the locale; fractions are cut off."""
    at = moment.astimezone(UTC)
    day = f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"{day} {at.hour:02}:{at.minute:02}:{at.second:02} GMT"


def parse_http_date(text: str) -> datetime:
    """Read RFC 1123 in GMT; FormatError for any other form or a wrong weekday."""
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise FormatError("not a date such as Sun, 26 Jan 2025 18:04:11 GMT")
    month = _MONTHS.index(match[2]) + 1
    written = f"{match[3]}-{month:02}-{match[1]}T{match[4]}:{match[5]}:{match[6]}"
    try:
        at = datetime.fromisoformat(written).replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError("no such date") from error
    if format_http_date(at) != text:
        raise FormatError("the weekday is another one")
    return at


def parse_pwid(text: str) -> Pwid:
    """Read `urn:pwid:ARCHIVE:TIME:part:URI`; FormatError for any other form."""
    match = _PWID.fullmatch(text)
    if match is None:
        raise FormatError("not a PWID such as urn:pwid:archive:2025-01-26T18:04:11Z:…")
    try:
        at = datetime.fromisoformat(match["time"][:19]).replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError("a PWID with a time there never was") from error
    return Pwid(
        archive=match["archive"],
        at=at,
        whole_page=match["part"].lower() == "page",
        uri=match["uri"],
    )


def stamp_of(moment: datetime) -> str:
    """Write the fourteen digits of CDX lines."""
    at = moment.astimezone(UTC)
    return f"{at.year:04}{at:%m%d%H%M%S}"


def link(address: str, relation: str, **attributes: str) -> str:
    """One link of RFC 8288; values are ours or dates, never archived text."""
    more = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return f'<{address}>; rel="{relation}"{more}'


def link_header(links: Sequence[str]) -> str:
    """The value of a Link header."""
    return ", ".join(links)


def memento_links(origins: Origins, uri: str, around: Neighbourhood) -> list[str]:
    """Links of a memento: original, TimeGate, TimeMap, and its neighbours in time."""
    links = [
        link(plain(uri), "original"),
        link(origins.timegate(uri), "timegate"),
        link(origins.timemap("link", uri), "timemap", type=LINK_FORMAT),
    ]
    relations: dict[str, list[str]] = {}
    captures: dict[str, Capture] = {}
    for relation in ("first", "prev", "next", "last"):
        capture = getattr(around, relation)
        if capture is not None:
            relations.setdefault(capture.capture_id, []).append(relation)
            captures[capture.capture_id] = capture
    for capture_id, names in relations.items():
        links.append(_memento(origins, captures[capture_id], names))
    return links


def gate_links(origins: Origins, uri: str, chosen: Capture) -> list[str]:
    """Links of a TimeGate's answer."""
    return [
        link(plain(uri), "original"),
        link(origins.timemap("link", uri), "timemap", type=LINK_FORMAT),
        _memento(origins, chosen, []),
    ]


def _memento(origins: Origins, capture: Capture, relations: Sequence[str]) -> str:
    relation = " ".join([*relations, "memento"])
    date = format_http_date(capture.captured_at)
    return link(origins.memento(capture), relation, datetime=date)


def _relations(found: TimeMap, place: int) -> list[str]:
    names = []
    if found.page == 1 and place == 0:
        names.append("first")
    if found.page == found.pages and place == len(found.mementos) - 1:
        names.append("last")
    return names


def format_link_timemap(origins: Origins, found: TimeMap) -> str:
    """`application/link-format`: original, self with its range, pages, mementos."""
    lines = [
        link(plain(found.uri), "original"),
        link(
            origins.timemap("link", found.uri, page=found.page),
            "self",
            type=LINK_FORMAT,
            **{
                "from": format_http_date(found.mementos[0].captured_at),
                "until": format_http_date(found.mementos[-1].captured_at),
            },
        ),
        link(origins.timegate(found.uri), "timegate"),
    ]
    for page in range(1, found.pages + 1):
        if page != found.page:
            address = origins.timemap("link", found.uri, page=page)
            lines.append(link(address, "timemap", type=LINK_FORMAT))
    lines += [
        _memento(origins, capture, _relations(found, place))
        for place, capture in enumerate(found.mementos)
    ]
    return ",\n".join(lines) + "\n"


def format_json_timemap(origins: Origins, found: TimeMap) -> str:
    """The JSON form other Memento servers and clients use."""
    rows = [
        {
            "datetime": _second(capture.captured_at),
            "uri": origins.memento(capture),
        }
        for capture in found.mementos
    ]
    uri = found.uri
    value = {
        "original_uri": plain(uri),
        "self": origins.timemap("json", uri, page=found.page),
        "timegate_uri": origins.timegate(uri),
        "timemap_uri": {
            "link_format": origins.timemap("link", uri),
            "json_format": origins.timemap("json", uri),
            "cdxj_format": origins.timemap("cdxj", uri),
        },
        "mementos": {"first": rows[0], "last": rows[-1], "list": rows},
        "page": found.page,
        "pages": found.pages,
    }
    return json.dumps(value, indent=1) + "\n"


def format_cdxj_timemap(origins: Origins, found: TimeMap) -> str:
    """The CDXJ form: headers beginning with `!`, then one line a memento."""
    uri = found.uri
    meta: dict[str, object] = {"original_uri": plain(uri)}
    meta["timegate_uri"] = origins.timegate(uri)
    meta["timemap_uri"] = {
        f"{kind}_format": origins.timemap(kind, uri) for kind in TIMEMAP_KINDS
    }
    head = [
        '!context ["https://oduwsdl.github.io/contexts/memento"]',
        f"!id {json.dumps({'uri': origins.timemap('cdxj', uri, page=found.page)})}",
        '!keys ["memento_datetime_YYYYMMDDhhmmss"]',
        f"!meta {json.dumps(meta)}",
    ]
    return "\n".join([*head, *_cdxj_lines(origins, found)]) + "\n"


def _cdxj_lines(origins: Origins, found: TimeMap) -> Iterator[str]:
    for place, capture in enumerate(found.mementos):
        value = {
            "uri": origins.memento(capture),
            "rel": " ".join([*_relations(found, place), "memento"]),
            "datetime": format_http_date(capture.captured_at),
        }
        yield f"{stamp_of(capture.captured_at)} {json.dumps(value)}"


def _second(moment: datetime) -> str:
    return format_instant(moment)[:19] + "Z"
