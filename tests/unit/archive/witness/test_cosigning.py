"""An archive and its witnesses: cosigned while it is written, never forked."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.attest.keys.signing import verify_ed25519
from archive.errors import WitnessRefused
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.note import SignedNote, parse_note, parse_vkey, verify_note
from archive.log.witness import SIZE_TYPE, parse_add_checkpoint
from archive.settings import WitnessPeer
from archive.store.layout import ArchivePaths
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from archive.witness.desk import Desk, Reply, origin_hash
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    put_back_head,
)
from tests.support.archives.stamped import make_stamped
from tests.support.servers.witnesses import Running, running, writer_with


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


@pytest.fixture
def two(made: MadeArchive, tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                running(tmp_path / name, name, logs=(made.identity.log_vkey,))
            )
            for name in ("w1", "w2")
        )
        yield first, second


def stored(made: MadeArchive) -> SignedNote:
    return parse_note((made.root / "log" / "checkpoint").read_bytes())


def head(made: MadeArchive) -> Checkpoint:
    return parse_checkpoint(stored(made).body)


def cosigned_by(made: MadeArchive, *peers: WitnessPeer) -> None:
    note = stored(made)
    for peer in peers:
        verify_note(note, parse_vkey(peer.vkey), verify_ed25519)
    assert len(note.signatures) == 1 + len(peers)


def seen_size(witness: Running, made: MadeArchive) -> int:
    data = witness.desk.read_checkpoint(origin_hash(made.identity.origin))
    return 0 if data is None else parse_checkpoint(parse_note(data).body).size


def incidents(made: MadeArchive) -> list[dict[str, object]]:
    found = []
    for segment in list_segments(ArchivePaths(made.root).segments):
        for entry in SegmentWalk(segment.path):
            statement = read_statement(entry)
            if statement.kind == "incident":
                found.append(dict(statement.predicate))
    return found


def test_the_checkpoint_of_a_writer_carries_both_cosignatures(
    made: MadeArchive, two: tuple[Running, Running]
) -> None:
    peers = [one.peer for one in two]
    for count in (1, 3, 2):
        writer, cosigning = writer_with(made, *peers)
        with writer:
            fill(writer, made, count)
        assert cosigning.pending == {}
        cosigned_by(made, *peers)
        assert [seen_size(one, made) for one in two] == [head(made).size] * 2
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_nothing_new_changes_nothing(
    made: MadeArchive, two: tuple[Running, Running]
) -> None:
    peers = [one.peer for one in two]
    writer_with(made, *peers)[0].close()
    before = (made.root / "log" / "checkpoint").read_bytes()
    writer, cosigning = writer_with(made, *peers)
    writer.close()
    assert (made.root / "log" / "checkpoint").read_bytes() == before
    assert cosigning.pending == {}


def test_an_unreachable_witness_is_pending_and_asked_again(
    made: MadeArchive, tmp_path: Path, two: tuple[Running, Running]
) -> None:
    heard: list[str] = []
    with running(tmp_path / "w3", "w3", logs=(made.identity.log_vkey,)) as third:
        gone = third.peer
    writer, cosigning = writer_with(made, two[0].peer, gone, tell=heard.append)
    with writer:
        fill(writer, made, 2)
    assert list(cosigning.pending) == ["w3"]
    cosigned_by(made, two[0].peer)
    assert any("refused" in line for line in heard)
    assert len(heard) == len(set(heard)), "said once, not at each try"
    with running(tmp_path / "w3", "w3") as third:
        writer, cosigning = writer_with(made, two[0].peer, third.peer)
        writer.close()
        cosigned_by(made, two[0].peer, third.peer)
    assert cosigning.pending == {}


def test_a_witness_that_does_not_know_the_log_is_pending_with_its_reason(
    made: MadeArchive, tmp_path: Path
) -> None:
    with running(tmp_path / "w") as stranger:
        writer, cosigning = writer_with(made, stranger.peer)
        with writer:
            fill(writer, made, 1)
    assert "404" in cosigning.pending["w1"]
    assert incidents(made) == []


def test_another_key_than_the_one_in_the_settings_counts_for_nothing(
    made: MadeArchive, two: tuple[Running, Running]
) -> None:
    wrong = WitnessPeer(name="w1", url=two[0].peer.url, vkey=two[1].peer.vkey)
    writer, cosigning = writer_with(made, wrong)
    with writer:
        fill(writer, made, 1)
    assert "no cosignature of its key" in cosigning.pending["w1"]
    assert len(stored(made).signatures) == 1


def test_S4_a_restored_snapshot_signs_no_second_history(
    made: MadeArchive, tmp_path: Path, two: tuple[Running, Running]
) -> None:
    peers = [one.peer for one in two]
    with writer_with(made, *peers)[0] as writer:
        fill(writer, made, 1)
    shutil.copytree(made.root, tmp_path / "snapshot")
    with writer_with(made, *peers)[0] as writer:
        fill(writer, made, 2)
    ahead = head(made).size
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "snapshot", made.root)
    put_back_head(made.keys_folder, made.root)  # the keys from the same backup
    before = stored(made)

    writer, cosigning = writer_with(made, *peers)
    captured = fill(writer, made, 1)
    with pytest.raises(WitnessRefused, match=f"at size {ahead}"):
        writer.close()
    assert stored(made) == before, "nothing was signed"
    assert set(cosigning.pending) == {"w1", "w2"}
    stated = incidents(made)
    assert {one["cause"] for one in stated} == {"refused-checkpoint"}
    kept = parse_note((made.root / str(stated[0]["file"])).read_bytes())
    assert parse_checkpoint(kept.body).size == ahead
    # What was captured is acknowledged and in the archive, only not logged.
    reader = ArchiveReader.open(made.root)
    assert reader.get_capture(captured[0].capture_id).leaf >= before_size(before)
    reader.close()
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.NOT_CHECKED
    assert not list(report.of(Outcome.FAILED)), list(report.of(Outcome.FAILED))


def before_size(note: SignedNote) -> int:
    return parse_checkpoint(note.body).size


def answers_as_older_texts_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a root that is not the one of that size: 409 with the size, not 422."""
    present = Desk.add_checkpoint

    def older(desk: Desk, body: bytes) -> Reply:
        reply = present(desk, body)
        if reply.status != 422:
            return reply
        size = before_size(parse_note(parse_add_checkpoint(body).note))
        return Reply(status=409, body=b"%d\n" % size, content_type=SIZE_TYPE)

    monkeypatch.setattr(Desk, "add_checkpoint", older)


@pytest.mark.parametrize("witness", ["pinned", "older"])
def test_K8_a_fork_of_the_same_size_is_found_at_the_first_exchange(
    made: MadeArchive,
    tmp_path: Path,
    two: tuple[Running, Running],
    monkeypatch: pytest.MonkeyPatch,
    witness: str,
) -> None:
    if witness == "older":
        answers_as_older_texts_ask(monkeypatch)
    peer = two[0].peer
    shutil.copytree(made.root, tmp_path / "fork")
    with writer_with(made, peer)[0] as writer:
        fill(writer, made, 2)
    genuine = head(made)
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "fork", made.root)
    put_back_head(made.keys_folder, made.root)  # the keys from the same backup
    with made.open_writer() as writer:  # a dishonest operator asks nobody
        fill(writer, made, 2)
    forked = head(made)
    assert (forked.size, forked.root != genuine.root) == (genuine.size, True)

    writer, _cosigning = writer_with(made, peer)
    fill(writer, made, 1)
    with pytest.raises(WitnessRefused, match="another root"):
        writer.close()
    (stated,) = incidents(made)
    kept = parse_note((made.root / str(stated["file"])).read_bytes())
    assert parse_checkpoint(kept.body) == genuine
    misconduct = list(two[0].folder.rglob("misconduct/*.note"))
    roots = {parse_checkpoint(parse_note(p.read_bytes()).body).root for p in misconduct}
    assert roots == {genuine.root, forked.root}


def test_a_log_that_forked_earlier_is_found_too(
    made: MadeArchive, tmp_path: Path, two: tuple[Running, Running]
) -> None:
    peer = two[0].peer
    shutil.copytree(made.root, tmp_path / "fork")
    with writer_with(made, peer)[0] as writer:
        fill(writer, made, 1)
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "fork", made.root)
    put_back_head(made.keys_folder, made.root)  # the keys from the same backup
    with made.open_writer() as writer:
        fill(writer, made, 5)
    writer, _cosigning = writer_with(made, peer)
    with pytest.raises(WitnessRefused, match="another root"):
        writer.close()
    assert incidents(made)


def test_a_witness_that_lost_its_state_is_no_alarm(
    made: MadeArchive, tmp_path: Path
) -> None:
    logs = (made.identity.log_vkey,)
    with (
        running(tmp_path / "w", logs=logs) as witness,
        writer_with(made, witness.peer)[0] as writer,
    ):
        fill(writer, made, 2)
    shutil.rmtree(tmp_path / "w" / "state")
    with running(tmp_path / "w") as witness:
        writer, cosigning = writer_with(made, witness.peer)
        with writer:
            fill(writer, made, 1)
        assert cosigning.pending == {}
        assert seen_size(witness, made) == head(made).size


def test_the_state_of_a_witness_is_what_tlog_witness_lays_out(
    made: MadeArchive, two: tuple[Running, Running]
) -> None:
    with writer_with(made, two[0].peer)[0] as writer:
        fill(writer, made, 1)
    path = two[0].folder / "state" / origin_hash(made.identity.origin) / "checkpoint"
    assert parse_note(path.read_bytes()) == stored(made)
    assert json.dumps(sorted(p.name for p in two[0].folder.iterdir())) == json.dumps(
        ["key.pem", "lock", "logs", "state", "vkey"]
    )


def test_signing_stays_stopped_until_the_operator_decides_otherwise(
    made: MadeArchive, tmp_path: Path, two: tuple[Running, Running]
) -> None:
    peer = two[0].peer
    shutil.copytree(made.root, tmp_path / "snapshot")
    with writer_with(made, peer)[0] as writer:
        fill(writer, made, 2)
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "snapshot", made.root)
    put_back_head(made.keys_folder, made.root)  # the keys from the same backup
    before = stored(made)
    openings: tuple[Callable[[], ArchiveWriter], ...] = (
        lambda: writer_with(made, peer)[0],
        made.open_writer,
        made.open_writer,
    )
    for opening in openings:
        opened = opening()
        fill(opened, made, 1)
        with pytest.raises(WitnessRefused, match="has seen our log at size"):
            opened.close()
        assert stored(made) == before
    for change in (made.key_changer().rotate, made.key_changer().renew):
        with pytest.raises(WitnessRefused, match="has seen our log at size"):
            change()
        assert stored(made) == before
        assert made.keys().next is None, "nothing was begun"
    assert len(incidents(made)) == 1, "it is stated once"
    writer = ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(despite_refusal=True),
    )
    writer.close()
    assert head(made).size > parse_checkpoint(before.body).size + 3
    made.fill(1)  # the incident is logged: nothing stands in the way any more
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_a_stamped_checkpoint_is_cosigned_before_the_witness_is_beyond_it(
    tmp_path: Path,
) -> None:
    """Witnesses that were away while the stamp was made: citing needs both."""
    with ExitStack() as stack:
        stamped = stack.enter_context(make_stamped(tmp_path, fills=1))
        made = stamped.made
        logs = (made.identity.log_vkey,)
        with stamped.writer() as writer:
            fill(writer, made, 1)
        size = max(stamped.sizes())
        assert head(made).size > size, "the anchor itself is an entry"
        peers = [
            stack.enter_context(running(tmp_path / name, name, logs=logs)).peer
            for name in ("w1", "w2")
        ]
        path = stamped.anchors / str(size) / "checkpoint"
        body = parse_note(path.read_bytes()).body
        for count in (0, 1):
            writer, cosigning = writer_with(made, *peers)
            with writer:
                fill(writer, made, count)
            assert cosigning.pending == {}
            cosigned_by(made, *peers)
            note = parse_note(path.read_bytes())
            assert note.body == body
            for peer in peers:
                verify_note(note, parse_vkey(peer.vkey), verify_ed25519)
        report = verify_archive(made.root, trust=stamped.trust())
        assert not list(report.of(Outcome.FAILED))
