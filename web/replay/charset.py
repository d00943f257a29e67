"""Charset: the encoding a page is read with, as text extraction decided (pure)."""

import codecs
import re

_LABEL = re.compile(
    r"(?:utf-?(?:8|16(?:le|be)?)|windows-?\d{3,4}|cp\d{3,4}|iso-?8859-?\d{1,2}"
    r"|iso-ir-\d+|koi8-[rut]|latin-?\d|us-ascii|ascii|gb2312|gbk|gb18030|big5"
    r"|big5-hkscs|shift[_-]jis|euc-(?:jp|kr)|iso-2022-jp|mac-?cyrillic|macintosh)",
    re.IGNORECASE,
)
_META = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,30})""", re.IGNORECASE
)
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
META_BYTES = 4_096
"""Where a meta element is looked for; browsers look into 1,024 bytes."""
FALLBACK = "windows-1252"


def decode_page(data: bytes, *, known: str | None, declared: str | None) -> str:
    """Decode HTML: byte order mark, extraction, header, meta, UTF-8 if it fits."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    meta = _META.search(data[:META_BYTES])
    found = meta.group(1).decode("ascii") if meta else None
    for label in (known, declared, found):
        codec = _codec(label)
        if codec is not None:
            return data.decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(FALLBACK, "replace")


def _codec(label: str | None) -> str | None:
    """Only the text encodings of the web; Python knows stranger ones."""
    if label is None or _LABEL.fullmatch(label.strip()) is None:
        return None
    name = label.strip().lower()
    if name in ("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"):
        return FALLBACK
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
