"""Rows of the attack table: files of the log, foreign files and links, the catalog."""

import random
import sqlite3
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import EvidenceError
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from tests.support.attacks.bench import Bench, fires, names
from tests.support.attacks.tamper import (
    FIRST,
    INCIDENT,
    SECOND,
    Victim,
)

pytestmark = pytest.mark.timeout(600)


# Row: edited tile, entry bundle, stale partial tile; leaf twice; foreign file, link


def test_tile_entry_bundle_or_stale_partial_edited(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    files = [
        path for path in (victim.root / "log" / "tile").rglob("*") if path.is_file()
    ]
    for path in files:
        for _ in range(max(1, 100 // share // len(files))):
            data = bytearray(path.read_bytes())
            data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
            report = bench.judge_with(path, bytes(data))
            fires(report, 15)
            assert names(report, path.name)


def test_leaf_twice(victim: Victim, bench: Bench, tmp_path: Path) -> None:
    """Each entry in turn stands in the log and in the segments a second time."""
    for place in range(len(victim.entries(FIRST))):
        folder = tmp_path / str(place)
        folder.mkdir()
        copy = Victim.copy(folder)
        entries = copy.entries(FIRST)
        copy.rewrite(FIRST, [*entries[: place + 1], *entries[place:]])
        copy.log_anew()
        fires(copy.verify(), 16)


def test_swapped_or_foreign_file(
    bench: Bench, choice: random.Random, share: int
) -> None:
    files = bench.files()
    for _ in range(100 // share):
        one, two = choice.sample(files, 2)
        if one.read_bytes() == two.read_bytes():
            continue
        with bench.changed(one, two.read_bytes()):
            report = bench.judge()
        fires(report, *range(1, 9), 15, 16, 17, 19, 20, 21)
        foreign = one.with_name(f"{choice.randrange(10**6)}.txt")
        foreign.write_bytes(b"foreign")
        report = bench.judge()
        foreign.unlink()
        fires(report, 15, 17, 20)
        assert names(report, foreign.name)


@pytest.mark.parametrize(
    "pattern",
    [
        "archive.toml",
        "log/checkpoint",
        "log/tile/0/*/17",
        "log/tile/entries/*/17",
        "segments/*/*/00000000-*",
        "segments/*/*/*.open",
        "texts/*.gz",
        "anchors/*/1.tsr",
    ],
)
def test_planted_link_is_refused(
    victim: Victim, bench: Bench, tmp_path: Path, pattern: str
) -> None:
    path = victim.file(pattern)
    with bench.linked(path, tmp_path / "elsewhere"):
        report = bench.judge()
    fires(report, 8, 15, 16, 17, 20, 21)


# Row: catalog points elsewhere


@pytest.fixture(scope="module")
def read(victim: Victim, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A copy with a catalog of its own."""
    copy = Victim.copy(tmp_path_factory.mktemp("read"))
    ArchiveReader.open(copy.root).close()
    return copy


CATALOG_FIELDS = ("segment", "offset_bytes", "length_bytes", "capture_id", "target_uri")


def test_catalog_points_elsewhere(
    read: Victim, choice: random.Random, share: int
) -> None:
    path = read.root / "catalog.sqlite"
    honest = path.read_bytes()
    reader = ArchiveReader.open(read.root)
    captures = {one.capture_id: one for one in reader.captures()}
    reader.close()
    verified = refused = 0
    for _ in range(1000 // share):
        path.write_bytes(honest)
        lie(path, choice)
        reader = ArchiveReader.open(read.root)
        try:
            for shown in reader.captures():
                is_verified = judge_shown(read, reader, shown, captures)
                verified += is_verified
                refused += not is_verified
        except EvidenceError:
            refused += 1  # a sentence, and nothing shown
        finally:
            reader.close()
    assert verified, "the captures that nobody lied about"
    assert refused


def lie(path: Path, choice: random.Random) -> None:
    """Edit a field of one row: another row's value, or nonsense."""
    db = sqlite3.connect(path)
    field = choice.choice(CATALOG_FIELDS)
    values = [row[0] for row in db.execute(f"select {field} from capture")]
    value = choice.choice([*values, 0, 1, 10**9, "", "x" * 64])
    leaf = choice.choice([row[0] for row in db.execute("select leaf from capture")])
    with db:
        db.execute(f"update capture set {field} = ? where leaf = ?", (value, leaf))
    db.close()


def judge_shown(
    read: Victim, reader: ArchiveReader, shown: Capture, captures: dict[str, Capture]
) -> bool:
    """Whether it is VERIFIED: bytes are those of the id shown, and no lie is."""
    capture_id = shown.capture_id
    try:
        with reader.open_slice(shown) as stream:
            assert Digest.of_stream(stream).hex == capture_id
    except EvidenceError:
        return False
    report = verify_capture(reader, shown, trust=read.trust)
    is_verified = report.outcome is Outcome.VERIFIED
    assert captures[capture_id] == shown or not is_verified
    return is_verified


# Row: edited custody entry


def test_edited_custody_entry(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    path, entries = victim.segments[SECOND], victim.entries(SECOND)
    assert entries[INCIDENT].statement.kind == "incident"
    before = sum(len(entry.data) for entry in entries[:INCIDENT])
    data = path.read_bytes()
    for _ in range(100 // share):
        changed = bytearray(data)
        at = before + choice.randrange(len(entries[INCIDENT].data))
        changed[at] ^= 1 << choice.randrange(8)
        fires(bench.judge_with(path, bytes(changed)), 16)
