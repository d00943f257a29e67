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
from archive.store.survey import SegmentSurvey, survey_segment

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
class RecoveryReport:
    """What recovery had to state; only made when a tail was cut."""

    tails: tuple[TornTail, ...]


def recover(tools: LedgerTools) -> tuple[Ledger, RecoveryReport | None]:
    """Bring a locked archive into a state that can be appended to."""
    _set_raw_spools_aside(tools.paths.spool, tools.paths.quarantine)
    _recreate_begun_segment(tools)
    found = _check_order(list_segments(tools.paths.segments))
    if found[-1].is_open and not _repair(tools, found[-1]):
        found.pop()
    surveys = _survey_tail(tools, found)
    position = _position(tools, surveys)
    ledger = _open_ledger(tools, position, found[-1], surveys[-1])
    tails = _unstated_tails(tools, found[-2:], surveys[-2:])
    if not tails:
        return ledger, None
    ledger.commit([_incident(tail) for tail in tails])
    ledger.rotate()
    return ledger, RecoveryReport(tails=tuple(tails))


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


def _repair(tools: LedgerTools, found: FoundSegment) -> bool:
    """Cut the open segment to whole entries and replay; False = it was empty."""
    covered = survey_segment(found.path, logged=0).covered_bytes
    redo = list_spools(tools.paths.spool).get(found.name.serial)
    entries = _missing_entries(redo, str(found.name), covered)
    if found.path.stat().st_size > covered:
        _set_tail_aside(tools.paths.quarantine, found, covered)
        os.truncate(found.path, covered)
    if redo is not None:
        _replay(found, redo, entries)
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


def _survey_tail(tools: LedgerTools, found: list[FoundSegment]) -> list[SegmentSurvey]:
    """Survey the last two segments, and earlier ones the log does not cover yet."""
    logged = TiledLog(tools.paths.log, tools.files).size
    surveys: list[SegmentSurvey] = []
    for segment in reversed(found):
        surveys.insert(0, survey_segment(segment.path, logged=logged))
        first = surveys[0].first_leaf
        if len(surveys) >= 2 and first is not None and first <= logged:
            break
    return surveys


def _position(tools: LedgerTools, surveys: list[SegmentSurvey]) -> Position:
    logged = TiledLog(tools.paths.log, tools.files).size
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
