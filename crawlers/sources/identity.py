"""An address -> which article of which source it is, and in what role its host stands.

Pure. The key is an extra: the address that was captured stays what it is. Equal keys on
two hosts are a hint only; whether the texts agree is for `search/report` to say.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from crawlers.sources.scope import fold_host
from crawlers.sources.source import HostRole, IdentityRule, Source

ADDRESSES_KEPT = 256
"""Each answer is looked at twice or thrice; more than a crawl has under way."""
KEY_CHARACTERS = 500
"""A longer key names nothing; such addresses are traps."""
FOLDED = "folded-address"
"""Rule id where no rule of the file names the article: the folded path is its key."""
VARIANT_SEGMENTS = frozenset({"amp", "print", "printable", "m"})
"""Path segments at the beginning or end that show the same article otherwise."""
VARIANT_PARAMETERS = frozenset(
    {"amp", "fbclid", "gclid", "from", "igshid", "outputtype", "print", "printable"}
    | {"ref", "share", "tg", "yclid", "ysclid", "_openstat", "mc_cid", "mc_eid"}
)
VARIANT_PREFIXES = ("utm_", "at_", "hsa_")
STANDS_ALONE = frozenset({HostRole.PREVIEW})
"""Previews and staging hosts never speak for the outlet."""
_EDGE = re.compile(rf"/(?:{'|'.join(sorted(VARIANT_SEGMENTS))})(?=/|$)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which article an address names."""

    source_id: str
    key: str
    """Within the source; the same on every mirror."""
    rule: str
    """The identity rule that said so, or `folded-address`."""
    role: HostRole
    """What the host is to the source."""
    language: str | None
    """As the address names it; None where it does not."""

    @property
    def name(self) -> str:
        """Source and key in one word, as records hold it."""
        return f"{self.source_id}:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedAddress:
    """An address without what only says how it is shown or where a link was found."""

    host: str
    path: str
    """Decoded; without variant segments and final slash."""
    query: str
    """What is left of it, `a=1&b=2`, in the order of the names."""


def identify(source: Source, url: str) -> Identity | None:
    """Name the article; None for foreign hosts and addresses nobody can read."""
    folded = fold_address(url)
    if folded is None:
        return None
    role = _role(source, folded)
    if role is None:
        return None
    found = next(filter(None, (_apply(r, folded) for r in source.identity)), None)
    if found is None:
        query = f"?{folded.query}" if folded.query else ""
        key, rule, language = f"{folded.path}{query}", FOLDED, None
    else:
        key, rule, language = found
    if len(key) > KEY_CHARACTERS:
        return None
    if role in STANDS_ALONE:
        key = f"{folded.host}/{key}"
    return Identity(
        source_id=source.id, key=key, rule=rule, role=role, language=language
    )


@lru_cache(maxsize=ADDRESSES_KEPT)
def fold_address(url: str) -> FoldedAddress | None:
    """Fold for comparison only; None for what is no web address."""
    try:
        parts = urlsplit(url)
        host = fold_host(parts.hostname or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    path = unquote(parts.path, errors="replace")
    path = re.sub(r"/{2,}", "/", path)
    path = _EDGE.sub("", path) if _shows_variant(path) else path
    return FoldedAddress(
        host=host, path=path.rstrip("/") or "/", query=_fold_query(parts.query)
    )


def _shows_variant(path: str) -> bool:
    segments = [segment.lower() for segment in path.split("/") if segment]
    return len(segments) > 1 and not VARIANT_SEGMENTS.isdisjoint(segments)


def _fold_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    kept = sorted(
        (
            (name, value)
            for name, value in pairs
            if name.lower() not in VARIANT_PARAMETERS
            and not name.lower().startswith(VARIANT_PREFIXES)
        ),
        key=lambda pair: (pair[0].lower(), pair[1]),
    )
    return "&".join(f"{name}={value}" if value else name for name, value in kept)


def _role(source: Source, folded: FoldedAddress) -> HostRole | None:
    for host in source.hosts:
        if host.name == folded.host and folded.path.startswith(host.path or ""):
            return host.role
    return None


def _apply(
    rule: IdentityRule, folded: FoldedAddress
) -> tuple[str, str, str | None] | None:
    """Key, rule and language, if the rule names this address."""
    if rule.host is not None and rule.host != folded.host:
        return None
    path = folded.path.lower() if rule.fold_case else folded.path
    query = folded.query.lower() if rule.fold_case else folded.query
    by_path = rule.path.fullmatch(path)
    by_query = rule.query.fullmatch(query) if rule.query is not None else None
    if by_path is None or (rule.query is not None and by_query is None):
        return None
    parts = {**by_path.groupdict(), **(by_query.groupdict() if by_query else {})}
    words = {name: value or "" for name, value in parts.items()}
    return rule.key.format(**words), rule.name, words.get("lang") or None
