"""May this URL be fetched for this source, and by which rule (pure, never raises)."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from crawlers.sources.source import ScopeAction, Source

DEFAULT_PORTS = {"http": 80, "https": 443}
URL_BYTES = 8 * 1024
"""Longer addresses are traps or attacks; the engine has the same bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say about one URL."""

    action: ScopeAction
    rule: str
    """The rule that decided, or the code of the refusal."""
    signal: bool
    """True where nobody foresaw this URL: it is refused and counted."""

    @property
    def may_fetch(self) -> bool:
        """Whether it is fetched at all."""
        return self.action is not ScopeAction.IGNORE

    @property
    def may_follow(self) -> bool:
        """Whether links found in it are looked at."""
        return self.action is ScopeAction.FOLLOW


def _refuse(code: str) -> Verdict:
    return Verdict(action=ScopeAction.IGNORE, rule=code, signal=True)


def decide(source: Source, url: str, *, any_port: bool = False) -> Verdict:
    """Judge one absolute URL; the first matching rule wins, none is a refusal.

    `any_port` is for test set-ups, where sites listen on high ports of loopback.
    """
    if len(url.encode("utf-8", "surrogatepass")) > URL_BYTES:
        return _refuse("url-too-long")
    try:
        parts = urlsplit(url)
        host, port = fold_host(parts.hostname or ""), parts.port
    except ValueError:
        return _refuse("malformed")
    if parts.scheme not in DEFAULT_PORTS:
        return _refuse("scheme")
    if not host:
        return _refuse("malformed")
    if not any_port and not _port_allowed(source, parts.scheme, port=port):
        return _refuse("port")
    if _repeats(parts.path, source.limits.path_repetition):
        return _refuse("path-repetition")
    return _first_match(source, host, parts=parts)


def is_own_host(source: Source, url: str) -> bool:
    """Whether the URL's host is one of the source's own (robots.txt, home page)."""
    try:
        host = fold_host(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(known.name == host for known in source.hosts)


def fold_host(host: str) -> str:
    """Write a host as rules name it: A-label, lower case, no `www.`, no final dot.

    Raises ValueError for a name that has no A-label.
    """
    folded = host.lower().rstrip(".").removeprefix("www.")
    if folded.isascii():
        return folded
    return folded.encode("idna").decode("ascii")  # UnicodeError is a ValueError


def _port_allowed(source: Source, scheme: str, *, port: int | None) -> bool:
    return port in (None, DEFAULT_PORTS[scheme], *source.limits.ports)


def _repeats(path: str, most: int) -> bool:
    counts = Counter(segment for segment in path.split("/") if segment)
    return bool(counts) and max(counts.values()) >= most


def _first_match(source: Source, host: str, *, parts: SplitResult) -> Verdict:
    path = parts.path or "/"
    own = any(h.name == host and path.startswith(h.path or "") for h in source.hosts)
    for rule in source.scope:
        host_fits = own if rule.host is None else rule.host == host
        if not host_fits:
            continue
        if rule.path is not None and rule.path.fullmatch(path) is None:
            continue
        if rule.query is not None and rule.query.fullmatch(parts.query) is None:
            continue
        return Verdict(action=rule.action, rule=rule.name, signal=False)
    return _refuse("no-rule")


def path_of(url: str) -> str:
    """The path of an address, without its query."""
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2].partition("?")[0]
