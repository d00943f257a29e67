"""Parsing: a hostile page as a tree that can be swept, and back.

libxml2 is lenient and knows HTML 4: what it reads into elements that hold nothing is
put behind them, and letters that it reads but refuses to write are replaced.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from lxml import etree

from archive.errors import LimitExceeded
from search.extract.pages.overload import has_endless_tags
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
UNWRAPPED = "evidence-unwrapped"
"""Name of elements that are to go, and leave what they hold."""
Element = etree._Element


def parse_page(text: str) -> Element:
    """Parse leniently; an empty document gives an empty page.

    LimitExceeded for tags whose reading takes time beyond their length.
    """
    if has_endless_tags(text):
        raise LimitExceeded("tags with attributes beyond bounds")
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
    if _ODD_REFERENCE.search(text):
        for element in root.iter():
            _make_writable(element)
    for element in list(root.iter(*EMPTY_IN_HTML5)):
        _hoist(element)
    unwrap_all(root)
    return root


def _tree_of(data: bytes) -> Element:
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    return etree.fromstring(data, parser)


def _hoist(element: Element) -> None:
    """Let what libxml2 reads into an empty element stand behind it, as in browsers."""
    if not len(element) and not element.text:
        return
    empty = element.makeelement(element.tag)
    _set_all(empty, element.attrib.items())
    empty.tail, element.text = element.text, None
    element.insert(0, empty)
    unwrap(element)


def _make_writable(element: Element) -> None:
    """Replace letters that came from character references and cannot be written."""
    pairs = element.attrib.items()
    if any(CONTROL.search(value) for _, value in pairs):
        element.attrib.clear()
        _set_all(element, [(name, CONTROL.sub(" ", value)) for name, value in pairs])
    if element.text and CONTROL.search(element.text):
        element.text = CONTROL.sub(" ", element.text)
    if element.tail and CONTROL.search(element.tail):
        element.tail = CONTROL.sub(" ", element.tail)


def _set_all(element: Element, pairs: Iterable[tuple[str, str]]) -> None:
    """Set attributes; one whose name cannot be written goes."""
    for name, value in pairs:
        with suppress(ValueError):  # a name such as `{`
            element.set(name, value)


def base_of(root: Element, address: str) -> str:
    """The first `base` element counts, as in browsers."""
    for element in root.iter("base"):
        written = element.get("href")
        if written is not None:
            return join_address(address, written) or address
    return address


def remove(element: Element) -> None:
    """Take an element out with all it holds, at the next `unwrap_all`."""
    element.clear(keep_tail=True)
    unwrap(element)


def unwrap(element: Element) -> None:
    """Take an element out, at the next `unwrap_all`; what it holds stays."""
    element.tag = UNWRAPPED


def unwrap_all(root: Element) -> None:
    """Take out, all at once, what is to go: one by one, each would move the others."""
    etree.strip_tags(root, UNWRAPPED)


def parent_of(element: Element) -> Element | None:
    """The element that will hold it."""
    return next((one for one in element.iterancestors() if one.tag != UNWRAPPED), None)


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
