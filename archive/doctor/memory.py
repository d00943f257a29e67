"""What memory leaves on a disk: swap and core dumps."""

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

from archive.doctor.finding import Finding, good, untold, weaker
from archive.doctor.machine import Machine
from archive.doctor.mounts import is_sealed

PROC = Path("/proc")
BLOCK, NUMBERS = Path("/sys/class/block"), Path("/sys/dev/block")
IN_MEMORY = "zram"
"""Swap devices that are memory themselves."""


def check_cores(_: Machine) -> Iterator[Finding]:
    """Whether a crash would write memory to a file."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
        yield good("core-dumps", "a crash writes no memory to disk")
        return
    yield weaker(
        "core-dumps",
        "a program that crashes may write its memory to disk",
        without="keys, passphrase and pages can be in it",
        step="ulimit -c 0 in your shell, best in ~/.profile",
    )


def check_swap(_: Machine) -> Iterator[Finding]:
    """Whether memory is moved to a disk, and whether that is encrypted."""
    try:
        lines = (PROC / "swaps").read_text("utf-8", "replace").splitlines()[1:]
    except OSError:
        yield untold("swap", "whether memory is moved to a disk")
        return
    areas = [line.split()[0] for line in lines if line.split()]
    on_disk = [one for one in areas if not Path(one).name.startswith(IN_MEMORY)]
    if not on_disk:
        yield good("swap", "no memory is moved to a disk")
        return
    if all(is_sealed(_device_of(Path(one)), BLOCK) for one in on_disk):
        yield good("swap", "memory that is moved to a disk is encrypted there")
        return
    yield weaker(
        "swap",
        "memory is moved to a disk that is not encrypted, as far as can be told",
        without="keys, passphrase and pages can be found there, also when it is off",
        step="sudo swapoff -a, or encrypt the whole disk",
    )


def _device_of(area: Path) -> str:
    """Name of the block device that swap lies on: itself, or that of its file."""
    try:
        found = area.stat()
    except OSError:
        return area.name
    device = found.st_rdev if stat.S_ISBLK(found.st_mode) else found.st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    return (NUMBERS / number).resolve().name
