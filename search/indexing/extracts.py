"""What extraction and analysis gave, kept beside the index for a rebuild.

index/extracts.sqlite     one row a capture: extractor's answer without its text, and
                          what the analysis found in its documents, compressed

No page is read twice and no text analysed twice by one version. Derived, and never
believed further than the kept text it names: a text that is not there or has another
digest is extracted again. Rows of other extractor versions, and of captures that an
index made anew does not hold, are deleted and overwritten with zeros.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from archive.digest import Digest
from archive.store.texts import deflated_part, find_text_file
from search.documents.document import Analysed
from search.engines.fields import TOKEN_FIELDS
from search.extract.by_type import EXTRACTORS, FAILED_EXTRACTOR
from search.extract.result import Extract, read_extract
from search.indexing.generations import VERSION
from search.rows.captures import CaptureRows

_isal: ModuleType | None
try:
    from isal import isal_zlib
except ImportError:  # a platform without a build of it: same format, slower
    _isal = None
else:
    _isal = isal_zlib

EXTRACTS_FILE = "extracts.sqlite"
BUSY_SECONDS = 10.0
FAILED_WARNINGS = frozenset(
    ("extractor_timeout", "extractor_crashed", "no_extractor", "unreadable")
)
"""Answers that another machine, or another day, may better."""
ANALYSED_BYTES = 256 * 1024 * 1024
"""Most that what was found in one page is unpacked to."""
LEVEL = 1
"""Level: tokens repeat so much that more effort saves little."""
ANALYSIS = f"{VERSION}/1"
"""What found it, and the form it is written in here."""
_COMPRESSOR: Any = _isal or zlib
"""A fifth of the CPU that a rebuild takes beside the engine was zlib's."""
_WRITER = json.JSONEncoder(ensure_ascii=False)
_COMPRESSION_ERRORS = (zlib.error, _COMPRESSOR.error)
_SCHEMA = """
DROP TABLE IF EXISTS extract;
DROP TABLE IF EXISTS kept;
CREATE TABLE IF NOT EXISTS answer (
    capture_id TEXT PRIMARY KEY, extractors TEXT NOT NULL, made TEXT NOT NULL,
    analysis TEXT NOT NULL, analysed BLOB NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An extractor's answer, its text's hex digest, and what was found in the text.

    Of a page of many texts in what items leave of it, then in each item. No digest
    where there is no text; nothing found where another version looked.
    """

    made: Extract
    digest: str | None
    compressed: bytes | None
    """The bytes of the text, deflated, where they are at hand."""
    analysed: Sequence[Analysed] | None


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
                "SELECT made, analysis, analysed FROM answer"
                " WHERE capture_id = ? AND extractors = ?",
                (capture_id, EXTRACTORS),
            ).fetchone()
        if row is None:
            return None
        try:
            value = json.loads(row[0])
            digest = value.pop("digest")
            text, compressed = "", None
            if digest is not None:
                found = find_text_file(self._root, Digest(digest))
                if found is None:
                    return None
                text, compressed = found[0], deflated_part(found[1])
            return Kept(
                made=read_extract({**value, "text": text}),
                digest=digest,
                compressed=compressed,
                analysed=_unpack(row[2]) if row[1] == ANALYSIS else None,
            )
        except (ValueError, TypeError, KeyError, *_COMPRESSION_ERRORS):
            return None

    def keep(self, capture_id: str, kept: Kept) -> None:
        """Remember an answer; a failure is tried again next time."""
        made = kept.made
        if made.extractor == FAILED_EXTRACTOR or FAILED_WARNINGS & {*made.warnings}:
            return
        value = {**asdict(made), "digest": kept.digest}
        del value["text"]
        answer = _WRITER.encode(value)
        analysed = b"" if kept.analysed is None else _pack(kept.analysed)
        analysis = "" if kept.analysed is None else ANALYSIS
        with self._lock:
            self._rows.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                (capture_id, EXTRACTORS, answer, analysis, analysed),
            )

    def keep_only(self, rows: CaptureRows) -> None:
        """Delete what this version did not make and what an index does not hold."""
        with self._lock:
            known = self._rows.execute("SELECT capture_id FROM answer").fetchall()
            gone = [(one,) for (one,) in known if rows.find_capture(one) is None]
            self._rows.executemany("DELETE FROM answer WHERE capture_id = ?", gone)
            self._rows.execute(
                "DELETE FROM answer WHERE extractors <> ?", (EXTRACTORS,)
            )
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


def _pack(analysed: Sequence[Analysed]) -> bytes:
    """One value a line, identity, likeness, fields: no token holds a line end."""
    lines = [
        line
        for one in analysed
        for line in (
            one.fold,
            "" if one.simhash is None else format(one.simhash, "x"),
            *(one.tokens[field] for field in TOKEN_FIELDS),
        )
    ]
    compressed: bytes = _COMPRESSOR.compress("\n".join(lines).encode(), LEVEL)
    return compressed


def _unpack(packed: bytes) -> list[Analysed]:
    """The same again; ValueError or the presser's own error for anything else."""
    unpacker = _COMPRESSOR.decompressobj()
    data: bytes = unpacker.decompress(packed, ANALYSED_BYTES)
    if not unpacker.eof:
        raise ValueError("what was found in a text is cut or too long")
    lines = data.decode().split("\n")
    size = 2 + len(TOKEN_FIELDS)
    return [
        _read_one(lines[at], lines[at + 1], lines[at + 2 : at + size])
        for at in range(0, len(lines), size)
    ]


def _read_one(fold: str, simhash: str, fields: Sequence[str]) -> Analysed:
    return Analysed(
        tokens=dict(zip(TOKEN_FIELDS, fields, strict=True)),
        fold=fold,
        simhash=int(simhash, 16) if simhash else None,
    )
