"""Document: what captures of an address by one source say alike, as it is indexed.

Text, title, claimed date, status and address: whatever a hit tells of a document is
true of each of its captures. The same captures always give the same documents, whenever
and wherever they are indexed; only the class of an answer may be noted later, and is
that of the first capture.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

from archive.capture import Capture, CaptureOutcome
from archive.capture_class import CaptureClass
from archive.store.catalog.follow import IMPORT_KIND
from search.counting import DAY_US
from search.extract.dates import Claimed
from search.rows.items import order_of

IMPORTED = "imported"
"""Among the warnings of a document: it is of a file that others made."""
URIS_KEPT = 256
"""Addresses taken apart a moment ago: each capture asks for its own several times."""
_MOVED_STATUS, ERROR_STATUS = 300, 400
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml"})
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_FIRST_DAY = date(1970, 1, 1)
_CLAIMED = [field.name for field in fields(Claimed)]
_SUBTYPE_NAMES = {"plain": "text", "xhtml+xml": "html", "javascript": "js"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of an index; token fields by name, filters as lower-case values."""

    document_id: str
    order: int
    """Order key within one archive: leaf of its first capture, and its part of it."""
    captured_us: int
    """Time of the first capture, microseconds since 1970."""
    claimed_us: int | None
    """Midnight of the day the page claims, as if in UTC; None where it claims none."""
    tokens: Mapping[str, str]
    filters: Mapping[str, tuple[str, ...]]
    stored: Mapping[str, object]
    """JSON object with what a hit shows."""
    compressed: bytes | None = None
    """The bytes of its text, deflated, where they are at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """What is found in text, title and address of a document, by this version alone."""

    tokens: Mapping[str, str]
    """Token fields by name, all of them."""
    fold: str
    """Hex SHA-256 of the text without case and spacing: identity of a document."""
    simhash: int | None
    """Near for near-identical texts; None for short ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """Text of one capture, or of one item of it, ready to be analysed."""

    text: str
    main_end: int
    title: str | None
    language: str | None
    extractor: str
    warnings: tuple[str, ...]
    claimed: Claimed | None = None
    pages: tuple[int, ...] = ()
    noted_class: str | None = None
    """What the crawl judged it to be; None where it judged nothing, or still runs."""
    part: int = 0
    """0 for a page, or for what its items leave of it; else the number of the item."""
    parts: int = 0
    """How many items the page has that are documents of their own."""
    kind: str | None = None
    """Of an item: `item` or `teaser`."""
    attribution: str | None = None
    """Whom an item names as its source."""
    compressed: bytes | None = None
    """The bytes of the text, deflated, where they are at hand."""
    digest: str | None = None
    """Hex SHA-256 of the text, where that is known already."""
    sure: float | None = None
    """Mean confidence of words that were read from pictures; None where none were."""

    @property
    def has_text(self) -> bool:
        """Whether the page says anything, be it in its items."""
        return bool(self.text) or self.parts > 0


@lru_cache(maxsize=URIS_KEPT)
def host_of(uri: str) -> str:
    """Host of a URI in lower case, as A-label; empty where there is none."""
    try:
        return (urlsplit(uri).hostname or "").lower()
    except ValueError:
        return ""


def document_kind(capture: Capture, page: PageText) -> str:
    """`failure`, `page` (has text), `file`, or of an item `item` or `teaser`."""
    if page.kind is not None:
        return page.kind
    status = capture.http_status
    if capture.outcome is not CaptureOutcome.COMPLETE or status is None:
        return "failure"
    if status >= ERROR_STATUS:
        return "failure"
    return "page" if page.has_text else "file"


def capture_class(capture: Capture, page: PageText) -> str:
    """What the answer is: as the crawl noted, else as far as head and text tell.

    That it is a block, a teaser, a challenge or a soft 404 is the crawl's to say.
    """
    if page.noted_class is not None:
        return page.noted_class
    kind = document_kind(capture, page)
    media_type = capture.media_type or ""
    if kind == "failure":
        return str(CaptureClass.ERROR)
    if capture.http_status is not None and capture.http_status >= _MOVED_STATUS:
        return str(CaptureClass.UNKNOWN)
    if media_type in _FEED_TYPES:
        return str(CaptureClass.FEED)
    if media_type and media_type not in _PAGE_TYPES:
        return str(CaptureClass.FILE)
    return str(CaptureClass.PAGE if page.has_text else CaptureClass.EMPTY)


def origin_of(capture: Capture) -> tuple[str, ...]:
    """The word that keeps what was imported apart from captures, and names it so."""
    return (IMPORTED,) if capture.kind == IMPORT_KIND else ()


def document_id(archive_id: str, capture: Capture, page: PageText) -> str:
    """Hex SHA-256 of all that a document says: equal for each of its captures.

    The number of an item is no part of it, so a new item on top shifts no id.
    """
    said = _said(archive_id, capture, page)
    said["text"] = page.digest or hashlib.sha256(page.text.encode()).hexdigest()
    said["media_type"] = capture.media_type
    said["item"] = page.part > 0
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _said(archive_id: str, capture: Capture, page: PageText) -> dict[str, object]:
    """What is true of every capture of the document, if it is of one of them."""
    return {
        "archive": archive_id,
        "uri": capture.target_uri,
        "title": page.title,
        "text": page.text,
        "main_end": page.main_end,
        "language": page.language,
        "extractor": page.extractor,
        "warnings": [*origin_of(capture), *page.warnings],
        "claimed": {name: getattr(page.claimed, name) for name in _CLAIMED}
        if page.claimed
        else None,
        "pages": list(page.pages),
        "source": capture.source_id,
        "outcome": capture.outcome.value,
        "http_status": capture.http_status,
        "kind": document_kind(capture, page),
        **({} if page.sure is None else {"sure": page.sure}),
        **({"attribution": page.attribution} if page.parts else {}),
    }


def build_document(
    archive_id: str,
    capture: Capture,
    page: PageText,
    analysed: Analysed,
    found_id: str | None = None,
) -> Document:
    """What an index holds of a capture's text; the capture is the first with it.

    `found_id`: its `document_id`, where that is known already.
    """
    return Document(
        document_id=found_id or document_id(archive_id, capture, page),
        order=order_of(capture.leaf, page.part),
        captured_us=microseconds(capture),
        claimed_us=_claimed_us(page.claimed),
        tokens=analysed.tokens,
        filters=_filters(archive_id, capture, page),
        stored={
            **_said(archive_id, capture, page),
            "capture": capture.capture_id,
            "captured_us": microseconds(capture),
            "class": capture_class(capture, page),
            **({"part": page.part, "parts": page.parts} if page.parts else {}),
        },
        compressed=page.compressed,
    )


def microseconds(capture: Capture) -> int:
    """Capture time as microseconds since 1970, exactly."""
    whole = int(capture.captured_at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + capture.captured_at.microsecond


def _claimed_us(claimed: Claimed | None) -> int | None:
    if claimed is None:
        return None
    return (claimed.day - _FIRST_DAY).days * DAY_US


def _filters(
    archive_id: str, capture: Capture, page: PageText
) -> dict[str, tuple[str, ...]]:
    status = capture.http_status
    return {
        "archive": (archive_id,),
        "source": (capture.source_id.lower(),) if capture.source_id else (),
        "host": _host_names(capture.target_uri),
        "lang": (page.language.lower(),) if page.language else (),
        "type": _types(capture, page),
        "status": () if status is None else (str(status), f"{status // 100}xx"),
        "outcome": (capture.outcome.value,),
        "class": (capture_class(capture, page),),
        "warning": tuple(dict.fromkeys(page.warnings)),
        "access": ("public",),
    }


def _host_names(uri: str) -> tuple[str, ...]:
    host = host_of(uri)
    try:
        unicode_host = host.encode("ascii").decode("idna")
    except UnicodeError:
        unicode_host = host
    return tuple(dict.fromkeys(name for name in (host, unicode_host) if name))


def _types(capture: Capture, page: PageText) -> tuple[str, ...]:
    kind = document_kind(capture, page)
    if not capture.media_type:
        return (kind,)
    subtype = capture.media_type.partition("/")[2]
    names = (kind, capture.media_type, _SUBTYPE_NAMES.get(subtype, subtype))
    return tuple(dict.fromkeys(name for name in names if name))
