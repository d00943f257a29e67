"""Tree: the first pass over a hostile page; only importer of lxml in web.

Elements and attributes that are not on the lists of markup.py go, addresses are written
anew through the parts list, gaps are drawn, style sheets are taken out. What comes back
is serialized markup for nh3, which has the last word.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import lxml.etree
import lxml.html

from web.replay.links import Gap, PartTable, Resolved, join_address, split_srcset
from web.replay.markup import (
    DRAWN_GAPS,
    DROPPED,
    GLOBAL_ATTRIBUTES,
    INPUT_TYPES,
    ROOT_ATTRIBUTES,
    TAG_ATTRIBUTES,
    TAGS,
)
from web.replay.sheets import SheetCache
from web.replay.styles import Resolve, clean_declarations, clean_inline_sheet

ELEMENT_LIMIT = 200_000
"""Elements of a page; the largest of our test pages has 9,000."""
DEPTH_LIMIT = 250
"""libxml2's own bound; deeper trees are cut by it."""
VALUE_LIMIT_CHARS = 1 << 18
"""Characters of an attribute; data: images are the long ones."""
DOCTYPE_CHARS = 1_024
"""Where a doctype is looked for."""
EMPTY_IN_HTML5 = ("embed", "source", "track", "wbr", "keygen", "command", "bgsound")
"""Elements without an end tag that libxml2, which knows HTML 4, lets hold others."""
GAP_PIXELS = 4_000
"""Largest side of a gap box."""

RASTER_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_NUMBER = re.compile(r"\s*([0-9]{1,5})")
_DOCTYPE = re.compile(r"<!doctype\s+html", re.IGNORECASE)
FRAGMENT = re.compile(r"#[^\s\"'<>]*")
_MEDIA = re.compile(r"[A-Za-z0-9\s(),:.<=>/-]{0,500}")
_LAZY = ("data-src", "data-lazy-src", "data-original")
_ODD_REFERENCE = re.compile(
    "&#(?:0*(?:[0-9]|[12][0-9]|3[01])(?![0-9])|0*[0-9]{5}"
    "|x0*1?[0-9a-f](?![0-9a-f])|x[0-9a-f]*[d-f][0-9a-f]{3})",
    re.IGNORECASE,
)
"""Character references that may stand for a letter of `_CONTROL`."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Letters lxml reads, from references such as &#12;, but refuses to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapWords:
    """What a gap box says, and in which language."""

    language: str
    write: Callable[[str, Gap], str]
    """Takes the kind of a part and its gap; gives the line written into the box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One style sheet in the page's order: a part's path, or text cleaned by us."""

    media: str
    path: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """A part the page asked for and this page capture does not hold."""

    kind: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptPage:
    """A page after the first pass; `markup` is for nh3, never for a reader."""

    markup: str
    html_attributes: tuple[tuple[str, str], ...]
    body_attributes: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]
    has_doctype: bool
    """Without one, browsers lay the page out in quirks mode; so must we."""
    gaps: tuple[MissingPart, ...]


def sweep_page(
    text: str, *, base: str, parts: PartTable, words: GapWords, sheets: SheetCache
) -> SweptPage:
    """Sweep a page; `base` is its own address, `words` writes what a gap box says."""
    root = _parse(text)
    has_doctype = _DOCTYPE.search(text[:DOCTYPE_CHARS]) is not None
    cleaner = _Cleaner(_base_of(root, base), parts, words, sheets)
    body = root.find("body")
    frame = root.find("frameset")
    if body is None:
        body = lxml.html.Element("body")
        if frame is not None:
            body.append(frame)
    head_sheets = tuple(cleaner.take_sheets(root))
    html_attributes = cleaner.root_attributes(root)
    body_attributes = cleaner.root_attributes(body)
    cleaner.sweep(body)
    body.tag = "div"
    body.attrib.clear()
    markup = lxml.html.tostring(body, encoding="unicode", with_tail=False)
    return SweptPage(
        markup=markup.removeprefix("<div>").removesuffix("</div>"),
        html_attributes=html_attributes,
        body_attributes=body_attributes,
        sheets=head_sheets,
        has_doctype=has_doctype,
        gaps=tuple(cleaner.gaps),
    )


def _parse(text: str) -> lxml.html.HtmlElement:
    """Parse leniently; an empty document gives an empty page."""
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    data = _CONTROL.sub(" ", text).encode("utf-8", "replace")
    try:
        root = lxml.html.document_fromstring(data, parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        root = lxml.html.document_fromstring(b"<html><body></body></html>")
    for element in list(root.iter(*EMPTY_IN_HTML5)):
        _hoist(element)
    if _ODD_REFERENCE.search(text):
        for element in root.iter():
            _make_writable(element)
    return root


def _hoist(element: lxml.html.HtmlElement) -> None:
    """Put what libxml2 reads into an empty element behind it, where browsers see it."""
    parent = element.getparent()
    if parent is None or (not len(element) and not element.text):
        return
    children, tail = list(element), element.tail or ""
    place = parent.index(element) + 1
    element.tail, element.text = element.text or "", None
    for number, child in enumerate(children):
        parent.insert(place + number, child)
    last = children[-1] if children else element
    last.tail = (last.tail or "") + tail


def _make_writable(element: lxml.html.HtmlElement) -> None:
    """Replace letters that came from character references and cannot be written."""
    for name, value in element.attrib.items():
        if _CONTROL.search(value):
            _rewrite(element, str(name), _CONTROL.sub(" ", value))
    if element.text and _CONTROL.search(element.text):
        element.text = _CONTROL.sub(" ", element.text)
    if element.tail and _CONTROL.search(element.tail):
        element.tail = _CONTROL.sub(" ", element.tail)


def _rewrite(element: lxml.html.HtmlElement, name: str, value: str) -> None:
    """Give an attribute another value; one whose name cannot be written goes."""
    pairs = [pair for pair in element.attrib.items() if pair[0] != name]
    element.attrib.clear()
    for known, old in [*pairs, (name, value)]:
        with suppress(ValueError):  # a name such as `{`
            element.set(known, old)


def _attributes_of(element: lxml.html.HtmlElement) -> dict[str, str]:
    """All attributes, read as pairs: a name such as `{` cannot be looked up."""
    return dict(element.items())


def _base_of(root: lxml.html.HtmlElement, address: str) -> str:
    """The first `base` element counts, as in browsers."""
    for element in root.iter("base"):
        written = element.get("href")
        if written is not None:
            return join_address(address, written) or address
    return address


class _Cleaner:
    """The lxml pass; changes the tree in place."""

    def __init__(
        self, base: str, parts: PartTable, words: GapWords, sheets: SheetCache
    ) -> None:
        self._sheets = sheets
        self._base = base
        self._parts = parts
        self._words = words
        self.gaps: list[MissingPart] = []

    def take_sheets(self, root: lxml.html.HtmlElement) -> Iterator[Sheet]:
        """Yield the style sheets in document order; missing ones become gaps."""
        for element in root.iter("link", "style"):
            media = element.get("media", "")
            media = media if _MEDIA.fullmatch(media) else "not all"
            if element.tag == "style":
                yield Sheet(media=media, text=self._inline(element.text or ""))
                continue
            relations = element.get("rel", "").lower().split()
            if "stylesheet" not in relations or "alternate" in relations:
                continue
            found = self._parts.resolve(self._base, element.get("href", ""))
            if isinstance(found, Resolved):
                yield Sheet(media=media, path=found.path)
            else:
                self._note("style", found)

    def _inline(self, text: str) -> str:
        """The cleaned text of a `style` element."""

        def clean(resolve: Resolve) -> str:
            return clean_inline_sheet(text, resolve=resolve)

        return self._sheets.clean(b"inline " + text.encode(), clean, self._style_path)

    def root_attributes(
        self, element: lxml.html.HtmlElement
    ) -> tuple[tuple[str, str], ...]:
        """Plain attributes of `html` or `body`, and the cleaned `style`."""
        old = _attributes_of(element)
        kept = [
            (name, value)
            for name, value in old.items()
            if name in ROOT_ATTRIBUTES and len(value) <= VALUE_LIMIT_CHARS
        ]
        style = self._style(old)
        return (*kept, ("style", style)) if style else tuple(kept)

    def sweep(self, body: lxml.html.HtmlElement) -> None:
        """Keep, unwrap, drop or replace every element below `body`."""
        for number, element in enumerate(list(body.iterdescendants())):
            if number >= ELEMENT_LIMIT or not isinstance(element.tag, str):
                _remove(element)
            elif element.getparent() is not None:
                self._element(element)

    def _element(self, element: lxml.html.HtmlElement) -> None:
        tag = element.tag
        if tag in DROPPED:
            _remove(element)
        elif tag in DRAWN_GAPS:
            self._draw(element, DRAWN_GAPS[tag], Gap(reason="not-shown"))
        elif tag == "img":
            self._image(element)
        elif tag == "source":
            self._source(element)
        elif tag == "input":
            self._input(element)
        elif tag in TAGS:
            self._attributes(element)
        else:
            element.drop_tag()

    def _attributes(self, element: lxml.html.HtmlElement, **extra: str) -> None:
        """Write the attributes anew: listed ones, cleaned style, inner links."""
        old = _attributes_of(element)
        if not old and not extra:
            return
        allowed = TAG_ATTRIBUTES.get(str(element.tag), frozenset())
        kept = {
            name: value
            for name, value in old.items()
            if (name in GLOBAL_ATTRIBUTES or name in allowed)
            and len(value) <= VALUE_LIMIT_CHARS
        }
        if len(kept) != len(old):
            element.attrib.clear()
            for name, value in kept.items():
                element.set(name, value)
        style = self._style(old)
        if style:
            element.set("style", style)
        href = old.get("href", "").strip()
        if element.tag == "a" and FRAGMENT.fullmatch(href):
            element.set("href", href)
        for name, value in extra.items():
            element.set(name, value)

    def _image(self, element: lxml.html.HtmlElement) -> None:
        found = self._picture(element)
        written = element.get("srcset") or element.get("data-srcset") or ""
        srcset = self._srcset(written)
        if isinstance(found, Gap) and srcset:
            found = srcset[0][0]
        if isinstance(found, Gap):
            self._draw(element, "image", found)
            return
        extra = {"src": found}
        if srcset:
            extra["srcset"] = ", ".join(
                f"{path} {size}".strip() for path, size in srcset
            )
        self._attributes(element, **extra)

    def _picture(self, element: lxml.html.HtmlElement) -> str | Gap:
        """The path of the image; a lazy address counts where it was captured."""
        for name in _LAZY:
            address = element.get(name)
            if address:
                found = self._parts.resolve(self._base, address)
                if isinstance(found, Resolved):
                    return found.path
        address = element.get("src", "").strip()
        if len(address) <= VALUE_LIMIT_CHARS and RASTER_DATA.fullmatch(address):
            return "".join(address.split())
        if not address:
            return Gap(reason="address")
        found = self._parts.resolve(self._base, address)
        return found.path if isinstance(found, Resolved) else found

    def _srcset(self, written: str) -> list[tuple[str, str]]:
        """Only captured candidates of a srcset stay."""
        kept = []
        for address, size in split_srcset(written[:VALUE_LIMIT_CHARS]):
            found = self._parts.resolve(self._base, address)
            if isinstance(found, Resolved):
                kept.append((found.path, size))
        return kept

    def _source(self, element: lxml.html.HtmlElement) -> None:
        srcset = self._srcset(element.get("srcset", ""))
        parent = element.getparent()
        if not srcset or parent is None or parent.tag != "picture":
            _remove(element)
            return
        joined = ", ".join(f"{path} {size}".strip() for path, size in srcset)
        self._attributes(element, srcset=joined)

    def _input(self, element: lxml.html.HtmlElement) -> None:
        written = element.get("type", "text").strip().lower()
        if written in ("hidden", "image"):
            _remove(element)
            return
        self._attributes(element, type=INPUT_TYPES.get(written, "text"))
        if written in ("password", "file"):
            element.attrib.pop("value", None)

    def _draw(self, element: lxml.html.HtmlElement, kind: str, gap: Gap) -> None:
        """Put a box of the same size where the part would be."""
        self._note(kind, gap)
        width, height = _pixels(element, "width"), _pixels(element, "height")
        words = _CONTROL.sub(" ", self._words.write(kind, gap))
        tail = element.tail
        element.clear()
        element.tag = "span"
        element.tail = tail
        element.set("class", "evidence-gap")
        element.set("title", words)
        element.set("lang", self._words.language)
        sides = (("width", width), ("height", height))
        size = "".join(f"{side}:{value}px;" for side, value in sides if value)
        if size:
            element.set("style", size)
        if (width or GAP_PIXELS) >= 64 and (height or GAP_PIXELS) >= 20:
            element.text = words

    def _style(self, attributes: dict[str, str]) -> str:
        """The cleaned `style`; a captured `background` picture comes before it."""
        written = attributes.get("style")
        style = ""
        if written:
            style = clean_declarations(written, resolve=self._style_path)
        picture = attributes.get("background")
        path = self._style_path(picture) if picture else None
        return style if path is None else f'background-image:url("{path}");{style}'

    def _note(self, kind: str, gap: Gap) -> None:
        self.gaps.append(MissingPart(kind=kind, reason=gap.reason, detail=gap.detail))

    def _style_path(self, address: str) -> str | None:
        found = self._parts.resolve(self._base, address)
        return found.path if isinstance(found, Resolved) else None


def _remove(element: lxml.html.HtmlElement) -> None:
    """Take an element out with all it holds; the text behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def _pixels(element: lxml.html.HtmlElement, name: str) -> int | None:
    match = _NUMBER.match(element.get(name, ""))
    if match is None or element.get(name, "").strip().endswith("%"):
        return None
    return min(int(match.group(1)), GAP_PIXELS)
