"""One text -> the items in it: a digest of articles, a page of teasers, a list (pure).

A page that collects many texts is never one document with one date. Nothing is put
right here: dates and titles stay as they are printed, and what is odd about them is a
flag. Offsets are code points of the text, `[start, end)`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from search.extract.written_dates import find_dates

TITLE_CHARACTERS = 300
"""A longer line before a date is no title."""
DATE_CHARACTERS = 100
"""A longer line is more than a date, in any language."""
PARAGRAPH_CHARACTERS = 40
"""A shorter line of a list of paragraphs is its furniture."""
LATER = timedelta(days=120)
"""Events are announced ahead, but no article names a day so far behind its own."""
ITEMS_LEAST = 2
"""One date is that of an article, one teaser its own."""
ANNOUNCING = 60
"""Characters of a line that announces a list; a longer one introduces a quotation."""
ROWS_LOOKED_AT = 3
ROW_CHARACTERS = 120
_MARKED = re.compile(r"(?:[-–—•*·▪]|\(?\d{1,3}[.)]|[a-zа-я][.)])\s*\S")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LINE = re.compile(r"[^\n\f]*[^\s\f][^\n\f]*")
_SOURCE = re.compile(
    r"(?:source|источник|крыніца|джерело|źródło|quelle)\s*:\s*(?P<name>\S.*)", re.I
)
_CUT = re.compile(r"(?:\[\s*(?:…|\.{3})\s*\]|…|\.{3})$")
_NUMBER = re.compile(r"[\d\s.,]+")
_SPACES = re.compile(r"\s+")
_PIN = re.compile(r"^[\U0001F4CC\U0001F4CD\s]+")


class ItemKind(StrEnum):
    """What an item is."""

    ARTICLE = "article"
    TEASER = "teaser"
    """Title and beginning of something else: no article."""
    PARAGRAPH = "paragraph"
    """Neither title nor date of its own."""


class Flag(StrEnum):
    """What is odd about an item; stable codes."""

    DATE_ORDER = "date-order"
    """The printed date does not fit the order of the list."""
    DATE_CONFLICT = "date-conflict"
    """The item itself names a day long after the printed one."""
    LIST_MISSING = "list-missing"
    """A line announces a list, and none follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item, as printed."""

    kind: ItemKind
    start: int
    end: int
    title: str | None
    printed_date: str | None
    day: date | None
    """What the printed date says, right or wrong."""
    source: str | None
    """Whom the item itself names as its source."""
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The items of a text, in its order."""

    items: tuple[Item, ...]
    doubles: int
    """Adjacent repetitions that were dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    start: int
    end: int
    text: str
    """Spaces folded, no-break ones, too."""


def split_items(text: str, *, is_list: bool = False, judged: bool = True) -> Items:
    """Find the items; none in a text that is one document.

    `is_list`: the page is a list by its address or class, so that paragraphs without
    titles and dates are items, too. `judged`: with flags, which take their time.
    """
    lines = [_line(match) for match in _LINE.finditer(text)]
    dated = [place for place, line in enumerate(lines) if _day_of(line) is not None]
    if len(dated) >= ITEMS_LEAST:
        return Items(items=tuple(_digest(lines, dated, judged)), doubles=0)
    cut = [place for place, line in enumerate(lines) if _CUT.search(line.text)]
    if len(cut) >= ITEMS_LEAST:
        return Items(items=tuple(_teasers(lines, cut)), doubles=0)
    return _paragraphs(lines) if is_list else Items(items=(), doubles=0)


def _line(match: re.Match[str]) -> _Line:
    words = _SPACES.sub(" ", match.group()).strip()
    return _Line(start=match.start(), end=match.end(), text=_PIN.sub("", words))


def _day_of(line: _Line) -> date | None:
    """The day of a line that is a date and nothing else."""
    if len(line.text) > DATE_CHARACTERS or _YEAR.search(line.text) is None:
        return None
    found = next(find_dates(line.text), None)
    if found is None or not found.whole or found.start != 0:
        return None
    return found.day if len(found.raw) >= len(line.text.rstrip(".,;|")) else None


def _digest(
    lines: Sequence[_Line], dated: Sequence[int], judged: bool
) -> Iterator[Item]:
    """Items of title, date, text and perhaps source, one behind the other."""
    titles = [_title_place(lines, place) for place in dated]
    days = [_day_of(lines[place]) for place in dated]
    odd = _out_of_order([day for day in days if day is not None]) if judged else set()
    ends = [*titles[1:], len(lines)]
    for number, place in enumerate(dated):
        title, body = titles[number], lines[place + 1 : ends[number]]
        day = days[number]
        flags = []
        if number in odd:
            flags.append(Flag.DATE_ORDER)
        if judged and day is not None and _names_later_day(body, day):
            flags.append(Flag.DATE_CONFLICT)
        if judged and _misses_list(body):
            flags.append(Flag.LIST_MISSING)
        yield Item(
            kind=ItemKind.ARTICLE,
            start=lines[title].start,
            end=(body or lines[place : place + 1])[-1].end,
            title=lines[title].text if title < place else None,
            printed_date=lines[place].text,
            day=day,
            source=_source_of(body),
            flags=tuple(flags),
        )


def _title_place(lines: Sequence[_Line], place: int) -> int:
    """The line before the date, unless it is none of a title."""
    if place == 0:
        return place
    before = lines[place - 1]
    no_title = (
        len(before.text) > TITLE_CHARACTERS
        or is_source(before.text)
        or _day_of(before) is not None
    )
    return place if no_title else place - 1


def is_source(line: str) -> bool:
    """Whether a line names a source and says nothing else."""
    return _SOURCE.fullmatch(line) is not None


def _source_of(body: Sequence[_Line]) -> str | None:
    for line in reversed(body):
        match = _SOURCE.fullmatch(line.text)
        if match is not None:
            return match["name"].strip()
    return None


def _names_later_day(body: Sequence[_Line], day: date) -> bool:
    text = "\n".join(line.text for line in body)
    return any(found.day > day + LATER for found in find_dates(text))


def _misses_list(body: Sequence[_Line]) -> bool:
    """A short line ends with a colon, and what comes next is no list."""
    for place, line in enumerate(body):
        names_source = is_source(line.text)
        if not line.text.endswith(":") or len(line.text) > ANNOUNCING or names_source:
            continue
        after = body[place + 1 : place + 1 + ROWS_LOOKED_AT]
        if sum(map(_is_row, after)) < ITEMS_LEAST:
            return True
    return False


def _is_row(line: _Line) -> bool:
    """Whether a line may be one of a list: marked, or short and no sentence."""
    if is_source(line.text):
        return False
    marked = _MARKED.match(line.text) is not None or line.text.endswith((";", ","))
    return marked or (len(line.text) <= ROW_CHARACTERS and line.text[-1] not in ".!?”»")


def _out_of_order(days: Sequence[date]) -> set[int]:
    """Places that break the order: the fewest that must go for the rest to fit it.

    Lists run newest first, some oldest first; equal days stand side by side.
    """
    falling = _longest_rising([-day.toordinal() for day in days])
    rising = _longest_rising([day.toordinal() for day in days])
    kept = falling if len(falling) >= len(rising) else rising
    return set(range(len(days))) - kept


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Places of the longest sequence that never falls (patience sorting)."""
    tails: list[int] = []
    places: list[int] = []
    before: list[int | None] = []
    for place, number in enumerate(numbers):
        at = bisect_right(tails, number)
        before.append(places[at - 1] if at else None)
        tails[at:] = [number, *tails[at + 1 :]]
        places[at:] = [place, *places[at + 1 :]]
    found: set[int] = set()
    step = places[-1] if places else None
    while step is not None:
        found.add(step)
        step = before[step]
    return found


def _teasers(lines: Sequence[_Line], cut: Sequence[int]) -> Iterator[Item]:
    """A cut paragraph and the title before it; picture words and counts are neither."""
    floor = 0
    for place in cut:
        title = next(
            (
                lines[at]
                for at in range(place - 1, floor - 1, -1)
                if _NUMBER.fullmatch(lines[at].text) is None
            ),
            None,
        )
        yield Item(
            kind=ItemKind.TEASER,
            start=(title or lines[place]).start,
            end=lines[place].end,
            title=title.text if title else None,
            printed_date=None,
            day=None,
            source=None,
        )
        floor = place + 1


def _paragraphs(lines: Sequence[_Line]) -> Items:
    found: list[_Line] = []
    doubles = 0
    for line in lines:
        if len(line.text) < PARAGRAPH_CHARACTERS:
            continue
        if found and found[-1].text == line.text:
            doubles += 1
        else:
            found.append(line)
    items = tuple(
        Item(
            kind=ItemKind.PARAGRAPH,
            start=line.start,
            end=line.end,
            title=None,
            printed_date=None,
            day=None,
            source=None,
        )
        for line in found
    )
    return Items(items=items, doubles=doubles)
