"""A copy that is damaged or was interrupted: mended by what verifies, or as before."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import ArchiveLocked, StoreError
from archive.files import DISK, Files
from archive.mirror.listing import is_handed_on
from archive.mirror.memory import Memory
from archive.mirror.pull import NotTaken
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive
from tests.support.archives.pulling import bring, evidence, flip
from tests.support.disk.folders import contents


def test_S6_damage_in_one_percent_of_a_copy_is_repaired_and_nothing_wrongly(
    made: MadeArchive, copy: Path
) -> None:
    bring(made, copy)
    good = contents(copy)
    chance = random.Random(20250126)
    for _round in range(4):
        damaged = damage(copy, chance)
        assert verify_archive(copy, trust=made.trust()).outcome is not Outcome.VERIFIED
        done = bring(made, copy)
        assert done.report.outcome is Outcome.VERIFIED
        assert contents(copy) == good, damaged
    again = bring(made, copy)
    assert again.repaired == ()


def damage(copy: Path, chance: random.Random) -> list[str]:
    """Flip a byte in 1 % of the bytes' runs: one place for each 100 blocks of 4 KiB."""
    files = [
        path
        for path in sorted(copy.rglob("*"))
        if path.is_file() and is_handed_on(path.relative_to(copy).as_posix())
    ]
    blocks = [
        (path, start) for path in files for start in range(0, path.stat().st_size, 4096)
    ]
    chosen = chance.sample(blocks, max(1, len(blocks) // 100))
    for path, start in chosen:
        flip(path, start + chance.randrange(min(4096, path.stat().st_size - start)))
    return [path.relative_to(copy).as_posix() for path, _start in chosen]


@pytest.mark.parametrize(
    "pattern",
    [
        "archive.toml",
        "log/checkpoint",
        "log/tile/0/000.p/*",
        "log/tile/entries/000.p/*",
        "segments/*/*/*.gz",
        "segments/*/*/*.open",
    ],
)
def test_S6_each_kind_of_file_is_repaired(
    made: MadeArchive, copy: Path, pattern: str
) -> None:
    bring(made, copy)
    good = contents(copy)
    victim = sorted(copy.glob(pattern))[-1]
    harms: tuple[Callable[[], None], ...] = (lambda: flip(victim, 77), victim.unlink)
    for harm in harms:
        harm()
        done = bring(made, copy)
        assert done.report.outcome is Outcome.VERIFIED
        assert contents(copy) == good


def test_a_damaged_copy_is_not_repaired_from_a_damaged_one(
    made: MadeArchive, copy: Path
) -> None:
    bring(made, copy)
    name = sorted(made.root.glob("segments/*/*/*.gz"))[0].relative_to(made.root)
    flip(copy / name, 3000)
    flip(made.root / name, 4000)
    before = contents(copy)
    with pytest.raises(NotTaken) as caught:
        bring(made, copy)
    assert caught.value.report.outcome is Outcome.FAILED
    assert contents(copy) == before


# Interruption


@pytest.mark.parametrize("moment", ["before-swap", "in-swap", "after-swap"])
def test_a_crash_leaves_the_old_copy_or_the_new_one(
    made: MadeArchive, copy: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(made, copy)
    old = evidence(copy)
    made.fill(2)
    rename = DISK.rename
    seen: list[str] = []

    def stop(source: Path, target: Path) -> None:
        if "partner" in target.name or "partner" in source.name:
            seen.append(target.name)
            if moment == "before-swap" or (moment == "in-swap" and len(seen) == 2):
                raise KeyboardInterrupt
        rename(source, target)
        if moment == "after-swap" and len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(DISK, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        bring(made, copy)
    monkeypatch.undo()
    if moment == "before-swap":
        assert evidence(copy) == old
    assert bring(made, copy).report.outcome is Outcome.VERIFIED
    assert evidence(copy) == evidence(made.root)
    assert sorted(path.name for path in copy.parent.iterdir()) == [
        "partner",
        "partner-mirror",
    ]


def test_a_crash_while_replaced_files_are_kept_takes_none_from_the_copy(
    made: MadeArchive, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(made, copy)
    texts = copy / "texts" / "replaced"
    texts.parent.mkdir(exist_ok=True)
    texts.write_bytes(b"what the operator took away since")
    old = contents(copy)
    keep = Memory.keep_file

    def stop(memory: Memory, path: Path) -> Path:
        keep(memory, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(Memory, "keep_file", stop)
    made.fill(1)
    with pytest.raises(KeyboardInterrupt):
        bring(made, copy)
    assert contents(copy) == old
    monkeypatch.undo()
    (kept,) = bring(made, copy).kept
    assert kept.read_bytes() == b"what the operator took away since"
    assert not texts.exists()


def test_a_second_pull_leaves_the_first_alone(made: MadeArchive, copy: Path) -> None:
    """Also before there is a copy: both would build it at the same place."""
    with Memory(copy).hold(), pytest.raises(ArchiveLocked, match="another process"):
        bring(made, copy)
    assert not copy.exists()
    assert bring(made, copy).report.outcome is Outcome.VERIFIED


def test_a_copy_that_would_fill_the_disk_is_refused_before_its_first_byte(
    made: MadeArchive, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(made, copy)
    made.fill(1)
    before = contents(copy.parent)
    monkeypatch.setattr(Files, "space", lambda _files, _folder: (1 << 20, 100 << 20))
    with pytest.raises(StoreError, match="is full"):
        bring(made, copy)
    assert contents(copy.parent) == before
