"""CDX: what a CDX server is asked and the lines it answers (pure).

Names of parameters and fields are those of pywb. `collapse` folds adjacent lines for
whoever counts captures; nothing of it is used when pages are shown.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from archive.errors import FormatError
from archive.instant import format_instant, parse_instant
from archive.store.catalog.lookup import (
    FIRST_PLACE,
    KeyedCapture,
    KeyPlace,
    KeySpan,
    span_of,
)
from archive.warc.surt import make_urlkey
from web.protocols.mementos import stamp_of

USUAL_LINES: Final = 1_000
MOST_LINES: Final = 10_000
FILTER_LIMIT: Final = 10
FIELDS: Final = [
    "urlkey",
    "timestamp",
    "url",
    "mime",
    "status",
    "digest",
    "length",
    "offset",
    "filename",
    "id",
    "outcome",
]
"""Fields of a line, in this order; the last two are ours."""
OUTPUTS: Final = {
    "cdxj": "text/x-cdxj; charset=utf-8",
    "json": "application/x-ndjson; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
PARAMETERS: Final = frozenset(
    (
        *("url", "matchType", "from", "to", "closest", "sort", "filter", "fl"),
        *("limit", "output", "collapse", "showResumeKey", "resumeKey"),
    )
)
_ALIASES: Final = {
    "original": "url",
    "mimetype": "mime",
    "statuscode": "status",
    "fields": "fl",
}
_MATCHES: Final = ("exact", "prefix", "host", "domain")
_DIGITS: Final = re.compile(r"[0-9]{1,14}", re.ASCII)
_COLLAPSE: Final = re.compile(r"([a-z]+)(?::([0-9]{1,3}))?", re.ASCII)
_RESUME: Final = re.compile(r"[A-Za-z0-9_-]{1,24000}", re.ASCII)
_PLACE: Final = re.compile(r"(0|[1-9][0-9]{0,18}) (\S{1,40}) (.+)", re.DOTALL)
_LAST_LEAF: Final = (1 << 63) - 1
_LAST_LETTER: Final = "\U0010ffff"
_SURROGATES: Final = range(0xD800, 0xE000)
_FIRST_STAMP: Final = "00000101000000"
_LAST_STAMP: Final = "99991231235959"
_NONE: Final = "-"

Line = dict[str, str]
"""A CDX line: values by field, all texts; `-` where there is none."""
Keep = Callable[[Line], bool]


class CdxRefused(FormatError):
    """A question this server does not answer; the message names the parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxQuery:
    """A question, checked."""

    span: KeySpan
    first: str
    """Fourteen digits: no earlier line."""
    last: str
    """Fourteen digits: no later line."""
    closest: datetime | None
    """Sort by distance from this time instead of by key."""
    reverse: bool
    keeps: tuple[Keep, ...]
    fields: tuple[str, ...]
    limit: int
    output: str
    collapse: tuple[str, int] | None
    """Field and number of letters that count; 0 = all."""
    shows_key: bool
    behind: KeyPlace
    """Where the last answer ended."""


def parse_query(asked: Mapping[str, Sequence[str]]) -> CdxQuery:
    """Check the parameters; CdxRefused with one sentence for what is not known."""
    values = {_ALIASES.get(name, name): list(given) for name, given in asked.items()}
    for name, given in values.items():
        if name not in PARAMETERS:
            raise CdxRefused(f"a parameter this server does not know: {name[:40]!r}")
        if len(given) > 1 and name != "filter":
            raise CdxRefused(f"{name} is given twice")
    one = {name: given[0] for name, given in values.items() if given}
    if not one.get("url"):
        raise CdxRefused("url is missing")
    sort = one.get("sort", "")
    if sort not in ("", "reverse", "closest"):
        raise CdxRefused("sort is reverse or closest")
    closest = one.get("closest")
    if sort == "closest" and closest is None:
        raise CdxRefused("sort=closest needs closest")
    resumed = one.get("resumeKey")
    if (resumed or _is_true(one, "showResumeKey")) and (closest or sort):
        raise CdxRefused("only lines in the order of keys can be resumed")
    return CdxQuery(
        span=_span(one["url"], one.get("matchType")),
        first=_stamp(one, "from", _FIRST_STAMP),
        last=_stamp(one, "to", _LAST_STAMP),
        closest=None if closest is None else _moment(_stamp(one, "closest", "")),
        reverse=sort == "reverse",
        keeps=tuple(_filter(text) for text in _filters(values)),
        fields=_fields(one.get("fl")),
        limit=_limit(one.get("limit")),
        output=_choice(one, "output", OUTPUTS, "cdxj"),
        collapse=_collapse(one.get("collapse")),
        shows_key=_is_true(one, "showResumeKey"),
        behind=FIRST_PLACE if not resumed else parse_resume_key(resumed),
    )


def _choice(one: Mapping[str, str], name: str, known: Iterable[str], usual: str) -> str:
    value = one.get(name, usual)
    if value not in known:
        raise CdxRefused(f"{name} is one of {', '.join(known)}")
    return value


def _is_true(one: Mapping[str, str], name: str) -> bool:
    return _choice(one, name, ("true", "false", "1", "0"), "false") in ("true", "1")


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_LINES
    if _DIGITS.fullmatch(text) is None or not 1 <= int(text) <= MOST_LINES:
        raise CdxRefused(f"limit is a number from 1 to {MOST_LINES}; more by resumeKey")
    return int(text)


def _span(url: str, match: str | None) -> KeySpan:
    """The stretch of keys; a star in the address stands for a kind of match."""
    if match is None and url.startswith("*."):
        url, match = url[2:], "domain"
    elif match is None and url.endswith("*"):
        url, match = url[:-1], "prefix"
    match = match or "exact"
    if match not in _MATCHES:
        raise CdxRefused(f"matchType is one of {', '.join(_MATCHES)}")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        url = f"http://{url}"
    key = make_urlkey(url)
    if match == "exact":
        return span_of(key)
    if match == "prefix":
        key += url[-1] if url[-1] in "/?" and not key.endswith(url[-1]) else ""
        return KeySpan(start=key, end=after(key))
    host = key.partition(")")[0]
    if match == "host":
        return KeySpan(start=f"{host})/", end=f"{host}*")
    start = f"{host})/" if "," in host else f"{host},"
    return KeySpan(start=start, end=f"{host}-")


def after(key: str) -> str:
    """The first key, by code points, that does not begin like this one."""
    stem = key.rstrip(_LAST_LETTER)
    if not stem:
        raise CdxRefused("url has no letter that a key could follow")
    following = ord(stem[-1]) + 1
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return stem[:-1] + chr(following)


def _stamp(one: Mapping[str, str], name: str, usual: str) -> str:
    """Up to fourteen digits, made whole: the earliest such time, `to` the latest."""
    text = one.get(name)
    if text is None:
        return usual
    if _DIGITS.fullmatch(text) is None or len(text) < 4:
        raise CdxRefused(f"{name} is a time of 4 to 14 digits, YYYYMMDDhhmmss")
    whole = text + (_LAST_STAMP if name == "to" else _FIRST_STAMP)[len(text) :]
    return whole


def _moment(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise CdxRefused("closest is no time there ever was") from error


def _fields(text: str | None) -> tuple[str, ...]:
    if text is None:
        return tuple(FIELDS)
    names = tuple(_ALIASES.get(name, name) for name in text.split(","))
    if not names or not set(names) <= set(FIELDS):
        raise CdxRefused(f"fl names fields of {', '.join(FIELDS)}")
    return names


def _filters(values: Mapping[str, Sequence[str]]) -> Sequence[str]:
    given = values.get("filter", ())
    if len(given) > FILTER_LIMIT:
        raise CdxRefused(f"at most {FILTER_LIMIT} filters")
    return given


def _filter(text: str) -> Keep:
    """`[!][=]FIELD:VALUE`: equal with `=`, else holds it; `!` turns it round."""
    wanted = not text.startswith("!")
    rest = text.removeprefix("!")
    if rest.startswith("~"):
        raise CdxRefused("filters by regular expression (~) are not offered")
    exact = rest.startswith("=")
    name, colon, value = rest.removeprefix("=").partition(":")
    field = _ALIASES.get(name, name)
    if not colon or field not in FIELDS:
        raise CdxRefused(f"filter is [!][=]FIELD:VALUE, FIELD of {', '.join(FIELDS)}")

    def keep(line: Line) -> bool:
        found = "" if line[field] == _NONE else line[field]
        return (found == value if exact else value in found) is wanted

    return keep


def _collapse(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    match = _COLLAPSE.fullmatch(text)
    field = _ALIASES.get(match[1], match[1]) if match else ""
    if match is None or field not in FIELDS:
        raise CdxRefused(
            f"collapse is FIELD or FIELD:LETTERS, FIELD of {', '.join(FIELDS)}"
        )
    return field, int(match[2] or 0)


def line_of(row: KeyedCapture) -> Line:
    """The line of a capture; `length` is that of its slice, which `offset` begins."""
    capture = row.capture
    mime = "warc/revisit" if capture.refers_to else capture.media_type
    digest = capture.payload_digest
    return {
        "urlkey": row.urlkey.replace(" ", "%20"),
        "timestamp": stamp_of(capture.captured_at),
        "url": capture.target_uri,
        "mime": mime or _NONE,
        "status": _NONE if capture.http_status is None else str(capture.http_status),
        "digest": _NONE if digest is None else str(digest),
        "length": str(capture.location.length_bytes),
        "offset": str(capture.location.offset_bytes),
        "filename": capture.location.segment,
        "id": capture.short_id,
        "outcome": str(capture.outcome),
    }


def choose(query: CdxQuery, lines: Iterable[Line]) -> Iterator[Line]:
    """Keep what was asked for, then fold adjacent lines; the order stays."""
    before: str | None = None
    for line in lines:
        if not query.first <= line["timestamp"] <= query.last:
            continue
        if not all(keep(line) for keep in query.keeps):
            continue
        if query.collapse is not None:
            field, letters = query.collapse
            token = line[field][:letters] if letters else line[field]
            if token == before:
                continue
            before = token
        yield line


def seconds_between(at: datetime, line: Line) -> int:
    """How far a line is from a time, either way."""
    return abs(int((_moment(line["timestamp"]) - at).total_seconds()))


def format_cdx_line(line: Line, query: CdxQuery) -> str:
    """Write one line in the form and with the fields asked for."""
    if query.output == "text":
        return " ".join(line[name].replace(" ", "%20") for name in query.fields) + "\n"
    found = {name: line[name] for name in query.fields if line[name] != _NONE}
    if query.output == "json":
        return json.dumps(found) + "\n"
    for name in ("urlkey", "timestamp"):
        found.pop(name, None)
    return f"{line['urlkey']} {line['timestamp']} {json.dumps(found)}\n"


def format_resume_key(place: KeyPlace) -> str:
    """Write a place as one word of letters, digits, `-` and `_`."""
    written = f"{place.leaf} {place.captured_at} {place.urlkey}"
    return base64.urlsafe_b64encode(written.encode()).decode("ascii").rstrip("=")


def parse_resume_key(text: str) -> KeyPlace:
    """Read a place; CdxRefused for what we did not write, letter for letter."""
    try:
        place = _place_of(text)
    except (ValueError, FormatError) as error:
        raise CdxRefused("resumeKey is none of ours") from error
    if format_resume_key(place) != text:
        raise CdxRefused("resumeKey is none of ours")
    return place


def _place_of(text: str) -> KeyPlace:
    if _RESUME.fullmatch(text) is None:
        raise FormatError("not the letters of a key")
    padded = text + "=" * (-len(text) % 4)
    match = _PLACE.fullmatch(base64.urlsafe_b64decode(padded).decode())
    if match is None or int(match[1]) > _LAST_LEAF:
        raise FormatError("not leaf, time and key")
    return KeyPlace(
        urlkey=match[3],
        captured_at=format_instant(parse_instant(match[2])),
        leaf=int(match[1]),
    )
