"""SURT keys: an address turned round, so that one site sorts together.

`https://www.Example.com:443/A//b?y=2&x=1#f` gives `com,example)/a/b?x=1&y=2`. The rules
are those of the Wayback indexers, whose keys every CDX server expects: no scheme, no
user, no fragment; `www` and default ports dropped; all lower case; path segments
resolved; escapes in one form; query parameters sorted; session ids dropped.
"""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

DEFAULT_PORTS = {"http": "80", "https": "443"}
UNESCAPE_ROUNDS = 8
"""An escape of an escape of an escape: more is nobody's address."""

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_WWW = re.compile(r"www\d*\.")
_AUTHORITY = re.compile(r"(?:[^@/?]*@)?(\[[^\]/?]*\]|[^:/?]*)(?::(\d*))?")
_SESSION_PATHS = (
    re.compile(r"^(.*/)(?:\((?:[a-z]\([0-9a-z]{24}\))+\)/)([^?]+\.aspx.*)$", re.I),
    re.compile(r"^(.*/)(?:\([0-9a-z]{24}\)/)([^?]+\.aspx.*)$", re.I),
)
_SESSION_QUERIES = (
    re.compile(r"^(.*)(?:jsessionid=[0-9a-z]{32})(?:&(.*))?$", re.I),
    re.compile(r"^(.*)(?:phpsessid=[0-9a-z]{32})(?:&(.*))?$", re.I),
    re.compile(r"^(.*)(?:sid=[0-9a-z]{32})(?:&(.*))?$", re.I),
    re.compile(r"^(.*)(?:aspsessionid[a-z]{8}=[a-z]{24})(?:&(.*))?$", re.I),
    re.compile(r"^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$", re.I),
)
_SAFE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "").replace("%", "")


def make_urlkey(uri: str) -> str:
    """The key of an address; one that is not http or https is its own key."""
    match = _SCHEME.match(uri)
    scheme = match[1].lower() if match else ""
    if scheme not in DEFAULT_PORTS or not uri[len(scheme) + 1 :].startswith("//"):
        return uri
    rest, _, _ = uri[len(scheme) + 3 :].partition("#")
    authority = _AUTHORITY.match(rest)
    if authority is None:
        return uri
    host, port = authority[1], authority[2] or ""
    path, mark, query = rest[authority.end() :].partition("?")
    port = f":{port}" if port not in ("", DEFAULT_PORTS[scheme]) else ""
    key = f"{_turn_host(host)}{port}){_clean_path(path)}"
    cleaned = _clean_query(query) if mark else ""
    return f"{key}?{cleaned}" if cleaned else key


def _turn_host(host: str) -> str:
    """Labels from the right, those of an IPv4 address too: so all indexers do it."""
    if host.startswith("["):
        return host.strip("[]").lower()
    name = re.sub(r"\.\.+", ".", _clean(host).lower()).strip(".")
    name = _WWW.sub("", name, count=1) if _WWW.match(name) else name
    return ",".join(reversed(name.split(".")))


def _clean_path(path: str) -> str:
    parts: list[str] = []
    for piece in _clean(path or "/").split("/")[1:]:
        # Empty segments go only afterwards: `//..` is one step up and one down.
        if piece == ".." and parts:
            parts.pop()
        elif piece != ".":
            parts.append(piece)
    text = "/" + "/".join(filter(None, parts))
    text = text.lower()
    for pattern in _SESSION_PATHS:
        found = pattern.match(text)
        if found:
            text = found[1] + found[2]
            break
    return text.rstrip("/") or "/"


def _clean_query(query: str) -> str:
    text = _clean(query).lower()
    for pattern in _SESSION_QUERIES:
        found = pattern.match(text)
        if found:
            text = found[1] + (found[2] or "")
            break
    return "&".join(sorted(text.split("&"))) if text else ""


def _clean(text: str) -> str:
    """Undo all escapes, then escape what must be."""
    data = text.encode("utf-8", "surrogateescape")
    for _round in range(UNESCAPE_ROUNDS):
        undone = unquote_to_bytes(data)
        if undone == data:
            break
        data = undone
    return quote_from_bytes(data, safe=_SAFE)
