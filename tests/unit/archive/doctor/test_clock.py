"""The clock: against the archive, and by the kernel; each made to fail."""

import ctypes
import os
from datetime import timedelta
from pathlib import Path

import pytest

from archive.doctor import clock
from archive.doctor.clock import check_clock, read_kernel_clock
from archive.doctor.machine import Machine
from tests.support.archives.stamped import make_stamped
from tests.support.judging.examined import GOOD, UNSAFE, WEAKER, changed, only


@pytest.fixture(autouse=True)
def synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "read_kernel_clock", lambda: True)


def test_a_clock_that_a_service_sets_is_good(machine: Machine) -> None:
    assert only(check_clock(machine), GOOD)


@pytest.mark.parametrize(
    ("answer", "words"), [(False, "no time service"), (None, "told")]
)
def test_what_the_kernel_says_or_does_not_say(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, answer: bool | None, words: str
) -> None:
    monkeypatch.setattr(clock, "read_kernel_clock", lambda: answer)
    assert words in only(check_clock(machine), WEAKER).says


def test_a_clock_behind_the_newest_checkpoint_is_unsafe(machine: Machine) -> None:
    checkpoint = machine.paths.log / "checkpoint"
    later = machine.clock().timestamp() + 3600
    os.utime(checkpoint, (later, later))
    assert "newest checkpoint" in only(check_clock(machine), UNSAFE).says
    sooner = machine.clock().timestamp() + 30
    os.utime(checkpoint, (sooner, sooner))
    assert only(check_clock(machine), GOOD)


def test_a_clock_behind_the_making_of_the_archive_is_unsafe(machine: Machine) -> None:
    assert machine.identity is not None
    before = machine.identity.created - timedelta(days=365)
    os.utime(machine.paths.log / "checkpoint", (before.timestamp(), before.timestamp()))
    found = only(check_clock(changed(machine, clock=lambda: before)), UNSAFE)
    assert "this archive was made" in found.says


def test_a_clock_behind_the_newest_time_stamp_is_unsafe(
    machine: Machine, tmp_path: Path
) -> None:
    folder = tmp_path / "stamped"
    folder.mkdir()
    with make_stamped(folder, fills=1) as stamped:
        root, newest = stamped.made.root, stamped.made.clock.now
        size = stamped.sizes()[-1]
    # Nothing but the token is newer than the clock.
    os.utime(root / "log" / "checkpoint", (0, 0))
    identity = root / "archive.toml"
    identity.chmod(0o600)
    identity.write_text(identity.read_text().replace("2025-01-26", "2020-01-01"))
    earlier = newest - timedelta(minutes=30)
    behind = changed(machine, archive=root, clock=lambda: earlier)
    assert "the newest time stamp" in only(check_clock(behind), UNSAFE).says
    (root / "anchors" / str(size) / "1.tsr").unlink()  # `verify` names it, not we
    assert only(check_clock(behind), GOOD)


@pytest.mark.parametrize(("answer", "told"), [(0, True), (5, False), (-1, None)])
def test_the_answer_of_the_kernel_is_read(
    monkeypatch: pytest.MonkeyPatch, answer: int, told: bool | None
) -> None:
    class Library:
        def adjtimex(self, asked: "ctypes.Array[ctypes.c_char]") -> int:
            assert asked.raw == bytes(len(asked.raw))  # nothing is set
            return answer

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    assert read_kernel_clock() is told


def test_a_system_without_that_call_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert read_kernel_clock() is None
