"""Media: what bytes are by their first bytes, whatever the archived server said (pure).

Only types found here are ever sent with a type of their own from the replay origin.
"""

from search.extract.sniffing import is_page

IMAGE_TYPES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
)
FONT_TYPES: tuple[tuple[bytes, str], ...] = (
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO", "font/otf"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"true", "font/ttf"),
)
PLAYED_TYPES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
)
"""Place and first bytes of sound and film, the closer one first."""
PDF_START = b"%PDF-"
PDF_TYPE = "application/pdf"
SNIFF_BYTES = 1024
"""Where a PDF may begin, as readers of PDFs accept it."""
HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
RUNNABLE = frozenset(
    [
        "html",
        "htm",
        "xhtml",
        "svg",
        "xml",
        "js",
        "mjs",
        "css",
        "pdf",
        "swf",
        "exe",
        "bat",
        "cmd",
        "sh",
        "jar",
        "hta",
        "mht",
        "mhtml",
    ]
)
"""Endings a desktop opens with something that may run or fetch."""

_ENDINGS: dict[str, str] = {
    "text/html": "html",
    "application/xhtml+xml": "xhtml",
    "text/plain": "txt",
    "text/css": "css",
    "text/csv": "csv",
    "text/javascript": "js",
    "application/javascript": "js",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/rss+xml": "xml",
    "application/atom+xml": "xml",
    "application/pdf": "pdf",
    "image/svg+xml": "svg",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "font/woff": "woff",
    "font/woff2": "woff2",
}
_TEXT_TYPES = frozenset(
    [
        "application/json",
        "application/xml",
        "application/javascript",
        "application/rss+xml",
        "application/atom+xml",
        "image/svg+xml",
        "application/ld+json",
    ]
)


def image_type(data: bytes) -> str | None:
    """Type of a raster image by its magic bytes; None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in IMAGE_TYPES if data.startswith(magic)), None)


def is_drawn(media_type: str | None, data: bytes) -> bool:
    """Whether it is a picture or a PDF: shown only as a picture of ours.

    A PDF may begin a little later; a text that speaks of PDFs is none, nor is a page
    that begins as one.
    """
    if is_page(data, media_type):
        return False
    if image_type(data) is not None or data.startswith(PDF_START):
        return True
    return media_type == PDF_TYPE and PDF_START in data[:SNIFF_BYTES]


def played_type(media_type: str | None, data: bytes) -> str | None:
    """Type of sound or film by its magic bytes; None for anything else, and texts."""
    if is_text(media_type):
        return None
    return next(
        (
            kind
            for place, magic, kind in PLAYED_TYPES
            if data[place : place + len(magic)] == magic
        ),
        None,
    )


def font_type(data: bytes) -> str | None:
    """Type of a font by its magic bytes; None for anything else."""
    return next((kind for magic, kind in FONT_TYPES if data.startswith(magic)), None)


def is_html(media_type: str | None, data: bytes) -> bool:
    """Whether to clean it as a page; without a type, a leading tag decides."""
    if media_type is not None:
        return media_type in HTML_TYPES
    return data.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


def is_text(media_type: str | None) -> bool:
    """Whether the bytes may be shown as escaped text."""
    return media_type is not None and (
        media_type.startswith("text/") or media_type in _TEXT_TYPES
    )


def file_name(capture_id: str, media_type: str | None) -> str:
    """Neutral name of a download; what a browser would run ends in `.txt`."""
    ending = _ENDINGS.get(media_type or "", "bin")
    name = f"capture-{capture_id[:8]}.{ending}"
    return f"{name}.txt" if ending in RUNNABLE else name
