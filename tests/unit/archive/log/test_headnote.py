"""The note of the last signed head: its form, its lock, and what it forbids."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.errors import InconsistentCheckpoint, KeyProblem, StoreError
from archive.files import Files
from archive.locks import AT_ONCE
from archive.log import headnote
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.headnote import HEAD_FILE, HEAD_LIMIT_BYTES, HeadNote
from archive.log.log import TiledLog
from archive.log.note import NoteSigner, VerifierKey
from tests.support.archives.log_parts import QuickFiles

ORIGIN = "election-evidence-archive/test"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder


@pytest.fixture
def noted(keys: Path, tmp_path: Path) -> TiledLog:
    files = QuickFiles()
    log = TiledLog(tmp_path / "log", files, HeadNote(keys, files))
    log.create()
    return log


def leaves(start: int, end: int, *, name: str = "leaf") -> list[bytes]:
    return [f"{name} {i}\n".encode() for i in range(start, end)]


def publish(log: TiledLog, signer: NoteSigner, new: list[bytes]) -> Checkpoint:
    return log.append_and_publish(new, origin=ORIGIN, signer=signer)


class NeverSigns:
    """A signer whose use fails the test."""

    def __init__(self, signer: NoteSigner) -> None:
        self.vkey: VerifierKey = signer.vkey

    def sign(self, message: bytes) -> bytes:
        raise AssertionError(f"signed {message!r}")


def test_the_note_is_the_text_of_the_head_for_its_owner_alone(
    noted: TiledLog, keys: Path, signer: NoteSigner
) -> None:
    for count in (1, 3):
        head = publish(noted, signer, leaves(noted.size, noted.size + count))
        path = keys / HEAD_FILE
        assert path.read_bytes() == format_checkpoint(head).encode()
        assert path.stat().st_mode & 0o777 == 0o600
        assert HeadNote(keys, Files()).read(ORIGIN) == head
    assert [entry.name for entry in keys.iterdir()] == [HEAD_FILE]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b"\n4\n", b"\n04\n"),
        lambda data: data.replace(b"\n4\n", b"\n+4\n"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"=\n", b"\n"),
        lambda data: b"\xff" + data,
        lambda data: data + b"x" * HEAD_LIMIT_BYTES,
    ],
)
def test_a_damaged_note_is_refused_and_nothing_is_signed(
    noted: TiledLog,
    keys: Path,
    signer: NoteSigner,
    damage: Callable[[bytes], bytes],
) -> None:
    publish(noted, signer, leaves(0, 4))
    path = keys / HEAD_FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(KeyProblem, match=r"log\.head is damaged .*newest copy"):
        publish(noted, NeverSigns(signer), leaves(4, 5))
    with pytest.raises(KeyProblem, match="damaged"):
        noted.demand_noted(ORIGIN, leaves(4, 5))


def test_the_note_of_another_log_is_refused(
    noted: TiledLog, keys: Path, signer: NoteSigner
) -> None:
    other = Checkpoint(origin="election-evidence-archive/other", size=1, root=bytes(32))
    HeadNote(keys, Files()).write(other)
    with pytest.raises(KeyProblem, match=r"note of the log .*/other.*--keys DIR"):
        publish(noted, NeverSigns(signer), leaves(0, 1))


def test_a_link_and_a_folder_in_place_of_the_note_are_refused(keys: Path) -> None:
    (keys / "elsewhere").write_bytes(b"")
    (keys / HEAD_FILE).symlink_to(keys / "elsewhere")
    with pytest.raises(StoreError, match="it is a link"):
        HeadNote(keys, Files()).read(ORIGIN)
    (keys / HEAD_FILE).unlink()
    (keys / HEAD_FILE).mkdir()
    with pytest.raises(StoreError, match=r"cannot read .*log\.head"):
        HeadNote(keys, Files()).read(ORIGIN)


def test_the_note_is_durable_before_the_head_is_signed(
    tmp_path: Path, keys: Path, signer: NoteSigner
) -> None:
    steps: list[str] = []

    class Noting(Files):
        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            steps.append(f"{name} {path.relative_to(tmp_path).as_posix()}")
            act()

    class Watched(NeverSigns):
        def sign(self, message: bytes) -> bytes:
            steps.append("sign")
            return signer.sign(message)

    files = Noting()
    log = TiledLog(tmp_path / "log", files, HeadNote(keys, files))
    log.create()
    steps.clear()
    publish(log, Watched(signer), leaves(0, 2))
    signed = steps.index("sign")
    renamed = steps.index("rename keys/log.head")
    assert renamed < steps.index("sync-folder keys", renamed) < signed
    assert steps.index("rename log/checkpoint") > signed


def test_a_crash_between_note_and_head_is_healed_by_the_next_head(
    tmp_path: Path, keys: Path, signer: NoteSigner
) -> None:
    class Crashing(QuickFiles):
        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            if (name, path.name) == ("rename", "checkpoint") and self.armed:
                raise StoreError("crashed")
            super().step(name, path, act)

        armed = False

    files = Crashing()
    log = TiledLog(tmp_path / "log", files, HeadNote(keys, files))
    log.create()
    publish(log, signer, leaves(0, 2))
    files.armed = True
    with pytest.raises(StoreError, match="crashed"):
        publish(log, signer, leaves(2, 5))
    ahead = HeadNote(keys, files).read(ORIGIN)
    assert ahead is not None
    assert (log.size, ahead.size) == (2, 5)
    files.armed = False
    for end in (5, 6, 9):
        assert log.demand_noted(ORIGIN, leaves(2, end)) is None
    with pytest.raises(InconsistentCheckpoint, match="another way"):
        log.demand_noted(ORIGIN, leaves(2, 6, name="other"))
    # Fewer entries than were to be signed are an older copy ...
    with pytest.raises(InconsistentCheckpoint, match=r"holds 3 entries.* signed 5"):
        publish(log, NeverSigns(signer), leaves(2, 3))
    with pytest.raises(InconsistentCheckpoint, match=r"holds 4 entries.* signed 5"):
        log.demand_noted(ORIGIN, leaves(2, 4))
    # ... the same ones, and some more, are what the crash left.
    assert publish(log, signer, leaves(2, 7)).size == 7
    assert log.demand_noted(ORIGIN, []) is None


@pytest.mark.parametrize("end", [4, 5, 9])
def test_another_history_of_the_same_key_is_not_signed(
    end: int, noted: TiledLog, keys: Path, tmp_path: Path, signer: NoteSigner
) -> None:
    publish(noted, signer, leaves(0, 4))
    files = QuickFiles()
    copy = TiledLog(tmp_path / "copy", files, HeadNote(keys, files))
    copy.create()
    before = (keys / HEAD_FILE).read_bytes()
    with pytest.raises(InconsistentCheckpoint, match=r"another way.* of 4 entries"):
        publish(copy, NeverSigns(signer), leaves(0, end, name="other"))
    assert copy.read_checkpoint() is None
    assert (keys / HEAD_FILE).read_bytes() == before
    # The same entries again are no other history: a log whose head was lost.
    again = TiledLog(tmp_path / "again", files, HeadNote(keys, files))
    again.create()
    assert publish(again, signer, leaves(0, end)).size == end


def test_an_older_log_is_not_continued(
    noted: TiledLog, tmp_path: Path, signer: NoteSigner
) -> None:
    publish(noted, signer, leaves(0, 2))
    unnoted = TiledLog(tmp_path / "log", QuickFiles())
    assert noted.demand_noted(ORIGIN, []) is None
    publish(unnoted, signer, leaves(2, 3))
    # Signed elsewhere, by the same key: it continues the note, so it is only said.
    doubt = noted.demand_noted(ORIGIN, [])
    assert doubt is not None
    assert "notes a head of 2 entries" in doubt
    assert "up to 3" in doubt
    publish(noted, signer, leaves(3, 4))
    assert noted.demand_noted(ORIGIN, []) is None


def test_a_stored_head_that_does_not_continue_the_note_is_refused(
    noted: TiledLog, keys: Path, signer: NoteSigner
) -> None:
    publish(noted, signer, leaves(0, 4))
    for size in (3, 4):
        other = Checkpoint(origin=ORIGIN, size=size, root=bytes(32))
        HeadNote(keys, Files()).write(other)
        with pytest.raises(InconsistentCheckpoint, match="another way"):
            noted.demand_noted(ORIGIN, [])


def test_a_missing_note_is_said_and_written_anew(
    noted: TiledLog, keys: Path, signer: NoteSigner
) -> None:
    assert noted.demand_noted(ORIGIN, []) is None  # nothing was signed yet
    publish(noted, signer, leaves(0, 2))
    (keys / HEAD_FILE).unlink()
    doubt = noted.demand_noted(ORIGIN, [])
    assert doubt is not None
    assert "no note of the last signed head" in doubt
    publish(noted, signer, leaves(2, 3))
    assert noted.demand_noted(ORIGIN, []) is None


def test_a_log_without_a_key_folder_keeps_no_note(
    log: TiledLog, signer: NoteSigner
) -> None:
    publish(log, signer, leaves(0, 2))
    assert log.demand_noted(ORIGIN, []) is None


def test_two_processes_note_one_after_the_other(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = HeadNote(keys, Files())
    with note.hold():
        monkeypatch.setattr(headnote, "HOLD_PATIENCE", AT_ONCE)
        with pytest.raises(StoreError, match="keeps the key folder"), note.hold():
            raise AssertionError("two at once")
    with note.hold():
        pass


def test_who_finds_the_key_folder_held_waits_for_it(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, waits = HeadNote(keys, Files()), []
    first = ExitStack()
    first.enter_context(note.hold())

    def give_back(seconds: float) -> None:
        waits.append(seconds)
        first.close()

    monkeypatch.setattr(time, "sleep", give_back)
    with note.hold():
        assert len(waits) == 1


def test_a_key_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"none cannot be opened"),
        HeadNote(tmp_path / "none", Files()).hold(),
    ):
        raise AssertionError("held nothing")
