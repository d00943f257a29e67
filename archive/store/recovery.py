"""Put right what a crash left: cut the torn tail, write it again, say so.

This is the writing code run again. A tail that is not whole slices and statements is
copied to `quarantine/` and cut; the redo file then writes the same bytes once more, at
the same place, so entries that are in the log already come back unchanged. After a
cut the archive states an `incident`, seals the segment and begins a new one. A second
recovery changes nothing.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.errors import InconsistentCheckpoint, StoreError
from archive.files import sync_folder
from archive.log.log import TiledLog
from archive.store.drafts import Draft
from archive.store.ledger import Ledger, LedgerTools, Position
from archive.store.segment import (
    FoundSegment,
    OpenSegment,
    create_segment,
    list_segments,
    new_segment_name,
    parse_segment_name,
)
from archive.store.spool import SpoolEntry, copy_entry, list_spools, read_entries
from archive.store.survey import SegmentSurvey, Surveyor

RAW_SPOOLS = "raw-*"
_TORN = re.compile(r"(\d{8}-[a-z2-7]{8}\.warc\.gz)\.(\d{1,15})\.torn")


@dataclass(frozen=True, slots=True, kw_only=True)
class TornTail:
    """A tail set aside in `quarantine/`; `offset_bytes` is where it was cut off."""

    segment: str
    offset_bytes: int
    path: Path
    length_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEnd:
    """Entries of the log that were missing from a segment without leaving a tail."""

    segment: str
    offset_bytes: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryReport:
    """What recovery had to state; only made when the end of a segment was damaged."""

    tails: tuple[TornTail, ...]
    lost: LostEnd | None
    """Written again from the redo file, like the whole entries of a tail."""


def recover(tools: LedgerTools) -> tuple[Ledger, RecoveryReport | None]:
    """Bring a locked archive into a state that can be appended to."""
    _set_raw_spools_aside(tools.paths.spool, tools.paths.quarantine)
    TiledLog(tools.paths.log, tools.files).recover()
    _recreate_begun_segment(tools)
    found = _check_order(list_segments(tools.paths.segments))
    last_two = found[-2:]
    surveyor = Surveyor(TiledLog(tools.paths.log, tools.files).size)
    lost = _find_lost_end(surveyor, last_two)
    if found[-1].is_open and not _repair(tools, surveyor, found[-1]):
        found.pop()
    surveys = _survey_tail(surveyor, found)
    position = _position(surveyor.logged, surveys)
    ledger = _open_ledger(tools, position, found[-1], surveys[-1])
    tails = _unstated_tails(tools, last_two, surveys[-2:])
    if not tails and lost is None:
        return ledger, None
    incidents = [_incident(tail) for tail in tails]
    if lost is not None and not tails:
        incidents.append(_lost_incident(lost))
    ledger.commit(incidents)
    ledger.rotate()
    return ledger, RecoveryReport(tails=tuple(tails), lost=lost)


def _set_raw_spools_aside(spool: Path, quarantine: Path) -> None:
    """An exchange that was never stated is no evidence, but nothing is thrown away."""
    for path in sorted(spool.glob(RAW_SPOOLS)):
        path.rename(quarantine / path.name)


def _recreate_begun_segment(tools: LedgerTools) -> None:
    """A segment whose redo file was synced but whose own file was not made yet."""
    known = {segment.name.serial for segment in list_segments(tools.paths.segments)}
    for serial, redo in list_spools(tools.paths.spool).items():
        first = next(read_entries(redo), None)
        if serial in known or first is None:
            continue
        name = parse_segment_name(first.segment)
        create_segment(tools.paths.segments, name, first_leaf=0).close()


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


def _repair(tools: LedgerTools, surveyor: Surveyor, found: FoundSegment) -> bool:
    """Cut the open segment to whole entries and replay; False = it was empty."""
    covered = surveyor.get(found.path).covered_bytes
    redo = list_spools(tools.paths.spool).get(found.name.serial)
    entries = _missing_entries(redo, str(found.name), covered)
    if found.path.stat().st_size > covered:
        _set_tail_aside(tools.paths.quarantine, found, covered)
        os.truncate(found.path, covered)
    if redo is not None:
        _replay(found, redo, entries)
    if entries:
        surveyor.forget(found.path)
    if covered == 0 and not entries:
        found.path.unlink()
        sync_folder(found.path.parent)
        return False
    return True


def _missing_entries(redo: Path | None, name: str, covered: int) -> list[SpoolEntry]:
    """Whole redo entries that continue the segment without a gap."""
    missing: list[SpoolEntry] = []
    end = covered
    for entry in read_entries(redo) if redo else ():
        if entry.segment == name and entry.offset_bytes == end:
            missing.append(entry)
            end = entry.end_bytes
    return missing


def _replay(found: FoundSegment, redo: Path, entries: list[SpoolEntry]) -> None:
    """Append the missing entries; drop the redo file's own torn end."""
    segment = OpenSegment(found.name, found.path, first_leaf=0)
    for entry in entries:
        copy_entry(redo, entry, segment.append)
    segment.sync()
    segment.close()
    whole = [entry.start + entry.length_bytes for entry in read_entries(redo)]
    if whole and whole[-1] < redo.stat().st_size:
        os.truncate(redo, whole[-1])  # never acknowledged
    if not whole:
        redo.unlink()


def _set_tail_aside(quarantine: Path, found: FoundSegment, covered: int) -> None:
    """Copy the tail away durably before it is cut."""
    target = quarantine / f"{found.name.stem}.{covered}.torn"
    with found.path.open("rb") as stream, target.open("wb") as out:
        stream.seek(covered)
        shutil.copyfileobj(stream, out)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(quarantine)


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
    return Position(next_leaf=last.next_leaf, prev=last.prev, pending=pending)


def _open_ledger(
    tools: LedgerTools, position: Position, last: FoundSegment, survey: SegmentSurvey
) -> Ledger:
    """Go on in the open segment, or begin the one after the last sealed one."""
    first_leaf = survey.first_leaf or 0
    if last.is_open:
        segment = OpenSegment(last.name, last.path, first_leaf=first_leaf)
        return Ledger(tools, position, segment)
    name = new_segment_name(last.name.serial + 1, tools.clock(), tools.random_bytes)
    segment = create_segment(tools.paths.segments, name, first_leaf=position.next_leaf)
    ledger = Ledger(tools, position, segment)
    ledger.write_seal(last.name, first_leaf=first_leaf)
    return ledger


def _unstated_tails(
    tools: LedgerTools, found: list[FoundSegment], surveys: list[SegmentSurvey]
) -> list[TornTail]:
    """Tails in quarantine that no incident names yet: this run's, or a killed one's."""
    stated = set().union(*(survey.incidents for survey in surveys))
    names = {segment.name.stem: str(segment.name) for segment in found}
    tails = []
    for path in sorted(tools.paths.quarantine.glob("*.torn")):
        match = _TORN.fullmatch(path.name)
        if match is None or match[1] not in names:
            continue
        segment, offset = names[match[1]], int(match[2])
        if (segment, offset) in stated:
            continue
        with path.open("rb") as stream:
            digest = Digest.of_stream(stream)
        tails.append(
            TornTail(
                segment=segment,
                offset_bytes=offset,
                path=path,
                length_bytes=path.stat().st_size,
                digest=digest,
            )
        )
    return tails


def _incident(tail: TornTail) -> Draft:
    return Draft(
        kind="incident",
        slice=None,
        facts=None,
        predicate={
            "cause": "torn-tail",
            "file": tail.segment,
            "offset": tail.offset_bytes,
            "length": tail.length_bytes,
            "sha256": tail.digest.hex,
            "words": "the end of the segment was set aside and written again",
        },
    )


def _lost_incident(lost: LostEnd) -> Draft:
    return Draft(
        kind="incident",
        slice=None,
        facts=None,
        predicate={
            "cause": "custody",
            "file": lost.segment,
            "offset": lost.offset_bytes,
            "length": None,
            "sha256": None,
            "words": f"{lost.entries} entries of the log were gone from the end of the "
            "segment and were written again",
        },
    )
