"""Where in a stored text the query was found: exact marks, and the best passages.

The text is tokenised again with the same analysis that made the index, so marks agree
with either engine. Offsets are Unicode code points, `[start, end)`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from search.analysis.analyze import Forms
from search.engines.base import Beginning, Tokens
from search.engines.fields import (
    ALL,
    ALL_KEY,
    CAP,
    EXACT,
    HEAD,
    HEAD_KEY,
    HEAD_LEMMA,
    KEY,
    LEMMA,
    LOOSE,
)
from search.engines.planning import Leaf
from search.passages import ReadText

HIGHLIGHT_TOKENS = 100_000
"""Tokens of a text looked at, up to the end of a line: a book."""
SNIPPET_CODE_POINTS = 200
SNIPPETS = 3
"""Passages shown per hit."""
_FORM_OF_FIELD = {
    EXACT: "exact",
    ALL: "exact",
    HEAD: "exact",
    LEMMA: "lemma",
    HEAD_LEMMA: "lemma",
    KEY: "key",
    ALL_KEY: "key",
    HEAD_KEY: "key",
    CAP: "cap",
    LOOSE: "loose",
}
_BREAKS = str.maketrans("\n\f\t", "   ")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the whole text that a leaf of the query means."""

    start: int
    end: int
    leaf: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A passage; `marks` are offsets in `text`, `start` is its place in the whole."""

    text: str
    marks: tuple[tuple[int, int], ...]
    start: int


def find_marks(
    text: str, language: str | None, leaves: Sequence[Leaf]
) -> tuple[Mark, ...]:
    """Mark every place a leaf is found, in order, overlaps joined leaf by leaf."""
    read = ReadText(text, language, limit=HIGHLIGHT_TOKENS)
    spans = {(n, n, number) for n, number in _single_tokens(read.forms, leaves)}
    for number, leaf in enumerate(leaves):
        spans.update((*span, number) for span in _spans(leaf, read.forms))
    marks = {
        Mark(read.place(first)[0], read.place(last)[1], number)
        for first, last, number in spans
    }
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.end, mark.leaf)))


def _single_tokens(
    forms: Sequence[Forms], leaves: Sequence[Leaf]
) -> Iterable[tuple[int, int]]:
    """Token and leaf, where one token is what the leaf means.

    Forms are cached, so equal words of one language are one object here: each is
    looked at once.
    """
    tests = [_SingleTest(leaf) for leaf in leaves]
    anything = _SingleTest(*leaves)
    wanted = {}
    for name, form in {id(form): form for form in forms}.items():
        if anything.holds(form):
            wanted[name] = [n for n, test in enumerate(tests) if test.holds(form)]
    if not wanted:
        return
    for place, form in enumerate(forms):
        for number in wanted.get(id(form), ()):
            yield place, number


class _SingleTest:
    """Whether a token alone is what one of some leaves means."""

    def __init__(self, *leaves: Leaf) -> None:
        values: dict[str, set[str]] = {name: set() for name in Forms._fields}
        beginnings: set[str] = set()
        for clause in (clause for leaf in leaves for clause in leaf.clauses):
            if isinstance(clause, Beginning):
                beginnings.add(clause.value)
            elif len(clause.values) == 1:
                values[_FORM_OF_FIELD[clause.field]].add(clause.values[0])
        self._values = values
        self._beginnings = tuple(beginnings)

    def holds(self, form: Forms) -> bool:
        """Written out, not a loop over fields: it runs for every distinct word."""
        values = self._values
        return (
            form.exact in values["exact"]
            or form.lemma in values["lemma"]
            or form.key in values["key"]
            or form.cap in values["cap"]
            or form.loose in values["loose"]
            or (bool(self._beginnings) and form.exact.startswith(self._beginnings))
        )


def _spans(leaf: Leaf, forms: list[Forms]) -> Iterable[tuple[int, int]]:
    """Token positions, first and last, of the rows of tokens a leaf means."""
    rows = {
        (_FORM_OF_FIELD[clause.field], clause.values, clause.slop)
        for clause in leaf.clauses
        if isinstance(clause, Tokens) and len(clause.values) > 1
    }
    columns: dict[str, list[str]] = {}
    for name, values, slop in rows:
        if name not in columns:
            columns[name] = [getattr(form, name) for form in forms]
        yield from _row_spans(columns[name], values, slop)


def _row_spans(
    column: list[str], values: tuple[str, ...], slop: int
) -> Iterable[tuple[int, int]]:
    """Tokens in a row; with slop, each within so many others of the one before."""
    for first in _places(column, values[0]):
        last = first
        for wanted in values[1:]:
            last = _next_place(column, wanted, last + 1, last + 2 + slop)
            if last < 0:
                break
        else:
            yield first, last


def _places(column: list[str], value: str) -> Iterable[int]:
    at = -1
    for _ in range(column.count(value)):
        at = column.index(value, at + 1)
        yield at


def _next_place(column: list[str], wanted: str, low: int, high: int) -> int:
    """The place of a form in `[low, high)`, -1 if it is not there."""
    places = range(low, min(high, len(column)))
    return next((place for place in places if column[place] == wanted), -1)


def cut_snippets(text: str, marks: Sequence[Mark]) -> tuple[Snippet, ...]:
    """The best passages that do not overlap, in text order; at least the beginning."""
    chosen: list[tuple[int, int]] = []
    seen: set[int] = set()
    open_marks = list(marks)
    while open_marks and len(chosen) < SNIPPETS:
        best = _best_window(open_marks, seen)
        inside = [mark for mark in open_marks if best[0] <= mark.start < best[1]]
        if chosen and not {mark.leaf for mark in inside} - seen and len(inside) < 2:
            break
        seen.update(mark.leaf for mark in inside)
        chosen.append(_widen(text, best, chosen))
        low, high = chosen[-1]
        open_marks = [m for m in open_marks if m.end <= low or m.start >= high]
    if not chosen and text:
        chosen.append(_widen(text, (0, 0), []))
    return tuple(_snippet(text, span, marks) for span in sorted(chosen))


def _best_window(marks: Sequence[Mark], seen: set[int]) -> tuple[int, int]:
    """The stretch with most leaves not shown yet, then most leaves, then marks."""
    best: tuple[tuple[int, int, int, int], tuple[int, int]] | None = None
    high = 0
    for low, first in enumerate(marks):
        high = max(high, low + 1)
        limit = first.start + SNIPPET_CODE_POINTS
        while high < len(marks) and marks[high].end <= limit:
            high += 1
        leaves = {mark.leaf for mark in marks[low:high]}
        worth = (len(leaves - seen), len(leaves), high - low, -first.start)
        if best is None or worth > best[0]:
            end = min(max(mark.end for mark in marks[low:high]), limit)
            best = (worth, (first.start, end))
    assert best is not None  # noqa: S101  callers pass at least one mark
    return best[1]


def _widen(
    text: str, window: tuple[int, int], taken: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Fill a window up to the snippet's length, at word borders, beside the others."""
    spare = max(SNIPPET_CODE_POINTS - (window[1] - window[0]), 0)
    low = max(window[0] - spare // 2, 0)
    low = max([low, *(end for start, end in taken if end <= window[0])])
    high = min(low + SNIPPET_CODE_POINTS, len(text))
    high = max(high, min(window[1], low + SNIPPET_CODE_POINTS))
    high = min([high, *(start for start, end in taken if start >= window[1])])
    if low > 0:
        gap = _first_space(text, low, window[0])
        low = gap + 1 if gap >= 0 else low
    if high < len(text):
        gap = _last_space(text, max(window[1], low), high)
        high = gap if gap >= 0 else high
    return low, high


def _first_space(text: str, low: int, high: int) -> int:
    return next((at for at in range(low, high) if text[at].isspace()), -1)


def _last_space(text: str, low: int, high: int) -> int:
    return next((at for at in range(high - 1, low - 1, -1) if text[at].isspace()), -1)


def _snippet(text: str, span: tuple[int, int], marks: Sequence[Mark]) -> Snippet:
    low, high = span
    inside = [
        (mark.start - low, mark.end - low)
        for mark in marks
        if low <= mark.start and mark.end <= high
    ]
    return Snippet(
        text=text[low:high].translate(_BREAKS), marks=_joined(inside), start=low
    )


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted spans without overlaps."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
