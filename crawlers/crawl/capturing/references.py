"""What HTML and CSS name as their parts: style sheets, images, icons, fonts (pure).

Bytes of strangers in, addresses out. Both readers are bounded and linear; what they
miss is a gap in replay, never a change of evidence. Only importer of parsel and w3lib.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from parsel import Selector
from w3lib.encoding import html_to_unicode

HTML_BYTES = 4 << 20
"""HTML read for parts; a tree takes about ten times as much memory."""
CSS_BYTES = 4 << 20
ELEMENTS = 10_000
"""Elements looked at in one document: each costs about 1 KB while it is read."""
REFERENCES = 2_000
"""Addresses taken from one document, before any is fetched."""
SPELLINGS = 20_000
"""Different spellings of addresses looked at in one document: a second of work."""
CSS_TOKENS = 1_000_000
"""Tokens read of the style sheets of one document: a second of work."""
INLINE_SCHEMES = frozenset({"data", "blob", "about"})
"""Nothing to fetch: the bytes are in the page, or nowhere."""
FONT_ENDINGS = (".woff", ".woff2", ".ttf", ".otf", ".eot")


class PartKind(StrEnum):
    """What a part is to its page."""

    STYLE = "style"
    IMAGE = "image"
    ICON = "icon"
    FONT = "font"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One part as a document names it."""

    uri: str
    """Absolute, without fragment."""
    as_given: str
    kind: PartKind


def find_html_references(
    body: bytes, *, content_type: str | None, base_uri: str
) -> tuple[Reference, ...]:
    """Parts named by an HTML document, in document order, each address once."""
    tree = read_tree(body, content_type=content_type)
    base = _resolve(base_uri, tree.xpath("//base/@href").get() or "") or base_uri
    styles = _named_in_css(_css_in_tree(tree))
    return _collect(chain(_named_in_tree(tree), styles), base)


def read_tree(body: bytes, *, content_type: str | None) -> Selector:
    """The tree of an HTML body, read as browsers read it; at most HTML_BYTES of it."""
    try:
        _, text = html_to_unicode(content_type, body[:HTML_BYTES])
    except (LookupError, UnicodeError):  # a codec of Python's that is no charset
        text = body[:HTML_BYTES].decode("utf-8", "replace")
    return Selector(text=text, type="html")


def find_css_references(body: bytes, *, base_uri: str) -> tuple[Reference, ...]:
    """Parts named by a style sheet: `@import`, fonts, images; each address once."""
    text = body[:CSS_BYTES].decode("utf-8", "replace")
    return _collect(_named_in_css([text]), base_uri)


def _collect(named: Iterable[tuple[str, PartKind]], base: str) -> tuple[Reference, ...]:
    """Take addresses as they are written, each address once, until a bound is met."""
    spellings: set[str] = set()
    found: dict[str, Reference] = {}
    for given, kind in named:
        if given in spellings:
            continue
        spellings.add(given)
        uri = _resolve(base, given)
        if uri is not None and uri not in found:
            found[uri] = Reference(uri=uri, as_given=given, kind=kind)
        if len(found) == REFERENCES or len(spellings) == SPELLINGS:
            break
    return tuple(found.values())


_LINK_KINDS = {
    "stylesheet": PartKind.STYLE,
    "icon": PartKind.ICON,
    "apple-touch-icon": PartKind.ICON,
    "mask-icon": PartKind.ICON,
}
_PRELOAD_KINDS = {
    "style": PartKind.STYLE,
    "image": PartKind.IMAGE,
    "font": PartKind.FONT,
}
_IMAGE_ATTRIBUTES = {
    "img": ("src",),
    "input": ("src",),
    "video": ("poster",),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_SRCSETS = {"img": "srcset", "source": "srcset", "link": "imagesrcset"}
_NAMING = frozenset({*_IMAGE_ATTRIBUTES, *_SRCSETS})


def _first(tree: Selector, names: Iterable[str]) -> Iterator[Any]:
    """Elements of some kinds; paths joined by `|` compare each node with each."""
    return islice(tree.root.iter(*names), ELEMENTS)


def _css_in_tree(tree: Selector) -> Iterator[str]:
    """The style sheets within a document, then the style attributes."""
    yield from (element.text or "" for element in _first(tree, ["style"]))
    attributes = tree.root.xpath(f"(//@style)[position() <= {ELEMENTS}]")
    yield from map(str, attributes)


def _named_in_tree(tree: Selector) -> Iterator[tuple[str, PartKind]]:
    for element in _first(tree, _NAMING):
        name, attributes = element.tag, element.attrib
        if name == "link":
            kind = _kind_of_link(attributes)
            if kind is not None and "href" in attributes:
                yield attributes["href"], kind
        for attribute in _IMAGE_ATTRIBUTES.get(name, ()):
            if attribute in attributes:
                yield attributes[attribute], PartKind.IMAGE
        if name in _SRCSETS:
            for given in split_srcset(attributes.get(_SRCSETS[name], "")):
                yield given, PartKind.IMAGE


def _kind_of_link(attributes: dict[str, str]) -> PartKind | None:
    words = attributes.get("rel", "").lower().split()
    for word in words:
        if word in _LINK_KINDS:
            return _LINK_KINDS[word]
    if "preload" in words:
        return _PRELOAD_KINDS.get(attributes.get("as", "").lower())
    return None


_CANDIDATE = re.compile(r"([^\s,]\S*)(?<!,)[^,]*")
"""An address, and what describes it, up to the next comma after it."""


def split_srcset(srcset: str) -> Iterator[str]:
    """Addresses of a `srcset`; a comma ends a candidate only after white space."""
    for candidate in _CANDIDATE.finditer(srcset):
        yield candidate[1]


_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z))
    |(?P<url>\burl\(\s*(?:"(?P<double>(?:[^"\\\n]|\\.)*)"?
        |'(?P<single>(?:[^'\\\n]|\\.)*)'?|(?P<bare>(?:[^)"'\s\\]|\\(?:[0-9a-f]{1,6}\s?|.))*))\s*\)?)
    |"(?P<string>(?:[^"\\\n]|\\.)*)"?|'(?P<string2>(?:[^'\\\n]|\\.)*)'?
    |(?P<at>@[a-zA-Z-]+)|(?P<end>[;{}])""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""Each branch, once begun, always matches: one pass whatever the input."""
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)


def _named_in_css(sheets: Iterable[str]) -> Iterator[tuple[str, PartKind]]:
    left = CSS_TOKENS
    for css in sheets:
        rule = ""
        for token in islice(_TOKEN.finditer(css), left):
            left -= 1
            if token["at"]:
                rule = token["at"].lower()
            elif token["end"]:
                rule = rule if token["end"] == "{" else ""
            elif token["comment"] or rule == "@namespace":
                continue
            elif token["url"]:
                given = token["double"] or token["single"] or token["bare"] or ""
                yield unescape_css(given), _css_kind(given, rule)
            elif rule == "@import":
                given = token["string"] or token["string2"] or ""
                yield unescape_css(given), PartKind.STYLE
                rule = ""


def _css_kind(given: str, rule: str) -> PartKind:
    if rule == "@import":
        return PartKind.STYLE
    path = given.split("?")[0].split("#")[0].lower()
    if rule == "@font-face" or path.endswith(FONT_ENDINGS):
        return PartKind.FONT
    return PartKind.IMAGE


def unescape_css(text: str) -> str:
    r"""Undo CSS escapes: `\28 ` and `\(` both mean `(`."""

    def plain(match: re.Match[str]) -> str:
        if match[1] is None:
            return "" if match[2] == "\n" else match[2]
        code = int(match[1], 16)
        surrogate = 0xD800 <= code <= 0xDFFF
        return "\ufffd" if code == 0 or surrogate or code > 0x10FFFF else chr(code)

    return _ESCAPE.sub(plain, text)


def _resolve(base: str, given: str) -> str | None:
    """Absolute address without fragment; None where there is nothing to fetch."""
    cleaned = re.sub(r"[\t\n\r]", "", given.strip())  # as browsers read attributes
    if not cleaned or cleaned.startswith("#"):
        return None
    try:
        uri, _ = urldefrag(urljoin(base, cleaned))
        scheme = urlsplit(uri).scheme
    except ValueError:
        return None
    return uri if scheme and scheme not in INLINE_SCHEMES else None
