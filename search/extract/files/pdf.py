"""PDF to text or pixels, page after page; only importer of pypdfium2.

Where each page begins is kept, so that a hit names its page. A document without a text
layer says so: it is a picture, not an empty paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2

from search.extract.dates import CONFLICT, find_in_text
from search.extract.result import (
    TEXT_CODE_POINTS,
    Extract,
    clean_text,
    clean_title,
    join_parts,
)

PDF_EXTRACTOR = "pdf/2"
PDF_LIBRARIES = {"pypdfium2": "5.15.2"}
"""The version that `pdf/2` means; a test compares it with what is installed."""
PAGES_MAX = 5_000
"""Pages read of one document; the rest is cut and says so."""
NO_TEXT_LAYER, SCANNED_PAGES = "no_text_layer", "scanned_pages"
"""No page has words of its own; some have none, but pictures."""
READ_SIDE = 3_508
"""Longer side, in pixels, of a page drawn to be read: A4 at 300 dots an inch."""
ENCRYPTED = "encrypted"
BROKEN = "broken_file"
_PASSWORD_PROBLEM = 4
"""pdfium's error code for a document that asks for a password."""
_LINE_HYPHENS = ("\ufffe\n", "\ufffe\r\n", "\x02\n", "\x02\r\n")
"""pdfium writes a hyphen at the end of a line so: the word goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """One page as pixels, three bytes each, row after row."""

    width: int
    height: int
    pixels: bytes
    pages: int
    """Of the whole document."""

    def as_ppm(self) -> bytes:
        """The pixels behind the shortest head there is."""
        return b"P6 %d %d 255\n" % (self.width, self.height) + self.pixels


def draw_page(data: bytes, number: int, *, side: int) -> DrawnPage | None:
    """Draw page `number`, from 0; its longer side has `side` pixels. None: not there.

    Forms and scripts of the document are not started; links are only ink.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return None
    try:
        if not 0 <= number < len(document):
            return None
        return _draw(document, number, side)
    except pypdfium2.PdfiumError:
        return None
    finally:
        document.close()


def _draw(document: pypdfium2.PdfDocument, number: int, side: int) -> DrawnPage:
    page = document[number]
    try:
        scale = side / max(*page.get_size(), 1.0)
        bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
        try:
            rows = bytes(bitmap.buffer)
            used = bitmap.width * bitmap.n_channels
            if bitmap.n_channels != len("RGB"):
                raise AssertionError("pages are drawn without transparency")
            pixels = b"".join(
                rows[start : start + used]
                for start in range(0, bitmap.height * bitmap.stride, bitmap.stride)
            )
            return DrawnPage(
                width=bitmap.width,
                height=bitmap.height,
                pixels=pixels,
                pages=len(document),
            )
        finally:
            bitmap.close()
    finally:
        page.close()


def extract_pdf(data: bytes) -> Extract:
    """Make one text of a PDF; what cannot be opened gives an empty one."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        asks = getattr(error, "err_code", None) == _PASSWORD_PROBLEM
        return _made("", (), None, (ENCRYPTED if asks else BROKEN,))
    try:
        return _read(document)
    finally:
        document.close()


def _read(document: pypdfium2.PdfDocument) -> Extract:
    texts: list[str] = []
    starts: list[int] = []
    at = 0
    cut = len(document) > PAGES_MAX
    warnings: list[str] = []
    for number in range(min(len(document), PAGES_MAX)):
        try:
            text = _page_text(document, number)
        except pypdfium2.PdfiumError:
            text, warnings = "", [BROKEN]
        starts.append(at)
        texts.append(text)
        at += len(text) + 2
        if at > TEXT_CODE_POINTS:
            cut = True
            break
    whole = "\n\n".join(texts)
    if texts and not whole.strip():
        warnings.append(NO_TEXT_LAYER)
    elif any(not text and _has_picture(document, n) for n, text in enumerate(texts)):
        warnings.append(SCANNED_PAGES)
    if cut:
        warnings.append("truncated")
    title = document.get_metadata_value("Title") or None
    return _made(whole, tuple(starts), title, tuple(warnings))


def _has_picture(document: pypdfium2.PdfDocument, number: int) -> bool:
    try:
        page = document[number]
        try:
            kinds = [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
            return next(iter(page.get_objects(filter=kinds)), None) is not None
        finally:
            page.close()
    except pypdfium2.PdfiumError:
        return False


def join_pages(texts: Sequence[str]) -> Extract:
    """One text of the texts of pages, each cleaned."""
    cleaned = [clean_text(text) for text in texts]
    starts, at = [], 0
    for text in cleaned:
        starts.append(at)
        at += len(text) + 2
    return _made("\n\n".join(cleaned), tuple(starts), None, ())


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    try:
        textpage = page.get_textpage()
        try:
            text = str(textpage.get_text_bounded())
        finally:
            textpage.close()
    finally:
        page.close()
    for hyphen in _LINE_HYPHENS:
        text = text.replace(hyphen, "")
    return clean_text(text)


def _made(
    text: str, pages: tuple[int, ...], title: str | None, warnings: tuple[str, ...]
) -> Extract:
    # Pages are joined as they were measured: only the end may be shortened here.
    whole, main_end, cut = join_parts(text.rstrip(), "")
    dates = find_in_text(whole)
    return Extract(
        text=whole,
        main_end=main_end,
        title=clean_title(title) or _first_line(whole),
        extractor=PDF_EXTRACTOR,
        charset=None,
        declared_charset=None,
        warnings=tuple(
            dict.fromkeys(
                (
                    *warnings,
                    *(("truncated",) if cut else ()),
                    *((CONFLICT,) if dates.conflict else ()),
                )
            )
        ),
        claimed=dates.claimed,
        pages=pages,
    )


def _first_line(text: str) -> str | None:
    return clean_title(text.lstrip().split("\n", 1)[0])
