"""Parsing: a hostile page as a tree that can be swept, and back.

libxml2 is lenient and knows HTML 4: what it reads into elements that hold nothing is
put behind them, and letters that it reads but refuses to write are replaced.
"""

import re
from contextlib import suppress

from lxml import etree

from web.replay.links import join_address

EMPTY_IN_HTML5 = ("embed", "source", "track", "wbr", "keygen", "command", "bgsound")
"""Elements without an end tag that libxml2, which knows HTML 4, lets hold others."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Letters lxml reads, from references such as &#12;, but refuses to write."""
_SPACED = bytes(
    0x20 if byte < 0x20 and byte not in b"\t\n\r" else byte for byte in range(256)
)
_NO_LETTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF in UTF-8."""
_LAST_PLANE = b"\xef\xbf"
"""What both begin with; a page that holds it is rare."""
_ODD_REFERENCE = re.compile(
    "&#(?:0*(?:[0-9]|[12][0-9]|3[01])(?![0-9])|0*[0-9]{5}"
    "|[xX]0*1?[0-9a-fA-F](?![0-9a-fA-F])|[xX][0-9a-fA-F]*[d-fD-F][0-9a-fA-F]{3})"
)
"""Character references that may stand for a letter of `CONTROL`."""
Element = etree._Element


def parse_page(text: str) -> Element:
    """Parse leniently; an empty document gives an empty page."""
    data = text.encode("utf-8", "replace").translate(_SPACED)
    if _LAST_PLANE in data:
        for letter in _NO_LETTERS:
            data = data.replace(letter, b" ")
    try:
        root = _tree_of(data)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        root = _tree_of(b"<html><body></body></html>")
    for element in list(root.iter(*EMPTY_IN_HTML5)):
        _hoist(element)
    if _ODD_REFERENCE.search(text):
        for element in root.iter():
            _make_writable(element)
    return root


def _tree_of(data: bytes) -> Element:
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    return etree.fromstring(data, parser)


def _hoist(element: Element) -> None:
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


def _make_writable(element: Element) -> None:
    """Replace letters that came from character references and cannot be written."""
    for name, value in element.attrib.items():
        if CONTROL.search(value):
            _rewrite(element, str(name), CONTROL.sub(" ", value))
    if element.text and CONTROL.search(element.text):
        element.text = CONTROL.sub(" ", element.text)
    if element.tail and CONTROL.search(element.tail):
        element.tail = CONTROL.sub(" ", element.tail)


def _rewrite(element: Element, name: str, value: str) -> None:
    """Give an attribute another value; one whose name cannot be written goes."""
    pairs = [pair for pair in element.attrib.items() if pair[0] != name]
    element.attrib.clear()
    for known, old in [*pairs, (name, value)]:
        with suppress(ValueError):  # a name such as `{`
            element.set(known, old)


def base_of(root: Element, address: str) -> str:
    """The first `base` element counts, as in browsers."""
    for element in root.iter("base"):
        written = element.get("href")
        if written is not None:
            return join_address(address, written) or address
    return address


def remove(element: Element) -> None:
    """Take an element out with all it holds; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        _append(parent, element.getprevious(), element.tail)
    parent.remove(element)


def unwrap(element: Element) -> None:
    """Take an element out; what it holds and the text behind it stay."""
    parent = element.getparent()
    if parent is None:
        return
    if element.text:
        _append(parent, element.getprevious(), element.text)
    if element.tail:
        last = element[-1] if len(element) else element.getprevious()
        _append(parent, last, element.tail)
    place = parent.index(element)
    parent[place : place + 1] = element[:]


def _append(parent: Element, before: Element | None, text: str) -> None:
    """Put text behind an element, or first of all into its parent."""
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text


def write_page(body: Element) -> str:
    """Serialize what a body holds, as HTML."""
    body.tag = "div"
    body.attrib.clear()
    markup: str = etree.tostring(
        body, method="html", encoding="unicode", with_tail=False
    )
    return markup.removeprefix("<div>").removesuffix("</div>")


def new_body() -> Element:
    """An empty body."""
    return etree.Element("body")
