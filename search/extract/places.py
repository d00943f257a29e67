"""More of an article, where the main text found is a part of it: paragraphs by place.

A page writes all paragraphs of its article in the same kind of place: in elements of
equal names and classes. An advertisement or a box between them ends what other rules
find; here whatever stands where the found paragraphs stand is taken, too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from search.extract.visible import text_of

PARAGRAPH = 80
"""Code points of a line that is a paragraph and no label."""
MORE = 1.3
"""So many times the main text, or what was found is its neighbours and counts not."""
PARAGRAPHS_LEAST, PLACE_LEAST = 4, 1_000
"""Paragraphs and code points of a place that is an article by itself."""
LEVELS = 4
"""Elements around a paragraph that say which place it is."""
PIECES = frozenset(["p", "h2", "h3", "h4", "h5", "ul", "ol", "blockquote"])
"""Elements of running text."""
Place = tuple[tuple[str, str], ...]


def may_have_more(main: str, everything: str) -> bool:
    """Whether the page shows enough paragraphs beside a main text to look at places."""
    left = sum(
        len(line)
        for line in everything.split("\n")
        if len(line) >= PARAGRAPH and line not in main
    )
    return left > (MORE - 1) * len(main)


def more_from_place(main: str, root: Any, *, is_doubtful: bool) -> str:
    """All that stands where the main text stands, if that is much more; else it.

    `root`: the parsed page, of lxml; `is_doubtful`: the main text is too short to be
    trusted, so that the place with most paragraphs may be another.
    """
    pieces = [(_place(one), text) for one in _pieces(root) for text in _lines(one)]
    place = _find_place(main, pieces, is_doubtful=is_doubtful)
    if place is None:
        return main
    text = "\n".join(dict.fromkeys(text for where, text in pieces if where == place))
    return text if len(text) > MORE * len(main) else main


def _find_place(
    main: str, pieces: Sequence[tuple[Place, str]], *, is_doubtful: bool
) -> Place | None:
    """Where most of the main text stands; of a doubtful one, where most paragraphs do.

    None where neither is an article.
    """
    held = _fold(main)
    sizes, known, paragraphs = Counter[Place](), Counter[Place](), Counter[Place]()
    for place, text in pieces:
        if len(text) < PARAGRAPH:
            continue
        sizes[place] += len(text)
        paragraphs[place] += 1
        if _fold(text) in held:
            known[place] += len(text)
    for place, _ in known.most_common(1):
        if not is_doubtful or sizes[place] >= PLACE_LEAST:
            return place
    for place, size in sizes.most_common(1):
        if is_doubtful and size >= PLACE_LEAST:
            return place if paragraphs[place] >= PARAGRAPHS_LEAST else None
    return None


def _pieces(root: Any) -> Iterator[Any]:
    for piece in root.iter(*PIECES):
        parent = piece.getparent()
        if parent is not None and parent.tag not in PIECES and parent.tag != "li":
            yield piece


def _lines(piece: Any) -> Iterator[str]:
    rows = piece.iter("li") if piece.tag in ("ul", "ol") else [piece]
    for row in rows:
        text = text_of(row)
        if text:
            yield text


def _place(piece: Any) -> Place:
    around = []
    for element in piece.iterancestors():
        around.append((str(element.tag), element.get("class") or ""))
        if len(around) == LEVELS:
            break
    return tuple(around)


def _fold(text: str) -> str:
    return "".join(text.split()).casefold()
