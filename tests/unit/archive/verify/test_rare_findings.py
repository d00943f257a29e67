"""Findings that only one odd archive in a thousand has: each named, none raised."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.trust import TrustSet
from archive.capture import Capture
from archive.digest import Digest
from archive.errors import FormatError, LimitExceeded, StoreError
from archive.store.layout import hold_lock
from archive.store.reader import ArchiveReader
from archive.verify import capture as capture_module
from archive.verify.anchors import Anchors
from archive.verify.capture import verify_capture
from archive.verify.collector import NOTICES_LISTED, Collector
from archive.verify.files import FolderFiles
from archive.verify.folder import verify_archive
from archive.verify.keys import follow_history
from archive.verify.looking import digest_file
from archive.verify.packagefiles import parse_resources, read_limited
from archive.verify.policy import Wishes
from archive.verify.report import Outcome, Report
from archive.verify.revisits import Revisits
from archive.zipped import ZipFiles
from tests.support.archives import MadeArchive, make_archive
from tests.support.stamped import StampedArchive, make_stamped
from tests.support.tamper import Victim


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


def codes(report: Report, outcome: Outcome) -> set[str]:
    return {f"{one.step} {one.code}" for one in report.of(outcome)}


def judge(made: MadeArchive, capture: Capture, trust: TrustSet | None = None) -> Report:
    reader = ArchiveReader.open(made.root)
    try:
        found = trust or made.trust()
        return verify_capture(reader, capture, trust=found)
    finally:
        reader.close()


def captures(made: MadeArchive) -> list[Capture]:
    reader = ArchiveReader.open(made.root)
    try:
        return list(reader.captures())
    finally:
        reader.close()


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
    anchors._is_locked = True
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
    for listed in ({}, {"resources": {}}, {"resources": [{"path": 3}]}):
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


# One capture


def test_a_segment_that_is_a_pipe_is_missing(made: MadeArchive) -> None:
    (capture, _) = captures(made)
    (path,) = (made.root / "segments").rglob("*.open")
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
    (capture, _) = captures(made)

    def unreadable(*_arguments: object) -> Capture:
        raise FormatError("no time of that form")

    monkeypatch.setattr(capture_module, "read_capture", unreadable)
    assert "6 records-disagree" in codes(judge(made, capture), Outcome.FAILED)


def test_the_stamps_of_one_capture_bound_it(stamped: StampedArchive) -> None:
    first, second = captures(stamped.made)
    report = judge(stamped.made, second, stamped.trust())
    assert report.outcome is Outcome.VERIFIED
    assert report.bracket.not_before is not None
    assert report.bracket.existed_by is not None
    assert judge(stamped.made, first, stamped.trust()).outcome is Outcome.VERIFIED


@pytest.fixture
def copied(stamped: StampedArchive, tmp_path: Path) -> StampedArchive:
    """A copy that a test may damage."""
    import shutil

    root = tmp_path / "archive"
    shutil.copytree(stamped.made.root, root)
    for path in root.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return StampedArchive(
        made=replace(stamped.made, root=root),
        authorities=stamped.authorities,
        told=[],
    )


def test_a_token_that_is_none_is_named_beside_its_capture(
    copied: StampedArchive,
) -> None:
    first, second = captures(copied.made)
    early, *_ = copied.sizes()
    (copied.anchors / str(early) / "1.tsr").write_bytes(b"no token")
    report = judge(copied.made, first, copied.trust())
    assert "11 token-bad" in codes(report, Outcome.FAILED)
    report = judge(copied.made, second, copied.trust())
    assert codes(report, Outcome.FAILED) & {"13 not-before-bad", "11 token-bad"}


def test_a_checkpoint_of_another_size_is_no_anchor(copied: StampedArchive) -> None:
    first, _second = captures(copied.made)
    early, late, *_ = copied.sizes()
    source = copied.anchors / str(late) / "checkpoint"
    (copied.anchors / str(early) / "checkpoint").write_bytes(source.read_bytes())
    report = judge(copied.made, first, copied.trust())
    assert "11 token-bad" in codes(report, Outcome.FAILED)
    whole = verify_archive(copied.made.root, trust=copied.trust())
    assert "11 token-bad" in codes(whole, Outcome.FAILED)


def test_the_lower_bound_of_a_capture_must_be_at_hand(copied: StampedArchive) -> None:
    import shutil

    _first, second = captures(copied.made)
    shutil.rmtree(copied.anchors / str(copied.sizes()[0]))
    report = judge(copied.made, second, copied.trust())
    assert "13 not-before-missing" in codes(report, Outcome.NOT_CHECKED)


def test_a_lower_bound_by_nobody_trusted_bounds_nothing(
    copied: StampedArchive,
) -> None:
    _first, second = captures(copied.made)
    with make_stamped(copied.made.root.parent / "others", "Other") as others:
        trust = replace(
            copied.trust(), authorities=others.trust().authorities, token_quorum=0
        )
    report = judge(copied.made, second, trust)
    assert "13 not-before-missing" in codes(report, Outcome.NOT_CHECKED)


def test_too_few_stamps_bound_nothing_from_above(copied: StampedArchive) -> None:
    _first, second = captures(copied.made)
    trust = replace(copied.trust(), token_quorum=3)
    report = judge(copied.made, second, trust)
    assert "13 time-stamps-none" in codes(report, Outcome.NOT_CHECKED)


def test_an_unstamped_tail_is_a_note_at_first(copied: StampedArchive) -> None:
    copied.made.fill(1)
    now = copied.made.clock.now + timedelta(minutes=5)
    report = verify_archive(
        copied.made.root, trust=copied.trust(), wishes=Wishes(now=now)
    )
    assert any("wait for a time stamp" in note for note in report.notices)
    later = Wishes(now=now + timedelta(days=1))
    report = verify_archive(copied.made.root, trust=copied.trust(), wishes=later)
    assert "20 tail-unstamped" in codes(report, Outcome.NOT_CHECKED)
