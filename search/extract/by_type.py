"""Which extractor reads a payload: by its first bytes, then by the served type.

A pure function of bytes and served type, so that it can be repeated years later.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace

from search.extract.encoding import decode
from search.extract.html import (
    HTML_EXTRACTOR,
    SHOWN_EXTRACTOR,
    TAGS_EXTRACTOR,
    extract_html,
    extract_shown,
    extract_tags,
)
from search.extract.language import LANGUAGE_VERSION, identify
from search.extract.office import (
    DOCUMENT_EXTRACTOR,
    OLE_START,
    SHEET_EXTRACTOR,
    ZIP_START,
    extract_sheets,
    extract_zip,
)
from search.extract.parts import PARTS_VERSION, find_parts
from search.extract.pdf import PDF_EXTRACTOR, extract_pdf, join_pages
from search.extract.plain import (
    JSON_EXTRACTOR,
    TEXT_EXTRACTOR,
    XML_EXTRACTOR,
    extract_json,
    extract_plain,
    extract_xml,
)
from search.extract.result import PAGES, Extract

SNIFF_BYTES = 1024
"""First bytes of a payload that show what it is."""
NO_EXTRACTOR = "none/1"
"""Nothing here reads such a payload; it is found by its address."""
FAILED_EXTRACTOR = "failed/1"
"""The extractor crashed or took too long."""

EXTRACTORS = " ".join(
    (
        HTML_EXTRACTOR,
        PDF_EXTRACTOR,
        SHEET_EXTRACTOR,
        DOCUMENT_EXTRACTOR,
        TEXT_EXTRACTOR,
        JSON_EXTRACTOR,
        XML_EXTRACTOR,
        LANGUAGE_VERSION,
        PARTS_VERSION,
    )
)
"""Names and versions of all: another line may give other texts."""

_BINARY_STARTS = (
    b"PK\x03\x04",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"\x1f\x8b",
    b"wOFF",
    b"wOF2",
    b"\x00\x01\x00\x00",
    b"OggS",
    b"ID3",
    b"\x7fELF",
    b"MZ",
)
_HTML_START = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|h1|table|a|!--)\b|<!--",
    re.IGNORECASE,
)
_XML_START = re.compile(rb"<\?xml|<rss|<feed|<urlset|<sitemapindex", re.IGNORECASE)
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CODE_TYPES = frozenset({"text/css", "text/javascript", "application/javascript"})
_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})

_HTML = frozenset({HTML_EXTRACTOR, TAGS_EXTRACTOR, SHOWN_EXTRACTOR})
"""These say themselves which items a page has, or judge no part."""

_Extractor = Callable[[str], Extract]


def extract(
    data: bytes,
    *,
    media_type: str | None,
    charset: str | None = None,
    simple: bool = False,
    whole: bool = False,
) -> Extract:
    """Make one text of a payload, and name its language; pure.

    What nothing reads gives an empty text. `simple` is for a second try: markup is not
    parsed, its tags are taken away. `whole`: no part of a page is sought out, all that
    it shows is its main text, in order. PAGES: texts of pages as JSON.
    """
    instead = extract_tags if simple else extract_shown if whole else None
    if media_type == PAGES:
        made = join_pages(json.loads(data))
    else:
        made = _extract(data, media_type=media_type, charset=charset, instead=instead)
    if not made.text:
        return made
    main = made.text[: made.main_end]
    found = identify(f"{made.title or ''}\n{main}")
    return replace(
        made,
        language=found.code if found else None,
        parts=made.parts if made.extractor in _HTML else find_parts(main),
    )


def _extract(
    data: bytes,
    *,
    media_type: str | None,
    charset: str | None,
    instead: _Extractor | None,
) -> Extract:
    if not data:
        return empty_extract(NO_EXTRACTOR)
    unpacked = _from_container(data)
    if unpacked is not None:
        return unpacked
    extractor = _choose(data, (media_type or "").lower())
    if extractor is None:
        return empty_extract(NO_EXTRACTOR, "no_extractor")
    decoded = decode(data, charset)
    if instead is not None and extractor is extract_html:
        extractor = instead
    made = extractor(decoded.text)
    return replace(
        made,
        charset=decoded.charset,
        declared_charset=decoded.declared,
        warnings=(*decoded.warnings, *made.warnings),
    )


def empty_extract(extractor: str, *warnings: str) -> Extract:
    """No text, and why."""
    return Extract(
        text="",
        main_end=0,
        title=None,
        extractor=extractor,
        charset=None,
        declared_charset=None,
        warnings=warnings,
    )


def _from_container(data: bytes) -> Extract | None:
    """PDF, workbooks and documents, told by their bytes; None for anything else."""
    if b"%PDF-" in data[:SNIFF_BYTES]:
        return extract_pdf(data)
    if data.startswith(ZIP_START):
        return extract_zip(data)
    return extract_sheets(data) if data.startswith(OLE_START) else None


def _choose(data: bytes, media_type: str) -> _Extractor | None:
    start = data[:SNIFF_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(_BINARY_STARTS) or media_type in _CODE_TYPES:
        return None
    if media_type in _HTML_TYPES:
        return extract_html
    if media_type.endswith(("/json", "+json")):
        return extract_json
    if media_type.endswith(("/xml", "+xml")):
        return extract_xml if not _HTML_START.match(start) else extract_html
    if media_type.startswith("text/"):
        return extract_plain
    return _sniff(start) if media_type in _UNTYPED else None


def _sniff(start: bytes) -> _Extractor | None:
    """A payload without a type of its own: markup, text, or nothing readable."""
    if _XML_START.match(start):
        return extract_xml
    if _HTML_START.match(start):
        return extract_html
    if start[:1] in (b"{", b"["):
        return extract_json
    return None if b"\x00" in start else extract_plain
