"""Make the end of the open segment certain: nothing is trusted because it can be read.

After a sync that failed, the kernel hands out bytes that are not on disk and the next
sync says nothing about them. So whatever no checkpoint vouches for is written again:
the redo file as a new file, then the end of the segment from it, the same bytes at the
same place, each with a sync of its own. Where all is vouched for, nothing is written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.errors import FormatError, MalformedRecord, VerificationError
from archive.files import Files, read_range
from archive.store.ledger import LedgerTools
from archive.store.recovery.incidents import torn_path
from archive.store.recovery.survey import SegmentSurvey, Surveyor
from archive.store.segments.segment import FoundSegment, OpenSegment
from archive.store.segments.vouching import Place, Voucher
from archive.store.segments.walk import SegmentWalk
from archive.store.spool import (
    SpoolEntry,
    copy_entry,
    list_spools,
    read_entries,
    rewrite_spool,
    spool_path,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redo:
    """The redo file of the open segment as it was found, and its whole entries."""

    path: Path
    entries: list[SpoolEntry]
    is_torn: bool


def repair(tools: LedgerTools, surveyor: Surveyor, found: FoundSegment) -> bool:
    """Cut the open segment to whole entries and write its end again.

    False: it held nothing, and is gone.
    """
    files, survey = tools.files, surveyor.get(found.path)
    redo = _read_redo(tools.paths.spool, found, survey, surveyor.voucher)
    is_cut = found.path.stat().st_size > survey.covered_bytes
    entries = _chain(redo.entries, survey.covered_bytes)
    if is_cut:
        _set_tail_aside(files, tools.paths.quarantine, found, survey.covered_bytes)
    if is_cut or redo.is_torn or entries or survey.unsettled:
        surveyor.forget(found.path)
        _write_redo(files, redo, found, survey)
        _write_end(files, redo.path, found, survey.settled_bytes)
    if found.path.stat().st_size:
        return True
    files.remove(found.path)
    return False


def _read_redo(
    folder: Path, found: FoundSegment, survey: SegmentSurvey, voucher: Voucher
) -> _Redo:
    path = spool_path(folder, found.name.serial)
    if found.name.serial not in list_spools(folder):
        return _Redo(path=path, entries=[], is_torn=False)
    entries = list(read_entries(path, trusted_bytes=survey.settled_bytes))
    end = entries[-1].start + entries[-1].length_bytes if entries else 0
    own = [entry for entry in entries if entry.segment == str(found.name)]
    vouched = list(_vouched(path, own, survey, voucher))
    is_whole = path.stat().st_size == end and len(vouched) == len(entries)
    # What is torn was never acknowledged, what nobody vouches for was never ours.
    return _Redo(path=path, entries=vouched, is_torn=not is_whole)


def _vouched(
    path: Path, entries: Iterable[SpoolEntry], survey: SegmentSurvey, voucher: Voucher
) -> Iterator[SpoolEntry]:
    """The entries that the segment holds already, and those that may follow it."""
    at, place = survey.settled_bytes, survey.settled
    for entry in entries:
        if entry.end_bytes <= survey.settled_bytes:
            yield entry
        elif entry.offset_bytes == at:
            try:
                place = vouch_redo(path, entry, place, voucher)
            except (FormatError, VerificationError):
                continue
            at = entry.end_bytes
            yield entry


def vouch_redo(
    path: Path, entry: SpoolEntry, after: Place | None, voucher: Voucher
) -> Place:
    """Where the chain stands behind an entry; FormatError, VerificationError."""
    found = next(iter(SegmentWalk(path, start=entry.start)), None)
    lengths = (entry.slice_bytes, entry.statement_bytes)
    if found is None or (found.slice_bytes, found.statement_bytes) != lengths:
        raise MalformedRecord("a redo entry that is no slice and statement")
    statement = voucher.read(found, after)
    return Place(next_leaf=statement.seq + 1, prev=str(statement.digest))


def _chain(entries: Iterable[SpoolEntry], start: int) -> list[SpoolEntry]:
    """The entries that follow `start` without a gap."""
    chain: list[SpoolEntry] = []
    for entry in entries:
        if entry.offset_bytes == start:
            chain.append(entry)
            start = entry.end_bytes
    return chain


def _set_tail_aside(
    files: Files, quarantine: Path, found: FoundSegment, covered: int
) -> None:
    """Keep the tail durably before it is cut.

    One that is there already is kept: it was set aside by a recovery that was killed,
    and what lies behind the cut now is that recovery's half of the redo file.
    """
    target = torn_path(quarantine, found, covered)
    if not target.exists():
        length = found.path.stat().st_size - covered
        files.replace_with(target, read_range(found.path, covered, length))


def _write_redo(
    files: Files, redo: _Redo, found: FoundSegment, survey: SegmentSurvey
) -> None:
    """Write the redo file as a new file; what only the segment still holds goes in."""
    known = {entry.offset_bytes for entry in redo.entries}
    entries = [(redo.path, entry) for entry in redo.entries]
    entries += [
        (found.path, entry)
        for entry in _segment_entries(found, survey)
        if entry.offset_bytes not in known
    ]
    entries.sort(key=lambda item: item[1].offset_bytes)
    if entries:
        rewrite_spool(files, redo.path, entries)
    else:
        files.remove(redo.path)


def _segment_entries(
    found: FoundSegment, survey: SegmentSurvey
) -> Iterator[SpoolEntry]:
    """The unsettled entries of the segment, as the redo file would have them."""
    for offset, slice_bytes, statement_bytes in survey.unsettled:
        length = slice_bytes + statement_bytes
        yield SpoolEntry(
            segment=str(found.name),
            offset_bytes=offset,
            slice_bytes=slice_bytes,
            statement_bytes=statement_bytes,
            digest=Digest.of_chunks(read_range(found.path, offset, length)),
            start=offset,
        )


def _write_end(files: Files, redo: Path, found: FoundSegment, settled: int) -> None:
    """Cut off what no checkpoint vouches for; write it again from the redo file."""
    files.truncate(found.path, settled)
    entries = read_entries(redo, trusted_bytes=settled) if redo.exists() else ()
    chain = _chain(entries, settled)
    if not chain:
        return
    segment = OpenSegment(found.name, found.path, first_leaf=0, files=files)
    try:
        for entry in chain:
            copy_entry(redo, entry, segment.append)
        segment.sync()
    finally:
        segment.close()
