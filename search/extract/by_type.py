"""Which extractor reads a payload, by what its bytes and its served type tell.

A pure function of bytes and served type, so that it can be repeated years later.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from search.extract.encoding import decode
from search.extract.files.office import (
    BROKEN,
    DOCUMENT_EXTRACTOR,
    SHEET_EXTRACTOR,
    extract_sheets,
    extract_zip,
)
from search.extract.files.pdf import PDF_EXTRACTOR, extract_pdf, join_pages
from search.extract.files.plain import (
    JSON_EXTRACTOR,
    TEXT_EXTRACTOR,
    XML_EXTRACTOR,
    extract_json,
    extract_plain,
    extract_xml,
)
from search.extract.language import LANGUAGE_VERSION, identify
from search.extract.pages.html import (
    HTML_EXTRACTOR,
    SHOWN_EXTRACTOR,
    TAGS_EXTRACTOR,
    extract_html,
    extract_shown,
    extract_tags,
)
from search.extract.parts import PARTS_VERSION, find_parts
from search.extract.result import PAGES, Extract
from search.extract.sniffing import (
    TYPE_CONFLICT,
    Kind,
    begins_otherwise,
    container_kind,
    text_kind,
)

NO_EXTRACTOR = "none/1"
"""Nothing here reads such a payload; it is found by its address."""
FAILED_EXTRACTOR = "failed/1"
"""The extractor crashed or took too long."""

CHOICE_VERSION = "choice/2"
"""Which of them reads what."""

EXTRACTORS = " ".join(
    (
        HTML_EXTRACTOR,
        PDF_EXTRACTOR,
        SHEET_EXTRACTOR,
        DOCUMENT_EXTRACTOR,
        TEXT_EXTRACTOR,
        JSON_EXTRACTOR,
        XML_EXTRACTOR,
        CHOICE_VERSION,
        LANGUAGE_VERSION,
        PARTS_VERSION,
    )
)
"""Names and versions of all: another line may give other texts."""

_HTML = frozenset({HTML_EXTRACTOR, TAGS_EXTRACTOR, SHOWN_EXTRACTOR})
"""These say themselves which items a page has, or judge no part."""

_Extractor = Callable[[str], Extract]
_READERS: Mapping[Kind, _Extractor] = {
    Kind.HTML: extract_html,
    Kind.JSON: extract_json,
    Kind.XML: extract_xml,
    Kind.PLAIN: extract_plain,
}
_OPENERS: Mapping[Kind, Callable[[bytes], Extract | None]] = {
    Kind.PDF: extract_pdf,
    Kind.ZIP: extract_zip,
    Kind.OLE: extract_sheets,
}


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
    unpacked = _from_container(data, media_type)
    if unpacked is not None:
        return unpacked
    extractor = _READERS.get(text_kind(data, media_type))
    if extractor is None:
        return empty_extract(NO_EXTRACTOR, "no_extractor")
    decoded = decode(data, charset)
    if instead is not None and extractor is extract_html:
        extractor = instead
    made = extractor(decoded.text)
    conflict = (TYPE_CONFLICT,) if begins_otherwise(data, media_type) else ()
    return replace(
        made,
        charset=decoded.charset,
        declared_charset=decoded.declared,
        warnings=(*conflict, *decoded.warnings, *made.warnings),
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


def _from_container(data: bytes, media_type: str | None) -> Extract | None:
    """PDF, workbooks and documents; None for what is none, or cannot be opened.

    What was served as text and cannot be opened may be just that: it is read as text.
    """
    kind = container_kind(data, media_type)
    made = None if kind is None else _OPENERS[kind](data)
    if made is None or BROKEN not in made.warnings or made.text:
        return made
    as_text = begins_otherwise(data, media_type)
    return None if as_text and text_kind(data, media_type) in _READERS else made
