"""Lists and documents of offices to text: one line per row, cells joined by a tab.

Told by their bytes, not by their names. Workbooks are read by python-calamine (only
imported here), documents by the XML inside their ZIP, without entities. A ZIP that
unpacks to too much is not unpacked.
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import python_calamine
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from search.extract.dates import CONFLICT, find_in_text
from search.extract.result import Extract, clean_text, join_parts

SHEET_EXTRACTOR = "sheet/1"
DOCUMENT_EXTRACTOR = "document/1"
UNPACKED_BYTES = 50 * 1024 * 1024
"""All parts of a document together; the largest list seen has 12 MB."""
UNPACKED_RATIO = 100
"""Unpacked to packed; official lists reach 25."""
PARTS_MAX = 10_000
ROWS_MAX, CELLS_MAX = 200_000, 2_000
"""Of one sheet; the rest is cut and says so."""
TOO_BIG, BROKEN = "too_big", "broken_file"
_DAMAGED = (
    *(zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError),
    *(ParseError, DefusedXmlException),
)
"""What libraries raise at a ZIP, or XML in it, that is cut, made up or encrypted."""
_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin")
_SHEET_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_WORD_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_PARAGRAPHS = frozenset({"p", "h"})
_ROWS, _CELLS = frozenset({"tr", "table-row"}), frozenset({"tc", "table-cell"})
_TABS, _BREAKS = frozenset({"tab"}), frozenset({"br", "cr", "line-break"})


def extract_zip(data: bytes) -> Extract | None:
    """Text of a workbook or document in a ZIP; None for any other ZIP."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            if _is_too_big(opened, len(data)):
                return _made("", DOCUMENT_EXTRACTOR, (TOO_BIG,))
            names = set(opened.namelist())
            kind = opened.read("mimetype") if "mimetype" in names else b""
            if kind.startswith(_SHEET_TYPE) or not names.isdisjoint(_WORKBOOKS):
                return extract_sheets(data)
            if "word/document.xml" in names:
                parts = [part for part in _WORD_PARTS if part in names]
            elif "content.xml" in names:
                parts = ["content.xml"]
            else:
                return None
            text = "\n".join(_document_text(_bounded(opened, part)) for part in parts)
            return _made(text, DOCUMENT_EXTRACTOR, ())
    except _DAMAGED:
        return _made("", DOCUMENT_EXTRACTOR, (BROKEN,))


def extract_sheets(data: bytes) -> Extract | None:
    """Rows of every sheet of a workbook; None where the bytes are none."""
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
    except python_calamine.PasswordError:
        return _made("", SHEET_EXTRACTOR, ("encrypted",))
    except (python_calamine.CalamineError, OSError, ValueError):
        return None
    lines: list[str] = []
    cut = False
    for name in book.sheet_names:
        try:
            rows = book.get_sheet_by_name(name).to_python(nrows=ROWS_MAX + 1)
        except (python_calamine.CalamineError, OSError, ValueError):
            return _made("\n".join(lines), SHEET_EXTRACTOR, (BROKEN,))
        lines.append(name)
        cut = cut or len(rows) > ROWS_MAX
        lines += _rows(rows[:ROWS_MAX])
    return _made("\n".join(lines), SHEET_EXTRACTOR, ("truncated",) if cut else ())


def _rows(rows: Iterable[list[Any]]) -> Iterable[str]:
    for row in rows:
        line = "\t".join(_cell(cell) for cell in row[:CELLS_MAX]).rstrip("\t")
        if line.strip():
            yield line


def _cell(value: Any) -> str:
    """A cell as it is read: whole numbers without a point, times in ISO form."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        plain = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if plain else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())


def _is_too_big(opened: zipfile.ZipFile, packed: int) -> bool:
    parts = opened.infolist()
    size = sum(part.file_size for part in parts)
    return (
        len(parts) > PARTS_MAX
        or size > UNPACKED_BYTES
        or size > max(packed, 1) * UNPACKED_RATIO
    )


def _bounded(opened: zipfile.ZipFile, name: str) -> bytes:
    """One part; its stated size may be a lie, so reading stops at the bound."""
    with opened.open(name) as part:
        data = part.read(UNPACKED_BYTES + 1)
    if len(data) > UNPACKED_BYTES:
        raise ValueError(f"{name} unpacks to too much")
    return data


def _document_text(xml: bytes) -> str:
    """Paragraphs one a line, rows of tables with their cells joined by a tab."""
    lines: list[str] = []
    for piece in _blocks(fromstring(xml, forbid_dtd=True)):
        if piece.strip():
            lines.append(piece)
    return "\n".join(lines)


def _blocks(root: Element) -> Iterable[str]:
    """Rows and paragraphs in document order, without recursion."""
    stack = [root]
    while stack:
        element = stack.pop()
        name = _name(element)
        if name in _ROWS:
            cells = [child for child in element if _name(child) in _CELLS]
            yield "\t".join(" ".join(_inline(cell).split()) for cell in cells)
        elif name in _PARAGRAPHS:
            yield _inline(element)
        else:
            stack.extend(reversed(element))


def _inline(element: Element) -> str:
    """All text below an element; breaks become lines, paragraphs a space apart."""
    pieces: list[str] = []
    word = element.tag.startswith("{http://schemas.openxmlformats.org")
    for child in element.iter():
        name = _name(child)
        if name in _TABS:
            pieces.append("\t")
        elif name in _BREAKS:
            pieces.append("\n")
        elif name in _PARAGRAPHS and child is not element:
            pieces.append(" ")
        if child.text and (not word or name == "t"):
            pieces.append(child.text)
        if child.tail and not word and child is not element:
            pieces.append(child.tail)
    return "".join(pieces)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _made(text: str, extractor: str, warnings: tuple[str, ...]) -> Extract:
    whole, main_end, cut = join_parts(clean_text(text), "")
    dates = find_in_text(whole)
    return Extract(
        text=whole,
        main_end=main_end,
        title=None,
        extractor=extractor,
        charset=None,
        declared_charset=None,
        warnings=(
            *warnings,
            *(("truncated",) if cut else ()),
            *((CONFLICT,) if dates.conflict else ()),
        ),
        claimed=dates.claimed,
    )
