"""Which items of a page are documents of their own (pure).

Only whole ones, with a title and a text, and only where there are three or more: an
article that prints two dates is one article. Items lie in the main text; what stands
around them stays with the page. An article beside dated teasers of others stays one
document: there the items are not what the page is.
"""

import re
from collections.abc import Iterator

from search.extract.dates import CONFLICT, Claimed
from search.extract.language import identify
from search.extract.listing import Flag, Item, ItemKind, is_source, split_items
from search.extract.result import Part

PARTS_VERSION = "items/1"
"""Raised, as the version of the index, with every change of the rules of items."""
PARTS_LEAST = 3
PARTS_MOST = 1_000
"""Of one page; what stands behind them stays with the page."""
BODY_CODE_POINTS = 60
"""A shorter text behind title and date is a caption."""
WHOLE_SHARE = 0.75
"""So many of the items must be whole, or the dates are those of something else."""
LIST_LOST = "list_lost"
"""A line announces a list, and none follows."""
COVERED_SHARE = 0.6
"""So much of the longer lines of a page, and of what an extractor took for its main
text, must lie in items, or they stand beside something else."""
LARGEST_SHARE = 0.5
"""An item that is more than this of all of them is an article behind dated titles."""
LONG_LINE = 40
"""A shorter line is a label, a button or a caption."""
PRINTED, DOUBTED = 0.8, 0.4
"""Confidence in a date printed with an item; in one that its list contradicts."""
METHOD = "item"

_KINDS = {ItemKind.ARTICLE: "item", ItemKind.TEASER: "teaser"}
_MAY_BE_DATE = re.compile(r"^(?=[^\n]{6,60}$)[^\n]*\b(?:19|20)\d\d\b", re.MULTILINE)
_MAY_BE_CUT = re.compile(r"(?:…|\.\.\.)\]?[ \t]*$", re.MULTILINE)
_SENTENCE_END = (".", ";", ",", ":")


def find_parts(main: str) -> tuple[Part, ...]:
    """The items of a main text; none where it is one text."""
    if not _whole_items(main):
        return ()
    items = [one for one in split_items(main).items if one.kind in _KINDS]
    return tuple(_parts(main, items[:PARTS_MOST]))


def find_stretch(shown: str, main: str) -> tuple[int, int] | None:
    """Where the items of a page lie in all that it shows: `[start, end)`.

    None where they are not what the page is. `main`: what an extractor took for its
    main text; it ends the last item, behind which labels of the page follow.
    """
    items = _whole_items(shown)
    if not items:
        return None
    held = set(_long_lines(main))
    lengths = [one.end - one.start for one in items]
    if max(lengths) > LARGEST_SHARE * sum(lengths):
        return None
    start, end = items[0].start, _end_of(shown, items[-1], held)
    within = set(_long_lines("\n".join(shown[one.start : one.end] for one in items)))
    for lines in (held, set(_long_lines(shown))):
        if _size(lines & within) < COVERED_SHARE * _size(lines):
            return None
    return start, end


def _long_lines(text: str) -> Iterator[str]:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return (line for line in lines if len(line) >= LONG_LINE)


def _size(lines: set[str]) -> int:
    return sum(map(len, lines))


def _end_of(shown: str, last: Item, held: set[str]) -> int:
    """An article ends with its last line that is main text, or names its source."""
    if last.kind is ItemKind.TEASER:
        return last.end
    end, at = 0, last.start
    for line in shown[last.start : last.end].split("\n"):
        plain = " ".join(line.split())
        if plain in held or plain == last.title or (end and is_source(plain)):
            end = at + len(line)
        at += len(line) + 1
    return end or last.end


def _whole_items(text: str) -> list[Item]:
    """The items of a text that is a page of many; none where it is one text."""
    if not _is_worth_a_look(text):
        return []
    found = split_items(text, judged=False).items
    items = [one for one in found if one.kind in _KINDS]
    whole = sum(_is_whole(text, one) for one in items)
    enough = whole >= PARTS_LEAST and whole >= WHOLE_SHARE * len(items)
    return items if enough else []


def _is_worth_a_look(main: str) -> bool:
    """A quick look at every page: enough lines that may be dates, or are cut."""
    return any(
        len(pattern.findall(main)) >= PARTS_LEAST
        for pattern in (_MAY_BE_DATE, _MAY_BE_CUT)
    )


def _is_whole(main: str, item: Item) -> bool:
    """Whether it has a title, which ends like none of a sentence, and a text."""
    title = item.title
    if title is None or title.removesuffix("...").endswith(_SENTENCE_END):
        return False
    around = len(title) + len(item.printed_date or "")
    return item.end - item.start - around >= BODY_CODE_POINTS


def _parts(main: str, items: list[Item]) -> Iterator[Part]:
    for item in items:
        text = main[item.start : item.end]
        found = identify(text)
        doubted = not {Flag.DATE_ORDER, Flag.DATE_CONFLICT}.isdisjoint(item.flags)
        lost = Flag.LIST_MISSING in item.flags
        yield Part(
            kind=_KINDS[item.kind],
            start=item.start,
            end=item.end,
            title=item.title,
            language=found.code if found else None,
            claimed=_claimed(item, DOUBTED if doubted else PRINTED),
            attribution=item.source,
            warnings=(*([CONFLICT] if doubted else []), *([LIST_LOST] if lost else [])),
        )


def _claimed(item: Item, confidence: float) -> Claimed | None:
    if item.day is None:
        return None
    return Claimed(
        value=item.day.isoformat(),
        raw=item.printed_date or "",
        method=METHOD,
        confidence=confidence,
    )
