"""What an extractor gives: one text with an end of its main part, and what is doubtful.

Shape of the text: main text, a line holding U+000C, the rest of the visible text. It
is NFC with LF line ends; U+000C stands nowhere else.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.extract.dates import Claimed

TEXT_CODE_POINTS = 2_000_000
"""Kept of one text; a longer one is cut and says so."""
SEPARATOR = "\n\f\n"
"""Between the main text and the rest."""
PAGES = "urn:evidence:pages"
"""In place of a media type: texts of pages, as a JSON array."""
TITLE_CODE_POINTS = 500
"""Kept of a title."""

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item of a page of many texts, as printed: `[start, end)` of the main text."""

    kind: str
    """`item`, or `teaser`: title and beginning of something else."""
    start: int
    end: int
    title: str | None
    language: str | None
    claimed: Claimed | None
    """The date printed with it; the doubts are among the warnings."""
    attribution: str | None
    """Whom it names as its source."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """One text made of one payload; offsets are code points."""

    text: str
    main_end: int
    title: str | None
    extractor: str
    """Name and version, `html/1`."""
    charset: str | None
    """The one that was used."""
    declared_charset: str | None
    warnings: tuple[str, ...]
    claimed: Claimed | None = None
    """When the page says it was published."""
    language: str | None = None
    """Of title and main text; None where there are no words."""
    pages: tuple[int, ...] = ()
    """Where each page of a document with pages begins, in order; else empty."""
    parts: tuple[Part, ...] = ()
    """Items of a page of many texts, in its order; else empty."""
    sure: float | None = None
    """Mean confidence of words read from pictures, 0 to 1; None where none were."""


def main_end_of(text: str) -> int:
    """End of the main part of a kept text."""
    place = text.find(SEPARATOR)
    return len(text) if place < 0 else place


def clean_text(text: str) -> str:
    """NFC, LF, no control characters, no runs of blank lines; NBSP stays."""
    lined = _LINE_ENDS.sub("\n", text)
    plain = _CONTROLS.sub(" ", lined).replace("\f", " ")
    normal = unicodedata.normalize("NFC", plain)
    return _BLANK_LINES.sub("\n\n", normal).strip(" \t\n")


def clean_title(title: str | None) -> str | None:
    """One line without surrounding space; None where nothing is left."""
    if title is None:
        return None
    return " ".join(clean_text(title).split())[:TITLE_CODE_POINTS] or None


def join_parts(main: str, rest: str) -> tuple[str, int, bool]:
    """Join cleaned parts: text, end of the main part, and whether it was cut."""
    text = f"{main}{SEPARATOR}{rest}" if rest else main
    cut = len(text) > TEXT_CODE_POINTS
    if cut:
        text = text[:TEXT_CODE_POINTS].rstrip("\n\f")
    return text, min(len(main), len(text)), cut


def page_texts(made: Extract) -> list[str]:
    """The text of each page of a document with pages; two line ends stand between."""
    ends = [*(start - 2 for start in made.pages[1:]), len(made.text)]
    return [made.text[a:b] for a, b in zip(made.pages, ends, strict=True)]


def read_extract(value: Mapping[str, Any]) -> Extract:
    """An extract from its JSON object; KeyError or TypeError where it is none."""
    return Extract(
        **{
            **value,
            "warnings": tuple(value["warnings"]),
            "pages": tuple(value["pages"]),
            "claimed": _read_claimed(value["claimed"]),
            "parts": tuple(map(_read_part, value["parts"])),
        }
    )


def _read_part(value: Mapping[str, Any]) -> Part:
    warnings = tuple(value["warnings"])
    claimed = _read_claimed(value["claimed"])
    return Part(**{**value, "warnings": warnings, "claimed": claimed})


def _read_claimed(value: Mapping[str, Any] | None) -> Claimed | None:
    return None if value is None else Claimed(**value)
