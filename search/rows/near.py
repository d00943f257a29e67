"""Rows of documents that tell which texts are equal or nearly so (derived)."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

_LIKENESS_OF = (
    "SELECT order_key, fold, simhash FROM document"
    " WHERE order_key IN (SELECT value FROM json_each(?))"
)
_LIKENESSES = "SELECT order_key, fold, simhash FROM document WHERE fold IS NOT NULL"
_SIGN, _RANGE = 1 << 63, 1 << 64
_ALL_BITS = _RANGE - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What tells near-identical documents, as in their rows."""

    order_key: int
    fold: int | None
    simhash: int | None


class LikenessRows:
    """Likenesses in the table of documents; one connection, one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of(self, order_keys: Sequence[int]) -> list[Likeness]:
        """Likenesses of some documents, in no order."""
        # One value of JSON: as many keys as there are, none of them in the words.
        rows = self._db.execute(_LIKENESS_OF, (json.dumps(order_keys),))
        return [_likeness(row) for row in rows]

    def near(self, mine: Likeness, most_bits: int) -> list[tuple[int, int]]:
        """Documents with an equal text or a near simhash: differing bits, order key.

        A look at every row, each a few numbers: a million take most of a second.
        """
        fold, own = signed(mine.fold), signed(mine.simhash)
        found = []
        for order_key, other, simhash in self._db.execute(_LIKENESSES):
            if other == fold:
                found.append((0, int(order_key)))
            elif own is not None and simhash is not None:
                bits = ((simhash ^ own) & _ALL_BITS).bit_count()
                if bits <= most_bits:
                    found.append((bits, int(order_key)))
        return found


def signed(number: int | None) -> int | None:
    """64 bits as SQLite holds them."""
    if number is None:
        return None
    return number - _RANGE if number >= _SIGN else number


def unsigned(number: int | None) -> int | None:
    """64 bits as they were before `signed`."""
    return None if number is None else number % _RANGE


def _likeness(row: tuple[int, int | None, int | None]) -> Likeness:
    order_key, fold, simhash = row
    return Likeness(order_key=order_key, fold=unsigned(fold), simhash=unsigned(simhash))
