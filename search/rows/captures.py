"""Rows beside the index: which captures each document stands for (derived, SQLite).

A page watched every ten minutes stays one document; its captures are counted here.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import SearchUnavailable
from search.rows.items import PARTS, ItemRows, leaf_of
from search.rows.items import SCHEMA as ITEM_SCHEMA
from search.rows.near import LikenessRows, signed, unsigned

BUSY_SECONDS = 10.0
"""How long a reader waits while a batch is being stored."""
WRITER_BUSY_SECONDS = 120.0
"""How long the indexer waits for readers to end. The engine holds the batch by then: to
give up would be to begin from nothing, and no reader of ours takes a second."""
STEP_ROWS = 1_000
"""Rows read at once where all are read: no reader holds the indexer off while it does
something else with a row."""

WRITER_CACHE_KIB = 64 * 1024
"""Pages of the table the indexer keeps: ids come in no order, and every one that is
looked for elsewhere would be a read."""
_WRITER_CACHE = f"PRAGMA cache_size = -{WRITER_CACHE_KIB}"
NOT_STATED, STATED, SPOOLED = 0, 1, 2
"""Whether a signed `extract` statement names the text of a capture."""

_SCHEMA = f"""
CREATE TABLE document (
    order_key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT,
    language TEXT,
    fold INTEGER,
    simhash INTEGER
);
CREATE TABLE capture (
    capture_id TEXT PRIMARY KEY,
    leaf INTEGER NOT NULL UNIQUE,
    order_key INTEGER NOT NULL REFERENCES document,
    captured_us INTEGER NOT NULL,
    source_id TEXT,
    text_digest TEXT,
    extractor TEXT NOT NULL,
    charset TEXT,
    declared_charset TEXT,
    bytes_key TEXT,
    stated INTEGER NOT NULL,
    division INTEGER
) WITHOUT ROWID;
CREATE INDEX capture_by_document ON capture (order_key, captured_us, leaf);
CREATE INDEX capture_by_bytes ON capture (bytes_key) WHERE bytes_key IS NOT NULL;
CREATE INDEX repeat_by_time ON capture (captured_us, order_key)
    WHERE leaf <> order_key / {PARTS};
CREATE INDEX capture_by_division ON capture (division, captured_us, leaf)
    WHERE division IS NOT NULL;
{ITEM_SCHEMA}
CREATE INDEX capture_unstated ON capture (stated) WHERE stated = 0;
CREATE TABLE progress (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRow:
    """One capture and the document it belongs to."""

    capture_id: str
    leaf: int
    order_key: int
    """Of the document it shows: of its page, or of what items leave of that."""
    captured_us: int
    source_id: str | None
    text_digest: str | None
    """Hex digest of the kept text; None where there is no text."""
    extractor: str
    charset: str | None
    declared_charset: str | None
    bytes_key: str | None
    """Equal for captures that cannot but give the same document."""
    stated: int
    division: int | None = None
    """Leaf whose rows of items hold for this capture; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """What the rows know of a document."""

    order_key: int
    document_id: str
    title: str | None
    language: str | None
    fold: int | None = None
    """Equal for equal texts, but for case and spacing; None where there is no text."""
    simhash: int | None = None
    """Near for near-identical texts; None for short ones."""


_COLUMNS = ", ".join(CaptureRow.__slots__)
_DOCUMENT = "SELECT order_key, id, title, language, fold, simhash FROM document"


class CaptureRows:
    """The table of one index generation; one connection, one thread."""

    def __init__(
        self, connection: sqlite3.Connection, removed: frozenset[str] = frozenset()
    ) -> None:
        self._db = connection
        self.removed = removed
        self.items = ItemRows(connection)
        self.likenesses = LikenessRows(connection)

    @classmethod
    def create(cls, path: Path) -> "CaptureRows":
        """Make an empty table for writing."""
        connection = sqlite3.connect(
            path, timeout=WRITER_BUSY_SECONDS, isolation_level=None
        )
        connection.execute(_WRITER_CACHE)
        connection.executescript(_SCHEMA)
        return cls(connection)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> "CaptureRows":
        """Open an existing table; SearchUnavailable if it cannot be."""
        mode = "rw" if writable else "ro"
        try:
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}",
                uri=True,
                timeout=WRITER_BUSY_SECONDS if writable else BUSY_SECONDS,
                isolation_level=None,
            )
            if writable:
                connection.execute(_WRITER_CACHE)
            connection.execute("SELECT value FROM progress LIMIT 1")
        except sqlite3.Error as error:
            raise SearchUnavailable(
                f"{path} cannot be read ({error}); run `evidence rebuild`"
            ) from error
        return cls(connection)

    def without(self, removed: frozenset[str]) -> "CaptureRows":
        """The same table on the same connection, as if these captures were not there.

        Hex ids; for answers to readers.
        """
        return CaptureRows(self._db, removed)

    def close(self) -> None:
        """Give the connection back."""
        self._db.close()

    def begin(self) -> None:
        """Start writing; nobody else sees anything before `commit`."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make everything since `begin` durable and visible."""
        self._db.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def get_progress(self, name: str) -> str | None:
        """A named value of the generation."""
        row = self._db.execute(
            "SELECT value FROM progress WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else str(row[0])

    def set_progress(self, name: str, value: str) -> None:
        """Store a named value."""
        self._db.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (name, value))

    def add_document(self, row: DocumentRow) -> None:
        """Take in a new document."""
        self._db.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(row.order_key, row.document_id, row.title, row.language),
                *(signed(row.fold), signed(row.simhash)),
            ),
        )

    def add_capture(self, row: CaptureRow) -> None:
        """Take in a capture of a document that is there."""
        marks = ", ".join("?" for _ in CaptureRow.__slots__)
        self._db.execute(
            f"INSERT INTO capture ({_COLUMNS}) VALUES ({marks})",  # noqa: S608  fixed
            tuple(getattr(row, name) for name in CaptureRow.__slots__),
        )

    def find_document(self, document_id: str) -> DocumentRow | None:
        """A document by its id."""
        return self._document(f"{_DOCUMENT} WHERE id = ?", document_id)

    def document_of(self, order_key: int) -> DocumentRow | None:
        """A document by its order key."""
        return self._document(f"{_DOCUMENT} WHERE order_key = ?", order_key)

    def _document(self, query: str, value: str | int) -> DocumentRow | None:
        row = self._db.execute(query, (value,)).fetchone()
        if row is None:
            return None
        *others, fold, simhash = row
        values = (*others, unsigned(fold), unsigned(simhash))
        return DocumentRow(**dict(zip(DocumentRow.__slots__, values, strict=True)))

    def find_capture(self, capture_id: str) -> CaptureRow | None:
        """A capture's row."""
        if capture_id in self.removed:
            return None
        return next(self.captures("capture_id = ?", (capture_id,)), None)

    def with_text(self, text_digest: str) -> list[CaptureRow]:
        """All captures of one text, by a look at every row."""
        return list(self.captures("text_digest = ? ORDER BY leaf", (text_digest,)))

    def first_text(self, since_leaf: int = 0) -> str | None:
        """Hex digest of the first text that no capture before an entry has."""
        row = self._db.execute(
            "SELECT text_digest FROM capture WHERE text_digest IS NOT NULL"
            " AND leaf >= ? AND text_digest NOT IN (SELECT text_digest FROM capture"
            " WHERE text_digest IS NOT NULL AND leaf < ?) ORDER BY leaf LIMIT 1",
            (since_leaf, since_leaf),
        ).fetchone()
        return None if row is None else str(row[0])

    def find_bytes(self, bytes_key: str) -> CaptureRow | None:
        """The first capture with the same bytes, if any."""
        return next(self.captures("bytes_key = ? ORDER BY leaf", (bytes_key,)), None)

    def documents(self) -> Iterator[tuple[int, CaptureRow | None]]:
        """The order key of every document and its first capture, in their order.

        In short reads: what is indexed meanwhile comes, too.
        """
        step, last = "order_key > ? ORDER BY order_key LIMIT ?", -1
        query = f"SELECT order_key FROM document WHERE {step}"  # noqa: S608  fixed
        while keys := self._db.execute(query, (last, STEP_ROWS)).fetchall():
            for (last,) in keys:
                leaf = leaf_of(last)
                yield last, next(self.captures("leaf = ?", (leaf,)), None)

    def every_capture(self) -> Iterator[CaptureRow]:
        """All captures in the order of the log, in short reads as `documents`."""
        step, last = "leaf > ? ORDER BY leaf LIMIT ?", -1
        while rows := list(self.captures(step, (last, STEP_ROWS))):
            yield from rows
            last = rows[-1].leaf

    def unstated(self) -> list[CaptureRow]:
        """Captures with a text that no statement names yet, in the order of the log."""
        where = "stated = 0 AND text_digest IS NOT NULL ORDER BY leaf"
        return list(self.captures(where, ()))

    def captures(self, where: str, values: Sequence[object]) -> Iterator[CaptureRow]:
        """Captures `c` of a condition in SQL, which is ours; only values are given."""
        query = f"SELECT {_COLUMNS} FROM capture c WHERE {where}"  # noqa: S608  fixed
        for row in self._db.execute(query, values):
            yield CaptureRow(**dict(zip(CaptureRow.__slots__, row, strict=True)))

    def ask(self, query: str, values: Sequence[object]) -> Iterator[tuple[object, ...]]:
        """Rows of a query in SQL, which is ours."""
        yield from self._db.execute(query, values)

    def mark(self, capture_ids: Iterable[str], stated: int) -> None:
        """Say that a statement, or a file waiting for one, names these captures."""
        self._db.executemany(
            "UPDATE capture SET stated = ? WHERE capture_id = ?",
            ((stated, capture_id) for capture_id in capture_ids),
        )

    def first_captured_at(self, leaves: Sequence[int]) -> tuple[int, ...]:
        """Order keys of the documents, pages and items, first captured at entries."""
        rows = self._db.execute(
            "SELECT d.order_key FROM json_each(?) l JOIN document d"  # noqa: S608  fixed
            f" ON d.order_key BETWEEN l.value * {PARTS} AND l.value * {PARTS}"
            f" + {PARTS - 1} ORDER BY 1",
            (json.dumps(leaves),),
        )
        return tuple(int(row[0]) for row in rows)

    def counts(self) -> tuple[int, int]:
        """How many documents and how many captures there are."""
        documents = self._db.execute("SELECT count(*) FROM document").fetchone()
        captures = self._db.execute("SELECT count(*) FROM capture").fetchone()
        return int(documents[0]), int(captures[0])
