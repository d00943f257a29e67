"""What the stamps of one capture say when one of them is odd: named, none raised."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.export import shelf
from archive.export.shelf import Shelf
from archive.log.note import parse_vkey
from archive.store.layout import hold_lock
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures import capturetime
from archive.verify.captures.capturetime import _find_named
from archive.verify.policy import Wishes
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.times.stamps import Stamps
from archive.verify.whole.folder import verify_archive
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.judging.sound import codes, judge_capture

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampedArchive]:
    """Two jobs, each stamped by two authorities; the second names a lower bound."""
    with make_stamped(tmp_path_factory.mktemp("stamped"), fills=2) as archive:
        yield archive


def test_the_stamps_of_one_capture_bound_it(stamped: StampedArchive) -> None:
    first, second = stamped.made.captures()
    report = judge_capture(stamped.made, second, stamped.trust())
    assert report.outcome is Outcome.VERIFIED
    assert report.bracket.not_before is not None
    assert report.bracket.existed_by is not None
    assert (
        judge_capture(stamped.made, first, stamped.trust()).outcome is Outcome.VERIFIED
    )


@pytest.fixture
def copied(stamped: StampedArchive, tmp_path: Path) -> StampedArchive:
    """A copy that a test may damage."""
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
    first, second = copied.made.captures()
    for path in (copied.anchors / str(copied.sizes()[0])).glob("*.tsr"):
        path.write_bytes(b"no token")
    report = judge_capture(copied.made, first, copied.trust())
    assert "11 token-bad" in codes(report, Outcome.FAILED)
    report = judge_capture(copied.made, second, copied.trust())
    assert codes(report, Outcome.FAILED) & {"13 not-before-bad", "11 token-bad"}


def test_a_checkpoint_of_another_size_is_no_anchor(copied: StampedArchive) -> None:
    first, _second = copied.made.captures()
    early, late, *_ = copied.sizes()
    source = copied.anchors / str(late) / "checkpoint"
    (copied.anchors / str(early) / "checkpoint").write_bytes(source.read_bytes())
    report = judge_capture(copied.made, first, copied.trust())
    assert "11 token-bad" in codes(report, Outcome.FAILED)
    whole = verify_archive(copied.made.root, trust=copied.trust())
    assert "11 token-bad" in codes(whole, Outcome.FAILED)


def test_the_lower_bound_of_a_capture_must_be_at_hand(copied: StampedArchive) -> None:

    _first, second = copied.made.captures()
    shutil.rmtree(copied.anchors / str(copied.sizes()[0]))
    report = judge_capture(copied.made, second, copied.trust())
    assert "13 not-before-missing" in codes(report, Outcome.NOT_CHECKED)


def test_a_lower_bound_by_nobody_trusted_bounds_nothing(
    copied: StampedArchive,
) -> None:
    _first, second = copied.made.captures()
    with make_stamped(copied.made.root.parent / "others", "Other") as others:
        trust = replace(
            copied.trust(), authorities=others.trust().authorities, token_quorum=0
        )
    report = judge_capture(copied.made, second, trust)
    assert "13 not-before-missing" in codes(report, Outcome.NOT_CHECKED)


def test_a_lower_bound_of_another_time_or_root_is_bad(copied: StampedArchive) -> None:
    _first, second = copied.made.captures()
    reader = ArchiveReader.open(copied.made.root)
    named = dict(reader.entry(second)[1].predicate["not_before"])
    for change in (
        {"gen_time": "2001-01-01T00:00:00.000000Z"},
        {"root": "AAAA"},
        {"token": "sha256:" + "ab" * 32},
    ):
        collector = Collector()
        stamps = Stamps(copied.trust())
        told = {**named, **change}
        assert _find_named(collector, reader, told, stamps, "entry") is None
        assert collector.has_failed(13), change
    reader.close()


def test_a_token_without_a_list_is_judged_all_the_same(copied: StampedArchive) -> None:
    _first, second = copied.made.captures()
    for path in copied.anchors.rglob("*.crl"):
        path.unlink()
    report = judge_capture(copied.made, second, copied.trust())
    assert "12 revocation-none" in codes(report, Outcome.NOT_CHECKED)
    assert report.outcome is Outcome.VERIFIED


def test_too_few_stamps_bound_nothing_from_above(copied: StampedArchive) -> None:
    _first, second = copied.made.captures()
    trust = replace(copied.trust(), token_quorum=3)
    report = judge_capture(copied.made, second, trust)
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


@pytest.mark.parametrize("late", [1, 4, 6])
def test_an_authority_that_came_late_counts_for_what_was_captured_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """Longer than anchors are looked at one by one; as the whole archive is judged."""
    monkeypatch.setattr(capturetime, "SIZES_IN_TURN", 2)
    monkeypatch.setattr(shelf, "SIZES_IN_TURN", 2)
    with make_stamped(tmp_path) as archive:
        second = archive.authorities[1]
        for number in range(7):
            second.blocked = number < late
            archive.fill(1)
            archive.made.clock.now += timedelta(hours=1)
        assert len(archive.sizes()) == 7
        first = archive.made.captures()[0]
        report = judge_capture(archive.made, first, archive.trust())
        assert report.outcome is Outcome.VERIFIED
        assert archive.judge().outcome is Outcome.VERIFIED
        log_vkey = parse_vkey(archive.made.identity.log_vkey)
        found = Shelf(archive.made.root, log_vkey, archive.trust()).choose(first.leaf)
        assert found.authorities == 2
        assert found.checkpoint.size == archive.sizes()[late]


def test_only_beyond_the_newest_stamp_may_a_writer_be_at_work(
    copied: StampedArchive,
) -> None:
    newest = max(copied.sizes())
    (copied.anchors / str(newest + 1)).mkdir()
    (copied.anchors / str(newest + 1) / "1.tsr").write_bytes(b"half")
    with hold_lock(copied.made.root):
        report = copied.judge()
        assert "17 file-unknown" not in codes(report)
        (copied.anchors / str(newest) / "9.tsr").write_bytes(b"half")
        report = copied.judge()
    named = [one.subject for one in report.findings if one.code == "file-unknown"]
    assert named == [f"anchors/{newest}/9.tsr"]
