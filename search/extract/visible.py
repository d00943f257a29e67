"""Everything a page says, in document order: captions, buttons, labels and all.

A walk over the parsed tree that leaves nothing out: what is not script, style or markup
is text. Inline elements join, all others begin a new line. What the page itself marks
as beside its text (`ASIDE`: captions, buttons, ways through the site) is noted, and
lines that are nothing but a link.
"""

import re
from dataclasses import dataclass
from typing import Any

from lxml import html as lxml_html
from lxml.etree import LxmlError, ParserError

_SILENT_NAMES = "script style template head title noscript iframe object svg"
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q rb rp"
    " rt ruby s samp small span strike strong sub sup time tt u var wbr"
)
_ASIDE_NAMES = "aside nav footer button figcaption dialog"
SILENT = frozenset(_SILENT_NAMES.split())
"""Elements whose text nobody sees."""
INLINE = frozenset(_INLINE_NAMES.split())
"""Elements that break no word and no line."""
ASIDE = frozenset(_ASIDE_NAMES.split())
"""Elements that the standard means for what is beside a text."""
LINK_SPACES = 3
"""A link with fewer is an address or the name of a source: readers are told it."""
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LINK, _LINK_END, _ASIDE, _ASIDE_END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_ALL_MARKS = (_LINK, _LINK_END, _ASIDE, _ASIDE_END)
_MARKS = re.compile(f"[{_LINK}-{_ASIDE_END}]")
"""No characters of any text; between pieces they say where links and asides are."""
_LINKED = re.compile(f"{_LINK}[^{_LINK_END}]*(?:{_LINK_END}|$)")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows, one block a line."""

    text: str
    beside: frozenset[str] = frozenset()
    """Lines that stand in asides and captions only, or are nothing but a link."""
    root: Any = None
    """The parsed page, of lxml; None where there is none."""


def visible_text(markup: str) -> str:
    """Text of a page, one block a line; empty where the parser finds no body."""
    return see_page(markup).text


def see_page(markup: str) -> Shown:
    """Text of a page, and which of its lines are beside it; empty without a body."""
    try:
        parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
        tree = lxml_html.document_fromstring(
            markup.encode("utf-8", "replace"), parser=parser
        )
    except (LxmlError, ParserError, ValueError):
        return Shown(text="")
    body = tree.find("body")
    root = tree if body is None else body
    return _assemble("".join(_pieces(root)), root)


def text_of(element: Any) -> str:
    """What an element of a parsed page shows, in one line."""
    return " ".join(_without_marks("".join(_pieces(element))).split())


def _without_marks(text: str) -> str:
    """Looked for before they are replaced: hardly a text has one."""
    return _MARKS.sub("", text) if any(mark in text for mark in _ALL_MARKS) else text


def _assemble(marked: str, root: Any) -> Shown:
    lines: list[str] = []
    beside: set[str] = set()
    within: set[str] = set()
    asides = links = 0
    plain = _without_marks(marked).split("\n")
    for raw, unmarked in zip(marked.split("\n"), plain, strict=True):
        row = f"{_LINK}{raw}" if links > 0 else raw
        was_aside = asides > 0
        if len(raw) != len(unmarked):
            asides += raw.count(_ASIDE) - raw.count(_ASIDE_END)
            links += raw.count(_LINK) - raw.count(_LINK_END)
        line = unmarked.strip()
        if not line:
            continue
        lines.append(line)
        is_link = (
            _LINK in row
            and line.count(" ") >= LINK_SPACES
            and not _WORD.search(_LINKED.sub("", row))
        )
        (beside if was_aside or asides > 0 or is_link else within).add(line)
    return Shown(text="\n".join(lines), beside=frozenset(beside - within), root=root)


def _pieces(root: Any) -> list[str]:
    """Texts, line ends and marks in document order, without recursion."""
    pieces: list[str] = []
    # A node to enter, or what stands behind one: text of the page or a mark of ours.
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        tag = item.tag
        if not isinstance(tag, str) or tag in SILENT:
            continue
        if tag not in INLINE:
            begin, end = (f"\n{_ASIDE}", f"{_ASIDE_END}\n") if tag in ASIDE else "\n\n"
            pieces.append(begin)
            stack.append(end)
        elif tag == "a":
            pieces.append(_LINK)
            stack.append(_LINK_END)
        for child in reversed(item):
            if child.tail:
                stack.append(_plain(child.tail))
            stack.append(child)
        if item.text:
            pieces.append(_plain(item.text))
    return pieces


def _plain(text: str) -> str:
    """Text of the page in one line, without what it wrote in place of marks of ours."""
    return _SPACES.sub(" ", text if text.isascii() else _without_marks(text))
