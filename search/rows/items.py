"""Rows of items: where in the texts of pages each item stands (derived).

Captures of one page with one text share these rows: `division` names the leaf of the
first of them, so a page watched every ten minutes adds no row for its items.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from search.times import EVER, Window

PARTS = 1_024
"""Order keys of one capture: its page's, and one for each item of a page of many."""
Pieces = Sequence[tuple[int, int]]
"""Places in a part's text and the same in the page's, rising."""
SCHEMA = """
CREATE TABLE piece (
    leaf INTEGER NOT NULL,
    part INTEGER NOT NULL,
    at INTEGER NOT NULL,
    start INTEGER NOT NULL,
    order_key INTEGER NOT NULL REFERENCES document,
    PRIMARY KEY (leaf, part, at)
) WITHOUT ROWID;
CREATE INDEX piece_by_document ON piece (order_key, leaf) WHERE part > 0;
"""


def order_of(leaf: int, part: int = 0) -> int:
    """Order key of a document: leaf of its first capture, and its part of the page."""
    if not 0 <= part < PARTS:
        raise AssertionError("more parts than order keys")
    return leaf * PARTS + part


def leaf_of(order: int) -> int:
    """Leaf of the first capture of a document."""
    return order // PARTS


SHOWN = (
    "(c.capture_id NOT IN (SELECT value FROM json_each(?)) AND c.leaf < ?"
    " AND c.captured_us >= ? AND c.captured_us < ?)"
)
"""Of a capture `c`: that it counts, by the values that `shown` gives."""

Shown = tuple[str, int, int, int]
"""Values of `SHOWN`."""


def shown(removed: frozenset[str], upto: int | None, window: Window = EVER) -> Shown:
    """Captures at entries before `upto` but for removed ones (hex ids), in a window."""
    last = EVER[1] if upto is None else upto
    return json.dumps(sorted(removed)), last, *window


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a part: begins at `at` in the part's text, at `start` in the page's.

    Part 0 is what is left of the page; items are 1 and up.
    """

    part: int
    at: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a document is of a captured page that has items."""

    part: int
    """Number of the item; 0 for what the items leave of the page."""
    parts: int
    """How many items the page has."""
    pieces: tuple[tuple[int, int], ...]
    """Places in the document's text and the same in the page's, rising."""


class ItemRows:
    """The rows of items of one index generation, on its connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def find_division(self, order_key: int, text_digest: str | None) -> int | None:
        """Leaf whose rows hold for captures of that page with that text."""
        row = self._db.execute(
            "SELECT division FROM capture WHERE order_key = ? AND text_digest = ?"
            " AND division IS NOT NULL LIMIT 1",
            (order_key, text_digest),
        ).fetchone()
        return None if row is None else int(row[0])

    def add(
        self, leaf: int, pieces: Sequence[Piece], order_keys: Sequence[int]
    ) -> None:
        """Take in how a page is divided; `order_keys` of its documents, by part."""
        self._db.executemany(
            "INSERT INTO piece VALUES (?, ?, ?, ?, ?)",
            (
                (leaf, one.part, one.at, one.start, order_keys[one.part])
                for one in pieces
            ),
        )

    def place(self, leaf: int, part: int) -> Place:
        """What part number `part` is of the page divided at that leaf."""
        pieces = self._db.execute(
            "SELECT at, start FROM piece WHERE leaf = ? AND part = ? ORDER BY at",
            (leaf, part),
        )
        found = tuple((int(at), int(start)) for at, start in pieces)
        count = self._db.execute(
            "SELECT max(part) FROM piece WHERE leaf = ?", (leaf,)
        ).fetchone()
        return Place(part=part, parts=int(count[0] or 0), pieces=found)

    def latest(self, order_key: int, counted: Shown) -> tuple[str, int, int] | None:
        """Of an item's document: latest capture id, and its division and part.

        `counted`: which captures count, as `shown` gives them.
        """
        row = self._db.execute(
            "SELECT c.capture_id, p.leaf, p.part FROM piece p"  # noqa: S608  fixed
            " JOIN capture c ON c.division = p.leaf"
            f" WHERE p.part > 0 AND p.order_key = ? AND {SHOWN}"
            " ORDER BY c.captured_us DESC, c.leaf DESC, p.part LIMIT 1",
            (order_key, *counted),
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), int(row[2]))

    def count(self, order_key: int, counted: Shown) -> int:
        """How many of the captures that count hold an item."""
        row = self._db.execute(
            "SELECT count(DISTINCT c.leaf) FROM piece p"  # noqa: S608  fixed
            " JOIN capture c ON c.division = p.leaf"
            f" WHERE p.part > 0 AND p.order_key = ? AND {SHOWN}",
            (order_key, *counted),
        ).fetchone()
        return int(row[0])

    def seen_again(self, window: Window, counted: Shown) -> Iterator[int]:
        """Items first captured outside a window and again inside, as `counted` says."""
        rows = self._db.execute(
            "SELECT DISTINCT p.order_key FROM capture c"  # noqa: S608  fixed
            " JOIN piece p ON p.leaf = c.division AND p.part > 0"
            f" JOIN capture f ON f.leaf = p.order_key / {PARTS}"
            " WHERE c.division IS NOT NULL AND c.leaf <> f.leaf"
            " AND NOT (f.captured_us >= ? AND f.captured_us < ?)"
            f" AND {SHOWN}",
            (*window, *counted),
        )
        return (int(row[0]) for row in rows)
