"""Checks 2, 7, 8, 15 and 16: statements on disk, leaves in the log, the signed root."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.attest.statements.envelope import Stub
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import Unreadable
from archive.files import Files
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.leaf import Leaf, format_leaf
from archive.log.log import TiledLog
from archive.log.merkle import leaf_hash, root_from_hashes
from archive.log.note import format_note, parse_note, sign_note
from archive.log.reader import LogReader
from archive.store.ledger import FIRST_PREV
from archive.verify.log.chain import Chain, check_tiles, read_checkpoint
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from tests.support.archives.archives import START
from tests.support.judging.findings import failed, found_by, holds, not_checked

ORIGIN, ARCHIVE = "log.example/a", "a" * 26
LOG = Ed25519Signer.from_seed(b"\1" * 32, name=ORIGIN)
TRUST = TrustSet(roots=(), operators=(), log_vkey=LOG.vkey)
FILE = "log/checkpoint"
SIZE = 259
"""More than one entry bundle and tile hold, by three."""
DIGESTS = [Digest.of(b"%d" % number) for number in range(SIZE + 4)]
NOBODY_ASKED = not_checked(
    9,
    "witnesses-none",
    FILE,
    "0 witnesses; the policy asks for 0",
    asked=0,
    found=0,
)


def leaf(number: int) -> bytes:
    """The line of an entry."""
    return format_leaf(
        Leaf(
            kind="capture",
            statement_digest=DIGESTS[number],
            key_id="0" * 16,
            signature=bytes(64),
        )
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of SIZE leaves."""
    folder = tmp_path_factory.mktemp("log") / "log"
    tiled = TiledLog(folder, Files())
    tiled.create()
    leaves = [leaf(number) for number in range(SIZE)]
    tiled.append_and_publish(leaves, origin=ORIGIN, signer=LOG)
    return folder


@pytest.fixture(scope="module")
def head(log: Path) -> Checkpoint:
    return parse_checkpoint(parse_note((log / "checkpoint").read_bytes()).body)


# The checkpoint


def read(
    folder: Path, origin: str = ORIGIN, trust: TrustSet | None = TRUST
) -> tuple[Checkpoint | None, list[Finding]]:
    collector = Collector()
    found = read_checkpoint(collector, folder, origin=origin, trust=trust)
    return found, found_by(collector)


def test_a_signed_checkpoint_of_this_log_holds(log: Path, head: Checkpoint) -> None:
    assert read(log) == (head, [holds(8, 1), NOBODY_ASKED])
    assert read(log, trust=None) == (head, [NOBODY_ASKED])


def test_a_checkpoint_that_is_not_there_or_cannot_be_read_is_told(
    tmp_path: Path,
) -> None:
    words = f"there is no log at {tmp_path / 'none'}; run `evidence init`"
    unreadable = failed(8, "checkpoint-unreadable", FILE, words)
    assert read(tmp_path / "none") == (None, [unreadable])
    missing = not_checked(8, "checkpoint-missing", FILE, "there is no checkpoint")
    assert read(tmp_path) == (None, [missing])
    (tmp_path / "checkpoint").mkdir()
    words = f"cannot read {tmp_path / 'checkpoint'}: Is a directory"
    checkpoint, (finding,) = read(tmp_path)
    assert checkpoint is None
    assert finding == failed(8, "checkpoint-unreadable", FILE, finding.detail)
    assert str(tmp_path / "checkpoint") in finding.detail


@pytest.mark.parametrize("trust", [None, TRUST])
def test_a_checkpoint_of_another_log_is_bad_whatever_is_trusted(
    trust: TrustSet | None, log: Path
) -> None:
    words = f"is of the log {ORIGIN}, not log.example/b"
    bad = failed(8, "checkpoint-bad", FILE, words)
    assert read(log, "log.example/b", trust) == (None, [bad])


def test_a_checkpoint_signed_by_somebody_else_is_not_checked(
    tmp_path: Path, head: Checkpoint
) -> None:
    stranger = Ed25519Signer.from_seed(b"\2" * 32, name=ORIGIN)
    note = format_note(sign_note(format_checkpoint(head), stranger))
    (tmp_path / "checkpoint").write_bytes(note)
    words = f"no signature of {ORIGIN} ({LOG.vkey.key_hash.hex()})"
    unknown = not_checked(8, "checkpoint-bad", FILE, words)
    assert read(tmp_path) == (None, [unknown])
    assert read(tmp_path, trust=None) == (head, [NOBODY_ASKED])


# The chain


class Walked:
    """A chain that is followed through entries."""

    def __init__(self, folder: Path, head: Checkpoint | None) -> None:
        self.collector = Collector()
        self.chain = Chain(self.collector, folder, head)

    def follow(self, number: int, **changes: Any) -> None:
        """The entry of that number; `changes` of what it says or is."""
        prev = str(DIGESTS[number - 1]) if number else FIRST_PREV
        said = {"archive_id": ARCHIVE, "seq": number, "prev": prev, **changes}
        line = said.pop("line", leaf(number))
        checked = SimpleNamespace(
            statement=SimpleNamespace(**said), digest=DIGESTS[number], leaf_line=line
        )
        self.chain.follow(
            cast("Any", checked), subject=f"entry {number}", archive_id=ARCHIVE
        )

    def stub(self, number: int) -> None:
        stub = Stub(removed_leaf=leaf(number), tombstone_leaf=leaf(0), date=START)
        self.chain.follow_stub(stub, subject=f"entry {number}")

    def finish(self) -> list[Finding]:
        """All findings."""
        self.chain.finish()
        return found_by(self.collector)


def chain_broken(number: int, words: str, entry: int | None = None) -> Finding:
    entry = number if entry is None else entry
    return failed(16, "chain-broken", f"entry {number}", words, entry=entry)


NO_PREV = "its prev is not the digest of the statement before it"
ROOT_DIFFERS = failed(
    7, "root-differs", FILE, "the statements on disk do not give the signed root"
)


def test_all_entries_and_stubs_of_a_log_hold_and_give_its_root(
    log: Path, head: Checkpoint
) -> None:
    walked = Walked(log, head)
    for number in range(SIZE):
        if number in (3, 4, SIZE - 1):
            walked.stub(number)
        else:
            walked.follow(number)
    assert walked.chain.entries == SIZE
    assert walked.chain.statements == set(DIGESTS[:SIZE]) - {
        DIGESTS[number] for number in (3, 4, SIZE - 1)
    }
    assert walked.finish() == [holds(2, SIZE), holds(7, SIZE), holds(16, SIZE - 3)]


def test_each_entry_is_of_this_archive_at_its_place_behind_the_one_before(
    log: Path,
) -> None:
    walked = Walked(log, None)
    walked.follow(0, prev=str(DIGESTS[0]))
    walked.follow(1, archive_id="b" * 26, seq=9, prev="x")
    walked.follow(2, seq=1, prev="x")
    walked.follow(3, prev=str(DIGESTS[1]))
    walked.follow(4)
    walked.follow(6)
    assert walked.finish() == [
        chain_broken(0, NO_PREV),
        chain_broken(1, f"it was made for the archive {'b' * 26}"),
        chain_broken(2, "it says entry 1 but stands at 2"),
        chain_broken(3, NO_PREV),
        chain_broken(6, "it says entry 6 but stands at 5", 5),
    ]
    assert walked.collector.counted(16) == 1
    assert walked.chain.unlogged == 6


def test_behind_what_cannot_be_read_the_chain_is_broken_once(
    log: Path, head: Checkpoint
) -> None:
    walked = Walked(log, head)
    for number in range(SIZE):
        if number == 5:
            walked.chain.skip()
        else:
            walked.follow(number)
    assert walked.finish() == [
        holds(2, SIZE - 1),
        ROOT_DIFFERS,
        chain_broken(6, NO_PREV),
    ]


def test_another_leaf_than_logged_is_told_with_the_bundle_that_holds_it(
    log: Path, head: Checkpoint
) -> None:
    walked = Walked(log, head)
    for number in range(SIZE):
        walked.follow(number, **({"line": leaf(0)} if number in (255, 256) else {}))
    bundles = {255: "log/tile/entries/000", 256: "log/tile/entries/001.p/3"}
    assert walked.finish() == [
        *(
            failed(
                2,
                "leaf-differs",
                f"entry {number}",
                f"entry {number} in {bundle} is another leaf",
            )
            for number, bundle in bundles.items()
        ),
        ROOT_DIFFERS,
        holds(16, SIZE),
    ]


def test_a_bundle_that_cannot_be_read_is_told_once_and_its_leaves_each(
    tmp_path: Path, log: Path, head: Checkpoint
) -> None:
    shutil.copytree(log, tmp_path / "log")
    (tmp_path / "log" / "tile" / "entries" / "001.p" / "3").unlink()
    walked = Walked(tmp_path / "log", head)
    for number in range(SIZE):
        walked.follow(number)
    found = walked.finish()
    bundle = "log/tile/entries/001.p/3"
    assert found == [
        *(
            failed(
                2,
                "leaf-differs",
                f"entry {number}",
                f"entry {number} in {bundle} is another leaf",
            )
            for number in range(256, SIZE)
        ),
        holds(7, SIZE),
        failed(15, "entries-unreadable", "log/tile/entries", found[4].detail),
        holds(16, SIZE),
    ]
    assert found[4].detail


@pytest.mark.parametrize("more", [1, 3])
def test_entries_behind_the_checkpoint_are_not_logged_yet(
    more: int, log: Path, head: Checkpoint
) -> None:
    walked = Walked(log, head)
    for number in range(SIZE + more):
        walked.follow(number)
    words = f"{more} statements are not logged yet; any writing verb logs them"
    yet = not_checked(7, "not-logged-yet", f"entries from {SIZE} on", words)
    assert walked.finish() == [holds(2, SIZE), yet, holds(16, SIZE + more)]
    assert walked.collector.counted(7) == SIZE


@pytest.mark.parametrize("fewer", [1, 3])
def test_entries_that_the_log_has_and_the_disk_has_not_are_missing(
    fewer: int, log: Path, head: Checkpoint
) -> None:
    walked = Walked(log, head)
    for number in range(SIZE - fewer):
        walked.follow(number)
    words = f"the log holds {fewer} more entries than the segments"
    span = f"entries {SIZE - fewer} to {SIZE - 1}"
    assert walked.finish() == [
        holds(2, SIZE - fewer),
        ROOT_DIFFERS,
        failed(16, "statements-missing", span, words),
    ]
    assert walked.collector.counted(16) == SIZE - fewer


def test_without_a_checkpoint_only_the_chain_itself_is_judged(log: Path) -> None:
    walked = Walked(log, None)
    walked.follow(0)
    walked.stub(1)
    assert walked.finish() == [holds(16, 1)]
    assert (walked.chain.entries, walked.chain.unlogged) == (2, 2)


def test_without_a_checkpoint_nothing_of_the_log_is_read(tmp_path: Path) -> None:
    walked = Walked(tmp_path / "no log", None)
    walked.chain.skip()
    walked.stub(1)
    assert walked.finish() == []


def test_the_roots_of_any_sizes_are_those_of_the_first_leaves(log: Path) -> None:
    walked = Walked(log, None)
    count = 21
    for number in range(count):
        walked.follow(number)
    hashes = [leaf_hash(leaf(number)) for number in range(count)]
    every = {size: root_from_hashes(hashes[:size]) for size in range(1, count + 1)}
    assert walked.chain.roots_of(range(1, count + 1)) == every
    assert walked.chain.roots_of(size for size in (7, 20)) == {
        size: every[size] for size in (7, 20)
    }
    assert walked.chain.roots_of([0, count + 1]) == {}
    assert walked.chain.roots_of([]) == {}


# The tiles


def tiles(folder: Path, head: Checkpoint | None, *, is_locked: bool) -> list[Finding]:
    collector = Collector()
    check_tiles(collector, folder, head, is_locked=is_locked)
    return found_by(collector)


def test_tiles_that_are_right_are_counted_by_the_entries_under_them(
    log: Path, head: Checkpoint
) -> None:
    for is_locked in (False, True):
        assert tiles(log, head, is_locked=is_locked) == [holds(15, SIZE)]
        assert tiles(log, None, is_locked=is_locked) == []


def test_files_behind_the_checkpoint_are_only_those_of_a_writer_at_work(
    tmp_path: Path, log: Path, head: Checkpoint
) -> None:
    shutil.copytree(log, tmp_path / "log")
    note = (log / "checkpoint").read_bytes()
    tiled = TiledLog(tmp_path / "log", Files())
    tiled.append_and_publish([leaf(SIZE)], origin=ORIGIN, signer=LOG)
    (tmp_path / "log" / "checkpoint").write_bytes(note)
    assert tiles(tmp_path / "log", head, is_locked=True) == [holds(15, SIZE)]
    found = tiles(tmp_path / "log", head, is_locked=False)
    assert [(one.step, one.code, one.subject) for one in found] == [
        (15, "tile-wrong", "log/tile/entries/001.p/4"),
        (15, "tile-wrong", "log/tile/0/001.p/4"),
    ]


def test_every_wrong_file_is_named_with_what_is_wrong(
    tmp_path: Path, log: Path, head: Checkpoint
) -> None:
    shutil.copytree(log, tmp_path / "log")
    for name in ("b", "a"):
        (tmp_path / "log" / name).touch()
    assert tiles(tmp_path / "log", head, is_locked=False) == [
        failed(15, "tile-wrong", f"log/{name}", "no file of a log is called so")
        for name in ("a", "b")
    ]


def test_a_disk_that_fails_under_the_tiles_is_no_pass(
    log: Path, head: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object, **_named: object) -> None:
        raise Unreadable("cannot read it")

    monkeypatch.setattr(LogReader, "iter_tile_problems", fails)
    unreadable = not_checked(15, "file-unreadable", "log", "cannot read it")
    assert tiles(log, head, is_locked=False) == [unreadable]
