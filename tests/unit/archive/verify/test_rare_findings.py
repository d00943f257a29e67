"""Findings that only one odd archive in a thousand has: each named, none raised."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.keys.signing import P256Signer
from archive.attest.statements.statement import format_cosigned
from archive.capture import Capture
from archive.digest import Digest
from archive.errors import DigestMismatch, FormatError, LimitExceeded, StoreError
from archive.log.fields import format_base64
from archive.store.foreign import examine, import_file
from archive.store.layout import hold_lock
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures import capture as capture_module
from archive.verify.captures.capture import verify_capture
from archive.verify.looking import digest_file
from archive.verify.packages.packagefiles import parse_resources, read_limited
from archive.verify.reporting.collector import NOTICES_LISTED, Collector
from archive.verify.reporting.report import NO_BRACKET, Bracket, Outcome
from archive.verify.statements.checks import _check_import
from archive.verify.statements.cosigns import Cosigns
from archive.verify.statements.revisits import Revisits
from archive.verify.times.anchors import Anchors
from archive.verify.times.bracket import Brackets
from archive.verify.times.stamps import Stamps, _keep_earliest
from archive.verify.whole.files import FolderFiles
from archive.verify.whole.folder import verify_archive
from archive.verify.whole.keys import follow_history
from archive.zipped import ZipFiles
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.attacks.foreign import exchange
from tests.support.attacks.tamper import Victim
from tests.support.disk.folders import open_segment
from tests.support.judging.sound import codes, judge_capture

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(2)
    return archive


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampedArchive]:
    """Two jobs, each stamped by two authorities; the second names a lower bound."""
    with make_stamped(tmp_path_factory.mktemp("stamped"), fills=2) as archive:
        yield archive


def test_a_folder_without_identity_is_no_archive(tmp_path: Path) -> None:
    report = verify_archive(tmp_path, trust=None)
    assert codes(report, Outcome.FAILED) == {"21 identity-altered"}


def test_notices_are_listed_up_to_a_number(made: MadeArchive) -> None:
    collector = Collector()
    for number in range(NOTICES_LISTED + 5):
        collector.notice(f"note {number}\nwith a line")
    assert len(collector.notices) == NOTICES_LISTED + 1
    assert collector.notices[-1] == "there are more notes; they are not listed"
    assert "\n" not in collector.notices[0]


def test_a_key_cut_off_twice_ends_at_the_earlier_place() -> None:
    def key(first: int, end: int | None) -> dict[str, object]:
        entry = {"key_id": "k", "role": "operator", "first_leaf": first}
        return {"action": "accept", "keys": [{**entry, "end_leaf": end}]}

    assert follow_history([key(1, None), key(1, 9), key(1, 20)]) == {"k": (1, 9)}
    assert follow_history([key(1, 9), key(1, None)]) == {"k": (1, 9)}
    assert follow_history([key(1, 9), key(1, 4)]) == {"k": (1, 4)}


def test_a_file_that_ends_in_an_error_is_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"four")
    assert digest_file(path, limit_bytes=4) == Digest.of(b"four")
    with pytest.raises(LimitExceeded, match="longer than 3"):
        digest_file(path, limit_bytes=3)

    def broken(_stream: object) -> Digest:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Digest, "of_stream", broken)
    with pytest.raises(StoreError, match="Input/output"):
        digest_file(path, limit_bytes=4)


def test_a_begun_anchor_of_a_running_writer_is_no_unknown_file(
    made: MadeArchive,
) -> None:
    folder = made.root / "anchors" / "999"
    folder.mkdir()
    (folder / "checkpoint").write_bytes(b"begun")
    report = verify_archive(made.root, trust=made.trust())
    assert "17 file-unknown" in codes(report, Outcome.FAILED)
    with hold_lock(made.root):
        report = verify_archive(made.root, trust=made.trust())
    assert codes(report, Outcome.FAILED) == set()
    (folder / "link").symlink_to(made.root)
    with hold_lock(made.root):
        report = verify_archive(made.root, trust=made.trust())
    assert "17 file-unknown" in codes(report, Outcome.FAILED)


def test_an_anchor_that_was_stated_covers_later_ones_only(tmp_path: Path) -> None:
    anchors = Anchors(Collector(), tmp_path)
    anchors._stamped = {(1000, b"")}
    folder = tmp_path / "999"
    folder.mkdir()
    with os.scandir(tmp_path) as entries:
        (entry,) = entries
        assert not anchors._is_begun("999/checkpoint", entry)
        assert not anchors._is_begun("other", entry)


def test_an_archive_without_captures_under_authorities_has_nothing_to_bound(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    with make_stamped(tmp_path / "other") as other:
        own = made.trust()
        assert own is not None
        own = replace(own, authorities=other.trust().authorities, token_quorum=0)
        report = verify_archive(made.root, trust=own)
    assert report.outcome is Outcome.VERIFIED
    assert "13 holds" in codes(report, Outcome.VERIFIED)


def test_a_refused_checkpoint_without_a_file_is_an_incident_all_the_same(
    made: MadeArchive,
) -> None:
    files = FolderFiles(Collector(), cast("Any", SimpleNamespace()))
    files.note_incident({"cause": "refused-checkpoint", "file": None})
    files.note_incident({"cause": "custody", "file": None})
    assert files._tails == {}


def test_resources_and_small_files_have_their_forms() -> None:
    wrong: tuple[dict[str, object], ...] = (
        {},
        {"resources": {}},
        {"resources": [{"path": 3}]},
    )
    for listed in wrong:
        with pytest.raises(FormatError):
            parse_resources(listed)
    with pytest.raises(FormatError, match="longer than 3"):
        read_limited(cast("ZipFiles", SimpleNamespace(size=lambda _n: 4)), "x", 3)


def test_revisits_without_records_say_nothing_and_removed_ones_are_counted() -> None:
    collector = Collector()
    revisits = Revisits(collector)
    revisits.note(
        cast("Any", SimpleNamespace(entry=SimpleNamespace(records=()))), subject="e"
    )
    revisits._open = {"a": ("r1", "gone"), "b": ("r2", "never")}
    revisits.note_tombstone({"capture": "gone"})
    assert set(revisits.without_original()) == {("r1", "gone"), ("r2", "never")}
    revisits.finish()
    assert collector.notices == ["1 revisits refer to captures that were removed"]
    assert collector.has_failed(6)


def test_a_kind_in_no_form_of_ours_is_not_checked_and_has_no_leaf(
    tmp_path: Path,
) -> None:
    victim = Victim.copy(tmp_path)
    ours = b"https://w3id.org/election-evidence-archive/tombstone/v1"
    stone = {
        "authority": "a court",
        "capture": "ab" * 32,
        "leaf": 1,
        "reason": "r",
        "segment_sha256": "ab" * 32,
        "statement": "sha256:" + "ab" * 32,
    }
    victim.speak(
        "tombstone",
        stone,
        change=lambda data: data.replace(ours, b"https://other.example/kind/v1"),
    )
    report = victim.verify()
    assert "1 kind-unknown" in codes(report, Outcome.NOT_CHECKED)
    assert report.outcome is not Outcome.VERIFIED


def test_an_anchor_that_does_not_hold_says_nothing(stamped: StampedArchive) -> None:
    stamps = Stamps(stamped.trust())
    brackets = Brackets(Collector(), stamps)
    statement = SimpleNamespace(kind="anchor", predicate={}, seq=0)
    brackets.note(cast("Any", statement), holds=False, subject="entry 0")
    assert brackets._newest is None


def test_approvals_are_named_up_to_ten_and_then_counted() -> None:
    def notices(count: int) -> list[str]:
        collector = Collector()
        cosigns = Cosigns(collector)
        cosigns._found = [(Digest.of(bytes([n])), f"who {n}") for n in range(count)]
        cosigns.finish({Digest.of(b"\0")})
        return collector.notices

    assert len(notices(10)) == 10
    assert notices(1) == [f"who 0 vouches for {Digest.of(bytes(1))}"]
    assert notices(2)[1].endswith("of another archive")
    assert notices(11)[10] == "1 more approvals are not listed"


def test_an_approval_whose_signature_does_not_hold_is_named() -> None:
    other = P256Signer.from_scalar(1_000_039)
    words = {"name": "Another", "role": "observer", "words": "I saw it."}
    statement = str(Digest.of(b"a statement"))
    message = format_cosigned(statement=statement, **words)
    predicate = {
        **words,
        "statement": statement,
        "spki": format_base64(other.spki_der),
        "signature": format_base64(other.sign(message)),
    }
    collector = Collector()
    cosigns = Cosigns(collector)
    cosigns.note(predicate, subject="entry 3")
    assert not collector.has_failed(4)
    cosigns.note({**predicate, "words": "I did not."}, subject="entry 4")
    assert collector.has_failed(4)
    cosigns.finish(set())
    assert [note[:7] for note in collector.notices] == ["Another"]


def test_a_bracket_is_told_under_its_own_names() -> None:
    early = datetime(2025, 1, 26, 8, tzinfo=UTC)
    late = early + timedelta(seconds=90)
    assert Bracket(not_before=early, existed_by=late).as_json() == {
        "not_before": "2025-01-26T08:00:00.000000Z",
        "existed_by": "2025-01-26T08:01:30.000000Z",
        "bracket_seconds": 90,
    }
    assert set(NO_BRACKET.as_json().values()) == {None}


def test_each_checkpoint_has_the_earliest_time_of_those_behind_it() -> None:
    day = datetime(2025, 1, 26, tzinfo=UTC)
    hours = [1, 5, 3, 6, 2]
    times = [(size, day + timedelta(hours=hour)) for size, hour in enumerate(hours)]
    _keep_earliest(times)
    assert [(at - day).seconds // 3600 for _size, at in times] == [1, 2, 2, 2, 2]


def test_imported_records_of_another_file_are_refused() -> None:
    predicate = {"file": {"sha256": "ab" * 32}}

    def record(uri: str | None) -> Any:
        return SimpleNamespace(header=SimpleNamespace(target_uri=uri))

    _check_import(predicate, [])
    _check_import(predicate, [record(None)])
    _check_import(predicate, [record("http://a.example/")])
    _check_import(predicate, [record("urn:evidence:import:" + "ab" * 32)])
    with pytest.raises(DigestMismatch, match="not of the file"):
        _check_import(predicate, [record("urn:evidence:import:" + "cd" * 32)])


def test_an_import_is_verified_like_every_entry(
    made: MadeArchive, tmp_path: Path
) -> None:
    path = tmp_path / "received.warc"
    path.write_bytes(b"".join([*exchange(), *exchange(number=2)]))
    reader = ArchiveReader.open(made.root)
    with made.open_writer() as writer:
        found = examine(path, tmp_path)
        import_file(path, found, writer=writer, reader=reader, at=made.clock())
    reader.close()
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
    imported = made.captures()[-1]
    assert imported.kind == "import"
    assert judge_capture(made, imported, made.trust()).outcome is Outcome.VERIFIED


def test_what_waits_is_noted_and_what_is_none_is_named(made: MadeArchive) -> None:
    spool = made.root / "spool"
    (spool / "waiting-00000000.drafts").write_bytes(b"evidence-waiting/v1\n")
    report = verify_archive(made.root, trust=made.trust())
    assert "17 waiting-unsigned" in codes(report, Outcome.NOT_CHECKED)
    (spool / "waiting-00000000.drafts").write_bytes(b"something else altogether")
    report = verify_archive(made.root, trust=made.trust())
    assert "17 waiting-malformed" in codes(report, Outcome.FAILED)


# One capture


def test_a_segment_that_is_a_pipe_is_missing(made: MadeArchive) -> None:
    (capture, _) = made.captures()
    path = open_segment(made.root)
    reader = ArchiveReader.open(made.root)
    path.unlink()
    path.symlink_to(made.root / "archive.toml")
    report = verify_capture(reader, capture, trust=made.trust())
    reader.close()
    assert "5 segment-missing" in codes(report, Outcome.NOT_CHECKED)
    assert report.outcome is not Outcome.VERIFIED


def test_a_catalog_row_of_an_unreadable_statement_is_named(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (capture, _) = made.captures()

    def unreadable(*_arguments: object) -> Capture:
        raise FormatError("no time of that form")

    monkeypatch.setattr(capture_module, "read_capture", unreadable)
    assert "6 records-disagree" in codes(judge_capture(made, capture, made.trust()))
