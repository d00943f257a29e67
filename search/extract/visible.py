"""Everything a page says, in document order: captions, buttons, labels and all.

A walk over the parsed tree that judges nothing: what is not script, style or markup is
text. Inline elements join, all others begin a new line.
"""

import re
from typing import Any

from lxml import html as lxml_html
from lxml.etree import LxmlError, ParserError

_SILENT_NAMES = "script style template head title noscript iframe object svg"
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q rb rp"
    " rt ruby s samp small span strike strong sub sup time tt u var wbr"
)
SILENT = frozenset(_SILENT_NAMES.split())
"""Elements whose text nobody sees."""
INLINE = frozenset(_INLINE_NAMES.split())
"""Elements that break no word and no line."""
_SPACES = re.compile(r"[ \t\n\r\f]+")


def visible_text(markup: str) -> str:
    """Text of a page, one block a line; empty where the parser finds no body."""
    try:
        parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
        tree = lxml_html.document_fromstring(
            markup.encode("utf-8", "replace"), parser=parser
        )
    except (LxmlError, ParserError, ValueError):
        return ""
    body = tree.find("body")
    pieces = _pieces(tree if body is None else body)
    lines = "".join(pieces).split("\n")
    return "\n".join(line for line in map(str.strip, lines) if line)


def _pieces(root: Any) -> list[str]:
    """Texts and line ends in document order, without recursion."""
    pieces: list[str] = []
    # A node to enter, or the text that stands behind one.
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item if item == "\n" else _SPACES.sub(" ", item))
            continue
        tag = item.tag
        if not isinstance(tag, str) or tag in SILENT:
            continue
        block = tag not in INLINE
        if block:
            pieces.append("\n")
            stack.append("\n")
        for child in reversed(item):
            if child.tail:
                stack.append(child.tail)
            stack.append(child)
        if item.text:
            pieces.append(_SPACES.sub(" ", item.text))
    return pieces
