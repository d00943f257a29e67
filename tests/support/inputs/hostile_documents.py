"""Documents made to stop, fill or fool a parser; each is small on the wire."""

import io
import zipfile
import zlib
from collections.abc import Callable

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
MANY = 60_000


def _zip(parts: dict[str, bytes | str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return made.getvalue()


def _workbook(sheet: str, strings: str = "") -> bytes:
    relation = f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1"'
    return _zip(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'{relation} Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": f'{relation} Type="{_OFFICE}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}">'
            '<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>'
            f"{sheet}</sheetData></worksheet>",
            "xl/sharedStrings.xml": strings or f'<sst xmlns="{_SHEET}"/>',
        }
    )


def _open_sheet(row: str) -> bytes:
    names = " ".join(f'xmlns:{n}="{_ODF}:{n}:1.0"' for n in ("office", "table", "text"))
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content {names}><office:body>"
            f'<office:spreadsheet><table:table table:name="A">{row}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_ODF}:manifest:1.0"/>',
        }
    )


def _pdf(objects: list[bytes]) -> bytes:
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(made + b"startxref\n%d\n%%%%EOF\n" % start)


def _page(content: bytes, extra: bytes = b"") -> list[bytes]:
    return [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R" + extra + b">>",
        content,
    ]


def _stream(data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed)
    return head + packed + b"\nendstream"


def _laughs(root: str) -> str:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">'
        for n in range(12)
    )
    return f"<!DOCTYPE {root} [{entities}]><{root}>&l11;</{root}>"


def hostile_documents() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Name -> served type, and what makes the body."""
    html, xml, pdf = "text/html", "application/xml", "application/pdf"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    ods = "application/vnd.oasis.opendocument.spreadsheet"
    deep = "<div>" * MANY
    texts: dict[str, tuple[str, str]] = {
        "depth": (html, deep + "x" + "</div>" * MANY),
        "depth-hidden": (html, "<div><i></i>" * MANY + "x"),
        "depth-inline": (html, "<b><i><u>" * (MANY // 3) + "x"),
        "tables": (html, "<table><tr><td>" * 5_000 + "x"),
        "attributes": (html, "<p " + " ".join(f"a{n}=1" for n in range(MANY)) + ">x"),
        "entities": (html, "&amp;&#x10ffff;&nosuch" * MANY),
        "open-tags": (html, "<" * 500_000),
        "comments": (html, "<!--" * MANY + "<!- >" * MANY),
        "quotes": (html, "<a href='" * MANY + '<a title="' * MANY),
        "blank": (html, "<p>" + " \n" * 700_000 + "x</p>"),
        "script-text": (html, "<script>var a='" + "\\'<p>" * MANY + "'</script>"),
        "json-in-page": (
            html,
            '<script type="application/ld+json">' + "[" * MANY + "</script>",
        ),
        "laughs-in-html": (html, _laughs("html")),
        "laughs": (xml, '<?xml version="1.0"?>' + _laughs("rss")),
        "deep-xml": (xml, '<?xml version="1.0"?>' + "<a>" * MANY),
        "deep-json": ("application/json", '{"a":' * MANY),
        "numbers": ("text/plain", "1" * 1_500_000),
        "combining": ("text/plain", "e" + "\u0301" * 900_000),
        "joiners": ("text/plain", "a\u200b" * 400_000),
    }
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "xlsx-bomb": (sheet, lambda: _workbook("<row/>" * 9_000_000)),
        "xlsx-corners": (
            sheet,
            lambda: _workbook(
                '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
                '<c r="XFD1048576"><v>2</v></c></row>'
            ),
        ),
        "xlsx-strings": (
            sheet,
            lambda: _workbook(
                '<row r="1"><c r="A1" t="s"><v>0</v></c></row>',
                f'<sst xmlns="{_SHEET}" count="4294967295" uniqueCount="4294967295"/>',
            ),
        ),
        "ods-repeats": (
            ods,
            lambda: _open_sheet(
                '<table:table-row table:number-rows-repeated="1048576">'
                '<table:table-cell table:number-columns-repeated="16384" '
                'office:value-type="string"><text:p>x</text:p></table:table-cell>'
                "</table:table-row>"
            ),
        ),
        "docx-bomb": (
            word,
            lambda: _zip(
                {"word/document.xml": f'<w:p xmlns:w="{_WORD}">' + "a" * 60_000_000}
            ),
        ),
        "docx-laughs": (word, lambda: _zip({"word/document.xml": _laughs("a")})),
        "docx-deep": (word, lambda: _zip({"word/document.xml": "<a>" * 200_000})),
        "zip-parts": (word, lambda: _zip({f"word/{n}": b"" for n in range(12_000)})),
        "pdf-bomb": (pdf, lambda: _pdf(_page(_stream(b"0 0 m " * 30_000_000)))),
        "pdf-loop": (pdf, lambda: _pdf([b"<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>"])),
        "pdf-nested": (pdf, lambda: _pdf(_page(b"[" * 300_000 + b"]" * 300_000))),
        "pdf-count": (
            pdf,
            lambda: _pdf([b"<</Pages 2 0 R>>", b"<</Kids[2 0 R]/Count 2000000000>>"]),
        ),
        "pdf-strings": (pdf, lambda: _pdf(_page(_stream(b"BT " + b"(((" * 900_000)))),
    }
    return {
        **{name: (kind, text.encode) for name, (kind, text) in texts.items()},
        **files,
    }
