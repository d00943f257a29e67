"""Values in a response that a server gave to this visitor alone (pure, a guess).

Cookies, session numbers in addresses, tokens in forms, echoed addresses: whoever
publishes such a response may tell the site who captured it. The capture stays as it
is; whoever hands it on is warned. Names are given, never values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from archive.warc.head import HttpHead

LOOKED_AT_BYTES: Final = 1024 * 1024
"""Of a body: tokens stand in the head of a page and in its forms."""
FOUND_LIMIT: Final = 64
"""Values named of one capture."""
SHORT_CHARACTERS: Final = 8
"""A shorter value tells nobody apart."""

_PLAIN_COOKIES: Final = re.compile(
    r"(?:lang|locale|language|consent|cookie_?consent|theme|region|country|currency)\Z",
    re.I,
)
_TOKEN_NAME: Final = re.compile(
    r"(?:php|j|asp\.?net_)?sess(?:ion)?_?(?:id|key|token)?\Z|s?sid\Z|(?:\w*_)?token\Z"
    r"|(?:visitor|client|device|user|uniq(?:ue)?|request|trace|correlation|tracking)"
    r"[_-]?(?:id|uuid)\Z|[cx]?srf\w*\Z|_?csrf\w*\Z|\w*nonce\Z|cftoken\Z|cfid\Z"
    r"|gclid\Z|fbclid\Z|yclid\Z|_ga\Z|auth(?:key)?\Z|__viewstate\Z"
    r"|__requestverificationtoken\Z|authenticity_token\Z|form_build_id\Z",
    re.I,
)
_TOKEN_HEADERS: Final = frozenset(
    {
        *("x-request-id", "x-correlation-id", "x-trace-id", "traceparent", "cf-ray"),
        *("x-amz-cf-id", "x-amzn-trace-id", "x-session-id", "x-csrf-token", "x-runid"),
        *("x-client-ip", "x-real-ip", "x-forwarded-for", "x-visitor-id", "x-geo-ip"),
        *("x-remote-addr", "x-your-ip", "x-served-to", "x-varnish", "x-uid"),
    }
)
_PATH_SESSION: Final = re.compile(r";(jsessionid|sid|phpsessid)=", re.I)
_SERIAL: Final = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_-]{24,}\Z")
_TAG: Final = re.compile(rb"<(?:input|meta)\b[^<>]{0,2000}>", re.I)
_ATTRIBUTE: Final = re.compile(
    rb"\b(name|id|value|content)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.I
)
_SCRIPT_VALUE: Final = re.compile(
    rb"[\"']?\b([A-Za-z_]{2,32})[\"']?\s*[:=]\s*[\"']([A-Za-z0-9+/=_.-]{8,})[\"']"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorValue:
    """Where such a value stands, and what it is called."""

    place: str
    """`cookie`, `header`, `address`, `location` or `body`."""
    name: str


def find_visitor_values(
    uri: str, head: HttpHead | None, body: bytes
) -> tuple[VisitorValue, ...]:
    """Name what looks made for one visitor; `body` without content coding.

    Nothing found proves nothing: a site may hide a mark in any byte.
    """
    found = [VisitorValue(place="address", name=name) for name in _in_address(uri)]
    if head is not None:
        found += _in_head(head)
    found += [
        VisitorValue(place="body", name=name)
        for name in _in_body(body[:LOOKED_AT_BYTES])
    ]
    return tuple(dict.fromkeys(found))[:FOUND_LIMIT]


def _in_head(head: HttpHead) -> Iterator[VisitorValue]:
    for raw, raw_value in head.headers:
        name, value = raw.decode("latin-1").strip().lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookie, _, rest = value.partition("=")
            given = rest.partition(";")[0].strip()
            if len(given) >= SHORT_CHARACTERS and not _PLAIN_COOKIES.match(
                cookie.strip()
            ):
                yield VisitorValue(place="cookie", name=cookie.strip())
        elif name in ("location", "content-location", "refresh"):
            for inner in _in_address(value):
                yield VisitorValue(place="location", name=inner)
        elif name in _TOKEN_HEADERS or (
            name == "content-security-policy" and "'nonce-" in value
        ):
            yield VisitorValue(place="header", name=name)


def _in_address(text: str) -> Iterator[str]:
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    match = _PATH_SESSION.search(parts.path)
    if match is not None:
        yield match[1]
    for name, value in parse_qsl(parts.query, max_num_fields=None):
        is_named = _TOKEN_NAME.match(name) is not None
        if (is_named and len(value) >= SHORT_CHARACTERS) or _SERIAL.match(value):
            yield name


def _in_body(body: bytes) -> Iterator[str]:
    for tag in _TAG.finditer(body):
        fields = {
            name.lower(): next(filter(None, values), b"")
            for name, *values in _ATTRIBUTE.findall(tag[0])
        }
        name = (fields.get(b"name") or fields.get(b"id") or b"").decode("latin-1")
        value = fields.get(b"value") or fields.get(b"content") or b""
        if _TOKEN_NAME.match(name.replace("-", "_")) and len(value) >= SHORT_CHARACTERS:
            yield name
    for match in _SCRIPT_VALUE.finditer(body):
        name = _snake(match[1].decode("latin-1"))
        if _TOKEN_NAME.match(name):
            yield match[1].decode("latin-1")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
