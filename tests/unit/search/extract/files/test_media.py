"""Documents that are no web pages: rows, pages, messages; and hostile ones."""

import io
import re
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from search.extract.by_type import extract
from search.extract.files.ocr import find_tesseract, parse_table
from search.extract.files.pdf import PDF_LIBRARIES
from search.extract.worker import Worker
from tests.support.inputs.png import GREY, write_png

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODF = "urn:oasis:names:tc:opendocument:xmlns"


def packed(parts: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return made.getvalue()


def docx(body: str, head: str = "") -> bytes:
    return packed(
        {
            "word/document.xml": f'{head}<w:document xmlns:w="{WORD}"><w:body>{body}'
            "</w:body></w:document>"
        }
    )


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def workbook() -> bytes:
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    rels = f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"'
            '/><Override PartName="/xl/worksheets/sheet1.xml" '
            f'ContentType="{main}.worksheet+xml"/></Types>',
            "_rels/.rels": f'{rels} Type="{OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": f'{rels} Type="{OFFICE}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Камісіі" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>'
            '<row r="1"><c r="A1"><v>12</v></c><c r="B1" t="inlineStr"><is><t>Участак'
            " №5</t></is></c></row></sheetData></worksheet>",
        }
    )


def open_document(kind: str, body: str) -> bytes:
    names = " ".join(f'xmlns:{n}="{ODF}:{n}:1.0"' for n in ("office", "table", "text"))
    return packed(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {names}><office:body>"
            f"<office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{ODF}:manifest:1.0"/>',
        }
    )


ROW = (
    '<table:table table:name="Спіс"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>Мінск</text:p>'
    '</table:table-cell><table:table-cell office:value-type="float" office:value="7">'
    "<text:p>7</text:p></table:table-cell></table:table-row></table:table>"
)
TABLE = (
    f"<w:tbl><w:tr><w:tc>{paragraph('1')}</w:tc><w:tc>{paragraph('Іваноў')}</w:tc>"
    "</w:tr></w:tbl>"
)


@pytest.mark.parametrize(
    ("data", "text", "extractor"),
    [
        (docx(paragraph("Спіс") + TABLE), "Спіс\n1\tІваноў", "document/1"),
        (workbook(), "Камісіі\n12\tУчастак №5", "sheet/1"),
        (open_document("spreadsheet", ROW), "Спіс\nМінск\t7", "sheet/1"),
        (
            open_document("text", "<text:h>Загаловак</text:h><text:p>Абзац</text:p>"),
            "Загаловак\nАбзац",
            "document/1",
        ),
    ],
)
def test_a_list_is_one_line_a_row_whatever_it_is_called(
    data: bytes, text: str, extractor: str
) -> None:
    for served in ("application/msword", "text/html", None):
        made = extract(data, media_type=served)
        assert (made.text, made.extractor, made.warnings) == (text, extractor, ())


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (packed({"xl/workbook.xml": "", "xl/x": "0" * 60_000_000}), "too_big"),
        (packed({"word/document.xml": "a" * 40_000_000}), "too_big"),
        (docx("&b;", '<!DOCTYPE a [<!ENTITY b "bomb">]>'), "broken_file"),
        (docx("<w:p>"), "broken_file"),
        (workbook()[:300], "broken_file"),
        (packed({"other": "x"}), "no_extractor"),
        (b"%PDF-1.7 nothing", "broken_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "no_extractor"),
    ],
)
def test_a_hostile_or_broken_document_has_a_warning(data: bytes, warning: str) -> None:
    made = extract(data, media_type="application/octet-stream")
    assert (made.text, made.warnings) == ("", (warning,))


def test_libraries_are_the_ones_the_extractor_version_means() -> None:
    assert {name: version(name) for name in PDF_LIBRARIES} == PDF_LIBRARIES


@pytest.mark.corpus
def test_pdf_pages_keep_their_numbers(corpus: Path) -> None:
    data = (corpus / "pdf" / "pdflatex-4-pages.pdf").read_bytes()
    made = extract(data, media_type="application/pdf")
    reader: Any = pypdfium2.PdfDocument(data)
    assert len(made.pages) == len(reader) == 4
    for number, start in enumerate(made.pages):
        first = reader[number].get_textpage().get_text_bounded().split()[0]
        assert made.text[start:].startswith(first)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("grayscale-image.pdf", "no_text_layer"),
        ("imagemagick-CCITTFaxDecode.pdf", "no_text_layer"),
        ("libreoffice-writer-password.pdf", "encrypted"),
    ],
)
def test_a_pdf_without_text_says_why(corpus: Path, name: str, warning: str) -> None:
    made = extract((corpus / "pdf" / name).read_bytes(), media_type="application/pdf")
    assert (made.text, made.warnings) == ("", (warning,))


@pytest.mark.corpus
def test_torn_and_altered_pdfs_end_in_time(corpus: Path) -> None:
    with Worker(seconds=5) as worker:
        for path in sorted((corpus / "pdf").glob("*.pdf")):
            data = path.read_bytes()
            for torn in (data[: len(data) // 2], data.replace(b"obj", b"obk", 9)):
                made = worker.extract(torn, media_type="application/pdf", charset=None)
                assert made.extractor in ("pdf/2", "failed/1")


def test_telegram_messages_are_main_text_with_their_times() -> None:
    message = (
        '<div class="tgme_widget_message"><div class="tgme_widget_message_text">'
        "Паведамленне <b>{}</b></div><time datetime='2025-01-2{}'></time></div>"
    )
    page = f"<nav>Menu</nav>{message.format('адзін', 5)}{message.format('два', 6)}"
    made = extract(page.encode(), media_type="text/html")
    assert made.text[: made.main_end] == (
        "2025-01-25\nПаведамленне адзін\n\n2025-01-26\nПаведамленне два"
    )
    assert "Menu" in made.text


@pytest.mark.parametrize(
    "page",
    [
        "<p " + " ".join(f"a{n}=1" for n in range(150_000)) + ">hidden words</p>",
        "<div>" * 30_000 + "hidden words" + "</div>" * 30_000,
    ],
    ids=["attributes", "depth"],
)
def test_a_page_that_stops_the_parser_is_found_by_its_words(page: str) -> None:
    with Worker() as worker:
        made = worker.extract(page.encode(), media_type="text/html", charset=None)
        assert "hidden words" in made.text
        assert made.warnings == ("overloaded_markup",)
        after = worker.extract(b"<p>next", media_type="text/html", charset=None)
    assert after.text == "next"


def test_deep_but_real_nesting_is_parsed() -> None:
    page = "<ul>" + "<li><a>x</a><br><b>y</b><p>z" * 5_000 + "</ul>"
    assert extract(page.encode(), media_type="text/html").warnings == ()


def test_an_old_word_file_is_read_by_a_program(
    require_program: Callable[[str], Path],
) -> None:
    require_program("catdoc")
    with Worker() as worker:
        made = worker.extract(
            rb"{\rtf1\ansi List of {\b commissions}\par next line}",
            media_type="application/msword",
            charset=None,
        )
    assert (made.text, made.extractor) == (
        "List of commissions\nnext line",
        "catdoc/1",
    )


@pytest.mark.corpus
def test_a_picture_is_read_only_if_asked_for(
    corpus: Path, require_program: Callable[[str], Path]
) -> None:
    require_program("tesseract")
    reader: Any = pypdfium2.PdfDocument(corpus / "pdf" / "crazyones-pdfa.pdf")
    picture = png(reader[0].render(scale=2, grayscale=True).to_numpy())
    with Worker() as worker:
        made = worker.extract(picture, media_type="image/png", charset=None)
    assert (made.text, made.warnings) == ("", ("no_extractor",))
    with Worker(ocr=True) as worker:
        made = worker.extract(picture, media_type="image/png", charset=None)
    assert "crazy ones" in made.text.lower()
    assert re.fullmatch(r"tesseract/\d+(\.\d+)*(-[0-9a-f]{8})?", made.extractor)
    assert made.warnings[-1] == "ocr"
    assert made.sure is not None
    assert 0.5 < made.sure <= 1


@pytest.mark.corpus
def test_a_page_without_words_of_its_own_is_read_and_keeps_its_number(
    corpus: Path, require_program: Callable[[str], Path]
) -> None:
    require_program("tesseract")
    scan = scanned(corpus / "pdf" / "crazyones-pdfa.pdf", blank_before=True)
    with Worker() as worker:
        made = worker.extract(scan, media_type="application/pdf", charset=None)
    assert (made.text, made.warnings) == ("", ("no_text_layer",))
    with Worker(ocr=True) as worker:
        made = worker.extract(scan, media_type="application/pdf", charset=None)
    assert "crazy ones" in made.text.lower()
    assert len(made.pages) == 2
    assert made.pages[1] <= made.text.lower().index("crazy ones")
    assert made.text[: made.pages[1]].strip() == ""
    assert made.extractor.startswith("tesseract/")
    assert made.warnings[-1] == "ocr"
    assert (made.sure or 0) > 0.5


def test_without_the_program_a_scan_stays_a_scan_and_says_so(
    monkeypatch: pytest.MonkeyPatch, corpus: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_tesseract() is None
    scan = scanned(corpus / "pdf" / "crazyones-pdfa.pdf", blank_before=False)
    with Worker(ocr=True) as worker:
        made = worker.extract(scan, media_type="application/pdf", charset=None)
    assert (made.text, made.warnings) == ("", ("no_text_layer",))


def test_a_table_of_words_is_read_line_by_line_with_its_confidence() -> None:
    head = "level\tpage\tblock\tpar\tline\tword\tx\ty\tw\th\tconf\ttext"
    words = ((1, 1, "90", "Вынікі"), (1, 2, "70", "выбараў"), (2, 1, "50", "85%"))
    rows = [
        f"5\t1\t1\t1\t{line}\t{n}\t0\t0\t9\t9\t{sure}\t{word}"
        for line, n, sure, word in words
    ]
    other = "5\t1\t2\t1\t1\t1\t0\t0\t9\t9\tx\tкамісія"
    made = parse_table("\n".join([head, "2\t1", *rows, other, "5\t1\t\t", ""]))
    assert made.text == "Вынікі выбараў\n85%\n\nкамісія"
    assert (made.words, made.sure) == (4, 0.525)
    assert parse_table("\x00\n\t\t").words == 0


def scanned(path: Path, *, blank_before: bool) -> bytes:
    """The first page of a document as a picture in a new one."""
    source: Any = pypdfium2.PdfDocument(path)
    drawn = source[0].render(scale=2)
    made: Any = pypdfium2.PdfDocument.new()
    if blank_before:
        made.new_page(drawn.width / 2, drawn.height / 2)
    page = made.new_page(drawn.width / 2, drawn.height / 2)
    image = pypdfium2.PdfImage.new(made)
    image.set_bitmap(drawn)
    image.set_matrix(pypdfium2.PdfMatrix().scale(drawn.width / 2, drawn.height / 2))
    page.insert_obj(image)
    page.gen_content()
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def png(pixels: Any) -> bytes:
    """A grey picture; rows of one byte a pixel."""
    height, width = pixels.shape[:2]
    rows = (pixels[row].tobytes() for row in range(height))
    return write_png(width, rows, colour=GREY)
