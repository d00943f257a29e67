"""Tokens that bound one capture: which are looked at, and what is said of each."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.store.foreign import examine, import_file
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures import capturetime
from archive.verify.captures.capturetime import _find_named, _read_stamps, check_times
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import NO_BRACKET, Outcome
from archive.verify.times.stamps import Stamps
from tests.support.archives.bracketed import finding, findings
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.attacks.foreign import exchange
from tests.support.disk.folders import open_segment
from tests.support.judging.sound import judge_capture

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampedArchive]:
    """Two jobs of one capture, then an import, each stamped by two authorities."""
    folder = tmp_path_factory.mktemp("stamped")
    with make_stamped(folder, fills=2) as archive:
        path = folder / "received.warc"
        path.write_bytes(b"".join(exchange()))
        reader = ArchiveReader.open(archive.made.root)
        with archive.writer() as writer:
            found = examine(path, folder)
            at = archive.made.clock()
            import_file(path, found, writer=writer, reader=reader, at=at)
        archive.fill(1)
        reader.close()
        yield archive


@pytest.fixture
def stamped(origin: StampedArchive, tmp_path: Path) -> StampedArchive:
    """A copy that a test may damage."""
    root = tmp_path / "archive"
    shutil.copytree(origin.made.root, root)
    for path in root.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    made = replace(origin.made, root=root)
    return StampedArchive(made=made, authorities=origin.authorities, told=[])


def test_what_was_imported_existed_by_its_stamps(stamped: StampedArchive) -> None:
    (imported,) = (one for one in stamped.made.captures() if one.kind == "import")
    report = judge_capture(stamped.made, imported, stamped.trust())
    assert report.outcome is Outcome.VERIFIED
    assert report.bracket.not_before is None
    assert report.bracket.existed_by is not None
    assert report.headline == (
        "0 of 0 witnesses, 2 authorities asked for: existed by "
        f"{report.bracket.as_json()['existed_by']}"
    )


def test_a_capture_that_is_gone_is_bounded_by_nothing(stamped: StampedArchive) -> None:
    first, *_others = stamped.made.captures()
    reader = ArchiveReader.open(stamped.made.root)
    open_segment(stamped.made.root).unlink()
    collector = Collector()
    bracket = check_times(collector, reader, None, trust=stamped.trust())
    reader.close()
    assert bracket == NO_BRACKET
    assert [(one.step, one.code) for one in findings(collector)] == [
        (step, "time-stamps-none") for step in (11, 12, 13)
    ]
    report = judge_capture(stamped.made, first, stamped.trust())
    assert report.outcome is Outcome.NOT_CHECKED
    assert report.bracket == NO_BRACKET


def test_a_stamp_over_a_tree_that_cannot_be_proven_is_named(
    stamped: StampedArchive,
) -> None:
    first, *_others = stamped.made.captures()
    shutil.rmtree(stamped.made.root / "log" / "tile" / "0")
    report = judge_capture(stamped.made, first, stamped.trust())
    named = [one for one in report.of(Outcome.FAILED) if one.step == 11]
    assert [one.code for one in named] == ["token-bad"]
    assert named[0].subject == f"anchors/{stamped.sizes()[0]}"


class Read:
    """Which stamped checkpoints were looked at for an entry."""

    def __init__(self, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.looked: list[int] = []
        self.proven: list[tuple[object, ...]] = []
        self._enough = 10**9
        self.collector = Collector()
        monkeypatch.setattr(capturetime, "list_sizes", lambda *_a: sizes)
        monkeypatch.setattr(capturetime, "read_anchor", self._read)
        monkeypatch.setattr(capturetime, "verify_inclusion", self._prove)
        monkeypatch.setattr(capturetime, "leaf_hash", lambda line: line)

    def _read(self, _folder: object, size: int, _disk: object) -> Any:
        return SimpleNamespace(checkpoint=SimpleNamespace(root=f"root {size}"))

    def _prove(self, **named: object) -> None:
        self.proven.append(tuple(named.values()))

    def _take(self, _collector: object, anchor: Any, size: int) -> None:
        assert anchor.checkpoint.root == f"root {size}"
        self.looked.append(size)

    def entry(self, leaf: int, enough: int) -> list[int]:
        """The sizes looked at until that one is enough."""
        stamps = SimpleNamespace(
            take_one=self._take,
            existed_by=lambda at: (
                True if at == leaf and self.looked[-1] >= enough else None
            ),
        )
        reader = SimpleNamespace(
            paths=SimpleNamespace(anchors="anchors"),
            log=SimpleNamespace(prove=lambda at, size: f"proof {at} {size}"),
        )
        checked = SimpleNamespace(statement=SimpleNamespace(seq=leaf), leaf_line="line")
        arguments = (self.collector, reader, checked, stamps)
        _read_stamps(*cast("tuple[Any, Any, Any, Stamps]", arguments))
        return self.looked


@pytest.mark.parametrize(
    ("leaf", "enough", "looked"),
    [(0, 2, [2]), (1, 5, [2, 3, 5]), (2, 3, [3]), (3, 5, [5]), (3, 99, [5, 9])],
)
def test_stamps_that_hold_an_entry_are_looked_at_until_it_is_enough(
    leaf: int, enough: int, looked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Read([2, 3, 5, 9], monkeypatch)
    assert read.entry(leaf, enough) == looked
    assert read.proven == [
        ("line", leaf, size, f"proof {leaf} {size}", f"root {size}") for size in looked
    ]


def test_so_many_stamps_are_looked_at_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capturetime, "SIZES_IN_TURN", 3)
    read = Read(list(range(1, 20)), monkeypatch)
    assert read.entry(0, 99)[:5] == [1, 2, 3, 4, 6]


def test_too_few_stamps_are_told_whole(stamped: StampedArchive) -> None:
    first, *_others = stamped.made.captures()
    report = judge_capture(stamped.made, first, stamped.trust(quorum=3))
    found = [one for one in report.findings if one.step == 13]
    assert found == [
        finding(
            13,
            "time-stamps-none",
            Outcome.NOT_CHECKED,
            f"entry {first.leaf}",
            "too few authorities have stamped it: nothing bounds it from above",
        )
    ]


def test_each_fault_of_a_named_token_is_told_whole(stamped: StampedArchive) -> None:
    _first, second, *_others = (
        one for one in stamped.made.captures() if one.kind == "capture"
    )
    reader = ArchiveReader.open(stamped.made.root)
    named = dict(reader.entry(second)[1].predicate["not_before"])
    bad, missing = "not-before-bad", "not-before-missing"
    for change, code, outcome, detail in (
        (
            {"gen_time": "2001-01-01T00:00:00.000000Z"},
            bad,
            Outcome.FAILED,
            "the token it names is of another time than it says",
        ),
        (
            {"root": "AAAA"},
            bad,
            Outcome.FAILED,
            "it names a checkpoint that was not stamped",
        ),
        (
            {"token": "sha256:" + "ab" * 32},
            bad,
            Outcome.FAILED,
            "it names a token that does not lie beside its checkpoint",
        ),
        ({"size": 99}, missing, Outcome.NOT_CHECKED, ""),
    ):
        collector, stamps = Collector(), Stamps(stamped.trust())
        told = {**named, **change}
        assert _find_named(collector, reader, told, stamps, "entry 6") is None
        (found,) = findings(collector)
        assert found == finding(13, code, outcome, "entry 6", detail or found.detail)
    collector, stamps = Collector(), Stamps(replace(stamped.trust(), authorities=()))
    assert _find_named(collector, reader, named, stamps, "entry 6") is None
    assert findings(collector) == [
        finding(
            13,
            missing,
            Outcome.NOT_CHECKED,
            "entry 6",
            "the token it names is by nobody trusted",
        )
    ]
    collector, stamps = Collector(), Stamps(stamped.trust())
    stamp = _find_named(collector, reader, named, stamps, "entry 6")
    assert stamp is not None
    assert stamp is stamps.found[named["token"]]
    assert findings(collector) == []
    reader.close()
