"""URL -> target and request bytes (pure).

`target_uri` is the one spelling under which a capture is filed: scheme and host lower
case, host as A-label, default port dropped, path and query as given with everything
outside ASCII percent-encoded as UTF-8, no fragment. `http://h/?` keeps its `?`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address

from archive.errors import UsageProblem
from crawlers.engine.host import BadHostName, parse_host
from crawlers.engine.settings import (
    URI_LIMIT_BYTES,
    EngineSettings,
    FetchRequest,
    IPAddress,
)
from crawlers.engine.verbatim import VerbatimRequest

DEFAULT_PORTS = {"http": 80, "https": 443}
PORT_LIMIT = 65_535

KEPT_CHARACTERS = 1024
"""Of an address that is kept for a while after it was taken apart."""
TARGETS_KEPT = 256
"""More than a crawl has requests between its rules and its engine."""
NO_ADDRESS = "about:invalid"
"""Stands for an address of no characters at all."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCODED = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|]")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
Headers = tuple[tuple[str, str], ...]
HEADERS_KEPT = 64
"""Sets of request headers; those of a crawl differ in their conditions alone."""


class MalformedUri(UsageProblem):
    """The text is no http or https address that could be asked for."""


class RefusedScheme(UsageProblem):
    """A scheme that is never fetched."""


class RefusedRequest(UsageProblem):
    """A method or header that would not be sent as one well-formed request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address taken apart; everything in it is ASCII except `as_given`."""

    scheme: str
    host_alabel: str
    """A-label with the trailing dot if given; an IP literal without brackets."""
    port: int
    path_query: str
    as_given: str
    literal: IPAddress | None

    @property
    def name(self) -> str:
        """The host for look-ups and rules: without trailing dot."""
        return self.host_alabel.removesuffix(".")

    @property
    def server_name(self) -> str | None:
        """What TLS asks for: the name without trailing dot, nothing for literals."""
        return None if self.literal is not None else self.name

    @property
    def host_header(self) -> str:
        """`Host` as it is sent: port only where it is not the scheme's."""
        host = self.host_alabel
        if isinstance(self.literal, IPv6Address):
            host = f"[{host}]"
        return (
            host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"
        )

    @property
    def target_uri(self) -> str:
        """The canonical form, see the head of this module."""
        return f"{self.scheme}://{self.host_header}{self.path_query}"


def parse_target(uri: str) -> Target:
    """Take an address apart; MalformedUri or RefusedScheme, naming the text.

    Rules, memory and engine ask for the same address one after the other: those of
    common length are taken apart once.
    """
    return _parse_kept(uri) if len(uri) <= KEPT_CHARACTERS else _parse(uri)


@lru_cache(maxsize=TARGETS_KEPT)
def _parse_kept(uri: str) -> Target:
    return _parse(uri)


def _parse(uri: str) -> Target:
    text = uri.strip(" \t\r\n\f")
    shown = _show(strip_userinfo(text)[0])  # a password is in no message
    if _CONTROL.search(text):
        raise MalformedUri(f"control character in the address {shown}")
    scheme_match = _SCHEME.match(text)
    if scheme_match is None:
        raise MalformedUri(f"no http:// or https:// at the start of {shown}")
    scheme = scheme_match[1].lower()
    if scheme not in DEFAULT_PORTS:
        raise RefusedScheme(f"only http and https are fetched, not {scheme}: {shown}")
    rest = text[scheme_match.end() :]
    if not rest.startswith("//"):
        raise MalformedUri(f"no // behind the scheme of {shown}")
    authority, path_query = _split_authority(rest[2:])
    if "@" in authority:
        raise MalformedUri(f"user name or password in the address {shown}: remove it")
    host, port = _split_port(authority, shown)
    try:
        host_alabel, literal = parse_host(host)
    except BadHostName as error:
        raise MalformedUri(f"{error} in {shown}") from error
    target = Target(
        scheme=scheme,
        host_alabel=host_alabel,
        port=DEFAULT_PORTS[scheme] if port is None else port,
        path_query=_encode(path_query, shown),
        as_given=uri,
        literal=literal,
    )
    if len(target.target_uri) > URI_LIMIT_BYTES:
        raise MalformedUri(f"longer than {URI_LIMIT_BYTES} bytes: {shown}")
    return target


def strip_userinfo(uri: str) -> tuple[str, bool]:
    """Take user name and password out of an address; whether there were any."""
    head, slashes, rest = uri.partition("//")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    userinfo, at, _host = authority.rpartition("@")
    if not slashes or not at:
        return uri, False
    return head + slashes + rest[len(userinfo) + 1 :], True


def printable_uri(text: str) -> str:
    """Any text as ASCII of bounded length: names an address that cannot be parsed.

    Brackets too are encoded: Python's urlsplit raises at those that are not IPv6.
    """
    clipped = text.strip()[:URI_LIMIT_BYTES]
    encoded = _ENCODED.sub(_percent, clipped).replace("[", "%5B").replace("]", "%5D")
    return encoded[:URI_LIMIT_BYTES] or NO_ADDRESS


def _split_authority(rest: str) -> tuple[str, str]:
    """Authority, and path with query; a missing path becomes `/`."""
    rest = rest.partition("#")[0]
    cut = re.search(r"[/?]", rest)
    if cut is None:
        return rest, "/"
    path_query = rest[cut.start() :]
    return rest[: cut.start()], path_query if path_query[0] == "/" else "/" + path_query


def _split_port(authority: str, shown: str) -> tuple[str, int | None]:
    host, port_text = authority, ""
    colon = authority.rfind(":")
    if colon > authority.rfind("]"):
        host, port_text = authority[:colon], authority[colon + 1 :]
    if not port_text:
        return host, None
    if not (port_text.isascii() and port_text.isdigit() and len(port_text) <= 8):
        raise MalformedUri(f"not a port number in {shown}")
    port = int(port_text)
    if not 0 < port <= PORT_LIMIT:
        raise MalformedUri(f"not a port number in {shown}")
    return host, port


def _encode(path_query: str, shown: str) -> str:
    if path_query.isascii() and _ENCODED.search(path_query) is None:
        return path_query
    try:
        path_query.encode()
    except UnicodeEncodeError as error:
        raise MalformedUri(f"not a text that UTF-8 can write: {shown}") from error
    return _ENCODED.sub(_percent, path_query)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _show(text: str) -> str:
    return ascii(text if len(text) <= 200 else text[:200] + "...")


# -- request bytes -------------------------------------------------------------------


def build_request(
    target: Target, request: FetchRequest, settings: EngineSettings
) -> bytes:
    """Write the request: `Host` first, the caller's headers in order, then ours.

    A request that was written already stays as it is, if it says where it goes.
    """
    if _TOKEN.fullmatch(request.method) is None or request.method == "CONNECT":
        raise RefusedRequest(f"not a method to be sent: {_show(request.method)}")
    if isinstance(request, VerbatimRequest):
        for name, value in request.headers:
            _check_header(name, value)
        _check_framing(target, request)
        return request.head + request.body
    ours = (("User-Agent", settings.user_agent), *settings.default_headers)
    given, fields = _field_lines(request.headers, ours)
    _check_framing(target, request)
    lines = [
        f"{request.method} {target.path_query} HTTP/1.1",
        f"Host: {target.host_header}",
        *fields,
    ]
    has_body = bool(request.body) or request.method in _BODY_METHODS
    if has_body and "content-length" not in given:
        lines.append(f"Content-Length: {len(request.body)}")
    if request.close and "connection" not in given:
        lines.append("Connection: close")
    try:
        head = "\r\n".join([*lines, "", ""]).encode("iso-8859-1")
    except UnicodeEncodeError as error:
        raise RefusedRequest(
            "a header holds a character beyond U+00FF: encode it first"
        ) from error
    return head + request.body


@lru_cache(maxsize=HEADERS_KEPT)
def _field_lines(
    headers: Headers, ours: Headers
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Lower-case names of the caller's headers, and the lines of all but `Host`.

    The requests of a crawl have the same: they are checked and written once.
    """
    given = frozenset(name.lower() for name, _value in headers)
    ours = tuple(pair for pair in ours if pair[0].lower() not in given)
    for name, value in (*headers, *ours):
        _check_header(name, value)
    lines = [f"{name}: {value}" for name, value in headers if name.lower() != "host"]
    return given, (*lines, *(f"{name}: {value}" for name, value in ours))


def _check_header(name: str, value: str) -> None:
    """Refuse what would be read as something else than one header."""
    if _TOKEN.fullmatch(name) is None:
        raise RefusedRequest(f"not a header name: {_show(name)}")
    if any(c in value for c in "\r\n\0"):
        raise RefusedRequest(f"CR, LF or NUL in the header {name}")


def _check_framing(target: Target, request: FetchRequest) -> None:
    """Refuse a header that contradicts where the request goes or how long it is."""
    for name, value in request.headers:
        lowered = name.lower()
        if lowered == "host" and value.strip().lower() != target.host_header:
            shown = _show(value)
            raise RefusedRequest(f"header Host {shown} is not the address's host")
        if lowered == "transfer-encoding":
            raise RefusedRequest("header Transfer-Encoding: bodies are sent by length")
        if lowered == "content-length" and value.strip() != str(len(request.body)):
            raise RefusedRequest("header Content-Length is not the length of the body")


def asks_to_close(request: FetchRequest) -> bool:
    """Whether the request tells the peer that its connection ends with it."""
    return request.close or any(
        name.lower() == "connection" and "close" in value.lower()
        for name, value in request.headers
    )
