"""Sequences compared: blocks that are equal, and how alike two are; imports rapidfuzz.

Pure. Elements are whole numbers that stand for strings, so equal means equal.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel, LCSseq

ELEMENTS_ALIGNED = 20_000
"""At once; longer sequences are cut where both hold the same element once."""


class Numbers:
    """A number for each different string: equal numbers are equal strings, exactly."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, strings: Iterable[str]) -> list[int]:
        """Numbers of strings, new ones for those not seen before."""
        return [self._known.setdefault(one, len(self._known)) for one in strings]


@dataclass(frozen=True, slots=True)
class Block:
    """Places `old` that are equal to, or stand in the place of, the places `new`."""

    equal: bool
    old: range
    new: range


def align(old: list[int], new: list[int]) -> Iterator[Block]:
    """Blocks in reading order; neighbouring differences are one block."""
    waiting: Block | None = None
    for block in _raw_blocks(old, new):
        if block.equal:
            if waiting is not None:
                yield waiting
            waiting = None
            yield block
        elif waiting is None:
            waiting = block
        else:
            gone = range(waiting.old.start, block.old.stop)
            waiting = Block(False, gone, range(waiting.new.start, block.new.stop))
    if waiting is not None:
        yield waiting


def _raw_blocks(old: list[int], new: list[int]) -> Iterator[Block]:
    """Long ones are cut at elements that both hold once, in the same order."""
    at_old = at_new = 0
    too_long = max(len(old), len(new)) > ELEMENTS_ALIGNED
    cuts = _anchors(old, new) if too_long else []
    for one, other in [*cuts, (len(old), len(new))]:
        part, of_new = old[at_old:one], new[at_new:other]
        if max(len(part), len(of_new)) > ELEMENTS_ALIGNED:
            yield Block(False, range(at_old, one), range(at_new, other))
        else:
            for code in LCSseq.opcodes(part, of_new):
                gone = range(at_old + code.src_start, at_old + code.src_end)
                came = range(at_new + code.dest_start, at_new + code.dest_end)
                yield Block(code.tag == "equal", gone, came)
        at_old, at_new = one, other


def _anchors(old: list[int], new: list[int]) -> list[tuple[int, int]]:
    """The most elements, each once in both, that stand in the same order."""
    counts, others = Counter(old), Counter(new)
    place = {key: at for at, key in enumerate(new) if others[key] == 1}
    once = [(at, place[k]) for at, k in enumerate(old) if counts[k] == 1 and k in place]
    ends: list[int] = []
    links: list[tuple[int, int]] = []
    for number, (_, other) in enumerate(once):
        length = bisect_left(ends, other, key=lambda n: once[n][1])
        links.append((number, ends[length - 1] if length else -1))
        ends[length : length + 1] = [number]
    chain, at = [], ends[-1] if ends else -1
    while at >= 0:
        chain.append(once[at])
        at = links[at][1]
    return chain[::-1]


def likeness(old: Sequence[int], new: Sequence[int], *, least: float) -> float:
    """What two sequences share, in order: 0 to 1; 0 where it is under `least`."""
    return Indel.normalized_similarity(old, new, score_cutoff=least)
