"""A page of many texts as documents: one for each item, one for what is left (pure).

Together they hold every line of the page once, so nothing is found twice and nothing
is lost. Each knows its place in the whole text, to which all offsets refer.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.documents.document import PageText
from search.extract.files.ocr import OCR
from search.extract.result import SEPARATOR, Part
from search.rows.items import Piece, Pieces

GAP = "\n…\n"
"""Stands in what is left of a page where an item was: the text does not go on there.

As long as the sign between main text and rest, so that pieces end alike.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """The documents of one page: what is left, then the items; and where all stand."""

    pages: tuple[PageText, ...]
    pieces: tuple[Piece, ...]


def divide(page: PageText, parts: Sequence[Part]) -> Divided:
    """Cut a page into its items and the rest."""
    text, main_end, left = _rest(page, parts)
    rest = replace(
        page,
        text=text,
        main_end=main_end,
        pages=(),
        parts=len(parts),
        compressed=None,
        digest=None,
    )
    items = [_item(page, one, number + 1) for number, one in enumerate(parts)]
    items = [replace(one, parts=len(parts)) for one in items]
    places = [
        Piece(part=number + 1, at=0, start=one.start)
        for number, one in enumerate(parts)
    ]
    return Divided(pages=(rest, *items), pieces=(*left, *places))


def _item(page: PageText, part: Part, number: int) -> PageText:
    text = page.text[part.start : part.end]
    return PageText(
        text=text,
        main_end=len(text),
        title=part.title,
        language=part.language,
        extractor=page.extractor,
        warnings=(*part.warnings, *(one for one in page.warnings if one == OCR)),
        claimed=part.claimed,
        noted_class=page.noted_class,
        part=number,
        kind=part.kind,
        attribution=part.attribution,
        sure=page.sure,
    )


def _rest(page: PageText, parts: Sequence[Part]) -> tuple[str, int, list[Piece]]:
    """What no item holds: text, end of its main part, and where its pieces stood."""
    ends = [0, *(one.end for one in parts)]
    starts = [*(one.start for one in parts), page.main_end]
    main, pieces = "", []
    for start, end in zip(ends, starts, strict=True):
        words = page.text[start:end].strip("\n")
        if not words.strip():
            continue
        main += GAP if main else ""
        begins = page.text.index(words, start)
        pieces.append(Piece(part=0, at=len(main), start=begins))
        main += words
    others = page.text[page.main_end + len(SEPARATOR) :]
    if not others:
        return main, len(main), pieces
    at = len(main) + len(SEPARATOR)
    pieces.append(Piece(part=0, at=at, start=page.main_end + len(SEPARATOR)))
    return f"{main}{SEPARATOR}{others}", len(main), pieces


def piece_of(pieces: Pieces, at: int) -> tuple[int, int, int | None]:
    """The piece that holds a place of a part: its begin there, its begin in the page's
    text, and its end in the part; None: it ends with the part.
    """
    number = max(bisect_right([begins for begins, _ in pieces], at) - 1, 0)
    begins, start = pieces[number]
    if number + 1 == len(pieces):
        return begins, start, None
    return begins, start, pieces[number + 1][0] - len(GAP)
