"""What the disk or its rights do not give is NOT CHECKED: never a pass, no accusation.

One rule for every kind of file. A real file without the right to read it, as a user who
is not root; and a disk that fails when the file is opened (EIO).
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archive.errors import Unreadable
from archive.files import Files
from archive.verify.bundles.bundle import verify_bundle
from archive.verify.captures import capturetime
from archive.verify.reporting.report import Outcome, Report
from archive.verify.times import stamps
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive
from tests.support.archives.bundles import World, write_folder
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.attacks.forgery import as_nobody, rewrite
from tests.support.judging.sound import assert_sound, judge_capture

FILES = [
    ("segments/2025/01/00000000-*", 16, "segment-unreadable"),
    ("segments/2025/01/00000001-*", 16, "segment-unreadable"),
    ("segments/2025/01/00000002-*", 16, "segment-unreadable"),
    ("log/checkpoint", 8, "file-unreadable"),
    ("log/tile/0/000.p/17", 15, "file-unreadable"),
    ("log/tile/0/000.p/1", 15, "file-unreadable"),
    ("log/tile/entries/000.p/17", 15, "file-unreadable"),
    ("log/tile/entries/000.p/1", 15, "file-unreadable"),
    ("anchors/*/checkpoint", 20, "file-unreadable"),
    ("anchors/*/1.tsr", 20, "file-unreadable"),
    ("anchors/*/1.chain.pem", 20, "file-unreadable"),
    ("texts/*.gz", 17, "file-unreadable"),
    ("quarantine/*.torn", 17, "file-unreadable"),
    ("archive.toml", 21, "file-unreadable"),
]
FOLDERS = [
    ("segments", 17, "folder-unreadable"),
    ("segments/2025", 17, "folder-unreadable"),
    ("segments/2025/01", 17, "folder-unreadable"),
    ("log/tile/0", 15, "file-unreadable"),
    ("log/tile/entries", 15, "file-unreadable"),
    ("anchors", 17, "folder-unreadable"),
    ("texts", 17, "folder-unreadable"),
    ("quarantine", 17, "folder-unreadable"),
    ("spool", 17, "folder-unreadable"),
]


def codes(report: Report, outcome: Outcome) -> set[tuple[int, str]]:
    return {(one.step, one.code) for one in report.of(outcome)}


def assert_nothing_is_claimed(report: Report, step: int, code: str) -> None:
    assert codes(report, Outcome.FAILED) == set()
    assert report.outcome is Outcome.NOT_CHECKED
    assert (step, code) in codes(report, Outcome.NOT_CHECKED)


@contextmanager
def closed(path: Path) -> Iterator[None]:
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        yield
    finally:
        path.chmod(mode)


def broken(patch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the disk fail below one file."""
    opening = os.open

    def fails(name: Any, *arguments: Any, **named: Any) -> int:
        if os.fspath(name) == os.fspath(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))
        return opening(name, *arguments, **named)

    patch.setattr(os, "open", fails)


@pytest.mark.parametrize(("place", "step", "code"), FILES + FOLDERS)
def test_what_may_not_be_read_is_not_checked(
    golden: MadeArchive, place: str, step: int, code: str
) -> None:
    trust = golden.trust()
    with as_nobody(golden) as made:
        path = next(made.root.glob(place))
        with closed(path):
            report = assert_sound(verify_archive(made.root, trust=trust))
    assert_nothing_is_claimed(report, step, code)


@pytest.mark.parametrize(("place", "step", "code"), FILES)
def test_what_the_disk_does_not_give_is_not_checked(
    golden: MadeArchive,
    place: str,
    step: int,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken(monkeypatch, next(golden.root.glob(place)))
    report = assert_sound(verify_archive(golden.root, trust=golden.trust()))
    assert_nothing_is_claimed(report, step, code)


@pytest.mark.parametrize(("place", "step", "code"), FILES)
def test_a_link_in_its_place_is_an_accusation(
    golden: MadeArchive, place: str, step: int, code: str
) -> None:
    """The bytes are at hand, and they are those: but an archive holds no links."""
    del step, code
    path = next(golden.root.glob(place))
    shutil.move(path, golden.root.parent / "elsewhere")
    path.symlink_to(golden.root.parent / "elsewhere")
    report = verify_archive(golden.root, trust=golden.trust())
    assert report.outcome is Outcome.FAILED


def alter_text(root: Path) -> None:
    rewrite(next(root.glob("texts/*.gz")), b"other")


def alter_tile(root: Path) -> None:
    rewrite(root / "log" / "tile" / "0" / "000.p" / "17", bytes(32 * 17))


def alter_later_segment(root: Path) -> None:
    path = next(root.glob("segments/2025/01/00000002-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    rewrite(path, bytes(data))


@pytest.mark.parametrize("alter", [alter_text, alter_tile, alter_later_segment])
def test_what_is_altered_beside_an_unreadable_segment_is_named_all_the_same(
    golden: MadeArchive,
    alter: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alter(golden.root)
    broken(monkeypatch, next(golden.root.glob("segments/2025/01/00000001-*")))
    report = verify_archive(golden.root, trust=golden.trust())
    assert report.outcome is Outcome.FAILED


def test_a_text_that_is_gone_may_have_been_removed_by_what_is_not_read(
    golden: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in golden.root.glob("texts/*.gz"):
        path.unlink()
    assert verify_archive(golden.root, trust=golden.trust()).outcome is Outcome.FAILED
    broken(monkeypatch, next(golden.root.glob("segments/2025/01/00000002-*")))
    report = verify_archive(golden.root, trust=golden.trust())
    assert_nothing_is_claimed(report, 16, "segment-unreadable")


def test_an_unreadable_tile_hides_no_other(
    golden: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are compared widest first."""
    tiles = golden.root / "log" / "tile" / "0" / "000.p"
    rewrite(tiles / "1", bytes(32))
    broken(monkeypatch, tiles / "17")
    report = verify_archive(golden.root, trust=golden.trust())
    assert codes(report, Outcome.FAILED) == {(15, "tile-wrong")}
    assert (15, "file-unreadable") in codes(report, Outcome.NOT_CHECKED)


@pytest.mark.parametrize(
    ("place", "step"),
    [("segments/2025/01/00000000-*", 5), ("log/checkpoint", 8), ("log/tile/0/0*/*", 7)],
)
def test_of_one_capture_what_the_disk_does_not_give_is_not_checked(
    made: MadeArchive, place: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = made.captures()[0]
    assert judge_capture(made, capture, made.trust()).outcome is Outcome.VERIFIED
    for path in made.root.glob(place):
        broken(monkeypatch, path)
    report = judge_capture(made, capture, made.trust())
    assert_nothing_is_claimed(report, step, "file-unreadable")


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """A policy that asks for time stamps."""
    with make_stamped(tmp_path, fills=2) as archive:
        assert archive.judge().outcome is Outcome.VERIFIED
        yield archive


def shut(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the names in one folder be had by nobody."""
    for module in (stamps, capturetime):
        listing = module.list_sizes

        def fails(path: Path, files: Files, listing: Any = listing) -> list[int]:
            if path == folder:
                raise Unreadable(f"cannot read {path}: Permission denied")
            return list(listing(path, files))

        patch.setattr(module, "list_sizes", fails)


def test_of_stamps_that_cannot_be_listed_nothing_is_said(
    stamped: StampedArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut(monkeypatch, stamped.anchors)
    assert_nothing_is_claimed(stamped.judge(), 11, "file-unreadable")
    capture = stamped.made.captures()[0]
    report = judge_capture(stamped.made, capture, stamped.trust())
    assert_nothing_is_claimed(report, 11, "file-unreadable")


def test_beside_an_unreadable_segment_the_stamps_are_judged(
    stamped: StampedArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, next(stamped.made.root.glob("segments/*/*/00000000-*")))
    report = stamped.judge()
    assert_nothing_is_claimed(report, 16, "segment-unreadable")
    assert (11, "holds") in codes(report, Outcome.VERIFIED)


@pytest.mark.parametrize(
    "name",
    [
        "capture.warc.gz",
        "statement.json",
        "leaf.txt",
        "proof.tlog-proof",
        "README.txt",
        "SHA256SUMS",
    ],
)
def test_of_a_bundle_what_the_disk_does_not_give_is_not_checked(
    world: World, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = write_folder(tmp_path / "bundle", world.bundles["one"])
    trust = world.trust
    whole = verify_bundle(bundle, trust_of=lambda _origin: trust)
    assert whole.outcome is Outcome.VERIFIED
    broken(monkeypatch, bundle / name)
    report = verify_bundle(bundle, trust_of=lambda _origin: trust)
    assert_nothing_is_claimed(report, 17, "file-unreadable")
