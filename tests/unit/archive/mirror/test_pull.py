"""Copies only grow, take nothing that does not verify, and repair nothing wrongly."""

import shutil
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.errors import (
    ArchiveMissing,
    DigestMismatch,
    EvidenceError,
    FormatError,
    InconsistentCheckpoint,
    PeerUnavailable,
)
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.note import format_note, parse_note, sign_note
from archive.mirror import source as source_module
from archive.mirror.listing import (
    write_listing,
)
from archive.mirror.pull import NotTaken
from archive.mirror.source import open_source
from archive.store.drafts import Draft
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    MadeArchive,
    copy_archive,
    fill,
    make_archive,
)
from tests.support.archives.pulling import bring, bring_with, evidence, flip
from tests.support.disk.folders import contents
from tests.support.servers.static import serving_folder

INCIDENT = Draft(
    kind="incident",
    slice=None,
    facts=None,
    predicate={
        "cause": "custody",
        "file": None,
        "length": None,
        "offset": None,
        "sha256": None,
        "words": "said by a test",
    },
)


def test_a_copy_holds_the_same_evidence_and_verifies(
    made: MadeArchive, copy: Path
) -> None:
    done = bring(made, copy)
    assert done.report.outcome is Outcome.VERIFIED
    assert done.old_size == 0
    assert evidence(copy) == evidence(made.root)
    assert verify_archive(copy, trust=made.trust()).outcome is Outcome.VERIFIED
    reader = ArchiveReader.open(copy)
    assert reader.count() == 9
    reader.close()


def test_it_grows_with_its_archive_and_stays_when_nothing_is_new(
    made: MadeArchive, copy: Path
) -> None:
    bring(made, copy)
    for step in range(4):
        made.fill(2)
        if step == 1:
            with made.open_writer() as writer:
                writer.rotate()
        done = bring(made, copy)
        assert done.new_size > done.old_size > 0
        assert evidence(copy) == evidence(made.root)
        assert (done.repaired, done.kept) == ((), ())
    before = contents(copy)
    done = bring(made, copy)
    assert done.old_size == done.new_size
    assert contents(copy) == before
    assert [path.name for path in sorted(copy.parent.iterdir())] == [
        "partner",
        "partner-mirror",
    ]


def test_a_tree_of_several_bundles_is_pulled_piece_by_piece(
    tmp_path: Path, copy: Path
) -> None:
    made = make_archive(tmp_path / "big")
    for size in (250, 20, 260):
        with made.open_writer() as writer:
            for _ in range(size):
                writer.state(INCIDENT)
        bring(made, copy)
    assert evidence(copy) == evidence(made.root)


def test_over_http_it_is_the_same(
    made: MadeArchive, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PIECE_BYTES", 3000)
    with serving_folder(made.root) as url:
        with pytest.raises(PeerUnavailable, match=r"files\.txt"):
            bring(made, copy, url)
        write_listing(made.root)
        bring(made, copy, url)
        assert evidence(copy) == evidence(made.root)
        made.fill(3)  # the listing is older than the archive: what it lists is pulled
        assert bring(made, copy, url).report.outcome is Outcome.VERIFIED
        write_listing(made.root)
        assert bring(made, copy, url).new_size > 9
    assert evidence(copy) == evidence(made.root)
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


def test_where_there_is_no_archive_nobody_is_told_to_make_one(tmp_path: Path) -> None:
    source = open_source(str(tmp_path))
    with pytest.raises(ArchiveMissing, match="no archive to copy") as caught:
        source.list_files()
    assert "init" not in str(caught.value)


def test_what_is_not_logged_yet_is_left_out(made: MadeArchive, copy: Path) -> None:
    with made.open_writer() as writer:
        fill(writer, made, 2)  # on disk, under no checkpoint
        done = bring(made, copy)
        assert done.report.outcome is Outcome.VERIFIED
        assert verify_archive(copy, trust=made.trust()).outcome is Outcome.VERIFIED
    assert bring(made, copy).new_size > done.new_size
    assert evidence(copy) == evidence(made.root)


# Shrinkage and forks


def test_S7_a_wiped_primary_changes_no_byte_of_the_copy(
    made: MadeArchive, copy: Path
) -> None:
    bring(made, copy)
    before = contents(copy)
    trust = made.trust()
    assert trust is not None
    for wiped in (made.root / "segments", made.root / "log", made.root):
        shutil.rmtree(wiped)
        with pytest.raises((EvidenceError, ArchiveMissing)):
            bring_with(trust, copy, str(made.root))
        assert contents(copy) == before


def test_S4_a_primary_that_went_back_is_refused(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    shutil.copytree(made.root, tmp_path / "older")
    made.fill(1)
    bring(made, copy)
    before = contents(copy)
    with pytest.raises(InconsistentCheckpoint, match="rolled back"):
        bring(made, copy, str(tmp_path / "older"))
    assert contents(copy) == before


def test_a_segment_that_is_gone_is_refused(made: MadeArchive, copy: Path) -> None:
    bring(made, copy)
    before = contents(copy)
    sorted(made.root.glob("segments/*/*/*"))[1].unlink()
    with pytest.raises(InconsistentCheckpoint, match="no longer has the segment"):
        bring(made, copy)
    assert contents(copy) == before


def test_K8_two_roots_of_one_size_are_refused_and_kept_as_proof(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    fork = copy_archive(made, tmp_path / "fork")
    made.fill(2)
    fork.fill(2)
    bring(made, copy)
    before = contents(copy)
    with pytest.raises(InconsistentCheckpoint, match="forked"):
        bring(fork, copy)
    assert contents(copy) == before
    heads = kept_heads(copy)
    assert len({head.size for head in heads}) == 1
    assert len({head.root for head in heads}) == 2


def test_a_fork_that_has_grown_further_is_refused_and_kept_too(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    fork = copy_archive(made, tmp_path / "fork")
    made.fill(2)
    fork.fill(5)
    bring(made, copy)
    before = contents(copy)
    with pytest.raises(InconsistentCheckpoint, match="forked"):
        bring(fork, copy)
    assert contents(copy) == before
    assert len({head.size for head in kept_heads(copy)}) == 2


def kept_heads(copy: Path) -> list[Checkpoint]:
    folder = copy.with_name(f"{copy.name}-mirror") / "misconduct"
    return [
        parse_checkpoint(parse_note(path.read_bytes()).body)
        for path in sorted(folder.iterdir())
    ]


def test_the_head_beside_the_copy_is_what_counts(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    shutil.copytree(made.root, tmp_path / "older")
    bring(made, copy)
    shutil.copytree(copy, tmp_path / "copy-of-before")
    made.fill(1)
    bring(made, copy)
    shutil.rmtree(copy)  # and the copy itself is rolled back
    shutil.copytree(tmp_path / "copy-of-before", copy)
    with pytest.raises(InconsistentCheckpoint, match="rolled back"):
        bring(made, copy, str(tmp_path / "older"))
    assert bring(made, copy).report.outcome is Outcome.VERIFIED


def test_a_primary_that_does_not_verify_is_not_taken(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    bring(made, copy)
    made.fill(2)
    before = contents(copy)
    newest = sorted(made.root.glob("segments/*/*/*.open"))[0]
    flip(newest, newest.stat().st_size - 200)
    with pytest.raises((NotTaken, EvidenceError)):
        bring(made, copy)
    assert contents(copy) == before


def test_damage_of_what_the_copy_has_already_does_not_reach_it(
    made: MadeArchive, copy: Path
) -> None:
    bring(made, copy)
    good = evidence(copy)
    flip(sorted(made.root.glob("segments/*/*/*.gz"))[0], 3000)
    assert bring(made, copy).report.outcome is Outcome.VERIFIED
    assert evidence(copy) == good


def test_entries_that_do_not_give_the_root_are_refused(
    made: MadeArchive, copy: Path
) -> None:
    bundle = sorted(made.root.glob("log/tile/entries/*.p/*"), key=_width)[-1]
    flip(bundle, 100)
    with pytest.raises((DigestMismatch, FormatError)):
        bring(made, copy)
    assert not copy.exists()


def _width(path: Path) -> int:
    return int(path.name)


def test_a_checkpoint_of_another_key_is_refused(
    made: MadeArchive, copy: Path, tmp_path: Path
) -> None:
    stranger = Ed25519Signer.from_seed(b"\1" * 32, name=made.identity.origin)
    path = made.root / "log" / "checkpoint"
    body = parse_note(path.read_bytes()).body
    path.write_bytes(format_note(sign_note(body, stranger)))
    with pytest.raises(EvidenceError):
        bring(made, copy)
    assert not copy.exists()


def test_the_catalog_of_the_copy_stays(made: MadeArchive, copy: Path) -> None:
    bring(made, copy)
    ArchiveReader.open(copy).close()
    made.fill(1)
    bring(made, copy)
    assert (copy / "catalog.sqlite").exists()
    reader = ArchiveReader.open(copy)
    assert reader.count() == 10
    reader.close()
