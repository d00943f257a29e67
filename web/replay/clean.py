"""Clean: hostile HTML in, a static copy out; only importer of nh3.

tree.py keeps what is on the lists of markup.py, writes every address anew through the
parts list, draws gaps and takes style sheets out; then nh3 parses and cleans once more,
as the last step, with a filter on every address. `html` and `body` are written by us,
from plain attributes. Nothing here proves anything: the cleaned page is a view, and may
change with the version.
"""

import re
from dataclasses import dataclass

import nh3

from web.replay.links import PartTable
from web.replay.markup import GLOBAL_ATTRIBUTES, TAG_ATTRIBUTES, TAGS
from web.replay.sheets import SheetCache
from web.replay.tree import (
    FRAGMENT,
    RASTER_DATA,
    VALUE_LIMIT_CHARS,
    GapWords,
    MissingPart,
    Sheet,
    sweep_page,
)

CLEANER_VERSION = "1.1"
"""Printed beside the frame, because views may change from version to version."""

_PART_PATH = re.compile(r"/p/[a-z2-7]{26}/[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPage:
    """A cleaned page, ready for our own frame template."""

    body: str
    """Cleaned by nh3; the only string a template may take over unescaped."""
    html_attributes: tuple[tuple[str, str], ...]
    body_attributes: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]
    has_doctype: bool
    """Without one, browsers lay the page out in quirks mode; so must we."""
    gaps: tuple[MissingPart, ...]


def clean_page(
    text: str,
    *,
    base: str,
    parts: PartTable,
    words: GapWords,
    sheets: SheetCache | None = None,
) -> CleanPage:
    """Clean a page; `base` is its own address, `words` writes what a gap box says.

    `sheets` keeps cleaned style sheets for the next page of the site.
    """
    kept = SheetCache() if sheets is None else sheets
    swept = sweep_page(text, base=base, parts=parts, words=words, sheets=kept)
    return CleanPage(
        body=_NH3.clean(swept.markup),
        html_attributes=swept.html_attributes,
        body_attributes=swept.body_attributes,
        sheets=swept.sheets,
        has_doctype=swept.has_doctype,
        gaps=swept.gaps,
    )


def _filter(tag: str, name: str, value: str) -> str | None:
    """Look at every attribute a last time, as nh3 parsed it; None drops it."""
    if len(value) > VALUE_LIMIT_CHARS:
        return None
    if name == "src":
        known = _PART_PATH.fullmatch(value) or RASTER_DATA.fullmatch(value)
        return value if tag == "img" and known else None
    if name == "srcset":
        entries = [entry.split() for entry in value.split(",")]
        plain = all(entry and _PART_PATH.fullmatch(entry[0]) for entry in entries)
        return value if plain else None
    if name == "href":
        return value if tag == "a" and FRAGMENT.fullmatch(value) else None
    return value


def _allowed() -> dict[str, set[str]]:
    allowed = {tag: set(names) for tag, names in TAG_ATTRIBUTES.items()}
    for tag, names in (
        ("img", {"src", "srcset"}),
        ("source", {"srcset"}),
        ("a", {"href"}),
    ):
        allowed.setdefault(tag, set()).update(names)
    allowed["*"] = {*GLOBAL_ATTRIBUTES, "style"}
    return allowed


_NH3 = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=_allowed(),
    attribute_filter=_filter,
    strip_comments=True,
    link_rel=None,
    generic_attribute_prefixes=set(),
    url_schemes={"data"},
)
