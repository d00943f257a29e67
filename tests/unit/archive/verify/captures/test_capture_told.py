"""One capture, judged by readers who want more, or of another kind than most."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.attest.trust.folder import TrustSet
from archive.capture import Capture, EarlierCapture
from archive.log.note import SignedNote, format_note, parse_note
from archive.store.drafts import PageDraft
from archive.store.foreign import examine, import_file
from archive.store.reading.reader import ArchiveReader
from archive.store.segments import walk
from archive.verify.captures import capture as capture_module
from archive.verify.captures.capture import verify_capture
from archive.verify.log.witnesses import LastSeen
from archive.verify.policy import Wishes
from archive.verify.reporting.report import ALWAYS_REQUIRED, Outcome, Report
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.bundles import Witness
from tests.support.archives.exchanges import not_modified
from tests.support.attacks.foreign import exchange
from tests.support.disk.folders import open_segment
from tests.support.judging.sound import assert_sound

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(2)
    return archive


def trust_of(made: MadeArchive, **changes: Any) -> TrustSet:
    trust = made.trust()
    assert trust is not None
    return replace(trust, **changes)


def judge(
    made: MadeArchive, capture: Capture, trust: TrustSet | None = None, **named: Any
) -> Report:
    reader = ArchiveReader.open(made.root)
    try:
        return assert_sound(
            verify_capture(reader, capture, trust=trust or trust_of(made), **named)
        )
    finally:
        reader.close()


def head_of(made: MadeArchive) -> bytes:
    return (made.root / "log" / "checkpoint").read_bytes()


def test_a_look_alike_host_is_told(made: MadeArchive) -> None:
    with made.open_writer() as writer:
        sent = make_exchange("http://xn--80ak6aa92e.com/", b"x", made)
        capture = writer.capture(sent).result()
    report = judge(made, capture)
    (notice,) = report.notices
    assert notice.startswith("the host xn--80ak6aa92e.com reads ")
    assert report.outcome is Outcome.VERIFIED


def test_the_log_must_go_on_from_what_the_reader_saw(made: MadeArchive) -> None:
    early = head_of(made)
    made.fill(1)
    late = head_of(made)
    (first, *_others) = made.captures()
    seen = LastSeen(name="kept", note=early)
    report = judge(made, first, last_seen=seen)
    assert report.outcome is Outcome.VERIFIED
    assert report.required == ALWAYS_REQUIRED | {14}
    path = made.root / "log" / "checkpoint"
    path.chmod(0o600)
    path.write_bytes(early)
    report = judge(made, first, last_seen=LastSeen(name="kept", note=late))
    assert [one.code for one in report.of(Outcome.FAILED)] == ["last-seen-ahead"]
    path.unlink()
    report = judge(made, first, last_seen=seen)
    assert report.outcome is Outcome.NOT_CHECKED


def test_a_checkpoint_of_another_log_says_nothing(made: MadeArchive) -> None:
    (first, *_others) = made.captures()
    seen = LastSeen(name="kept", note=b"nothing")
    report = judge(made, first, last_seen=seen)
    assert report.outcome is Outcome.NOT_CHECKED
    reader = ArchiveReader.open(made.root)
    report = verify_capture(reader, first, trust=None, last_seen=seen)
    reader.close()
    assert 14 in report.required


def test_who_wants_revocation_data_asks_for_it(made: MadeArchive) -> None:
    (first, *_others) = made.captures()
    report = judge(made, first, wishes=Wishes(strict=True))
    assert report.required == ALWAYS_REQUIRED | {12}
    assert report.outcome is Outcome.NOT_CHECKED


def test_witnesses_of_the_checkpoint_are_counted_first(made: MadeArchive) -> None:
    path = made.root / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    witnesses = [Witness.make(number) for number in (1, 2, 3)]
    lines = (*note.signatures, *(one.line(note.body) for one in witnesses))
    path.chmod(0o600)
    path.write_bytes(format_note(SignedNote(body=note.body, signatures=lines)))
    known = tuple((one.name, one.vkey) for one in witnesses[:2])
    trust = trust_of(made, witnesses=known, witness_quorum=1)
    (first, *_others) = made.captures()
    report = judge(made, first, trust)
    assert report.headline == (
        "2 of 1 witnesses, 0 authorities asked for: no independent time"
    )
    assert report.outcome is Outcome.VERIFIED
    assert report.required == ALWAYS_REQUIRED | {9}


def revisit_of(made: MadeArchive, capture: Capture) -> Capture:
    reader = ArchiveReader.open(made.root)
    record_id = reader.read_exchange(capture).records[0].header.record_id
    reader.close()
    assert capture.payload_digest is not None
    earlier = EarlierCapture(
        capture_id=capture.capture_id,
        record_id=record_id,
        target_uri=capture.target_uri,
        captured_at=capture.captured_at,
        payload_digest=capture.payload_digest,
    )
    with made.open_writer() as writer:
        sent = not_modified(capture.target_uri, earlier, at=made.clock())
        return writer.capture(sent).result()


def page_of(made: MadeArchive, main: Capture) -> Capture:
    with made.open_writer() as writer:
        draft = PageDraft(
            target_uri=main.target_uri,
            main=main,
            captures=(main,),
            rendering="static",
            page_info={"parts": []},
            job_id=None,
            source_id=None,
            resources=(),
        )
        return writer.page(draft).result()


def test_a_page_of_a_revisit_is_checked_down_to_the_payload(made: MadeArchive) -> None:
    (first, *_others) = made.captures()
    revisit = revisit_of(made, first)
    page = page_of(made, revisit)
    report = judge(made, page)
    assert report.outcome is Outcome.VERIFIED
    held = {f.step: f.parameters.get("count") for f in report.of(Outcome.VERIFIED)}
    assert (held[1], held[2], held[5], held[7]) == (3, 3, 3, 3)
    trust = trust_of(made)
    (operator,) = trust.operators
    later = replace(operator, first_leaf=revisit.leaf)
    report = judge(made, page, replace(trust, operators=(later,)))
    failed = [(one.step, one.subject) for one in report.of(Outcome.FAILED)]
    assert failed == [(10, f"entry {first.leaf}")]


@pytest.mark.parametrize("which", ["revisit", "page"])
def test_what_it_rests_on_is_logged_too(made: MadeArchive, which: str) -> None:
    """Its own leaf is in the log; those of what it rests on were edited there."""
    (first, *_others) = made.captures()
    capture = revisit_of(made, first) if which == "revisit" else page_of(made, first)
    for path in (made.root / "log" / "tile" / "entries" / "000.p").iterdir():
        leaves = path.read_bytes().split(b"evidence/v1 ")
        if len(leaves) > first.leaf + 1:
            altered = leaves[first.leaf + 1].replace(b"capture", b"captuRe")
            leaves[first.leaf + 1] = altered
        path.chmod(0o600)
        path.write_bytes(b"evidence/v1 ".join(leaves))
    report = judge(made, capture)
    assert report.outcome is Outcome.FAILED
    assert {one.subject for one in report.of(Outcome.FAILED)} == {f"entry {first.leaf}"}


@pytest.mark.parametrize("which", ["revisit", "page"])
def test_what_it_rests_on_stands_where_the_catalog_says(
    made: MadeArchive, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, second) = made.captures()
    capture = revisit_of(made, first) if which == "revisit" else page_of(made, first)
    moved = replace(first, location=second.location)
    monkeypatch.setattr(ArchiveReader, "get_capture", lambda _self, _id: moved)
    report = judge(made, capture)
    assert "capture-elsewhere" in {one.code for one in report.of(Outcome.FAILED)}
    gone = replace(first.location, segment="00000099-aaaaaaaa.warc.gz")
    moved = replace(first, location=gone)
    report = judge(made, capture)
    missing = [one for one in report.of(Outcome.NOT_CHECKED) if one.step == 5]
    assert [one.code for one in missing] == ["segment-missing"]


def test_a_slice_of_too_many_members_is_told_by_its_records_alone(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind the slice is none of it, though it can be read."""
    first, second = made.captures()
    monkeypatch.setattr(walk, "MEMBERS_LIMIT", 2)
    for capture in (first, second):
        report = judge(made, capture)
        (found,) = [one for one in report.findings if one.step == 5]
        begin = capture.location.offset_bytes
        assert found.detail == (
            f"no whole capture at offset {begin}: the slice at offset {begin} has more "
            "than 2 members; of 3 signed records: 3 exact"
        )
        assert found.parameters == {"offset": begin}


def test_behind_the_damage_records_are_hashed_where_they_were(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be read in order; each is found by its place."""
    _first, second = made.captures()
    monkeypatch.setattr(walk, "MEMBERS_LIMIT", 2)

    def nothing(*_arguments: object, **_named: object) -> Any:
        return iter(())

    monkeypatch.setattr(capture_module, "RecordWalk", nothing)
    report = judge(made, second)
    (found,) = [one for one in report.findings if one.step == 5]
    assert found.detail.endswith("of 3 signed records: 3 exact")


def test_before_the_damage_records_are_compared_by_what_is_in_them(
    made: MadeArchive,
) -> None:
    """The first is packed at another time: its bytes are others, the record is not."""
    _first, second = made.captures()
    reader = ArchiveReader.open(made.root)
    rows = reader.entry(second)[1].predicate["records"]
    reader.close()
    path, begin = open_segment(made.root), second.location.offset_bytes
    data = bytearray(path.read_bytes())
    data[begin + 4] ^= 1
    data[begin + rows[2]["offset"] + 1] ^= 1
    path.write_bytes(bytes(data))
    report = judge(made, second)
    (found,) = [one for one in report.findings if one.step == 5]
    assert found.detail.endswith(
        "of 3 signed records: 1 exact, 1 recompressed, 1 altered, record 0 (response) "
        "recompressed; record 2 (metadata) altered"
    )


def test_an_import_that_is_damaged_is_told_without_records(
    made: MadeArchive, tmp_path: Path
) -> None:
    """Its statement signs the slice alone."""
    path = tmp_path / "received.warc"
    path.write_bytes(b"".join([*exchange(), *exchange(number=2)]))
    reader = ArchiveReader.open(made.root)
    with made.open_writer() as writer:
        found = examine(path, tmp_path)
        import_file(path, found, writer=writer, reader=reader, at=made.clock())
    reader.close()
    imported = made.captures()[-1]
    segment = open_segment(made.root)
    data = bytearray(segment.read_bytes())
    data[imported.location.offset_bytes + 1] ^= 1
    segment.write_bytes(bytes(data))
    report = judge(made, imported)
    assert report.outcome is Outcome.FAILED
