"""A15: captures name a token only as it was stated; no damage poisons later ones."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.errors import KeyProblem
from archive.store.layout import ArchivePaths
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.waiting.waiting import WaitingWriter
from archive.verify.reporting.report import Outcome
from tests.support.archives.archives import fill
from tests.support.archives.stamped import StampedArchive, make_stamped


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """Three jobs, each stamped by two authorities."""
    with make_stamped(tmp_path, fills=3) as made:
        yield made


def predicates(stamped: StampedArchive, kind: str) -> list[dict[str, Any]]:
    walked = (
        read_statement(entry)
        for segment in list_segments(ArchivePaths(stamped.made.root).segments)
        for entry in SegmentWalk(segment.path)
    )
    return [dict(found.predicate) for found in walked if found.kind == kind]


def swap(folder: Path) -> None:
    """Another genuine response of each authority: well formed, never stated."""
    older = sorted(folder.parent.iterdir(), key=lambda path: int(path.name))[0]
    for number in (1, 2):
        shutil.copy(older / f"{number}.tsr", folder / f"{number}.tsr")


def flip(folder: Path) -> None:
    for number in (1, 2):
        path = folder / f"{number}.tsr"
        data = bytearray(path.read_bytes())
        data[-3] ^= 1
        path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [swap, flip])
def test_A15_a_token_that_is_not_as_stated_is_told_and_the_one_before_is_named(
    damage: Callable[[Path], None], stamped: StampedArchive, tmp_path: Path
) -> None:
    sizes = stamped.sizes()
    shutil.copytree(stamped.anchors, tmp_path / "good")
    newest = stamped.anchors / str(sizes[-1])
    for path in newest.iterdir():
        path.chmod(0o600)
    damage(newest)
    stamped.fill(1)
    named = predicates(stamped, "capture")[-1]["not_before"]
    assert named["size"] == sizes[-2]
    assert any(
        f"anchors/{sizes[-1]} is not as it was stated" in x for x in stamped.told
    )
    shutil.rmtree(newest)
    shutil.copytree(tmp_path / "good" / newest.name, newest)
    assert list(stamped.judge().of(Outcome.FAILED)) == []


def test_A15_the_same_without_a_key(stamped: StampedArchive) -> None:
    made, sizes = stamped.made, stamped.sizes()
    for path in (stamped.anchors / str(sizes[-1])).iterdir():
        path.chmod(0o600)
    swap(stamped.anchors / str(sizes[-1]))
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    bound = writer._bounds.field_at(made.clock())
    writer.close()
    assert bound is not None
    assert bound["size"] == sizes[-2]


def test_a_sound_token_is_found_behind_any_number_of_segments(
    stamped: StampedArchive,
) -> None:
    with stamped.made.open_writer() as writer:
        for _ in range(3):
            fill(writer, stamped.made, 1)
            writer.rotate()
    with stamped.made.open_writer() as writer:
        fill(writer, stamped.made, 1)
    named = predicates(stamped, "capture")[-1]["not_before"]
    assert named["size"] == stamped.sizes()[-1]
    assert stamped.told == []


@pytest.mark.parametrize("size", [3, 9999])
def test_A15_a_planted_folder_is_never_stated_and_stops_nobody(
    size: int, stamped: StampedArchive
) -> None:
    newest = stamped.anchors / str(stamped.sizes()[-1])
    planted = stamped.anchors / str(size)
    shutil.copytree(newest, planted)
    (planted / "folder").mkdir()
    count = len(predicates(stamped, "anchor"))
    stamped.fill(1)
    assert len(predicates(stamped, "anchor")) == count + 1
    shutil.rmtree(planted)
    assert list(stamped.judge().of(Outcome.FAILED)) == []
