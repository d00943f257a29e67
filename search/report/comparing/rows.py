"""Lists as rows with stable keys: which were added, removed, corrected.

Pure: texts in, rows out. A row is a line of an extracted text; its cells are separated
by a tab (spreadsheets, tables of documents) or by ` | ` (tables of pages). A running
number at the front is the place of a row, not a part of it: one more entry at the top
of a list renumbers all others and changes none.

What says who or what a row is about, its key, is the column whose words differ most. A
row whose key is in both lists was corrected; so is one most of whose rare words are in
both: a corrected name is no new entry.
"""

import hashlib
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from search.extract.result import SEPARATOR

ROWS_MAX = 200_000
"""Of one list, as the extractor bounds a sheet."""
RUN_SHARE = 0.8
"""Numbers so often followed by the next one are running numbers."""
RUN_MIN = 3
"""Rows that a running number needs to be seen as one."""
LIKENESS = 0.5
"""Two rows with so much of their rare words in common are one row, corrected."""
KEY_SHARE = 0.5
"""A column with fewer different values than this share of the rows is no key."""
COMMON_IN = 30
"""A word in more rows than this tells nothing about which row it is."""
LIKE_MAX = 2_000_000
"""Pairs of rows compared."""

_CELLS = re.compile(r"\t|\s\|(?=\s)")
_FRAME = re.compile(r"^\|\s|\s\|\s*$")
"""Of a row of a page's table, at its ends."""
_LEAD = re.compile(r"^\s*(\d{1,7})[.)]?[\s\u00a0]+(?=\S)")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a list."""

    key: str
    """16 hex digits: equal for rows about the same, in both lists compared."""
    line: int
    """Line of the text, from 1."""
    cells: tuple[str, ...]
    """As written, spacing aside, without the running number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell of a corrected row; columns count from 0."""

    column: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRow:
    """A row that is in both lists, not the same."""

    before: Row
    after: Row

    @property
    def cells(self) -> tuple[CellChange, ...]:
        """The cells that differ."""
        length = max(len(self.before.cells), len(self.after.cells))
        pairs = (
            CellChange(
                column=column,
                before=_at(self.before.cells, column),
                after=_at(self.after.cells, column),
            )
            for column in range(length)
        )
        return tuple(pair for pair in pairs if pair.before != pair.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """Two captures of a list compared."""

    before: int
    after: int
    """Rows in each."""
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    corrected: tuple[CorrectedRow, ...]

    @property
    def equal(self) -> bool:
        """Whether both lists hold the same rows, in whatever order."""
        return not (self.added or self.removed or self.corrected)


Cells = tuple[str, ...]


def is_list(text: str, *, least: int = 5) -> bool:
    """Whether most lines of a text are rows of cells, or numbered one by one."""
    main, _, _ = text.partition(SEPARATOR)
    lines = [line for line in main.split("\n") if line.strip()]
    if len(lines) < least:
        return False
    rows = sum(bool(_CELLS.search(line.strip("\n"))) for line in lines)
    if rows * 2 >= len(lines):
        return True
    numbered = [_LEAD.match(line) for line in lines]
    return _run(int(m[1]) if m else None for m in numbered) >= max(
        least, len(lines) // 2
    )


def split_rows(text: str) -> list[tuple[int, Cells]]:
    """Rows of the main part of a text, with their lines, without running numbers."""
    main, _, _ = text.partition(SEPARATOR)
    rows = [
        (number, tuple(map(_tidy, _CELLS.split(_FRAME.sub("", line)))))
        for number, line in enumerate(main.split("\n"), start=1)
        if line.strip()
    ][:ROWS_MAX]
    return _without_numbers(rows)


def compare_lists(before: str, after: str) -> RowChanges:
    """Compare two texts of a list, the earlier one first."""
    old, new = split_rows(before), split_rows(after)
    column = _key_column([cells for _, cells in (*old, *new)])
    same = Counter(c for _, c in old) & Counter(c for _, c in new)
    gone = [_row(line, cells, column) for line, cells in _left(old, same)]
    came = [_row(line, cells, column) for line, cells in _left(new, same)]
    rarity = _rarity(cells for _, cells in (*old, *new))
    pairs = _pair(gone, came, rarity)
    taken_old = {id(one) for one, _ in pairs}
    taken_new = {id(other) for _, other in pairs}
    return RowChanges(
        before=len(old),
        after=len(new),
        added=tuple(row for row in came if id(row) not in taken_new),
        removed=tuple(row for row in gone if id(row) not in taken_old),
        corrected=tuple(
            CorrectedRow(before=one, after=other)
            for one, other in sorted(pairs, key=lambda pair: pair[1].line)
        ),
    )


def _tidy(cell: str) -> str:
    """Spacing is no content, a no-break space neither; the rest stays as written."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", cell)).strip()


def _without_numbers(rows: list[tuple[int, Cells]]) -> list[tuple[int, Cells]]:
    """Take running numbers off: a first cell of its own, or the front of one."""
    alone = [_number_alone(cells) for _, cells in rows]
    if _is_running(alone):
        return [
            (line, cells[1:] if number is not None else cells)
            for (line, cells), number in zip(rows, alone, strict=True)
        ]
    leads = [_LEAD.match(cells[0]) for _, cells in rows]
    if _is_running([int(m[1]) if m else None for m in leads]):
        return [
            (line, (cells[0][m.end() :], *cells[1:]) if m else cells)
            for (line, cells), m in zip(rows, leads, strict=True)
        ]
    return rows


def _number_alone(cells: Cells) -> int | None:
    first = cells[0].rstrip(".)")
    is_number = len(cells) > 1 and first.isascii() and first.isdigit()
    return int(first) if is_number and len(first) < 8 else None


def _is_running(numbers: Sequence[int | None]) -> bool:
    found = [number for number in numbers if number is not None]
    if len(found) < RUN_MIN:
        return False
    return _run(found) >= RUN_SHARE * (len(found) - 1)


def _run(numbers: Iterable[int | None]) -> int:
    """How often a number is followed by the next one."""
    found = [number for number in numbers if number is not None]
    return sum(b == a + 1 for a, b in pairwise(found))


def _key_column(rows: Sequence[Cells]) -> int | None:
    """The column of words whose values differ most; None where none is a key."""
    if not rows:
        return None
    values: defaultdict[int, set[str]] = defaultdict(set)
    words: Counter[int] = Counter()
    for cells in rows:
        for column, cell in enumerate(cells):
            if _LETTER.search(cell):
                values[column].add(cell)
                words[column] += 1
    best = max(values, key=lambda c: (len(values[c]), -c), default=None)
    if best is None or len(values[best]) < KEY_SHARE * words[best] / 2:
        return None
    return best


def _row(line: int, cells: Cells, column: int | None) -> Row:
    named = cells if column is None else (_at(cells, column),)
    name = "\t".join(named).casefold()
    key = hashlib.sha256(name.encode()).hexdigest()[:16]
    return Row(key=key, line=line, cells=cells)


def _left(
    rows: Iterable[tuple[int, Cells]], same: Counter[Cells]
) -> Iterator[tuple[int, Cells]]:
    """Rows that have no equal in the other list."""
    equal = Counter(same)
    for line, cells in rows:
        if equal[cells] > 0:
            equal[cells] -= 1
        else:
            yield line, cells


def _rarity(rows: Iterable[Cells]) -> Mapping[str, float]:
    """Weight of each word: the fewer rows hold it, the more it says."""
    count, total = Counter[str](), 0
    for cells in rows:
        total += 1
        count.update(_words(cells))
    # A word that is in both lists in one row each is as rare as can be.
    return {w: math.log(1 + total / max(n, 2)) for w, n in count.items()} | {
        w: 0.0 for w, n in count.items() if n > max(COMMON_IN, total / 4)
    }


def _words(cells: Cells) -> set[str]:
    return {word.casefold() for cell in cells for word in _WORD.findall(cell)}


def _pair(
    gone: Sequence[Row], came: Sequence[Row], rarity: Mapping[str, float]
) -> list[tuple[Row, Row]]:
    """Corrected rows: first those of one key, then the likest."""
    pairs = _pair_by_key(gone, came)
    taken = {id(row) for pair in pairs for row in pair}
    old = [row for row in gone if id(row) not in taken]
    new = [row for row in came if id(row) not in taken]
    alike = sorted(
        _alike(old, new, rarity), key=lambda found: (-found[0], found[1], found[2])
    )
    used_old, used_new = set[int](), set[int]()
    for _, one, other in alike:
        if one not in used_old and other not in used_new:
            used_old.add(one)
            used_new.add(other)
            pairs.append((old[one], new[other]))
    return pairs


def _pair_by_key(gone: Sequence[Row], came: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Keys that are once on each side."""
    old, new = Counter(r.key for r in gone), Counter(r.key for r in came)
    once = {row.key: row for row in gone if old[row.key] == 1 == new[row.key]}
    return [(once[row.key], row) for row in came if row.key in once]


def _alike(
    old: Sequence[Row], new: Sequence[Row], rarity: Mapping[str, float]
) -> Iterator[tuple[float, int, int]]:
    holders: defaultdict[str, list[int]] = defaultdict(list)
    new_words = [_words(row.cells) for row in new]
    for place, words in enumerate(new_words):
        for word in words:
            holders[word].append(place)
    left = LIKE_MAX
    for one, row in enumerate(old):
        words = _words(row.cells)
        rare = (w for w in words if len(holders[w]) <= COMMON_IN)
        for other in {place for word in rare for place in holders[word]}:
            left -= 1
            if left < 0:
                return
            like = _likeness(words, new_words[other], rarity)
            if like >= LIKENESS:
                yield like, one, other


def _likeness(one: set[str], other: set[str], rarity: Mapping[str, float]) -> float:
    """Weight of the words in common, of the weight of the richer side."""
    most = max(_weight(one, rarity), _weight(other, rarity))
    return _weight(one & other, rarity) / most if most else 0.0


def _weight(words: Iterable[str], rarity: Mapping[str, float]) -> float:
    return sum(rarity.get(word, 0.0) for word in words)


def _at(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""
