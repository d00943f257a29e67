"""Faults that stop one check and no other: of captures, statements, files, bundles."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from archive.capture import Capture, MemoryBytes, SliceLocation
from archive.digest import Digest
from archive.errors import CaptureNotFound, FormatError, MalformedRecord
from archive.export.judge import PlannedFiles
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk
from archive.verify.bundles import bundletimes
from archive.verify.bundles.bundle import verify_files
from archive.verify.bundles.bundletimes import BundleTimes
from archive.verify.captures import capture as capture_module
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.statements.checks import (
    _check_headers,
    _check_revisit,
    check_records,
)
from archive.verify.statements.entries import check_entry
from archive.verify.whole.files import FolderFiles
from tests.support.archives.archives import MadeArchive, make_archive, make_page
from tests.support.archives.bundles import World
from tests.support.attacks.tamper import flip
from tests.support.judging.sound import codes

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(2)
    return archive


@pytest.fixture
def reader(made: MadeArchive) -> Iterator[ArchiveReader]:
    opened = ArchiveReader.open(made.root)
    yield opened
    opened.close()


def first(reader: ArchiveReader) -> Capture:
    return next(iter(reader.captures()))


def test_another_capture_at_the_place_is_named(
    made: MadeArchive, reader: ArchiveReader
) -> None:
    asked = replace(first(reader), capture_id="ab" * 32)
    report = verify_capture(reader, asked, trust=made.trust())
    assert "5 capture-elsewhere" in codes(report)


def test_a_statement_that_is_no_capture_at_the_place_is_named(
    made: MadeArchive, reader: ArchiveReader
) -> None:
    (segment,) = list_segments(reader.paths.segments)
    opening = list(SegmentWalk(segment.path))[1]
    place = SliceLocation(
        segment=str(segment.name),
        offset_bytes=opening.slice_offset,
        length_bytes=opening.slice_bytes,
    )
    asked = replace(first(reader), location=place)
    report = verify_capture(reader, asked, trust=made.trust())
    named = [one for one in report.of(Outcome.FAILED) if "is a job-open" in one.detail]
    assert [(one.step, one.code) for one in named] == [(5, "capture-elsewhere")]


def test_a_statement_of_another_archive_is_foreign(
    made: MadeArchive, reader: ArchiveReader
) -> None:
    reader.identity = replace(reader.identity, archive_id="a" * 26)
    report = verify_capture(reader, first(reader), trust=made.trust())
    assert "1 archive-foreign" in codes(report)


def test_a_lie_of_the_catalog_is_named(
    made: MadeArchive, reader: ArchiveReader
) -> None:
    asked = replace(first(reader), target_uri="http://lie.example/")
    report = verify_capture(reader, asked, trust=made.trust())
    assert "6 catalog-differs" in codes(report)


def test_an_entry_whose_statement_cannot_be_read_ends_there(
    made: MadeArchive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_module, "check_entry", lambda *_a, **_k: None)
    report = verify_capture(reader, first(reader), trust=made.trust())
    assert report.outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("fault", ["malformed", "another"])
def test_what_moved_is_not_said_of_another_statement(
    made: MadeArchive,
    reader: ArchiveReader,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    capture = first(reader)
    (segment,) = list_segments(reader.paths.segments)
    flip(segment.path, 8 * (capture.location.offset_bytes + 1))

    def parse(_payload: bytes) -> Any:
        if fault == "malformed":
            raise FormatError("no statement")
        return SimpleNamespace(
            slice=SimpleNamespace(sha256=Digest.of(b"")), predicate={}
        )

    monkeypatch.setattr(capture_module, "parse_statement", parse)
    report = verify_capture(reader, capture, trust=made.trust())
    (found,) = [one for one in report.findings if one.code == "slice-unreadable"]
    assert "signed records" not in found.detail


def test_a_page_without_its_main_capture_is_unfounded(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = make_page(made)
    reader = ArchiveReader.open(made.root)
    report = verify_capture(reader, page, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED

    def gone(_self: object, _capture_id: str) -> Capture:
        raise CaptureNotFound("removed")

    with monkeypatch.context() as patch:
        patch.setattr(ArchiveReader, "get_capture", gone)
        report = verify_capture(reader, page, trust=made.trust())
    assert "6 page-unfounded" in codes(report, Outcome.NOT_CHECKED)
    calls: list[int] = []

    def once(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        return check_entry(*arguments, **named) if len(calls) == 1 else None

    monkeypatch.setattr(capture_module, "check_entry", once)
    verify_capture(reader, page, trust=made.trust())
    assert len(calls) == 2
    reader.close()


def test_the_main_capture_of_a_page_is_held_against_the_same_trust(
    made: MadeArchive,
) -> None:
    page, trust = make_page(made), made.trust()
    assert trust is not None
    (operator,) = trust.operators
    since = replace(operator, first_leaf=page.leaf)
    reader = ArchiveReader.open(made.root)
    report = verify_capture(reader, page, trust=replace(trust, operators=(since,)))
    reader.close()
    (failed,) = report.of(Outcome.FAILED)
    assert (failed.step, failed.code) == (10, "key-not-valid")
    assert failed.subject != f"entry {page.leaf}"


def test_a_revisit_whose_original_cannot_be_read_ends_there(
    made: MadeArchive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, other = list(reader.captures())[:2]
    calls: list[int] = []

    def altered(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            return None
        found = check_entry(*arguments, **named)
        assert found is not None
        predicate = dict(found.statement.predicate)
        predicate["refers_to"] = {"capture": other.capture_id, "digest": "sha256:x"}
        return replace(found, statement=replace(found.statement, predicate=predicate))

    monkeypatch.setattr(capture_module, "check_entry", altered)
    verify_capture(reader, capture, trust=made.trust())
    assert len(calls) == 2


def test_a_slice_without_records_is_not_compared_with_the_catalog(
    made: MadeArchive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emptied(*arguments: Any, **named: Any) -> Any:
        found = check_entry(*arguments, **named)
        assert found is not None
        return replace(found, entry=replace(found.entry, records=()))

    monkeypatch.setattr(capture_module, "check_entry", emptied)
    report = verify_capture(reader, first(reader), trust=made.trust())
    assert "6 catalog-differs" not in codes(report)


# Statements


def header(**values: object) -> Any:
    fields = {
        "record_id": "urn:uuid:1",
        "date": "d",
        "type": "response",
        "target_uri": "http://a.example/",
        **values,
    }
    return SimpleNamespace(header=SimpleNamespace(**fields))


def predicate(**values: object) -> dict[str, object]:
    return {
        "target_uri": "http://a.example/",
        "host_alabel": "a.example",
        "captured_at": "d",
        "refers_to": None,
        **values,
    }


def test_headers_and_statement_must_agree() -> None:
    _check_headers(predicate(), [header(), header(type="metadata", target_uri="u")])
    for said, record, words in (
        (predicate(target_uri="http://[x/"), header(), "no address"),
        (predicate(host_alabel="b.example"), header(), "not the host"),
        (predicate(captured_at="e"), header(), "WARC-Date"),
    ):
        with pytest.raises(MalformedRecord, match=words):
            _check_headers(said, [record])


@pytest.mark.parametrize("kind", ["response", "request"])
def test_no_record_of_an_exchange_names_another_address(kind: str) -> None:
    record = header(type=kind, target_uri="http://b.example/")
    with pytest.raises(MalformedRecord, match="WARC-Target-URI"):
        _check_headers(predicate(), [header(), record])


def test_a_revisit_and_its_statement_must_agree() -> None:
    named = {"refers_to": {"digest": "sha256:x", "capture": "c"}}
    with pytest.raises(MalformedRecord, match="disagree"):
        _check_revisit({"refers_to": None}, [header(type="revisit")])
    with pytest.raises(MalformedRecord, match="disagree"):
        _check_revisit(named, [header()])
    with pytest.raises(MalformedRecord, match="not the first"):
        _check_revisit(named, [header(), header(type="revisit")])
    _check_revisit({"refers_to": None}, [header()])


def test_records_more_or_fewer_than_signed_are_refused(
    reader: ArchiveReader,
) -> None:
    entry, statement = reader.entry(first(reader))
    check_records(statement, entry.records, entry.slice_offset)
    with pytest.raises(Exception, match="records, 3 were signed"):
        check_records(statement, entry.records[:2], entry.slice_offset)


# Files of the folder


def test_incidents_extracts_and_removals_are_noted(tmp_path: Path) -> None:
    collector = Collector()
    paths = SimpleNamespace(texts=tmp_path, quarantine=tmp_path)
    files = FolderFiles(collector, cast("Any", paths))
    files.note_incident({"cause": "refused-checkpoint", "file": "quarantine/r.note"})
    files.note_incident({"cause": "torn-tail", "file": "segments/s", "offset": 3})
    assert set(files._tails) == {"r.note", "s.3.torn"}
    files.note_extract(cast("Any", SimpleNamespace(kept=b"no line")), subject="e")
    assert collector.has_failed(17)
    segment = SimpleNamespace(name="2025/01/s", path=tmp_path, is_open=False)
    files.check_segment(cast("Any", segment), is_last=False, is_being_removed=True)
    report = collector.report("x", required=frozenset(), headline=None)
    assert "17 removal-running" in codes(report, Outcome.NOT_CHECKED)


def test_a_tail_that_is_gone_hides_no_altered_one(tmp_path: Path) -> None:
    collector = Collector()
    files = FolderFiles(collector, cast("Any", SimpleNamespace(quarantine=tmp_path)))
    facts = {"cause": "torn-tail", "length": 5, "sha256": Digest.of(b"whole").hex}
    files.note_incident({**facts, "file": "segments/gone", "offset": 1})
    files.note_incident({**facts, "file": "segments/here", "offset": 2})
    (tmp_path / "here.2.torn").write_bytes(b"other")
    files._check_tails()
    report = collector.report("x", required=frozenset(), headline=None)
    assert report.notices == (
        "quarantine/gone.1.torn was set aside and is no longer there",
    )
    (found,) = report.of(Outcome.FAILED)
    assert (found.step, found.code) == (17, "tail-altered")
    assert found.subject == "quarantine/here.2.torn"


def test_texts_that_went_lawfully_are_no_loss(tmp_path: Path) -> None:
    collector = Collector()
    paths = SimpleNamespace(texts=tmp_path, quarantine=tmp_path)
    files = FolderFiles(collector, cast("Any", paths))
    gone, lost = Digest.of(b"gone"), Digest.of(b"lost")
    files._texts = {f"{gone.hex}.gz": gone, f"{lost.hex}.gz": lost}
    files.text_use = cast("Any", SimpleNamespace(is_gone=lambda hex_: hex_ == gone.hex))
    files._check_texts()
    assert collector.counted(17) == 1
    assert collector.has_failed(17)


def test_lines_of_texts_without_a_file_are_read(tmp_path: Path) -> None:
    collector = Collector()
    files = FolderFiles(collector, cast("Any", SimpleNamespace(texts=tmp_path)))
    line = b'{"capture":"%s","extractor":"e/1","file":null,"text":"sha256:%s"}\n' % (
        b"ab" * 32,
        b"cd" * 32,
    )
    files.note_extract(cast("Any", SimpleNamespace(kept=line)), subject="e")
    assert files._texts == {}


# Bundles


class Broken(PlannedFiles):
    """A zip whose slice is damaged where it is opened."""

    def open(self, name: str) -> BinaryIO:
        if name.endswith("capture.warc.gz"):
            raise FormatError(f"{name} in the zip is damaged")
        return super().open(name)


def planned(world: World, **changed: bytes) -> dict[str, MemoryBytes]:
    files = {**world.bundles["one"], **changed}
    return {name: MemoryBytes(data) for name, data in files.items()}


def test_a_slice_that_cannot_be_opened_is_unreadable(world: World) -> None:
    files = Broken(cast("Any", planned(world)))
    report = verify_files(files, subject="x", trust_of=lambda _origin: world.trust)
    assert "5 slice-unreadable" in codes(report)


def test_a_file_longer_than_its_kind_is_not_read(world: World) -> None:
    long = {"statement.json": bytes((1 << 20) + 1)}
    files = PlannedFiles(cast("Any", planned(world, **long)))
    report = verify_files(files, subject="x", trust_of=lambda _origin: world.trust)
    assert "1 bundle-file-large" in codes(report)


def test_a_revocation_list_that_holds_is_a_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("parse_crls", "choose_lists", "check_revocation"):
        monkeypatch.setattr(bundletimes, name, lambda *_a, **_k: ())
    files = PlannedFiles(cast("Any", planned(world, **{"revocation/anchor.crl": b"x"})))
    report = verify_files(files, subject="x", trust_of=lambda _origin: world.trust)
    held = {f"{one.step} {one.outcome}" for one in report.findings}
    assert "12 VERIFIED" in held or "12 NOT CHECKED" in held


def test_a_lower_bound_of_another_time_is_bad(world: World) -> None:
    bounded = world.bundles["bounded"]
    files = PlannedFiles({name: MemoryBytes(data) for name, data in bounded.items()})
    from archive.attest.statements.statement import parse_statement

    named = dict(parse_statement(bounded["statement.json"]).predicate["not_before"])
    collector = Collector()
    times = BundleTimes(collector, files, prefix="", trust=world.trust)
    assert times._find_lower_bound(named) is not None
    named["gen_time"] = "2001-01-01T00:00:00.000000Z"
    assert times._find_lower_bound(named) is None
    assert collector.has_failed(13)
