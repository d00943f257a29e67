"""More of an article, where the main text found is a part of it: paragraphs by place.

A page writes all paragraphs of its article in the same kind of place: in elements of
equal names and classes. An advertisement or a box between them ends what other rules
find; here whatever stands where the found paragraphs stand is taken, too.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, dropwhile, islice
from typing import Any

from search.extract.pages.visible import text_of
from search.extract.result import clean_text

PARAGRAPH = 80
"""Code points of a line that is a paragraph and no label."""
MORE = 1.3
"""So many times the main text, or what was found is its neighbours and counts not."""
PARAGRAPHS_LEAST, PLACE_LEAST = 4, 1_000
"""Paragraphs and code points of a place that is an article by itself."""
LEVELS = 4
"""Elements around a paragraph that say which place it is."""
LIST_LEVELS = 8
"""Lists inside each other that a place is looked for around."""
PIECES_MOST = 5_000
"""Of a page; one with more is no article, and each is looked for in the main text."""
LISTS = frozenset(["ul", "ol", "li", "blockquote"])
"""Elements around a piece that stand where the text around them stands."""
PIECES = frozenset(["p", "h2", "h3", "h4", "h5", "ul", "ol", "li", "blockquote"])
"""Elements of running text; what one holds of another is that one's."""
Place = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One line of running text."""

    place: Place
    text: str
    box: Any
    """The element it stands in, of lxml."""


def may_have_more(main: str, everything: str) -> bool:
    """Whether the page shows enough paragraphs beside a main text to look at places."""
    left = sum(
        len(line)
        for line in everything.split("\n")
        if len(line) >= PARAGRAPH and line not in main
    )
    return left > (MORE - 1) * len(main)


def more_from_place(main: str, root: Any, *, is_doubtful: bool) -> str:
    """The main text and all that stands where it stands, if that is much more; else it.

    No line of the main text is lost. `root`: the parsed page, of lxml; `is_doubtful`:
    the main text is short, so that it may be the lead of an article below it.
    """
    pieces = list(islice(_pieces(root), PIECES_MOST + 1))
    if len(pieces) > PIECES_MOST:
        return main
    place = _place_of(main, pieces, least=PLACE_LEAST if is_doubtful else 0)
    if place is None and is_doubtful and not _is_among(main, pieces):
        place = _place_of_article(pieces)
    found = dict.fromkeys(piece.text for piece in pieces if piece.place == place)
    if len("\n".join(found)) <= MORE * len(main):
        return main
    return "\n".join(_merged(main.split("\n"), list(found)))


def _place_of(main: str, pieces: Sequence[_Piece], *, least: int) -> Place | None:
    """Where most of the main text stands; None where less than `least` stands there."""
    held = _fold(main)
    sizes, known = Counter[Place](), Counter[Place]()
    for piece in pieces:
        size = len(piece.text)
        if size < PARAGRAPH:
            continue
        sizes[piece.place] += size
        if _fold(piece.text) in held:
            known[piece.place] += size
    for place, _ in known.most_common(1):
        return place if sizes[place] >= least else None
    return None


def _is_among(main: str, pieces: Sequence[_Piece]) -> bool:
    """Whether a line of the main text is running text: then it is no lead alone."""
    lines = set(map(_fold, main.split("\n"))) - {""}
    return any(_fold(piece.text) in lines for piece in pieces)


def _place_of_article(pieces: Sequence[_Piece]) -> Place | None:
    """Where most paragraphs stand, all in one element; None where they are in many.

    Comments and abstracts of others stand in an element each.
    """
    places: defaultdict[Place, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        if len(piece.text) >= PARAGRAPH:
            places[piece.place].append(piece)
    if not places:
        return None
    sizes = {
        place: sum(len(one.text) for one in held) for place, held in places.items()
    }
    most = max(sizes, key=sizes.__getitem__)
    is_long = len(places[most]) >= PARAGRAPHS_LEAST and sizes[most] >= PLACE_LEAST
    return most if is_long and len({one.box for one in places[most]}) == 1 else None


def _merged(main: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """Lines found, and those of the main text that they lack where they stood in it."""
    folded = list(map(_fold, found))
    whole, ends = "".join(folded), list(accumulate(map(len, folded)))
    numbers = {fold: number for number, fold in enumerate(folded)}
    given = 0
    for line in main:
        fold = _fold(line)
        number = numbers.get(fold)
        if number is None and len(line) >= PARAGRAPH and (at := whole.find(fold)) >= 0:
            number = bisect_left(ends, at + len(fold))
        if number is None:
            yield line
        elif number >= given:
            yield from found[given : number + 1]
            given = number + 1
    yield from found[given:]


def _pieces(root: Any) -> Iterator[_Piece]:
    """Texts of running text in document order, each once, and where they stand."""
    for piece in root.iter(*PIECES):
        text = clean_text(text_of(piece, without=PIECES))
        if text:
            yield _Piece(place=_place(piece), text=text, box=piece.getparent())


def _place(piece: Any) -> Place:
    """Names and classes of what is around a piece, or around the list it is in."""
    near = islice(piece.iterancestors(), LEVELS + LIST_LEVELS)
    around = dropwhile(lambda element: element.tag in LISTS, near)
    return tuple(
        (str(element.tag), element.get("class") or "")
        for element in islice(around, LEVELS)
    )


def _fold(text: str) -> str:
    return "".join(text.split()).casefold()
