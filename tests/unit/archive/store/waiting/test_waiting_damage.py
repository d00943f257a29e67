"""A43: a byte that rots among what waits is told, and takes nothing else with it."""

from pathlib import Path
from typing import Any

import pytest

from archive.errors import FormatError, KeyProblem
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.waiting.files import WaitingEntry, list_waiting
from archive.store.waiting.reading import read_waiting
from archive.store.waiting.signing import Waiting, check_waiting, sign_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.store.writing.settings import WriterSettings
from archive.verify.whole.folder import verify_archive
from archive.warc.member import Effort
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)

STEP = 37
"""Every so many bytes one is flipped: all fields of each header are hit."""


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def keep(made: MadeArchive, count: int, *, job: bool = True) -> Path:
    """So many captures without a key; gives the waiting file."""
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    fill(writer, made, count, job=job)
    writer.close()
    return list_waiting(made.root / "spool")[-1].path


def flip(path: Path, whole: bytes, at: int) -> None:
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


def incidents(made: MadeArchive) -> list[dict[str, Any]]:
    walked = (
        read_statement(entry)
        for segment in list_segments(made.root / "segments")
        for entry in SegmentWalk(segment.path)
    )
    return [dict(found.predicate) for found in walked if found.kind == "incident"]


def lost(entries: list[WaitingEntry], waiting: Waiting) -> list[WaitingEntry]:
    """Which of the entries are not there any more."""
    left = {entry.salt for entry in waiting.entries}
    return [entry for entry in entries if entry.salt not in left]


def test_A43_any_byte_that_changes_costs_its_own_entry_at_most_and_is_named(
    made: MadeArchive,
) -> None:
    path = keep(made, 2)
    whole, entries = path.read_bytes(), list(read_waiting(path))
    begins = [20, *(entry.end_bytes for entry in entries)]
    for at in range(0, len(whole), STEP):
        flip(path, whole, at)
        found = check_waiting(made.root)
        hit = [
            e for b, e in zip(begins, entries, strict=False) if b <= at < e.end_bytes
        ]
        assert lost(entries, found) == hit, at
        (damage,) = found.damage
        assert damage.start <= at < damage.end_bytes


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("place", ["length", "digest", "header", "slice"])
def test_A43_the_others_are_signed_and_an_incident_states_what_is_damaged(
    made: MadeArchive, number: int, place: str
) -> None:
    path = keep(made, 3, job=False)
    whole, entries = path.read_bytes(), list(read_waiting(path))
    begin = [20, *(entry.end_bytes for entry in entries)][number]
    at = {"length": 5, "digest": 9, "header": 60}.get(place, 0) + begin
    flip(path, whole, at if place != "slice" else entries[number].start + 50)
    with made.open_writer() as writer:
        approved = check_waiting(made.root).entries
        assert sign_waiting(writer, made.clock, approved=approved) == 2
    reader = ArchiveReader.open(made.root)
    found = [capture.capture_id for capture in reader.captures()]
    reader.close()
    others = [one for count, one in enumerate(entries) if count != number]
    assert found == [one.slice_sha256 for one in others]
    (incident,) = incidents(made)
    kept = made.root / incident["file"]
    assert kept.stat().st_size == incident["length"]
    assert (incident["cause"], incident["offset"]) == ("custody", begin)
    assert not path.exists()
    report = verify_archive(made.root, trust=made.trust())
    assert str(report.outcome) == "VERIFIED"


def test_A43_verify_fails_while_damage_waits_and_says_where(made: MadeArchive) -> None:
    path = keep(made, 2)
    whole, entries = path.read_bytes(), list(read_waiting(path))
    flip(path, whole, entries[1].start + 9)
    report = verify_archive(made.root, trust=made.trust())
    (finding,) = [one for one in report.findings if one.code == "waiting-damaged"]
    assert finding.parameters["offset"] == entries[0].end_bytes


def test_a_cut_end_is_told_and_fails_nothing(made: MadeArchive) -> None:
    path = keep(made, 2)
    path.write_bytes(path.read_bytes()[:-9])
    report = verify_archive(made.root, trust=made.trust())
    assert "waiting-damaged" not in {one.code for one in report.findings}
    assert any("never finished" in notice for notice in report.notices)
    (piece,) = check_waiting(made.root).damage
    assert piece.is_torn


def test_no_page_can_feign_an_entry_behind_a_damaged_one(made: MadeArchive) -> None:
    """The body holds a whole entry of the same form, stored without compression."""
    path = keep(made, 1, job=False)
    feigned = path.read_bytes()[20:]
    path.unlink()
    writer = WaitingWriter.open(
        made.root,
        reason=KeyProblem("no key"),
        random_bytes=made.random_bytes,
        settings=WriterSettings(effort=Effort.STORED),
    )
    for number, body in enumerate((feigned, b"<p>good</p>")):
        exchange = make_exchange(f"http://a.example/{number}", body, made)
        writer.capture(exchange).result()
    writer.close()
    (file,) = list_waiting(made.root / "spool")
    whole, entries = file.path.read_bytes(), list(read_waiting(file.path))
    assert feigned[:50] in whole
    flip(file.path, whole, 30)
    assert list(read_waiting(file.path)) == entries[1:]


def test_signing_stopped_by_a_forged_draft_leaves_the_damage_where_it_is(
    made: MadeArchive,
) -> None:
    path = keep(made, 1)
    path.with_name("waiting-00000007.drafts").write_bytes(b"another file of that name")
    with pytest.raises(FormatError):
        check_waiting(made.root)
    assert path.exists()
