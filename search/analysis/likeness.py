"""How alike two texts are: a 64-bit simhash over rows of three words (pure).

Equal texts have equal numbers; of near-identical ones few bits differ. A changed
sentence in a text of eighteen changes about 7 bits; unrelated texts differ in 18 at
least, save one pair in a thousand.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

ROW_WORDS = 3
"""Words of one shingle."""
LEAST_WORDS = 24
"""Shorter texts have no number: a menu of ten words is like any other."""
ALIKE_BITS = 12
"""Texts whose numbers differ in no more bits are near-identical."""
WORDS_READ = 20_000
"""Words of a text that are looked at: a book has more of the same."""

_LANES = 8
_LANE_BITS = 32
_MASK = (1 << 64) - 1


def _spread(byte: int) -> int:
    """The bits of a byte, each in a lane of its own that can count."""
    return sum(1 << (_LANE_BITS * bit) for bit in range(_LANES) if byte >> bit & 1)


_SPREAD = tuple(map(_spread, range(256)))


@lru_cache(maxsize=1 << 17)
def _word_number(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def simhash(words: Sequence[str]) -> int | None:
    """The number of a text by its words in their exact form; None for a short one."""
    if len(words) < LEAST_WORDS:
        return None
    numbers = [_word_number(word) for word in words[:WORDS_READ]]
    rows = {
        (one * 0x9E3779B97F4A7C15 ^ two * 0xC2B2AE3D27D4EB4F ^ three) & _MASK
        for one, two, three in zip(numbers, numbers[1:], numbers[2:], strict=False)
    }
    mixed = b"".join(_mix(row).to_bytes(_LANES, "big") for row in rows)
    counts = [sum(map(_SPREAD.__getitem__, mixed[at::_LANES])) for at in range(_LANES)]
    half = len(rows) / 2
    made = 0
    for count in counts:
        for bit in reversed(range(_LANES)):
            lane = count >> (_LANE_BITS * bit) & 0xFFFFFFFF
            made = made << 1 | (lane > half)
    return made


def _mix(row: int) -> int:
    """Let every bit of a row's number depend on all others."""
    row = (row ^ row >> 31) * 0xBF58476D1CE4E5B9 & _MASK
    return row ^ row >> 27


def differing_bits(one: int, other: int) -> int:
    """How many bits of two numbers differ: 0 to 64."""
    return (one ^ other).bit_count()
