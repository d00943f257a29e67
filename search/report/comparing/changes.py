"""What changed between two texts: paragraphs, then words.

Pure. A paragraph is a line of an extracted text that is not blank, so the rows of a
list are paragraphs, too. They are equal when their words and signs are: spacing alone
is no change. Every paragraph of both texts is in exactly one entry, in reading order.
Offsets are Unicode code points of the text it stands in, `[start, end)`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from search.report.comparing.sequences import Block, Numbers, align, likeness

PAIR_CELLS = 25_000_000
"""Words of one paragraph times those of the other: more are not compared in words."""
CELLS = 400_000_000
"""The same for all paragraphs of two texts: about a second."""
LIKENESS = 0.5
"""Two paragraphs with so much in common are one paragraph, changed."""
CELL_WORDS, CELLS_REPLACED = 4, 20
"""So few paragraphs of so few words are cells of a table: what came replaced them."""
CANDIDATES = 40_000
"""Pairs looked at to find what a paragraph that is gone became elsewhere."""

_LINE = re.compile(r"[^\n\f]*[^\s\f][^\n\f]*")
_TOKEN = re.compile(r"\d[\d.,\u00a0\u202f]*\d|\w+|\s+|[^\w\s]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w")
_DIGIT = re.compile(r"\d")


class Kind(StrEnum):
    """What became of a paragraph."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """Equal, but before or behind others than it was."""
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A paragraph in its text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words of a changed paragraph: `same`, `removed` or `added`."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphChange:
    """One paragraph: `before` is None for an added one, `after` for a removed one."""

    kind: Kind
    before: Place | None
    after: Place | None
    pieces: tuple[Piece, ...] = ()
    """For a changed one: those that are `same` or `added` are its new text, those that
    are `same` or `removed` its old one but for spacing. Empty: too long to compare."""

    @property
    def numbers(self) -> bool:
        """Whether a number is in what was added, removed or changed."""
        if self.kind in (Kind.SAME, Kind.MOVED):
            return False
        if self.pieces:
            said = [one.text for one in self.pieces if one.kind is not Kind.SAME]
        else:
            said = [one.text for one in (self.before, self.after) if one is not None]
        return any(map(_DIGIT.search, said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Two texts compared, paragraph by paragraph, in the order of the later one.

    What was removed stands where it stood, behind the paragraph that was before it.
    """

    paragraphs: tuple[ParagraphChange, ...]
    complete: bool
    """False: too long to find all moves, or the words of every paragraph."""

    @property
    def counts(self) -> dict[Kind, int]:
        """How many paragraphs of each kind, every kind named."""
        counted = Counter(one.kind for one in self.paragraphs)
        return {kind: counted[kind] for kind in Kind}

    @property
    def equal(self) -> bool:
        """Whether nothing but spacing differs."""
        return all(one.kind is Kind.SAME for one in self.paragraphs)

    def first_numbers(self) -> tuple[ParagraphChange, ...]:
        """What is not the same: changed numbers first, else in reading order."""
        different = [one for one in self.paragraphs if one.kind is not Kind.SAME]
        return tuple(sorted(different, key=lambda one: not one.numbers))


def compare_texts(before: str, after: str) -> Changes:
    """Compare two texts, the earlier one first."""
    old, new = split_paragraphs(before), split_paragraphs(after)
    numbers = Numbers()
    keys = numbers.of(map(_key, old)), numbers.of(map(_key, new))
    rows = _Rows(old, new, keys)
    for block in align(*keys):
        rows.take(block)
    return rows.finish()


def split_paragraphs(text: str) -> list[Place]:
    """The lines of a text that hold a sign, with their offsets."""
    return [
        Place(start=found.start(), end=found.end(), text=found[0])
        for found in _LINE.finditer(text)
    ]


def _key(place: Place) -> str:
    return _SPACE.sub(" ", place.text).strip()


class _Rows:
    """Entries being made, in reading order; a pair may still be found elsewhere."""

    def __init__(
        self,
        old: list[Place],
        new: list[Place],
        keys: tuple[list[int], list[int]],
    ) -> None:
        self._old, self._new = old, new
        self._old_keys, self._new_keys = keys
        self._rows: list[tuple[int | None, int | None, Kind]] = []
        self._numbers = Numbers()
        self._known: dict[tuple[int, int], list[int]] = {}
        self._cells = CELLS
        self._complete = True

    def take(self, block: Block) -> None:
        """Add the paragraphs of a block: those gone, then those that came."""
        if block.equal:
            pairs = zip(block.old, block.new, strict=True)
            self._rows += [(one, other, Kind.SAME) for one, other in pairs]
            return
        self._rows += [(one, None, Kind.REMOVED) for one in block.old]
        self._rows += [(None, other, Kind.ADDED) for other in block.new]

    def finish(self) -> Changes:
        """Find what moved, and what changed; then compare the words of it."""
        self._join_moved()
        self._join_changed()
        made = tuple(self._entry(*row) for row in self._rows)
        return Changes(paragraphs=made, complete=self._complete)

    def _join_moved(self) -> None:
        """What is gone in one place and came in another, word for word."""
        came: defaultdict[int, list[int]] = defaultdict(list)
        for _, other, kind in reversed(self._rows):
            if kind is Kind.ADDED and other is not None:
                came[self._new_keys[other]].append(other)
        partner = {
            came[self._old_keys[one]].pop(): one
            for one, _, kind in self._rows
            if kind is Kind.REMOVED and one is not None and came[self._old_keys[one]]
        }
        self._join(partner, Kind.MOVED)

    def _join_changed(self) -> None:
        """What is like a paragraph that is gone: in its place, else anywhere."""
        self._join_cells()
        self._join_alike(
            (one, other)
            for gone, came in self._replaced()
            if len(gone) * len(came) <= CANDIDATES
            for one in gone
            for other in came
        )
        gone = [
            one for one, other, _ in self._rows if one is not None and other is None
        ]
        came = [
            other for one, other, _ in self._rows if other is not None and one is None
        ]
        if len(gone) * len(came) > CANDIDATES:
            self._complete = False
            return
        self._join_alike((one, other) for one in gone for other in came)

    def _join_cells(self) -> None:
        """Cells of a table: as many short paragraphs came as are gone there."""
        self._join(
            {
                other: one
                for gone, came in self._replaced()
                if len(gone) == len(came) <= CELLS_REPLACED
                and all(len(self._words(self._old, at)) <= CELL_WORDS for at in gone)
                and all(len(self._words(self._new, at)) <= CELL_WORDS for at in came)
                for one, other in zip(gone, came, strict=True)
            },
            Kind.CHANGED,
        )

    def _join_alike(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Join the likest pairs first; of equally like ones the nearer."""
        alike = [
            (-like, abs(one - other), one, other)
            for one, other in pairs
            if (like := self._likeness(one, other)) >= LIKENESS
        ]
        partner: dict[int, int] = {}
        taken: set[int] = set()
        for _, _, one, other in sorted(alike):
            if one not in taken and other not in partner:
                partner[other] = one
                taken.add(one)
        self._join(partner, Kind.CHANGED)

    def _replaced(self) -> Iterator[tuple[list[int], list[int]]]:
        """What is gone in one place, and what came there."""
        gone: list[int] = []
        came: list[int] = []
        for one, other, kind in [*self._rows, (None, None, Kind.SAME)]:
            if kind is Kind.REMOVED and one is not None and not came:
                gone.append(one)
            elif kind is Kind.ADDED and other is not None:
                came.append(other)
            else:
                if gone and came:
                    yield gone, came
                gone, came = [], []
                if kind is Kind.REMOVED and one is not None:
                    gone.append(one)

    def _join(self, partner: dict[int, int], kind: Kind) -> None:
        """Put the old paragraph beside its new one; its own row goes."""
        gone = set(partner.values())
        self._rows = [
            (partner[other], other, kind)
            if other in partner and one is None and other is not None
            else (one, other, was)
            for one, other, was in self._rows
            if not (was is Kind.REMOVED and one in gone)
        ]

    def _likeness(self, one: int, other: int) -> float:
        """0 to 1: words in common, in order; short and long ones are never alike."""
        old, new = self._words(self._old, one), self._words(self._new, other)
        if min(len(old), len(new)) < LIKENESS / 2 * max(len(old), len(new)):
            return 0.0
        if not self._afford(old, new):
            return 0.0
        return likeness(old, new, least=LIKENESS)

    def _words(self, places: list[Place], at: int) -> list[int]:
        start = (id(places), at)
        if start not in self._known:
            tokens = _TOKEN.findall(places[at].text)
            words = (token for token in tokens if not token.isspace())
            self._known[start] = self._numbers.of(words)
        return self._known[start]

    def _afford(self, old: Sequence[object], new: Sequence[object]) -> bool:
        cells = len(old) * len(new)
        if cells > PAIR_CELLS or cells > self._cells:
            self._complete = False
            return False
        self._cells -= cells
        return True

    def _entry(self, one: int | None, other: int | None, kind: Kind) -> ParagraphChange:
        before = None if one is None else self._old[one]
        after = None if other is None else self._new[other]
        pieces: tuple[Piece, ...] = ()
        if kind is Kind.CHANGED and before is not None and after is not None:
            old, new = _TOKEN.findall(before.text), _TOKEN.findall(after.text)
            if self._afford(old, new):
                pieces = tuple(_pieces(old, new))
        return ParagraphChange(kind=kind, before=before, after=after, pieces=pieces)


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    """Runs of tokens: what is gone, then what came in its place.

    What stayed between two changes and has no letter or digit is part of the change:
    it reads better so. Spacing of what stayed is that of the new text.
    """
    gone: list[str] = []
    came: list[str] = []
    numbers = Numbers()
    for block in align(numbers.of(_plain(old)), numbers.of(_plain(new))):
        before = old[block.old.start : block.old.stop]
        after = new[block.new.start : block.new.stop]
        changing = bool(gone or came)
        last = block.old.stop == len(old) and block.new.stop == len(new)
        if block.equal and (last or not changing or _has_word(after)):
            yield from _changed_pieces(gone, came)
            gone, came = [], []
            yield Piece(kind=Kind.SAME, text="".join(after))
        else:
            gone += before
            came += after
    yield from _changed_pieces(gone, came)


def _changed_pieces(gone: list[str], came: list[str]) -> Iterator[Piece]:
    if gone:
        yield Piece(kind=Kind.REMOVED, text="".join(gone))
    if came:
        yield Piece(kind=Kind.ADDED, text="".join(came))


def _plain(tokens: list[str]) -> Iterator[str]:
    return (" " if token.isspace() else token for token in tokens)


def _has_word(tokens: list[str]) -> bool:
    return any(_WORD.match(token) for token in tokens)
