"""What extraction gave, kept beside the index: no page is read twice for a rebuild.

index/extracts.sqlite     one row a capture: extractor's answer without its text

Derived, and never believed further than the kept text it names: a text that is not
there or has another digest is extracted again. Rows of other extractor versions, and of
captures that an index made anew does not hold, are deleted and overwritten with zeros.
"""

import json
import sqlite3
import threading
from dataclasses import asdict
from pathlib import Path

from archive.digest import Digest
from archive.store.texts import find_text
from search.captures import CaptureRows
from search.extract.by_type import EXTRACTORS, FAILED_EXTRACTOR
from search.extract.result import Extract, read_extract

EXTRACTS_FILE = "extracts.sqlite"
BUSY_SECONDS = 10.0
FAILED_WARNINGS = frozenset(
    ("extractor_timeout", "extractor_crashed", "no_extractor", "unreadable")
)
"""Answers that another machine, or another day, may better."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS extract (
    capture_id TEXT PRIMARY KEY, extractors TEXT NOT NULL, made TEXT NOT NULL
) WITHOUT ROWID
"""


class ExtractCache:
    """Answers of extractors by capture; for the one indexer and its threads."""

    def __init__(self, index: Path, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        path = index / EXTRACTS_FILE
        try:
            self._rows = _open(path)
        except sqlite3.DatabaseError:
            path.unlink()  # not a table of ours: it is derived, so it is made anew
            self._rows = _open(path)

    def find(self, capture_id: str) -> Extract | None:
        """The answer for a capture, if this version gave it and its text is there."""
        with self._lock:
            row = self._rows.execute(
                "SELECT made FROM extract WHERE capture_id = ? AND extractors = ?",
                (capture_id, EXTRACTORS),
            ).fetchone()
        if row is None:
            return None
        try:
            value = json.loads(row[0])
            digest = value.pop("digest")
            text = "" if digest is None else find_text(self._root, Digest(digest))
            return None if text is None else read_extract({**value, "text": text})
        except (ValueError, TypeError, KeyError):
            return None

    def keep(self, capture_id: str, made: Extract, digest: str | None) -> None:
        """Remember an answer; a failure is tried again next time."""
        if made.extractor == FAILED_EXTRACTOR or FAILED_WARNINGS & {*made.warnings}:
            return
        value = {**asdict(made), "digest": digest}
        del value["text"]
        with self._lock:
            self._rows.execute(
                "INSERT OR REPLACE INTO extract VALUES (?, ?, ?)",
                (capture_id, EXTRACTORS, json.dumps(value, ensure_ascii=False)),
            )

    def keep_only(self, rows: CaptureRows) -> None:
        """Delete what this version did not make and what an index does not hold."""
        with self._lock:
            known = self._rows.execute("SELECT capture_id FROM extract").fetchall()
            gone = [(one,) for (one,) in known if rows.find_capture(one) is None]
            self._rows.executemany("DELETE FROM extract WHERE capture_id = ?", gone)
            self._rows.execute(
                "DELETE FROM extract WHERE extractors <> ?", (EXTRACTORS,)
            )
            self._rows.commit()

    def close(self) -> None:
        """Store what was kept."""
        with self._lock:
            self._rows.commit()
            self._rows.close()


def _open(path: Path) -> sqlite3.Connection:
    rows = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    rows.execute("PRAGMA secure_delete = ON")
    rows.execute("PRAGMA synchronous = OFF")  # lost rows are extracted again
    rows.execute(_SCHEMA)
    rows.commit()
    return rows
