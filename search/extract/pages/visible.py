"""Everything a page says, in document order: captions, buttons, labels and all.

A walk over the parsed tree that leaves nothing out: what is not script, style or markup
is text. Inline elements join, all others begin a new line. What the page itself marks
as beside its text (`ASIDE`: captions, buttons, ways through the site) is noted, and
lines that are nothing but a link, unless they are what the page lists.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from typing import Any

from lxml import html as lxml_html
from lxml.etree import LxmlError, ParserError

from search.extract.pages.overload import is_overloaded
from search.extract.pages.unwritten import (
    is_turned,
    said_by_control,
    turn_overridden,
    turned,
)

_SILENT_NAMES = (
    "script style template head title noscript iframe object desc defs symbol metadata"
)
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q rb rp"
    " rt ruby s samp small span strike strong sub sup time tspan tt u var wbr"
)
_ASIDE_NAMES = "aside nav footer button figcaption dialog"
_ENTRY_NAMES = "li td th dt dd"
SILENT = frozenset(_SILENT_NAMES.split())
"""Elements whose text nobody sees."""
INLINE = frozenset(_INLINE_NAMES.split())
"""Elements that break no word and no line."""
ASIDE = frozenset(_ASIDE_NAMES.split())
"""Elements that the standard means for what is beside a text."""
ENTRIES = frozenset(_ENTRY_NAMES.split())
"""Elements of lists and tables: a link alone in one may be what the page lists."""
LINKS_LISTED = 3
"""So many links one behind the other are a list that the page gives."""
LINK_SPACES = 3
"""A link with fewer is an address or the name of a source: readers are told it."""
FRAMES_MOST = 200
"""Pages that a page holds in its frames and that are read: each is parsed by itself."""
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LINK, _LINK_END, _ASIDE, _ASIDE_END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_ENTRY, _ENTRY_END = "\ufdd4", "\ufdd5"
_ALL_MARKS = (_LINK, _LINK_END, _ASIDE, _ASIDE_END, _ENTRY, _ENTRY_END)
_MARKS = re.compile(f"[{_LINK}-{_ENTRY_END}]")
"""No characters of any text; between pieces they say where links, asides and entries
of lists are."""
_AROUND = {
    **dict.fromkeys(ASIDE, (f"\n{_ASIDE}", f"{_ASIDE_END}\n")),
    **dict.fromkeys(ENTRIES, (f"\n{_ENTRY}", f"{_ENTRY_END}\n")),
}
"""What stands around the text of an element in place of two line ends."""
_LINKED = re.compile(f"{_LINK}[^{_LINK_END}]*(?:{_LINK_END}|$)")
_WORD = re.compile(r"\w")


class _Kind(Enum):
    """Where a line stands."""

    WITHIN = auto()
    ASIDE = auto()
    LINK = auto()
    """It is nothing but links, and no entry of a list or table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows, one block a line."""

    text: str
    beside: frozenset[str] = frozenset()
    """Lines that stand in asides and captions only, or are a link alone in no list."""
    root: Any = None
    """The parsed page, of lxml; None where there is none."""


def visible_text(markup: str) -> str:
    """Text of a page, one block a line; empty where the parser finds no body."""
    return see_page(markup).text


def see_page(markup: str) -> Shown:
    """Text of a page, and which of its lines are beside it; empty without a body."""
    root = _parse(markup)
    if root is None:
        return Shown(text="")
    return _assemble(turn_overridden("".join(_pieces(root))), root)


def _parse(markup: str) -> Any | None:
    """The body of a page, or what there is of one."""
    try:
        parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
        tree = lxml_html.document_fromstring(
            markup.encode("utf-8", "replace"), parser=parser
        )
    except (LxmlError, ParserError, ValueError):
        return None
    body = tree.find("body")
    return tree if body is None else body


def _inside(frame: Any) -> list[Any]:
    """The page that a frame holds itself, if it has one that may be parsed."""
    markup = frame.get("srcdoc") or ""
    if not markup.strip() or is_overloaded(markup):
        return []
    page = _parse(markup)
    return [] if page is None else [page]


def text_of(element: Any, *, without: Collection[str] = ()) -> str:
    """What an element of a parsed page shows, in one line; but elements `without`."""
    pieces = _pieces(element, without)
    return " ".join(_without_marks("".join(pieces)).split())


def _without_marks(text: str) -> str:
    """Looked for before they are replaced: hardly a text has one."""
    return _MARKS.sub("", text) if any(mark in text for mark in _ALL_MARKS) else text


def _assemble(marked: str, root: Any) -> Shown:
    rows = list(_rows(marked))
    beside = {line for line, kind in rows if kind is _Kind.ASIDE}
    within = {line for line, kind in rows if kind is _Kind.WITHIN}
    for kind, run in groupby(rows, key=lambda row: row[1]):
        if kind is _Kind.LINK:
            links = [line for line, _ in run]
            (within if len(links) >= LINKS_LISTED else beside).update(links)
    text = "\n".join(line for line, _ in rows)
    return Shown(text=text, beside=frozenset(beside - within), root=root)


def _rows(marked: str) -> Iterator[tuple[str, _Kind]]:
    """Lines that are not empty, and where each stands."""
    asides = links = entries = 0
    plain = _without_marks(marked).split("\n")
    for raw, unmarked in zip(marked.split("\n"), plain, strict=True):
        row = f"{_LINK}{raw}" if links > 0 else raw
        is_aside, is_entry = asides > 0, entries > 0
        if len(raw) != len(unmarked):
            is_aside, is_entry = is_aside or _ASIDE in raw, is_entry or _ENTRY in raw
            asides += raw.count(_ASIDE) - raw.count(_ASIDE_END)
            links += raw.count(_LINK) - raw.count(_LINK_END)
            entries += raw.count(_ENTRY) - raw.count(_ENTRY_END)
        line = unmarked.strip()
        if not line:
            continue
        if is_aside:
            yield line, _Kind.ASIDE
        elif not is_entry and _is_link(row, line):
            yield line, _Kind.LINK
        else:
            yield line, _Kind.WITHIN


def _is_link(row: str, line: str) -> bool:
    """Whether a line is nothing but links; `row`: the same with its marks."""
    return (
        _LINK in row
        and line.count(" ") >= LINK_SPACES
        and not _WORD.search(_LINKED.sub("", row))
    )


def _pieces(root: Any, without: Collection[str] = ()) -> list[str]:
    """Texts, line ends and marks in document order, without recursion."""
    pieces: list[str] = []
    # A node to enter, or what stands behind one: text of the page, a mark of ours, or
    # the number of pieces before those that are shown turned.
    stack: list[Any] = [root]
    frames = 0
    turning = False
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        if isinstance(item, int):
            pieces[item:] = [turned(_without_marks("".join(pieces[item:])))]
            turning = False
            continue
        tag = item.tag
        if tag == "iframe" and frames < FRAMES_MOST:
            frames += 1
            stack += _inside(item)
        if not isinstance(tag, str) or tag in SILENT:
            continue
        if not turning and is_turned(item):
            turning = True
            stack.append(len(pieces))
        if said := said_by_control(item):
            pieces.append(f"\n{_ASIDE}{_plain(said)}{_ASIDE_END}\n")
        if tag not in INLINE:
            begin, end = _AROUND.get(tag, ("\n", "\n"))
            pieces.append(begin)
            stack.append(end)
        elif tag == "a":
            pieces.append(_LINK)
            stack.append(_LINK_END)
        for child in reversed(item):
            if child.tail:
                stack.append(_plain(child.tail))
            if child.tag not in without:
                stack.append(child)
        if item.text:
            pieces.append(_plain(item.text))
    return pieces


def _plain(text: str) -> str:
    """Text of the page in one line, without what it wrote in place of marks of ours."""
    return _SPACES.sub(" ", text if text.isascii() else _without_marks(text))
