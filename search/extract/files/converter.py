"""Text by programs of the system: old Word files.

antiword knows the rows and cells of Word's own format and says so in DocBook; catdoc
reads what it refuses, and RTF. They are not parts of this product; where none is
installed, the document is found by its address and says so.
"""

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from search.extract.children.limited import run_limited

_CELL = re.compile(rb"\\(?:nest)?cell(?![a-z0-9-]) ?")
_ROW = re.compile(rb"\\(?:nest)?row(?![a-z0-9-]) ?")
"""To catdoc an empty cell of Word's own format ends a row, and RTF has no cells."""
_LAST_CELL = re.compile(rb"\t+$", re.MULTILINE)
_RTF = b"{\\rtf"
_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ANTIWORD = ("-m", "UTF-8.txt", "-x", "db", "/dev/stdin")
"""Of "-" it would make a copy, and it may write nothing."""
_CATDOC = ("-d", "utf-8", "-w")
PROGRAMS = ("antiword", "catdoc")
"""All that are asked, each for what it reads best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """UTF-8 text of a program, and the name and version it is stated with."""

    text: bytes
    extractor: str


def convert(data: bytes) -> Converted | None:
    """Text of an old Word file; None if nothing can read it."""
    if data.startswith(_RTF):
        rows = _ROW.sub(rb"\\par ", _CELL.sub(rb"\\tab ", data))
        return _made(_LAST_CELL.sub(b"", _run("catdoc", _CATDOC, rows)), "catdoc/1")
    if not data.startswith(_OLD_WORD):
        return None
    with_rows = _made(_read_docbook(_run("antiword", _ANTIWORD, data)), "antiword/1")
    return with_rows or _made(_run("catdoc", _CATDOC, data), "catdoc/1")


def find_converter(name: str) -> str | None:
    """Where a program of PROGRAMS is; None where it is not installed."""
    return shutil.which(name)


def _run(name: str, arguments: tuple[str, ...], data: bytes) -> bytes:
    """What a program says of it; nothing where it is not installed."""
    program = find_converter(name)
    return run_limited([program, *arguments], data) if program else b""


def _made(text: bytes, extractor: str) -> Converted | None:
    return Converted(text=text, extractor=extractor) if text.strip() else None


def _read_docbook(xml: bytes) -> bytes:
    """Paragraphs and rows, one a line; nothing where the XML is cut or broken."""
    try:
        return "\n".join(filter(str.strip, _lines(xml))).encode()
    except (ParseError, DefusedXmlException, ValueError):
        return b""


def _lines(xml: bytes) -> Iterator[str]:
    """Cells are joined by a tab; memory stays at one row, however many there are."""
    rows = 0
    for event, element in iterparse(io.BytesIO(xml), events=("start", "end")):
        if event == "start":
            rows += element.tag == "row"
        elif element.tag == "row":
            rows -= 1
            if not rows:  # one within a cell is words of that cell
                yield "\t".join(map(_words, element.findall("entry")))
                element.clear()
        elif not rows and element.tag in ("para", "title"):
            yield _words(element)
            element.clear()


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
