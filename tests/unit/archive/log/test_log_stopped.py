"""A log that was stopped at any step, and one that goes on with another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import (
    BadConsistencyProof,
    InconsistentCheckpoint,
    StoreError,
)
from archive.files import Files
from archive.log import log as log_module
from archive.log.log import TiledLog
from archive.log.note import (
    NoteSignature,
    NoteSigner,
    parse_note,
)
from tests.support.archives.leaves import grow, make_leaves, root_of
from tests.support.archives.log_parts import QuickFiles
from tests.support.disk.folders import contents


class Killed(BaseException):
    """The process is gone: nothing may run after this."""


def fail_at(number: int, *, happened: bool, error: BaseException) -> Files:
    """Make files of which step `number` fails, before or after it happened."""

    class Failing(QuickFiles):
        steps = 0

        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            self.steps += 1
            if self.steps != number:
                super().step(name, path, act)
                return
            if happened:
                super().step(name, path, act)
            raise error

    return Failing()


@pytest.mark.parametrize("happened", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("error", [Killed(), OSError(28, "no space")], ids=repr)
def test_append_stopped_at_any_step_is_redone_to_equal_files(
    tmp_path: Path,
    signer: NoteSigner,
    happened: bool,
    error: BaseException,
) -> None:
    """From 250 to 520 leaves: two bundles fill, partial files go, a level grows."""
    wanted_log = TiledLog(tmp_path / "wanted", QuickFiles())
    wanted_log.create()
    grow(wanted_log, signer, 250, 520, 600)
    wanted = contents(tmp_path / "wanted")
    stopped, number = 0, 0
    while stopped == number:
        number += 1
        folder = tmp_path / f"log-{number}"
        log = TiledLog(folder, QuickFiles())
        log.create()
        grow(log, signer, 250)
        failing = fail_at(number, happened=happened, error=error)
        try:
            grow(TiledLog(folder, failing), signer, 520)
        except (Killed, StoreError):
            stopped += 1
        assert log.size in (250, 520)
        log.recover()
        assert list(log.iter_tile_problems(log.size)) == []
        redone = log.append_and_publish(
            make_leaves(250, 520), origin=signer.vkey.name, signer=signer, first=250
        )
        grow(log, signer, 600)
        assert list(log.iter_tile_problems(600)) == []
        assert redone.root == root_of(520)
        assert contents(folder) == wanted
    assert stopped > 40


def test_a_copy_adopts_what_another_log_signed_and_nothing_else(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 7, 300)
    note = log.read_checkpoint()
    assert note is not None
    copy = TiledLog(tmp_path / "copy", Files())
    copy.create()
    assert copy.adopt(make_leaves(0, 300), note).size == 300
    assert list(copy.iter_tile_problems(300)) == []
    assert copy.read_checkpoint() == note
    grow(log, signer, 310)
    newer = log.read_checkpoint()
    assert newer is not None
    for wrong in (make_leaves(300, 309), [b"x\n"] * 10, make_leaves(301, 311)):
        other = TiledLog(tmp_path / f"copy-{len(wrong)}-{wrong[0][:5].hex()}", Files())
        other.create()
        other.adopt(make_leaves(0, 300), note)
        with pytest.raises(InconsistentCheckpoint, match="do not give the root"):
            other.adopt(wrong, newer)
        assert other.read_checkpoint() == note, "nothing is stored"
    assert copy.adopt(make_leaves(300, 310), newer).size == 310
    assert copy.adopt([], newer).size == 310


def test_lines_are_attached_to_that_checkpoint_alone(
    log: TiledLog, signer: NoteSigner
) -> None:
    line = NoteSignature(name="w", key_hash=bytes(4), signature=bytes(72))
    assert not log.attach("x\n", [line])
    grow(log, signer, 3)
    data = log.read_checkpoint()
    assert data is not None
    note = parse_note(data)
    assert not log.attach("x\n", [line])
    assert log.attach(note.body, [line])
    assert log.attach(note.body, [line])
    assert log.attach(note.body, [])
    data = log.read_checkpoint()
    assert data is not None
    assert parse_note(data).signatures == (*note.signatures, line)
    grow(log, signer, 5)


def test_a_tree_that_does_not_continue_the_last_one_is_not_signed(
    log: TiledLog, signer: NoteSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(log, signer, 3)
    before = log.read_checkpoint()

    def refuse(**_parts: object) -> None:
        raise BadConsistencyProof("said by a test")

    monkeypatch.setattr(log_module, "verify_consistency", refuse)
    with pytest.raises(InconsistentCheckpoint, match="nothing was signed"):
        grow(log, signer, 5)
    assert log.read_checkpoint() == before
