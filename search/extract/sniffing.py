"""What a payload is, by its first bytes and the type it was served with (pure).

Bytes tell better than names what a file is: lists come as `text/html`, workbooks as
anything. But what was served as a page is a page to every browser, whatever its first
bytes say, so letters that begin a picture must not take words out of the archive:
markup in a page counts for more than its beginning.
"""

import re
from enum import StrEnum

SNIFF_BYTES = 1024
"""First bytes of a payload that show what it is; a PDF may begin in them."""
BINARY_SHARE = 50
"""One control character in so many bytes: no text. Compressed data has one in ten."""
TYPE_CONFLICT = "type_conflict"
"""Warning: served as text, and begins as a file of another kind."""


class Kind(StrEnum):
    """Who can read a payload."""

    PDF = "pdf"
    ZIP = "zip"
    """Of a workbook, a document, or of anything."""
    OLE = "ole"
    """Of an old workbook or document."""
    HTML = "html"
    JSON = "json"
    XML = "xml"
    PLAIN = "plain"
    NONE = "none"
    """A picture, a program, code of a page."""


HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CODE_TYPES = frozenset({"text/css", "text/javascript", "application/javascript"})
_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_PDF_START = b"%PDF-"
_RTF_START = b"{\\rtf"
"""Of a document in letters alone, which a program of the system may read."""
_CONTAINER_STARTS = (
    (_PDF_START, Kind.PDF),
    (b"PK\x03\x04", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
)
_BINARY_STARTS = (
    _PDF_START,
    b"PK\x03\x04",
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
_LEADING = b"\xef\xbb\xbf \t\r\n"
_CONTROLS = bytes(sorted({*range(1, 32), 127} - {*b"\t\n\f\r\x1b"}))
"""No text has them; NUL is left out, as browsers leave it out of a page."""
_HTML_START = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|h1|table|a|!--)\b|<!--",
    re.IGNORECASE,
)
_XML_START = re.compile(rb"<\?xml|<rss|<feed|<urlset|<sitemapindex", re.IGNORECASE)
_MARKUP = re.compile(
    rb"<(?:!--|!doctype\s|(?:html|head|body|title|meta|link|base|style|script|noscript"
    rb"|template|article|section|main|header|footer|nav|aside|div|span|center|font|big"
    rb"|pre|xmp|plaintext|listing|blockquote|address|table|tbody|caption|form|label"
    rb"|textarea|select|option|button|input|iframe|object|video|audio|canvas|svg|img"
    rb"|h[1-6]|strong|small|details|summary|dialog|figure|marquee)[\s>/]"
    rb"|[a-z][a-z0-9-]*\s+(?:hidden|style|class|id|dir|lang)\b)",
    re.IGNORECASE,
)
"""Tags so long that compressed data holds none by chance, and attributes that hide."""


def is_page(data: bytes, media_type: str | None) -> bool:
    """Whether every browser shows it as a page: served as one, and with markup.

    A file that a server only calls a page has none.
    """
    if (media_type or "").lower() not in HTML_TYPES:
        return False
    return _MARKUP.search(data.replace(b"\x00", b"")) is not None


def container_kind(data: bytes, media_type: str | None) -> Kind | None:
    """The kind of file that holds texts in a form of its own; None for anything else.

    Whether it is one shows when it is opened.
    """
    served = (media_type or "").lower()
    if is_page(data, served):
        return None
    start = data[:SNIFF_BYTES]
    for magic, kind in _CONTAINER_STARTS:
        if start.startswith(magic):
            return kind
    shown = start.lstrip(_LEADING)
    if shown.startswith(_PDF_START):
        return Kind.PDF
    later = not served.startswith("text/") and not _HTML_START.match(shown)
    return Kind.PDF if later and _PDF_START in start else None


def text_kind(data: bytes, media_type: str | None) -> Kind:
    """Who reads it as text; NONE where nobody does."""
    served = (media_type or "").lower()
    start = data[:SNIFF_BYTES].lstrip(_LEADING)
    if served in _CODE_TYPES or _is_other_file(data, start, served):
        return Kind.NONE
    if served in HTML_TYPES:
        return Kind.HTML
    if served.endswith(("/json", "+json")):
        return Kind.JSON
    if served.endswith(("/xml", "+xml")):
        return Kind.HTML if _HTML_START.match(start) else Kind.XML
    if served.startswith("text/"):
        return Kind.PLAIN
    return _untyped_kind(start) if served in _UNTYPED else Kind.NONE


def begins_otherwise(data: bytes, media_type: str | None) -> bool:
    """Whether it was served as text and begins as a file of another kind."""
    served = (media_type or "").lower()
    if served not in HTML_TYPES and not served.startswith("text/"):
        return False
    start = data[:SNIFF_BYTES].lstrip(_LEADING)
    return start.startswith((_RTF_START, *_BINARY_STARTS))


def _is_other_file(data: bytes, start: bytes, served: str) -> bool:
    """Whether it is a file that is no text, by its beginning and by what follows."""
    if is_page(data, served):
        return False
    if start.startswith(_RTF_START):
        return True
    if not start.startswith(_BINARY_STARTS):
        return False
    as_text = served in HTML_TYPES or served.startswith("text/")
    return not as_text or _has_controls(data)


def _has_controls(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls * BINARY_SHARE > len(data)


def _untyped_kind(start: bytes) -> Kind:
    """A payload without a type of its own: markup, text, or nothing readable."""
    if _XML_START.match(start):
        return Kind.XML
    if _HTML_START.match(start):
        return Kind.HTML
    if start[:1] in (b"{", b"["):
        return Kind.JSON
    return Kind.NONE if b"\x00" in start else Kind.PLAIN
