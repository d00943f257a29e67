"""Frame: the document around cleaned content; written by us, every value escaped.

The body of a cleaned page and the text of cleaned style sheets are the only strings
taken over as they are: the first comes from nh3, the second holds no `<`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from web.replay.clean import CleanPage
from web.replay.tree import Sheet
from web.wording.languages import Language

_GAP_STYLE = (
    ".evidence-gap{display:inline-block!important;box-sizing:border-box!important;"
    "min-width:1.5em;min-height:1.2em;max-width:100%!important;overflow:hidden!important;"
    "padding:.15em .5em!important;border:1px dashed #8a8f94!important;"
    "background:repeating-linear-gradient(-45deg,#f1f2f2,#f1f2f2 6px,#e6e8e9 6px,"
    "#e6e8e9 12px)!important;color:#3c4248!important;"
    "font:12px/1.4 system-ui,sans-serif!important;text-align:left!important;"
    "vertical-align:middle}"
)
_NOTE_STYLE = (
    "body{margin:0;padding:24px;font:15px/1.55 system-ui,sans-serif;color:#1d2226;"
    "background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere;"
    "font:13px/1.5 ui-monospace,monospace}p{max-width:38em}"
    "img,video{display:block;max-width:100%;height:auto}audio{width:100%}"
    "figure{margin:0 0 20px}figure img{border:1px solid #c9ced3}"
    "figcaption,.facts{font-size:13px;color:#4a5157}a{color:#0b5a72}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What stands in the frame of a picture or a document."""

    notes: tuple[str, ...]
    pictures: tuple[tuple[str, str], ...]
    """Path and words of each."""
    links: tuple[tuple[str, str], ...]
    """Path and words, of this origin: earlier and later pages."""


def frame_page(page: CleanPage, language: Language) -> bytes:
    """The document of a cleaned page."""
    doctype = "<!doctype html>" if page.has_doctype else ""
    head = (
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_title(language)}</title><style>{_GAP_STYLE}</style>"
        f"{''.join(_sheet(sheet) for sheet in page.sheets)}</head>"
    )
    html = f"<html{_attributes(page.html_attributes)}>"
    body = f"<body{_attributes(page.body_attributes)}>{page.body}</body>"
    return f"{doctype}{html}{head}{body}</html>\n".encode()


def frame_text(text: str, language: Language) -> bytes:
    """A document that shows plain text of an archived file, escaped."""
    return _document(f'<pre lang="" dir="auto">{escape(text)}</pre>', language)


def frame_note(paragraphs: Iterable[str], language: Language) -> bytes:
    """A document with our own words."""
    return _document("".join(f"<p>{escape(one)}</p>" for one in paragraphs), language)


def frame_picture(path: str, language: Language) -> bytes:
    """A document that shows one picture of this origin, as wide as the frame."""
    words = escape(language.text("picture.frame"))
    return _document(f'<img src="{escape(path)}" alt="{words}">', language)


def frame_drawn(drawn: Drawn, language: Language) -> bytes:
    """A document with pictures made here: one image, or some pages."""
    links = " · ".join(
        f'<a href="{escape(path)}">{escape(words)}</a>' for path, words in drawn.links
    )
    turning = f"<p>{links}</p>" if links else ""
    pictures = "".join(
        f'<figure><img src="{escape(path)}" alt="{escape(words)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for path, words in drawn.pictures
    )
    return _document(_notes(drawn.notes) + turning + pictures + turning, language)


def frame_player(
    tag: str, path: str, notes: tuple[str, ...], language: Language
) -> bytes:
    """A document with the browser's own player; nothing starts by itself."""
    if tag not in ("audio", "video"):
        raise AssertionError(f"{tag} is no player")
    player = f'<{tag} src="{escape(path)}" controls preload="metadata"></{tag}>'
    return _document(_notes(notes) + player, language)


def _notes(notes: Iterable[str]) -> str:
    return "".join(f'<p class="facts">{escape(one)}</p>' for one in notes)


def _document(body: str, language: Language) -> bytes:
    return (
        f'<!doctype html><html lang="{language.code}"><head><meta charset="utf-8">'
        f"<title>{_title(language)}</title><style>{_NOTE_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    ).encode()


def _title(language: Language) -> str:
    return escape(language.text("view.frame"))


def _sheet(sheet: Sheet) -> str:
    media = f' media="{escape(sheet.media)}"' if sheet.media else ""
    if sheet.path is not None:
        return f'<link rel="stylesheet" href="{escape(sheet.path)}"{media}>'
    text = sheet.text or ""
    if "<" in text:
        raise AssertionError("a cleaned style sheet holds no <")
    return f"<style{media}>{text}</style>"


def _attributes(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs)
