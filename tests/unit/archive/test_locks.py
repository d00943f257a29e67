"""A lock has one holder, and is opened only where it may be."""

import errno
import fcntl
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from archive.errors import ArchiveLocked, LockUnknown, StoreError
from archive.locks import AT_ONCE, Patience, hold_file, hold_folder, is_held

TAKEN = ArchiveLocked("another has it")
Hold = Callable[..., AbstractContextManager[None]]


def hold_made(path: Path, patience: Patience = AT_ONCE) -> AbstractContextManager[None]:
    return hold_file(path / "lock", make=True, taken=TAKEN, patience=patience)


def hold_whole(
    path: Path, patience: Patience = AT_ONCE
) -> AbstractContextManager[None]:
    return hold_folder(path, taken=TAKEN, patience=patience)


@pytest.fixture(params=[hold_made, hold_whole], ids=["file", "folder"])
def hold(request: pytest.FixtureRequest) -> Hold:
    found: Hold = request.param
    return found


def test_a_lock_has_one_holder(tmp_path: Path, hold: Hold) -> None:
    with hold(tmp_path):
        with pytest.raises(ArchiveLocked, match="another has it"), hold(tmp_path):
            raise AssertionError("two at once")
        with pytest.raises(ArchiveLocked), hold(tmp_path):
            raise AssertionError("the refused one gave it back")
    with hold(tmp_path):
        pass


def test_a_lock_is_given_back_when_its_holder_fails(tmp_path: Path, hold: Hold) -> None:
    with pytest.raises(ValueError, match="mine"), hold(tmp_path):
        raise ValueError("mine")
    with hold(tmp_path):
        pass


@pytest.mark.parametrize(("tries", "pauses"), [(1, 0), (2, 1), (5, 4)])
def test_who_is_patient_pauses_between_his_tries(
    tries: int,
    pauses: int,
    tmp_path: Path,
    hold: Hold,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    patience = Patience(tries=tries, pause_seconds=0.25)
    with (
        hold(tmp_path),
        pytest.raises(ArchiveLocked),
        hold(tmp_path, patience=patience),
    ):
        raise AssertionError("two at once")
    assert slept == [0.25] * pauses


def test_who_comes_second_has_it_when_it_is_given_back(
    tmp_path: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    with ExitStack() as first:
        first.enter_context(hold(tmp_path))

        def give_back(_seconds: float) -> None:
            order.append("waited")
            first.close()

        monkeypatch.setattr(time, "sleep", give_back)
        with hold(tmp_path, patience=Patience(tries=2, pause_seconds=1.0)):
            order.append("held")
    assert order == ["waited", "held"]


def test_asking_neither_takes_a_lock_nor_makes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    with hold_made(tmp_path):
        assert is_held(path)
        assert is_held(path)
    assert not is_held(path)
    with hold_made(tmp_path):
        pass


def test_a_lock_that_cannot_be_asked_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    path.touch()

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LockUnknown, match="No locks available"):
        is_held(path)
    assert not is_held(tmp_path / "none")


def test_no_file_is_made_unless_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        pytest.raises(StoreError, match="cannot be opened"),
        hold_file(path, make=False, taken=TAKEN),
    ):
        raise AssertionError("held nothing")
    assert not path.exists()
    path.touch(mode=0o400)
    with hold_file(path, make=False, taken=TAKEN):
        assert is_held(path)


def test_a_made_lock_is_its_owners_alone(tmp_path: Path) -> None:
    with hold_made(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ask", [is_held, lambda path: hold_made(path.parent)])
def test_a_link_or_a_pipe_in_place_of_a_lock_is_refused(
    ask: Callable[[Path], object], tmp_path: Path
) -> None:
    def use(path: Path) -> None:
        found = ask(path)
        if isinstance(found, AbstractContextManager):
            with found:
                raise AssertionError("held what is no lock")

    path = tmp_path / "lock"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="it is a link"):
        use(path)
    assert not (tmp_path / "elsewhere").exists()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StoreError, match="not a regular file; remove it"):
        use(path)


def test_a_folder_may_be_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with (
        hold_whole(tmp_path / "link"),
        pytest.raises(ArchiveLocked),
        hold_whole(tmp_path / "real"),
    ):
        raise AssertionError("two at once")


def test_a_disk_without_locks_is_named(
    tmp_path: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(37, os.strerror(37))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="cannot be locked: No locks"), hold(tmp_path):
        raise AssertionError("held nothing")
