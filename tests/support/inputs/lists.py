"""The same list as a workbook, a document, a page, and a PDF: made for tests."""

import io
import zipfile
from collections.abc import Sequence
from html import escape

Rows = Sequence[Sequence[str]]
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEADER = ("№", "Name", "Born", "Court", "Basis")
COURTS = ("Minsk city court", "Brest regional court", "Gomel regional court")
GIVEN = ("Іван", "Марыя", "Пётр", "Ганна", "Алесь", "Волга", "Янка")
FAMILY = ("Каваль", "Малінін", "Зорка", "Дубовік", "Крыніца", "Бусел", "Рунец")


def make_people(count: int, *, first: int = 0) -> list[tuple[str, ...]]:
    """Made-up persons: name, date of birth, court, basis; no number."""
    return [
        (
            f"{FAMILY[n % 7]}{chr(0x430 + n % 29)}{chr(0x430 + n // 29)} "
            f"{GIVEN[n // 7 % 7]} {GIVEN[n // 49 % 7]}авіч",
            f"{1 + n % 28:02}.{1 + n % 12:02}.{1950 + n % 50}",
            COURTS[n % 3],
            f"art. {342 + n % 4}",
        )
        for n in range(first, first + count)
    ]


def number(rows: Rows) -> list[tuple[str, ...]]:
    """A header, and a running number in front of each row."""
    return [HEADER, *((str(n), *row) for n, row in enumerate(rows, start=1))]


def xlsx(rows: Rows) -> bytes:
    """A workbook of one sheet."""
    lines = "".join("<row>" + "".join(map(_sheet_cell, row)) + "</row>" for row in rows)
    book = (
        f'{_HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="List" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return _zip(
        {
            "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_TYPES}">'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            f'ContentType="{kind}.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" '
            f'ContentType="{kind}.worksheet+xml"/></Types>',
            "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_RELS}">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_RELS}">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'{_HEAD}<worksheet xmlns="{_SHEET}">'
            f"<sheetData>{lines}</sheetData></worksheet>",
        }
    )


def rtf(rows: Rows) -> bytes:
    """A document in RTF with one table; such files are served as `.doc`."""

    def plain(text: str) -> str:
        return "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)

    lines = (
        "\\trowd"
        + "".join(f"\\cellx{2000 * (n + 1)}" for n in range(len(row)))
        + "\\pard\\intbl "
        + "".join(f"{plain(cell)}\\cell " for cell in row)
        + "\\row\n"
        for row in rows
    )
    return f"{{\\rtf1\\ansi{''.join(lines)}\\pard\\par}}".encode("ascii")


def docx(rows: Rows) -> bytes:
    """A document with one table."""
    lines = "".join(
        "<w:tr>"
        + "".join(
            f"<w:tc><w:p><w:r><w:t>{escape(cell)}</w:t></w:r></w:p></w:tc>"
            for cell in row
        )
        + "</w:tr>"
        for row in rows
    )
    return _zip(
        {
            "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_TYPES}"/>',
            "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_WORD}"><w:body>'
            f"<w:tbl>{lines}</w:tbl></w:body></w:document>",
        }
    )


def html(rows: Rows) -> bytes:
    """A page with one table."""
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return (
        "<!doctype html><html lang=be><head><meta charset=utf-8><title>List</title>"
        f"</head><body><main><h1>List</h1><table>{lines}</table></main></body></html>"
    ).encode()


def pdf(rows: Rows) -> bytes:
    """Pages of lines, one row a line; ASCII only."""
    texts = ["  ".join(row) for row in rows]
    pages = [texts[start : start + 50] for start in range(0, len(texts), 50)]
    objects: list[bytes] = [b"", b""]
    kids = []
    for page in pages:
        body = "BT /F1 9 Tf 40 800 Td 12 TL " + " ".join(
            f"({line}) Tj T*" for line in page
        )
        stream = f"{body} ET".encode("ascii")
        content = len(objects) + 1
        objects.append(
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
        )
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content}"
            " 0 R /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont"
            " /Helvetica >> >> >> >>".encode()
        )
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = (
        f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    )
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for n, data in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (n, data))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(
        b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, start)
    )
    return out.getvalue()


def _sheet_cell(cell: str) -> str:
    if cell.isascii() and cell.isdigit():
        return f"<c><v>{cell}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'


def _zip(parts: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in parts.items():
            target.writestr(name, text)
    return made.getvalue()
