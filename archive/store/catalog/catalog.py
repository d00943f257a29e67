"""The derived SQLite lookup: captures by id, by address and time; parts of a page.

Deleted or damaged, it is made again from the segments. Rows follow the leaf index;
`progress` says up to which entry, and how far into which segment, they go.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archive.capture import Capture, SliceLocation
from archive.errors import FormatError, StoreError, UnknownAlgorithm
from archive.files import OWNER_FILE_MODE
from archive.instant import format_instant
from archive.store.catalog.earlier import EarlierCaptures
from archive.store.catalog.history import History
from archive.store.catalog.jobrows import JobRows
from archive.store.catalog.lookup import Lookup
from archive.store.catalog.rows import (
    CAPTURE_COLUMNS,
    TOMBSTONE_COLUMNS,
    is_count,
    to_capture,
    to_place,
    to_row,
    to_tombstone,
)
from archive.store.catalog.schema import SCHEMA, SCHEMA_VERSION, version_of
from archive.store.places import check_catalog
from archive.store.tombstones import Tombstone
from archive.warc.surt import make_urlkey

BUSY_SECONDS = 5.0
"""How long a second process waits for the one that is catching up."""
_SEGMENT = re.compile(r"|[0-9]{4}/[0-9]{2}/[0-9]{8}-[a-z2-7]{8}\.warc\.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFacts:
    """What later requests and revisits need of a response record."""

    record_id: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the catalog stands: the next entry, and where it begins on disk."""

    next_leaf: int
    segment: str
    offset_bytes: int


class Catalog:
    """One open connection; use from one thread, close when done."""

    def __init__(
        self, connection: sqlite3.Connection, *, is_read_only: bool = False
    ) -> None:
        self._db = connection
        self.is_read_only = is_read_only
        """Whether it can only be looked into; `copy_in_memory` gives one that grows."""

    @classmethod
    def open(cls, path: Path | None) -> "Catalog":
        """Open or create the catalog; None = in memory.

        A file that is not a catalog of this version is thrown away: it is derived.
        """
        if path is None:
            return cls._create(_connect_memory())
        try:
            return cls._open_file(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.unlink()
            return cls._open_file(path)

    @classmethod
    def open_read_only(cls, path: Path) -> "Catalog":
        """Open the catalog of a folder that cannot be written to.

        Where there is none of this version that can be read, an empty one in memory.
        """
        try:
            check_catalog(path)
            db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            with ExitStack() as unless_kept:
                unless_kept.callback(db.close)
                db.isolation_level = None
                if version_of(db) == SCHEMA_VERSION:
                    unless_kept.pop_all()
                    return cls(db, is_read_only=True)
        except (sqlite3.DatabaseError, StoreError):
            pass  # it is derived: made again in memory
        return cls.open(None)

    def copy_in_memory(self) -> "Catalog":
        """The same in memory, where it can follow what was captured since."""
        memory = _connect_memory()
        self._db.backup(memory)
        return Catalog(memory)

    @classmethod
    def _open_file(cls, path: Path) -> "Catalog":
        db = _connect(path)
        if (version := version_of(db)) is not None and version != SCHEMA_VERSION:
            db.close()
            path.unlink()
            db = _connect(path)
        catalog = cls._create(db)
        # By name: opening the file here and closing it would drop the locks that other
        # threads of this process hold on it (POSIX locks belong to the process).
        if path.stat().st_mode & 0o777 != OWNER_FILE_MODE:
            with suppress(OSError):  # somebody else's, or read-only media
                path.chmod(OWNER_FILE_MODE)
        return catalog

    @classmethod
    def _create(cls, db: sqlite3.Connection) -> "Catalog":
        if version_of(db) == SCHEMA_VERSION:
            return cls(db)
        db.execute("begin immediate")
        (version,) = db.execute("pragma user_version").fetchone()
        if version == 0:  # another reader may have made it while we waited
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"pragma user_version = {SCHEMA_VERSION}")
        db.execute("commit")
        return cls(db)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def update(self) -> Iterator[None]:
        """One all-or-nothing change; sqlite3.OperationalError if another is at it."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def progress(self) -> Progress:
        """How far the catalog goes; entry 0 in a new one."""
        row = self._db.execute(
            "select next_leaf, segment, offset_bytes from progress"
        ).fetchone()
        if row is None:
            return Progress(next_leaf=0, segment="", offset_bytes=0)
        next_leaf, segment, offset = row
        is_place = _SEGMENT.fullmatch(segment) if isinstance(segment, str) else None
        if not (is_place and is_count(next_leaf) and is_count(offset)):
            raise sqlite3.DatabaseError("its progress is no place in a segment")
        return Progress(next_leaf=next_leaf, segment=segment, offset_bytes=offset)

    def set_progress(self, progress: Progress) -> None:
        """Say how far the catalog goes (inside `update`)."""
        self._db.execute(
            "insert or replace into progress values (1, ?, ?, ?)",
            (progress.next_leaf, progress.segment, progress.offset_bytes),
        )

    def add_capture(
        self,
        capture: Capture,
        parts: Sequence[str] = (),
        *,
        head: HeadFacts | None = None,
    ) -> None:
        """Add one capture, or a page capture with the ids of its parts."""
        facts = (head.record_id, head.etag, head.last_modified) if head else (None,) * 3
        self._db.execute(
            "insert or replace into capture values "
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*to_row(capture), *facts, make_urlkey(capture.target_uri)),
        )
        self._db.executemany(
            "insert or replace into part values (?, ?, ?)",
            [(capture.leaf, position, part) for position, part in enumerate(parts)],
        )

    def bury(self, tombstone: Tombstone) -> None:
        """Take in a tombstone: what it names is in the catalog no more."""
        for query in ("capture where leaf", "part where page_leaf"):
            self._db.execute(f"delete from {query} = ?", (tombstone.leaf,))  # noqa: S608
        self._db.execute(
            "insert or replace into tombstone values (?, ?, ?, ?, ?, ?, ?, 0)",
            (
                tombstone.leaf,
                tombstone.entry,
                tombstone.capture_id,
                tombstone.short_id,
                tombstone.reason,
                tombstone.authority,
                format_instant(tombstone.removed_at),
            ),
        )

    def settle(self, entry: int) -> None:
        """The removal of the tombstone in that entry is done."""
        self._db.execute("update tombstone set done = 1 where entry = ?", (entry,))

    def unsettled(self) -> list[int]:
        """Entries of tombstones whose removal is not done."""
        query = "select entry from tombstone where done = 0 order by entry"
        rows = self._db.execute(query)
        return [int(entry) for (entry,) in rows]

    def tombstones(self, capture_id: str | None = None) -> list[Tombstone]:
        """All tombstones, or those of a hex or short id, in the order of the log."""
        query = f"select {TOMBSTONE_COLUMNS} from tombstone"  # noqa: S608  fixed
        values: tuple[str, ...] = ()
        if capture_id is not None:
            column = "capture_id" if len(capture_id) == 64 else "short_id"
            query, values = f"{query} where {column} = ?", (capture_id,)
        rows = self._db.execute(f"{query} order by entry", values)
        return [to_tombstone(row) for row in rows]

    def move(self, leaf: int, location: SliceLocation) -> None:
        """A capture lies elsewhere since its segment was written anew."""
        self._db.execute(
            "update capture set segment = ?, offset_bytes = ?, length_bytes = ? "
            "where leaf = ?",
            (*to_place(location), leaf),
        )

    def by_job(self, job_id: str) -> list[Capture]:
        """All captures of a job, in the order of the log."""
        return self._select("job_id = ? order by leaf", (job_id,))

    @property
    def jobs(self) -> JobRows:
        """What is known of jobs: where their records lie, whose they are."""
        return JobRows(connection=self._db)

    @property
    def history(self) -> History:
        """What came before, for reports."""
        return History(connection=self._db)

    def find(self, capture_id: str) -> list[Capture]:
        """Captures of a hex id or a short id, oldest first; several are possible."""
        column = "capture_id" if len(capture_id) == 64 else "short_id"
        return self._select(f"{column} = ? order by leaf", (capture_id,))

    def by_uri(self, target_uri: str) -> list[Capture]:
        """All captures of one exact address, by time, then entry."""
        return self._select("target_uri = ? order by captured_at, leaf", (target_uri,))

    def since(self, leaf: int, limit: int) -> list[Capture]:
        """Captures from an entry on, in the order of the log."""
        return self._select("leaf >= ? order by leaf limit ?", (leaf, limit))

    def earlier(self, *, overrides: bool) -> EarlierCaptures:
        """What addresses held before."""
        return EarlierCaptures(connection=self._db, overrides=overrides)

    def lookup(self) -> Lookup:
        """Captures by key of their address, as CDX servers and Memento ask."""
        return Lookup(connection=self._db)

    def ask(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Rows of one of the fixed queries of `addresses`."""
        return self._db.execute(query, values).fetchall()

    def newest(self, limit: int, offset: int = 0) -> list[Capture]:
        """The newest captures first."""
        return self._select("1 order by leaf desc limit ? offset ?", (limit, offset))

    def pages_of(self, capture_id: str) -> list[Capture]:
        """Page captures whose main capture this is, newest first."""
        return self._select(
            "kind = 'page' and leaf in (select page_leaf from part where position = 0 "
            "and capture_id = ?) order by leaf desc",
            (capture_id,),
        )

    def referring(self, capture_id: str) -> list[Capture]:
        """Pages with this capture among their parts, and revisits of it."""
        return self._select(
            "leaf in (select page_leaf from part where capture_id = ?) "
            "or refers_to = ? order by leaf",
            (capture_id, capture_id),
        )

    def count(self) -> int:
        """How many captures and page captures there are."""
        (number,) = self._db.execute("select count(*) from capture").fetchone()
        return int(number)

    def _select(self, where: str, values: tuple[object, ...]) -> list[Capture]:
        # `where` is one of the constants above, never input
        query = f"select {CAPTURE_COLUMNS} from capture where {where}"  # noqa: S608
        try:
            return [to_capture(row) for row in self._db.execute(query, values)]
        except (ValueError, FormatError, UnknownAlgorithm) as error:
            raise StoreError(
                f"a row of the catalog is no capture ({error}); it is derived: "
                "`evidence rebuild` makes it again"
            ) from error


def _connect_memory() -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    memory.isolation_level = None
    return memory


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file; links at the catalog's names are refused."""
    try:
        check_catalog(path)
    except StoreError as error:
        raise sqlite3.OperationalError(str(error)) from error
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    db.isolation_level = None
    db.execute("pragma secure_delete = on")  # what was removed is gone, here too
    return db
