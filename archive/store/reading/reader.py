"""Read an archive: captures by id, address or entry; their records, pages, proofs.

Takes no lock and never writes but for the catalog, which is derived. Where that cannot
be written (read-only media) it is read as it lies there, and grows in memory.
"""

import threading
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archive.attest.statements.statement import Statement
from archive.capture import Capture
from archive.digest import Digest, is_hex_digest, is_short_id
from archive.errors import (
    CaptureNotFound,
    CaptureRemoved,
    DigestMismatch,
    EvidenceError,
    LogMissing,
)
from archive.instant import format_instant
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.note import parse_note
from archive.log.proof import TlogProof
from archive.log.reader import LogReader
from archive.store.catalog.addresses import AddressLookup
from archive.store.catalog.catalog import Catalog
from archive.store.catalog.choosing import follow, open_catalog
from archive.store.catalog.earlier import EarlierCaptures
from archive.store.catalog.history import History
from archive.store.catalog.lookup import FIRST_PLACE, KeyedCapture, KeyPlace, KeySpan
from archive.store.layout import ArchiveIdentity, ArchivePaths, read_identity
from archive.store.reading.jobs import JobReader
from archive.store.reading.recorded import (
    BLOCK_LIMIT_BYTES,
    PageView,
    Payload,
    RecordedExchange,
    decode_slice,
    find_artifact,
    read_exchange_slice,
    read_page_slice,
)
from archive.store.segments.segment import find_segment, open_slice, parse_segment_name
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement
from archive.store.tombstones import Tombstone

ROWS_AT_A_TIME = 1000
"""Catalog rows fetched at once by `captures`."""


class ArchiveReader:
    """One archive, open for reading. Thread-safe; `close` when done."""

    def __init__(
        self, paths: ArchivePaths, identity: ArchiveIdentity, catalog: Catalog
    ) -> None:
        self.paths = paths
        self.identity = identity
        self._catalog = catalog
        self._lock = threading.RLock()
        self.jobs = JobReader(lambda: self._catalog, self._lock, paths.segments)

    @classmethod
    def open(cls, root: Path) -> "ArchiveReader":
        """Open the archive at `root` and bring its catalog up to date."""
        identity = read_identity(root)
        paths = ArchivePaths(root)
        return cls(paths, identity, open_catalog(paths))

    @classmethod
    def open_afresh(cls, root: Path) -> "ArchiveReader":
        """Open the archive at `root` with a catalog of now, kept in memory."""
        reader = cls(ArchivePaths(root), read_identity(root), Catalog.open(None))
        reader.catch_up()
        return reader

    def catch_up(self) -> None:
        """Let the catalog follow what was captured since."""
        with self._lock:
            self._catalog = follow(self._catalog, self.paths)

    def close(self) -> None:
        """Close the catalog."""
        with self._lock:
            self._catalog.close()

    @property
    def next_leaf(self) -> int:
        """The entry the catalog has not seen yet."""
        with self._lock:
            return self._catalog.progress().next_leaf

    def count(self) -> int:
        """How many captures and page captures there are."""
        with self._lock:
            return self._catalog.count()

    def find_all(self, capture_id: str) -> list[Capture]:
        """Captures of a hex id or short id; more than one only for a short id."""
        if not (is_hex_digest(capture_id) or is_short_id(capture_id)):
            return []
        with self._lock:
            return self._catalog.find(capture_id)

    def get_capture(self, capture_id: str) -> Capture:
        """The capture of that id; CaptureNotFound if there is none, or no more."""
        found = self.find_all(capture_id)
        if not found:
            for tombstone in self.tombstones(capture_id):
                raise CaptureRemoved(
                    f"capture {tombstone.short_id} was removed on "
                    f"{format_instant(tombstone.removed_at)} by order of "
                    f"{tombstone.authority}: {tombstone.why} (its entry "
                    f"{tombstone.leaf} stays in the log, tombstone in entry "
                    f"{tombstone.entry})"
                )
            raise CaptureNotFound(
                f"no capture {capture_id[:80]} in {self.paths.root}; "
                "`evidence list` names those there are"
            )
        return found[0]

    def tombstones(self, capture_id: str | None = None) -> list[Tombstone]:
        """All tombstones, or that of a hex or short id, in the order of the log."""
        if capture_id is not None and not (
            is_hex_digest(capture_id) or is_short_id(capture_id)
        ):
            return []
        with self._lock:
            return self._catalog.tombstones(capture_id)

    def find_referring(self, capture_id: str) -> list[Capture]:
        """Pages made of this capture, and revisits of it, in the order of the log."""
        with self._lock:
            return self._catalog.referring(capture_id)

    def find_captures(self, target_uri: str) -> list[Capture]:
        """All captures of one exact address, oldest first."""
        with self._lock:
            return self._catalog.by_uri(target_uri)

    @property
    def addresses(self) -> AddressLookup:
        """Captures of one exact address, as pages ask; it stays good while this is."""
        return AddressLookup(ask=self._ask)

    def _ask(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        with self._lock:
            return self._catalog.ask(query, values)

    def captures_of_keys(
        self,
        span: KeySpan,
        *,
        behind: KeyPlace = FIRST_PLACE,
        limit: int,
        hidden_sources: Collection[str] = (),
    ) -> list[KeyedCapture]:
        """Captures of a stretch of address keys, by key, time and entry.

        Those of hidden sources are passed over and not counted.
        """
        with self._lock:
            return self._catalog.lookup().rows(
                span, behind=behind, limit=limit, hidden_sources=hidden_sources
            )

    def captures_until(
        self, urlkey: str, at: datetime, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key not later than a time, the latest first."""
        with self._lock:
            lookup = self._catalog.lookup()
            return lookup.until(urlkey, at, limit=limit, offset=offset)

    def captures_after(
        self, urlkey: str, at: datetime, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key later than a time, the earliest first."""
        with self._lock:
            lookup = self._catalog.lookup()
            return lookup.later(urlkey, at, limit=limit, offset=offset)

    def newest(self, limit: int, offset: int = 0) -> list[Capture]:
        """The newest captures first."""
        with self._lock:
            return self._catalog.newest(limit, offset)

    def captures(self, since_leaf: int = 0) -> Iterator[Capture]:
        """All captures from an entry on, in the order of the log."""
        leaf = since_leaf
        while True:
            with self._lock:
                rows = self._catalog.since(leaf, ROWS_AT_A_TIME)
            yield from rows
            if len(rows) < ROWS_AT_A_TIME:
                return
            leaf = rows[-1].leaf + 1

    def unfinished_removals(self) -> list[int]:
        """Entries of tombstones whose removal is stated and not done."""
        with self._lock:
            return self._catalog.unsettled()

    def captures_of_job(self, job_id: str) -> list[Capture]:
        """All captures of a job, in the order of the log."""
        with self._lock:
            return self._catalog.by_job(job_id)

    def open_slice(self, capture: Capture) -> BinaryIO:
        """Open a capture's slice; it is first compared with its id, whatever its size.

        How long it is only the catalog says, which anybody may have edited.
        """
        stream = open_slice(self.paths.segments, capture.location)
        if Digest.of_stream(stream).hex != capture.capture_id:
            stream.close()
            raise DigestMismatch(
                f"the bytes at {capture.location.segment}, offset "
                f"{capture.location.offset_bytes}, are not capture "
                f"{capture.short_id}; run `evidence verify`"
            )
        stream.seek(0)
        return stream

    def read_exchange(self, capture: Capture) -> RecordedExchange:
        """The records of a capture, with request and response blocks."""
        with self.open_slice(capture) as stream:
            return read_exchange_slice(stream)

    def payload(
        self, capture: Capture, *, limit_bytes: int = BLOCK_LIMIT_BYTES
    ) -> Payload:
        """The decoded entity of a capture's response; a revisit's is the original's.

        CaptureNotFound if the original was removed, DigestMismatch if it is another.
        """
        with self.open_slice(self.original(capture)) as stream:
            return decode_slice(stream, limit_bytes=limit_bytes)

    def original(self, capture: Capture) -> Capture:
        """The capture that holds the payload: itself, or what a revisit refers to."""
        if capture.refers_to is None:
            return capture
        original = self.get_capture(capture.refers_to)
        named = self.entry(capture)[1].predicate["refers_to"]["digest"]
        if original.refers_to is not None or str(original.payload_digest) != named:
            raise DigestMismatch(
                f"capture {original.short_id} does not hold the payload that the "
                f"revisit {capture.short_id} refers to; run `evidence rebuild`"
            )
        return original

    def earlier(self, *, overrides: bool) -> EarlierCaptures:
        """What addresses held before; `overrides`: test set-ups count, too."""
        return self._catalog.earlier(overrides=overrides)

    def history(self) -> History:
        """What came before, for reports; for use by one thread."""
        return self._catalog.history

    def page_of(self, capture: Capture) -> Capture | None:
        """The newest page capture whose main capture this is.

        Pages whose statements say otherwise than the catalog are passed over.
        """
        if capture.kind == "page":
            return capture
        with self._lock:
            pages = self._catalog.pages_of(capture.capture_id)
        return next((p for p in pages if self._main_of(p) == capture.capture_id), None)

    def read_page(self, page: Capture, main_id: str | None = None) -> PageView:
        """The parts of a page, gaps included; `main_id` where `page_of` was asked."""
        main_id = main_id or self._main_of(page)
        if main_id is None:
            raise DigestMismatch(
                f"no page statement stands behind {page.short_id}; "
                "run `evidence rebuild`"
            )
        with self.open_slice(page) as stream:
            return read_page_slice(page, stream, main_id)

    def artifact(self, page: Capture, name: str) -> bytes:
        """How a browser showed a page: its `view`, `pdf`, `dom` or `text`.

        CaptureNotFound for a page without it.
        """
        with self.open_slice(page) as stream:
            data = find_artifact(stream, name)
        if data is None:
            raise CaptureNotFound(f"page {page.short_id} holds no {name}")
        return data

    def _main_of(self, page: Capture) -> str | None:
        """The main capture that a page's statement names."""
        try:
            main_id = self.entry(page)[1].predicate.get("main")
        except EvidenceError:  # damaged, or elsewhere: `verify` says how
            return None
        return None if main_id is None else str(main_id)

    def entry(self, capture: Capture) -> tuple[SegmentEntry, Statement]:
        """The slice and statement of a capture, as they lie in the segment."""
        name = parse_segment_name(capture.location.segment)
        path = find_segment(self.paths.segments, name)
        walk = SegmentWalk(path, start=capture.location.offset_bytes)
        for entry in walk:
            statement = read_statement(entry)
            if statement.slice.sha256.hex != capture.capture_id:
                raise DigestMismatch(
                    f"another capture stands where the catalog names "
                    f"{capture.short_id}; run `evidence rebuild`"
                )
            return entry, statement
        raise DigestMismatch(
            f"no statement behind capture {capture.short_id}: {walk.problem}"
        )

    @property
    def log(self) -> LogReader:
        """The log: leaves, roots, proofs."""
        return LogReader(self.paths.log)

    def checkpoint(self) -> tuple[bytes, Checkpoint]:
        """The stored checkpoint: its note as it lies there, and what it says."""
        note = self.log.read_checkpoint()
        if note is None:
            raise LogMissing(f"{self.paths.log} holds no checkpoint")
        return note, parse_checkpoint(parse_note(note).body)

    def find_proof(self, capture: Capture) -> TlogProof | None:
        """The inclusion proof of a capture's entry; None while it is not logged."""
        note, checkpoint = self.checkpoint()
        if capture.leaf >= checkpoint.size:
            return None
        hashes = self.log.prove(capture.leaf, checkpoint.size)
        return TlogProof(index=capture.leaf, hashes=hashes, checkpoint_note=note)
