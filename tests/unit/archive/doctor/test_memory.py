"""What memory leaves on a disk; each made to fail."""

import os
import resource
from pathlib import Path

import pytest

from archive.doctor import memory
from archive.doctor.machine import Machine
from archive.doctor.memory import check_cores, check_swap
from tests.support.judging.examined import GOOD, WEAKER, only

HEAD = "Filename Type Size Used Priority\n"


@pytest.fixture
def swaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PROC", "BLOCK", "NUMBERS"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setattr(memory, name, folder)
    table = tmp_path / "proc" / "swaps"
    table.write_text(HEAD)
    return table


def test_no_swap_and_swap_in_memory_are_good(machine: Machine, swaps: Path) -> None:
    assert only(check_swap(machine), GOOD)
    swaps.write_text(HEAD + "/dev/zram0 partition 1 0 5\n")
    assert only(check_swap(machine), GOOD)


def test_swap_on_a_plain_device_is_weaker_and_on_a_sealed_one_good(
    machine: Machine, swaps: Path, tmp_path: Path
) -> None:
    swaps.write_text(HEAD + "/dev/nowhere7 partition 1 0 -2\n")
    assert only(check_swap(machine), WEAKER)
    device = tmp_path / "block" / "nowhere7"
    (device / "slaves").mkdir(parents=True)
    assert only(check_swap(machine), WEAKER)
    (device / "dm").mkdir()
    (device / "dm" / "uuid").write_text("CRYPT-LUKS2-x")
    assert only(check_swap(machine), GOOD)


def test_a_swap_file_is_as_sealed_as_the_disk_it_lies_on(
    machine: Machine, swaps: Path, tmp_path: Path
) -> None:
    file = tmp_path / "swapfile"
    file.write_bytes(b"")
    swaps.write_text(f"{HEAD}{file} file 1 0 -2\n")
    assert only(check_swap(machine), WEAKER)
    device = tmp_path / "block" / "dm-3"
    (device / "dm").mkdir(parents=True)
    (device / "dm" / "uuid").write_text("CRYPT-LUKS2-x")
    number = file.stat().st_dev
    link = tmp_path / "numbers" / f"{os.major(number)}:{os.minor(number)}"
    link.symlink_to(device)
    assert only(check_swap(machine), GOOD)


def test_a_system_without_that_table_cannot_be_told(
    machine: Machine, swaps: Path
) -> None:
    swaps.unlink()
    assert "cannot be told" in only(check_swap(machine), WEAKER).says


@pytest.mark.parametrize(("limit", "outcome"), [(0, GOOD), (-1, WEAKER), (512, WEAKER)])
def test_core_dumps(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, limit: int, outcome: object
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, -1))
    (found,) = check_cores(machine)
    assert found.outcome is outcome
