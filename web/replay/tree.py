"""Tree: the first pass over a hostile page.

Elements and attributes that are not on the lists of markup.py go, addresses are written
anew through the parts list, gaps are drawn, style sheets are taken out. What comes back
is serialized markup for nh3, which has the last word.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from web.replay.attributes import drop_unlisted, plan_of
from web.replay.links import Gap, PartTable, Resolved, split_srcset
from web.replay.markup import (
    DRAWN_GAPS,
    DROPPED,
    INPUT_TYPES,
    ROOT_ATTRIBUTES,
    TAGS,
)
from web.replay.parsing import (
    CONTROL,
    Element,
    base_of,
    new_body,
    parent_of,
    parse_page,
    remove,
    unwrap,
    unwrap_all,
    write_page,
)
from web.replay.sheets import SheetCache
from web.replay.styles import Resolve, clean_declarations, clean_inline_sheet

_NO_ELEMENTS = (etree.Comment, etree.ProcessingInstruction, etree.Entity)
ELEMENT_LIMIT = 200_000
"""Elements of a page; the largest of our test pages has 9,000."""
DEPTH_LIMIT = 250
"""libxml2's own bound; deeper trees are cut by it."""
VALUE_LIMIT_CHARS = 1 << 18
"""Characters of an attribute; data: images are the long ones."""
DOCTYPE_CHARS = 1_024
"""Where a doctype is looked for."""
GAP_PIXELS = 4_000
"""Largest side of a gap box."""

RASTER_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_NUMBER = re.compile(r"\s*([0-9]{1,5})")
_DOCTYPE = re.compile(r"<!doctype\s+html", re.IGNORECASE)
FRAGMENT = re.compile(r"#[^\s\"'<>]*")
_MEDIA = re.compile(r"[A-Za-z0-9\s(),:.<=>/-]{0,500}")
_LAZY = ("data-src", "data-lazy-src", "data-original")


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
    root = parse_page(text)
    has_doctype = _DOCTYPE.search(text[:DOCTYPE_CHARS]) is not None
    cleaner = _Cleaner(base_of(root, base), parts, words, sheets)
    body = root.find("body")
    frame = root.find("frameset")
    if body is None:
        body = new_body()
        if frame is not None:
            body.append(frame)
    head_sheets = tuple(cleaner.take_sheets(root))
    html_attributes = cleaner.root_attributes(root)
    body_attributes = cleaner.root_attributes(body)
    cleaner.sweep(body)
    return SweptPage(
        markup=write_page(body),
        html_attributes=html_attributes,
        body_attributes=body_attributes,
        sheets=head_sheets,
        has_doctype=has_doctype,
        gaps=tuple(cleaner.gaps),
    )


class _Cleaner:
    """The lxml pass; changes the tree in place."""

    def __init__(
        self, base: str, parts: PartTable, words: GapWords, sheets: SheetCache
    ) -> None:
        self._sheets = sheets
        self._base = base
        self._parts = parts
        self._words = words
        self._written: dict[tuple[str, Gap], str] = {}
        self.gaps: list[MissingPart] = []

    def take_sheets(self, root: Element) -> Iterator[Sheet]:
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

    def root_attributes(self, element: Element) -> tuple[tuple[str, str], ...]:
        """Plain attributes of `html` or `body`, and the cleaned `style`."""
        kept = [
            (name, value)
            for name, value in element.items()
            if name in ROOT_ATTRIBUTES and len(value) <= VALUE_LIMIT_CHARS
        ]
        style = self._style(element)
        return (*kept, ("style", style)) if style else tuple(kept)

    def sweep(self, body: Element) -> None:
        """Keep, unwrap, drop or replace every element below `body`."""
        etree.strip_elements(body, *DROPPED, *_NO_ELEMENTS, with_tail=False)
        gone = 0  # elements to come that went with one before them
        for number, element in enumerate(list(body.iterdescendants())):
            if gone:
                gone -= 1
                continue
            tag = str(element.tag)
            if number >= ELEMENT_LIMIT:
                gone = _count(element)
                remove(element)
            elif tag in _PLAIN:
                self._attributes(element)
            else:
                gone = self._element(element, tag)
        unwrap_all(body)

    def _element(self, element: Element, tag: str) -> int:
        """Sweep an element that is no plain one; gives how many went with it."""
        if tag in DRAWN_GAPS:
            gone = _count(element)
            self._draw(element, DRAWN_GAPS[tag], Gap(reason="not-shown"))
            return gone
        special = _SPECIAL.get(tag)
        if special is not None:
            gone = _count(element)
            return 0 if special(self, element) else gone
        unwrap(element)
        return 0

    def _attributes(self, element: Element, **extra: str) -> None:
        """Keep listed attributes; write cleaned style and inner links anew."""
        names = element.keys()
        if names:
            plan = plan_of(str(element.tag), names)
            if plan.dropped:
                style = self._style(element) if plan.has_style else ""
                href = element.get("href", "").strip() if plan.has_link else ""
                drop_unlisted(element, names, plan)
                if style:
                    element.set("style", style)
                if href.startswith("#") and FRAGMENT.fullmatch(href):
                    element.set("href", href)
        for name, value in extra.items():
            element.set(name, value)

    def _image(self, element: Element) -> bool:
        found = self._picture(element)
        written = element.get("srcset") or element.get("data-srcset") or ""
        srcset = self._srcset(written)
        if isinstance(found, Gap) and srcset:
            found = srcset[0][0]
        if isinstance(found, Gap):
            self._draw(element, "image", found)
            return False
        extra = {"src": found}
        if srcset:
            extra["srcset"] = ", ".join(
                f"{path} {size}".strip() for path, size in srcset
            )
        self._attributes(element, **extra)
        return True

    def _picture(self, element: Element) -> str | Gap:
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

    def _source(self, element: Element) -> bool:
        srcset = self._srcset(element.get("srcset", ""))
        parent = parent_of(element)
        if not srcset or parent is None or parent.tag != "picture":
            remove(element)
            return False
        joined = ", ".join(f"{path} {size}".strip() for path, size in srcset)
        self._attributes(element, srcset=joined)
        return True

    def _input(self, element: Element) -> bool:
        written = element.get("type", "text").strip().lower()
        if written in ("hidden", "image"):
            remove(element)
            return False
        self._attributes(element, type=INPUT_TYPES.get(written, "text"))
        if written in ("password", "file"):
            element.attrib.pop("value", None)
        return True

    def _draw(self, element: Element, kind: str, gap: Gap) -> None:
        """Put a box of the same size where the part would be."""
        self._note(kind, gap)
        width, height = _pixels(element, "width"), _pixels(element, "height")
        words = self._words_of(kind, gap)
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

    def _words_of(self, kind: str, gap: Gap) -> str:
        """What a box says; a page says the same in most of them."""
        words = self._written.get((kind, gap))
        if words is None:
            words = CONTROL.sub(" ", self._words.write(kind, gap))
            self._written[kind, gap] = words
        return words

    def _style(self, element: Element) -> str:
        """The cleaned `style`; a captured `background` picture comes before it."""
        written = element.get("style")
        style = ""
        if written:
            style = clean_declarations(written, resolve=self._style_path)
        picture = element.get("background")
        path = self._style_path(picture) if picture else None
        return style if path is None else f'background-image:url("{path}");{style}'

    def _note(self, kind: str, gap: Gap) -> None:
        self.gaps.append(MissingPart(kind=kind, reason=gap.reason, detail=gap.detail))

    def _style_path(self, address: str) -> str | None:
        found = self._parts.resolve(self._base, address)
        return found.path if isinstance(found, Resolved) else None


_SPECIAL: dict[str, Callable[[_Cleaner, Element], bool]] = {
    "img": _Cleaner._image,
    "source": _Cleaner._source,
    "input": _Cleaner._input,
}
"""Takes one element; False if it is not there any more, or holds nothing."""
_PLAIN = TAGS - _SPECIAL.keys() - DRAWN_GAPS.keys()
"""Elements of which only the attributes are looked at."""


def _count(element: Element) -> int:
    """How many elements it holds, at any depth."""
    return sum(1 for _ in element.iterdescendants()) if len(element) else 0


def _pixels(element: Element, name: str) -> int | None:
    match = _NUMBER.match(element.get(name, ""))
    if match is None or element.get(name, "").strip().endswith("%"):
        return None
    return min(int(match.group(1)), GAP_PIXELS)
