"""The best passages of a text around the marks in it.

Offsets are Unicode code points, `[start, end)`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from search.answering.marking import Mark

SNIPPET_CODE_POINTS = 200
SNIPPETS = 3
"""Passages shown per hit."""
_BREAKS = str.maketrans("\n\f\t", "   ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A passage; `marks` are offsets in `text`, `start` is its place in the whole."""

    text: str
    marks: tuple[tuple[int, int], ...]
    start: int


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
    best, at, inside, high = (-1, 0, 0), 0, marks[:1], 0
    held: Counter[int] = Counter()
    unseen = 0
    for low, first in enumerate(marks):
        limit = first.start + SNIPPET_CODE_POINTS
        while high < len(marks) and (high <= low or marks[high].end <= limit):
            leaf = marks[high].leaf
            unseen += not held[leaf] and leaf not in seen
            held[leaf] += 1
            high += 1
        worth = (unseen, len(held), high - low)
        if worth > best:
            best, at, inside = worth, first.start, marks[low:high]
        held[first.leaf] -= 1
        if not held[first.leaf]:
            del held[first.leaf]
            unseen -= first.leaf not in seen
    return at, min(max(mark.end for mark in inside), at + SNIPPET_CODE_POINTS)


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
