"""Put right what a crash left: cut the torn tail, write it again, say so.

This is the writing code run again. A tail that is not whole slices and statements is
copied to `quarantine/` and cut; the redo file then writes the same bytes once more, at
the same place, so entries that are in the log already come back unchanged. After a
cut the archive states an `incident`, seals the segment and begins a new one. A second
recovery changes nothing.
"""

import os
from pathlib import Path

from archive.errors import (
    FormatError,
    InconsistentCheckpoint,
    StoreError,
    VerificationError,
)
from archive.files import Files
from archive.log.log import TiledLog
from archive.store.ledger import Ledger, LedgerTools, Position
from archive.store.recovery.incidents import (
    LostEnd,
    RecoveryReport,
    TornTail,
    incidents_of,
    unstated_tails,
)
from archive.store.recovery.repair import repair, vouch_redo
from archive.store.recovery.survey import SegmentSurvey, Surveyor
from archive.store.segments.segment import (
    FoundSegment,
    OpenSegment,
    SegmentName,
    create_segment,
    list_segments,
    new_segment_name,
    parse_segment_name,
    seal_segment,
)
from archive.store.segments.vouching import Voucher
from archive.store.spool import list_spools, read_entries

__all__ = ["LostEnd", "RecoveryReport", "TornTail", "recover"]
RAW_SPOOLS = "raw-*"


def recover(tools: LedgerTools) -> tuple[Ledger, RecoveryReport | None]:
    """Bring a locked archive into a state that can be appended to."""
    log = TiledLog(tools.paths.log, tools.files, tools.heads)
    voucher = Voucher.open(log, identity=tools.identity, keys=tools.keys)
    _tidy(tools)
    _recreate_begun_segment(tools, voucher)
    found = _check_order(list_segments(tools.paths.segments))
    last_two = found[-2:]
    surveyor = Surveyor(voucher)
    lost = _find_lost_end(surveyor, last_two)
    if found[-1].is_open and not repair(tools, surveyor, found[-1]):
        found.pop()
    surveys = _survey_tail(surveyor, found)
    position = _position(surveyor.logged, surveys)
    # Before a statement is written that an entry of the newest copy may contradict.
    if doubt := log.demand_noted(tools.identity.origin, position.pending):
        tools.tell(doubt)
    _set_redo_aside(tools, found[-1].name)
    ledger = _open_ledger(tools, position, found[-1], surveys[-1])
    tails = unstated_tails(tools.paths.quarantine, last_two, surveys[-2:])
    if not tails and lost is None:
        return ledger, None
    report = RecoveryReport(tails=tuple(tails), lost=lost)
    try:
        ledger.commit(incidents_of(report))
        ledger.rotate()
    except BaseException:
        ledger.close()
        raise
    return ledger, report


def _tidy(tools: LedgerTools) -> None:
    """Empty folders that a copy left out, unfinished writes, spools of exchanges."""
    paths, files = tools.paths, tools.files
    for folder in (paths.spool, paths.quarantine, paths.texts, paths.anchors):
        if not folder.exists():  # never so the log: a new one would be another history
            files.make_folder(folder)
    # An indexer, who does not hold the lock, may be writing to spool and texts.
    for folder in (paths.segments, paths.quarantine):
        files.remove_unfinished(folder)
    _set_raw_spools_aside(files, paths.spool, paths.quarantine)
    TiledLog(paths.log, files).recover()


def _set_raw_spools_aside(files: Files, spool: Path, quarantine: Path) -> None:
    """An exchange that was never stated is no evidence, but nothing is thrown away."""
    for path in sorted(spool.glob(RAW_SPOOLS)):
        _set_aside(files, path, quarantine / path.name)


def _set_aside(files: Files, path: Path, target: Path) -> None:
    """Move a file to quarantine, never over another one."""
    free, number = target, 2
    while os.path.lexists(free):
        free = target.with_name(f"{target.name}{number}")
        number += 1
    files.rename(path, free)


def _recreate_begun_segment(tools: LedgerTools, voucher: Voucher) -> None:
    """A segment whose redo file was synced but whose own file was not made yet."""
    known = {segment.name.serial for segment in list_segments(tools.paths.segments)}
    serial = max(known, default=-1) + 1
    redo = list_spools(tools.paths.spool).get(serial)
    name = _find_begun(redo, serial, voucher) if redo is not None else None
    if name is not None:
        create_segment(
            tools.paths.segments, name, first_leaf=0, files=tools.files
        ).close()


def _set_redo_aside(tools: LedgerTools, last: SegmentName) -> None:
    """A redo file of a later segment that nobody vouches for is not of that segment.

    Its own entries would be written behind those bytes and could not be read back. Only
    now: where segments are lost, it may be what is left of them.
    """
    for serial, redo in list_spools(tools.paths.spool).items():
        if serial > last.serial:
            aside = f"raw-redo{serial:08d}"
            _set_aside(tools.files, redo, tools.paths.quarantine / aside)


def _find_begun(redo: Path, serial: int, voucher: Voucher) -> SegmentName | None:
    """The segment that a redo file begins, if its first entry is one of ours."""
    first = next(read_entries(redo), None)
    if first is None or first.offset_bytes != 0:
        return None
    try:
        name = parse_segment_name(first.segment)
        vouch_redo(redo, first, None, voucher)
    except (FormatError, VerificationError):
        return None
    return name if name.serial == serial else None


def _check_order(found: list[FoundSegment]) -> list[FoundSegment]:
    if not found:
        raise StoreError("the archive holds no segment; restore it from a copy")
    for serial, segment in enumerate(found):
        if segment.name.serial != serial:
            raise StoreError(
                f"segment {serial:08d} is missing or doubled (found {segment.name}); "
                "restore it from a copy"
            )
        if segment.is_open and serial != len(found) - 1:
            raise StoreError(
                f"segment {segment.name} is open but not the last one; restore the "
                "archive from a copy"
            )
    return found


def _find_lost_end(surveyor: Surveyor, last_two: list[FoundSegment]) -> LostEnd | None:
    """Whether entries that are in the log are gone from the open segment."""
    surveys = [surveyor.get(segment.path) for segment in last_two]
    next_leaf = max(survey.next_leaf for survey in surveys)
    if not last_two[-1].is_open or next_leaf >= surveyor.logged:
        return None
    return LostEnd(
        segment=str(last_two[-1].name),
        offset_bytes=surveys[-1].covered_bytes,
        entries=surveyor.logged - next_leaf,
    )


def _survey_tail(surveyor: Surveyor, found: list[FoundSegment]) -> list[SegmentSurvey]:
    """Survey the last two segments, and earlier ones the log does not cover yet."""
    surveys: list[SegmentSurvey] = []
    for segment in reversed(found):
        surveys.insert(0, surveyor.get(segment.path))
        first = surveys[0].first_leaf
        if len(surveys) >= 2 and first is not None and first <= surveyor.logged:
            break
    return surveys


def _position(logged: int, surveys: list[SegmentSurvey]) -> Position:
    last = surveys[-1]
    if last.next_leaf < logged:
        raise InconsistentCheckpoint(
            f"the log holds {logged} entries but the segments only {last.next_leaf}: "
            "the end of the last segment is lost; restore it from a copy"
        )
    pending = [line for survey in surveys for line in survey.unlogged]
    refusal = next((one.refusal for one in surveys if one.refusal), None)
    return Position(
        next_leaf=last.next_leaf,
        prev=last.prev,
        pending=pending,
        refusal=refusal,
        anchors={k: v for survey in surveys for k, v in survey.anchors.items()},
    )


def _open_ledger(
    tools: LedgerTools, position: Position, last: FoundSegment, survey: SegmentSurvey
) -> Ledger:
    """Go on in the open segment, or begin the one after the last sealed one."""
    first_leaf, folder, files = (
        survey.first_leaf or 0,
        tools.paths.segments,
        tools.files,
    )
    if last.is_open:
        segment = OpenSegment(last.name, last.path, first_leaf=first_leaf, files=files)
        return Ledger(tools, position, segment)
    seal_segment(folder, last.name, files=files)
    name = new_segment_name(last.name.serial + 1, tools.clock(), tools.random_bytes)
    segment = create_segment(folder, name, first_leaf=position.next_leaf, files=files)
    ledger = Ledger(tools, position, segment)
    ledger.write_seal(last.name, first_leaf=first_leaf)
    return ledger
