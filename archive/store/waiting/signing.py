"""Sign what waited: each draft of the waiting files becomes a statement, once.

A file gets the number of an entry into its name before its first draft is signed.
After a crash the statements from that entry on are looked through: what has the salt of
a draft was stated and is not stated again. Bytes that are no entry are kept in
quarantine and stated as an `incident`. The file goes when all of it is on disk.
"""

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement
from archive.digest import Digest
from archive.errors import FormatError, MalformedStatement, VerificationError
from archive.store.catalog.follow import CAPTURE_KINDS
from archive.store.drafts import Draft, format_rows
from archive.store.layout import ArchivePaths
from archive.store.ledger import Committed
from archive.store.recovery.incidents import waiting_incident, waiting_piece_name
from archive.store.recovery.killed import find_killed_jobs, forget_closed
from archive.store.segments.segment import FileWindow, list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.tombstones import tombstone_of
from archive.store.waiting.files import WaitingEntry, WaitingFile, list_waiting
from archive.store.waiting.reading import DamagedPiece, read_pieces
from archive.store.writing.writer import ArchiveWriter
from archive.warc.reading import read_slice_rows

AT_ONCE: Final = 64
"""Drafts handed in before their disk is waited for: one group of the writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a key, and what waited and is damaged."""

    entries: tuple[WaitingEntry, ...]
    damage: tuple[DamagedPiece, ...]


def check_waiting(root: Path) -> Waiting:
    """Everything that waits, each draft as right as a statement must be.

    FormatError or VerificationError for the first that is whole and not right: it is
    not of ours.
    """
    entries, damage = [], []
    for file in list_waiting(ArchivePaths(root).spool):
        for piece in read_pieces(file.path):
            if isinstance(piece, DamagedPiece):
                damage.append(piece)
                continue
            _check_rows(file.path, piece)
            entries.append(piece)
    return Waiting(entries=tuple(entries), damage=tuple(damage))


def sign_waiting(
    writer: ArchiveWriter,
    clock: Callable[[], datetime],
    *,
    approved: Sequence[WaitingEntry],
) -> int:
    """State what was approved, file by file, in order; says how much.

    Damage is stated, too, and not counted. What came, or was changed, since somebody
    looked stays where it is, unsigned.
    """
    wanted = {entry.identity for entry in approved}
    count = 0
    for file in list_waiting(writer.spool_folder):
        count += _sign_file(writer, file, wanted)
    for closing in find_killed_jobs(writer.root, clock):
        writer.close_job(closing).result()
    forget_closed(writer.spool_folder, writer.files)
    return count


def _sign_file(writer: ArchiveWriter, file: WaitingFile, wanted: Set[Digest]) -> int:
    if file.first_leaf is None:
        leaf = _begin_of_last_segment(writer.root)
        begun = file.begun_at(leaf)
        writer.files.rename(file.path, begun)
        file = replace(file, path=begun, first_leaf=leaf)
    stated, removed = _stated_since(writer.root, file.first_leaf or 0)
    waiting: deque[tuple[Future[Committed], BinaryIO]] = deque()
    count, is_all = 0, True
    try:
        for entry in read_pieces(file.path):
            if isinstance(entry, DamagedPiece):
                _state_damage(writer, file, entry, stated)
                continue
            if entry.salt in stated or entry.slice_sha256 in removed:
                continue
            if entry.identity not in wanted:
                is_all = False
                continue
            stream = _open_slice(file.path, entry)
            waiting.append((writer.state(_draft(entry, stream)), stream))
            count += 1
            if len(waiting) == AT_ONCE:
                _settle(waiting)
        while waiting:
            _settle(waiting)
    finally:
        for future, stream in waiting:  # of an error
            wait([future])  # the writer reads from it until then
            stream.close()
    if is_all:
        writer.files.remove(file.path)
    return count


def _state_damage(
    writer: ArchiveWriter, file: WaitingFile, piece: DamagedPiece, stated: Set[str]
) -> None:
    """Keep the bytes in quarantine, then state that they are there."""
    incident = waiting_incident(piece, file.number)
    if incident.salt in stated:
        return
    kept = ArchivePaths(writer.root).quarantine / waiting_piece_name(piece.digest())
    writer.files.replace_with(kept, piece.chunks())
    writer.state(incident).result()


def _settle(waiting: deque[tuple[Future[Committed], BinaryIO]]) -> None:
    future, stream = waiting.popleft()
    with stream:
        future.result()


def _draft(entry: WaitingEntry, stream: BinaryIO) -> Draft:
    return Draft(
        kind=entry.kind,
        slice=stream,
        facts=entry.facts,
        predicate=dict(entry.predicate),
        subjects=entry.subjects,
        salt=entry.salt,
    )


def _open_slice(path: Path, entry: WaitingEntry) -> BinaryIO:
    return io.BufferedReader(FileWindow(path, entry.start, entry.length_bytes))


def _check_rows(path: Path, entry: WaitingEntry) -> None:
    """The record table is that of the slice: no statement is signed that is refused."""
    with _open_slice(path, entry) as stream:
        rows = read_slice_rows(stream)
    if entry.kind in CAPTURE_KINDS and entry.predicate.get("records") != format_rows(
        rows
    ):
        raise MalformedStatement(
            f"{path}, offset {entry.start}: the records are not those of the slice"
        )


def _stated_since(root: Path, leaf: int) -> tuple[set[str], set[str]]:
    """Salts of the statements from an entry on, newest segments first.

    And the captures removed since: what is taken down does not come back from here.
    """
    salts: set[str] = set()
    removed: set[str] = set()
    for segment in reversed(list_segments(ArchivePaths(root).segments)):
        first = None
        for statement in _statements(segment.path):
            first = statement.seq if first is None else first
            if statement.seq >= leaf:
                salts.add(str(statement.predicate["salt"]))
                if statement.kind == "tombstone":
                    removed.add(tombstone_of(statement).capture_id)
        if first is not None and first <= leaf:
            break
    return salts, removed


def _begin_of_last_segment(root: Path) -> int:
    """An entry at or before the next one: what is stated from now on lies behind it."""
    last = list_segments(ArchivePaths(root).segments)[-1]
    return next((statement.seq for statement in _statements(last.path)), 0)


def _statements(path: Path) -> Iterator[Statement]:
    for entry in SegmentWalk(path):
        if entry.stub is not None:
            continue
        with suppress(FormatError, VerificationError, UnknownKind):
            yield read_statement(entry)
