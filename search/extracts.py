"""What extraction and analysis gave, kept beside the index for a rebuild.

index/extracts.sqlite     one row a capture: extractor's answer without its text, and
                          the token fields of the text, pressed

No page is read twice and no text analysed twice by one version. Derived, and never
believed further than the kept text it names: a text that is not there or has another
digest is extracted again. Rows of other extractor versions, and of captures that an
index made anew does not hold, are deleted and overwritten with zeros.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.digest import Digest
from archive.store.texts import find_text
from search.captures import CaptureRows
from search.document import BODY_FIELDS
from search.extract.by_type import EXTRACTORS, FAILED_EXTRACTOR
from search.extract.result import Extract, read_extract
from search.generations import VERSION

EXTRACTS_FILE = "extracts.sqlite"
BUSY_SECONDS = 10.0
FAILED_WARNINGS = frozenset(
    ("extractor_timeout", "extractor_crashed", "no_extractor", "unreadable")
)
"""Answers that another machine, or another day, may better."""
TOKEN_BYTES = 256 * 1024 * 1024
"""Most that the token fields of one text are unpacked to."""
PRESSED = 1
"""zlib level: tokens repeat so much that more effort saves little."""
_SCHEMA = """
DROP TABLE IF EXISTS extract;
CREATE TABLE IF NOT EXISTS kept (
    capture_id TEXT PRIMARY KEY, extractors TEXT NOT NULL, made TEXT NOT NULL,
    analysis TEXT NOT NULL, tokens BLOB NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An extractor's answer, the hex digest of its text, and its token fields.

    Of a page of many texts the fields of what items leave of it, then of each item. No
    digest where there is no text; no tokens where another version made them.
    """

    made: Extract
    digest: str | None
    tokens: Sequence[Mapping[str, str]] | None


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

    def find(self, capture_id: str) -> Kept | None:
        """The answer for a capture, if this version gave it and its text is there."""
        with self._lock:
            row = self._rows.execute(
                "SELECT made, analysis, tokens FROM kept"
                " WHERE capture_id = ? AND extractors = ?",
                (capture_id, EXTRACTORS),
            ).fetchone()
        if row is None:
            return None
        try:
            value = json.loads(row[0])
            digest = value.pop("digest")
            text = "" if digest is None else find_text(self._root, Digest(digest))
            if text is None:
                return None
            return Kept(
                made=read_extract({**value, "text": text}),
                digest=digest,
                tokens=_unpack(row[2]) if row[1] == VERSION else None,
            )
        except (ValueError, TypeError, KeyError, zlib.error):
            return None

    def keep(self, capture_id: str, kept: Kept) -> None:
        """Remember an answer; a failure is tried again next time."""
        made = kept.made
        if made.extractor == FAILED_EXTRACTOR or FAILED_WARNINGS & {*made.warnings}:
            return
        value = {**asdict(made), "digest": kept.digest}
        del value["text"]
        answer = json.dumps(value, ensure_ascii=False)
        tokens = b"" if kept.tokens is None else _pack(kept.tokens)
        analysis = "" if kept.tokens is None else VERSION
        with self._lock:
            self._rows.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
                (capture_id, EXTRACTORS, answer, analysis, tokens),
            )

    def keep_only(self, rows: CaptureRows) -> None:
        """Delete what this version did not make and what an index does not hold."""
        with self._lock:
            known = self._rows.execute("SELECT capture_id FROM kept").fetchall()
            gone = [(one,) for (one,) in known if rows.find_capture(one) is None]
            self._rows.executemany("DELETE FROM kept WHERE capture_id = ?", gone)
            self._rows.execute("DELETE FROM kept WHERE extractors <> ?", (EXTRACTORS,))
            self._rows.commit()

    def commit(self) -> None:
        """Store what was kept so far."""
        with self._lock:
            self._rows.commit()

    def close(self) -> None:
        """Store what was kept, and close the file."""
        with self._lock:
            self._rows.commit()
            self._rows.close()


def _open(path: Path) -> sqlite3.Connection:
    rows = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    rows.execute("PRAGMA secure_delete = ON")
    rows.execute("PRAGMA synchronous = OFF")  # lost rows are extracted again
    rows.executescript(_SCHEMA)
    rows.commit()
    return rows


def _pack(tokens: Sequence[Mapping[str, str]]) -> bytes:
    """Fields in their order, one a line; no token holds a line end."""
    lines = "\n".join(one[field] for one in tokens for field in BODY_FIELDS)
    return zlib.compress(lines.encode(), PRESSED)


def _unpack(packed: bytes) -> list[dict[str, str]]:
    """The fields again; ValueError or zlib.error for anything else."""
    unpacker = zlib.decompressobj()
    lines = unpacker.decompress(packed, TOKEN_BYTES)
    if not unpacker.eof:
        raise ValueError("token fields are cut or too long")
    fields = lines.decode().split("\n")
    size = len(BODY_FIELDS)
    return [
        dict(zip(BODY_FIELDS, fields[at : at + size], strict=True))
        for at in range(0, len(fields), size)
    ]
