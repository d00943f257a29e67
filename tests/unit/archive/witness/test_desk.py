"""A witness stores before it answers, remembers, and keeps what proves misconduct."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer, verify_ed25519
from archive.errors import KeyProblem, LogError, SettingsError, StoreError, UsageProblem
from archive.files import Files
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.merkle import leaf_hash, prove_consistency, root_from_hashes
from archive.log.note import (
    format_note,
    format_vkey,
    open_note,
    parse_note,
    sign_note,
)
from archive.log.witness import (
    AddCheckpoint,
    format_add_checkpoint,
    read_cosignatures,
)
from archive.witness.desk import (
    add_log,
    create_witness,
    open_desk,
    origin_hash,
    read_logs,
)
from tests.support.disk.faults import FaultyFiles
from tests.support.servers.witnesses import SEEN_AT

ORIGIN = "election-evidence-archive/test"
SIGNER = Ed25519Signer.from_seed(bytes(32), name=ORIGIN)
LOG_VKEY = format_vkey(SIGNER.vkey)
HASHES = [leaf_hash(b"%d" % n) for n in range(40)]


def body(old: int, new: int, root: bytes | None = None) -> bytes:
    """A request for the naive tree, or for another root of that size."""
    head = Checkpoint(
        origin=ORIGIN, size=new, root=root or root_from_hashes(HASHES[:new])
    )
    proof = prove_consistency(
        old,
        new,
        lambda found: [
            root_from_hashes(HASHES[n << level : (n + 1) << level])
            for level, n in found
        ],
    )
    note = format_note(sign_note(format_checkpoint(head), SIGNER))
    return format_add_checkpoint(AddCheckpoint(old_size=old, proof=proof, note=note))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "witness"
    create_witness(path, "w.example/1")
    add_log(path, LOG_VKEY)
    return path


def stored(folder: Path) -> Path:
    return folder / "state" / origin_hash(ORIGIN) / "checkpoint"


def test_it_cosigns_what_goes_on_and_remembers_over_restarts(folder: Path) -> None:
    for old, new in ((0, 3), (3, 3), (3, 20), (20, 40)):
        with open_desk(folder, clock=lambda: SEEN_AT) as desk:
            reply = desk.add_checkpoint(body(old, new))
            assert (reply.status, reply.content_type[:10]) == (200, "text/plain")
            note = parse_note(stored(folder).read_bytes())
            assert parse_checkpoint(note.body).size == new
            lines = read_cosignatures(
                note.body, reply.body, witness_key=desk.vkey, verify=verify_ed25519
            )
            assert note.signatures[1:] == lines
            open_note(stored(folder).read_bytes(), SIGNER.vkey, verify_ed25519)
            assert desk.read_checkpoint(origin_hash(ORIGIN)) == format_note(note)


def test_who_comes_with_another_size_is_told_the_one_it_has(folder: Path) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        desk.add_checkpoint(body(0, 20))
        reply = desk.add_checkpoint(body(0, 30))
        assert (reply.status, reply.body) == (409, b"20\n")
        assert reply.content_type == "text/x.tlog.size"
        assert desk.add_checkpoint(body(20, 30)).status == 200
        assert desk.add_checkpoint(body(20, 25)).body == b"30\n"


def test_a_log_it_does_not_know_is_404(folder: Path) -> None:
    (folder / "logs").write_text("")
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        assert desk.add_checkpoint(body(0, 3)).status == 404
        assert desk.read_checkpoint(origin_hash(ORIGIN)) is None
        assert not stored(folder).exists()
        add_log(folder, LOG_VKEY)
        assert desk.read_checkpoint(origin_hash(ORIGIN)) is None
        assert desk.add_checkpoint(body(0, 3)).status == 200


def test_what_is_no_request_is_400(folder: Path) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        for data in (b"", b"old 0\n\nno note\n", b"\0" * 70_000):
            assert desk.add_checkpoint(data).status == 400


def test_two_signed_roots_of_one_size_are_kept_as_proof(folder: Path) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        desk.add_checkpoint(body(0, 20))
        assert desk.add_checkpoint(body(20, 20, b"\7" * 32)).status == 422
        assert desk.add_checkpoint(body(0, 20, b"\7" * 32)).status == 409
        assert desk.add_checkpoint(body(20, 30)).status == 200
    kept = sorted((stored(folder).parent / "misconduct").iterdir())
    heads = [
        parse_checkpoint(open_note(path.read_bytes(), SIGNER.vkey, verify_ed25519).body)
        for path in kept
    ]
    assert [head.size for head in heads] == [20, 20]
    assert len({head.root for head in heads}) == 2


def test_a_flood_of_forks_keeps_a_few(folder: Path) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        desk.add_checkpoint(body(0, 20))
        for number in range(30):
            assert desk.add_checkpoint(body(20, 20, bytes([number]) * 32)).status == 422
    assert len(list((stored(folder).parent / "misconduct").iterdir())) == 16


def test_requests_at_once_never_roll_it_back(folder: Path) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        desk.add_checkpoint(body(0, 3))
        replies: list[int] = []

        def ask(new: int) -> None:
            replies.append(desk.add_checkpoint(body(3, new)).status)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(4, 30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(replies) == [200] + [409] * 25
    assert parse_checkpoint(parse_note(stored(folder).read_bytes()).body).size > 3


class Recording(Files):
    """Writes down what happens on the disk."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        act()
        self.steps.append(f"{name} {path.name}")


def test_the_answer_comes_after_the_disk_has_it(folder: Path) -> None:
    files = Recording()
    with open_desk(folder, clock=lambda: SEEN_AT, files=files) as desk:
        assert desk.add_checkpoint(body(0, 3)).status == 200
    assert files.steps[-3:] == [
        "sync .checkpoint.unfinished",
        "rename checkpoint",
        f"sync-folder {origin_hash(ORIGIN)}",
    ]


@pytest.mark.parametrize("at", range(1, 12))
@pytest.mark.parametrize("mode", ["error-before", "error-after"])
def test_a_disk_that_fails_gives_no_cosignature_that_is_forgotten(
    folder: Path, at: int, mode: str
) -> None:
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:
        desk.add_checkpoint(body(0, 3))
    with open_desk(folder, clock=lambda: SEEN_AT, files=FaultyFiles(at, mode)) as desk:
        try:
            answered = desk.add_checkpoint(body(3, 20)).status == 200
        except StoreError:
            answered = False
    size = parse_checkpoint(parse_note(stored(folder).read_bytes()).body).size
    assert size in (3, 20)
    assert not answered or size == 20
    with open_desk(folder, clock=lambda: SEEN_AT) as desk:  # and it goes on
        assert desk.add_checkpoint(body(size, 30)).status == 200


def test_it_is_served_once_at_a_time(folder: Path) -> None:
    with (
        open_desk(folder, clock=lambda: SEEN_AT),
        pytest.raises(LogError, match="another process serves"),
        open_desk(folder, clock=lambda: SEEN_AT),
    ):
        pass


def test_key_and_folder_are_for_their_owner_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0
    folder.chmod(0o755)
    with (
        pytest.raises(KeyProblem, match="open to others"),
        open_desk(folder, clock=lambda: SEEN_AT),
    ):
        pass


def test_a_witness_is_not_made_twice_and_its_name_stands_in_a_note(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyProblem, match="not empty"):
        create_witness(folder, "w.example/1")
    for name in ("", "a b", "a+b", "a\n", "x" * 201):
        with pytest.raises(UsageProblem):
            create_witness(tmp_path / "other", name)
    assert not (tmp_path / "other").exists()


def test_another_key_of_a_known_log_is_refused(folder: Path) -> None:
    second = Ed25519Signer.from_seed(b"\1" * 32, name=ORIGIN)
    with pytest.raises(UsageProblem, match="another key"):
        add_log(folder, format_vkey(second.vkey))
    with pytest.raises(UsageProblem, match="key of a witness"):
        add_log(folder, (folder / "vkey").read_text().strip())
    with pytest.raises(UsageProblem):
        add_log(folder, "nonsense")
    add_log(folder, LOG_VKEY)
    assert list(read_logs(folder)) == [ORIGIN]


@pytest.mark.parametrize("text", ["nonsense\n", f"{LOG_VKEY}\n{LOG_VKEY}\n"])
def test_a_damaged_list_of_logs_stops_it(folder: Path, text: str) -> None:
    (folder / "logs").write_text(text)
    with (
        pytest.raises(SettingsError, match="line"),
        open_desk(folder, clock=lambda: SEEN_AT),
    ):
        pass
    (folder / "logs").unlink()
    with pytest.raises(SettingsError, match="no witness"):
        read_logs(folder)


def test_a_folder_of_another_key_is_no_witness(folder: Path, tmp_path: Path) -> None:
    create_witness(tmp_path / "other", "w.example/1")
    (folder / "vkey").write_bytes((tmp_path / "other" / "vkey").read_bytes())
    with (
        pytest.raises(KeyProblem, match="not the key"),
        open_desk(folder, clock=lambda: SEEN_AT),
    ):
        pass
