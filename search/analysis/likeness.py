"""How alike two texts are: a 64-bit simhash over rows of three words (pure).

Equal texts have equal numbers; of near-identical ones few bits differ. A changed
sentence in a text of eighteen changes about 7 bits; unrelated texts differ in 18 at
least, save one pair in a thousand.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

ROW_WORDS = 3
"""Words of one shingle."""
LEAST_WORDS = 24
"""Shorter texts have no number: a menu of ten words is like any other."""
ALIKE_BITS = 12
"""Texts whose numbers differ in no more bits are near-identical."""
WORDS_READ = 20_000
"""Words of a text that are looked at: a book has more of the same."""

_Numbers = npt.NDArray[np.uint64]
_BITS = 64
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""What the numbers of a row's first and second word are multiplied with: odd."""
_MIXER = np.uint64(0xBF58476D1CE4E5B9)
_SHIFTS = np.uint64(31), np.uint64(27)


@lru_cache(maxsize=1 << 17)
def _word_number(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def simhash(words: Sequence[str]) -> int | None:
    """The number of a text by its words in their exact form; None for a short one."""
    if len(words) < LEAST_WORDS:
        return None
    numbers = np.fromiter(map(_word_number, words[:WORDS_READ]), np.uint64)
    one, two, three = numbers[:-2], numbers[1:-1], numbers[2:]
    mixed = _mix(np.unique(one * _FIRST ^ two * _SECOND ^ three))
    bits = np.unpackbits(mixed.astype(">u8").view(np.uint8)).reshape(-1, _BITS)
    above = bits.sum(axis=0, dtype=np.uint32) > len(mixed) / 2
    return int.from_bytes(np.packbits(above).tobytes(), "big")


def _mix(rows: _Numbers) -> _Numbers:
    """Let every bit of a row's number depend on all others; modulo 2^64."""
    rows = (rows ^ rows >> _SHIFTS[0]) * _MIXER
    return rows ^ rows >> _SHIFTS[1]


def differing_bits(one: int, other: int) -> int:
    """How many bits of two numbers differ: 0 to 64."""
    return (one ^ other).bit_count()
