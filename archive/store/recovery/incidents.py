"""What recovery found damaged, and the `incident` statements that say so."""

import re
from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.store.drafts import Draft
from archive.store.recovery.survey import SegmentSurvey
from archive.store.segments.segment import FoundSegment
from archive.store.waiting.reading import DamagedPiece

PIECE_NAME_DIGITS = 16
"""Hex digits of a digest in a name: 64 bits tell a few pieces apart."""
_TORN = re.compile(r"([0-9]{8}-[a-z2-7]{8}\.warc\.gz)\.([0-9]{1,15})\.torn")


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


def torn_path(quarantine: Path, found: FoundSegment, offset_bytes: int) -> Path:
    """Where the tail that began at that offset is kept."""
    return quarantine / f"{found.name.stem}.{offset_bytes}.torn"


def unstated_tails(
    quarantine: Path, found: list[FoundSegment], surveys: list[SegmentSurvey]
) -> list[TornTail]:
    """Tails in quarantine that no incident names yet: this run's, or a killed one's."""
    stated = set().union(*(survey.incidents for survey in surveys))
    names = {segment.name.stem: str(segment.name) for segment in found}
    tails = []
    for path in sorted(quarantine.glob("*.torn")):
        match = _TORN.fullmatch(path.name)
        if match is None or match[1] not in names:
            continue
        segment, offset = names[match[1]], int(match[2])
        length = path.stat().st_size
        if (segment, offset) in stated or not length:
            continue
        with path.open("rb") as stream:
            digest = Digest.of_stream(stream)
        tails.append(
            TornTail(
                segment=segment,
                offset_bytes=offset,
                path=path,
                length_bytes=length,
                digest=digest,
            )
        )
    return tails


def incidents_of(report: RecoveryReport) -> list[Draft]:
    """What is to be stated: each tail, or the loss that left none."""
    if report.tails or report.lost is None:
        return [_incident(tail) for tail in report.tails]
    return [_lost_incident(report.lost)]


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


def waiting_incident(piece: DamagedPiece, number: int) -> Draft:
    """What is stated of bytes of a waiting file that nobody can sign.

    Its salt follows from them: after a crash the statement is known again.
    """
    digest = piece.digest()
    salt = f"waiting {number} {piece.start} {digest.hex}"
    return Draft(
        kind="incident",
        slice=None,
        facts=None,
        predicate={
            "cause": "custody",
            "file": f"quarantine/{waiting_piece_name(digest)}",
            "offset": piece.start,
            "length": piece.length_bytes,
            "sha256": digest.hex,
            "words": f"waiting file {number}: {piece.words}",
        },
        salt=Digest.of(salt.encode()).hex,
    )


def waiting_piece_name(digest: Digest) -> str:
    """Under which name damaged bytes of a waiting file are kept in `quarantine/`."""
    return f"raw-waiting{digest.hex[:PIECE_NAME_DIGITS]}"


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
