"""SIGKILL at chosen system calls of a command, by strace; and how many it makes."""

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = {
    "write": ("write", "pwrite64"),
    "fsync": ("fsync", "fdatasync"),
    "rename": ("rename", "renameat", "renameat2"),
}
"""What the kernel calls them, for the archive's files and the catalog's."""
_LINE = re.compile(r"(\d+) +(\w+)\(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """SIGKILL when a thread enters that system call for that time."""

    call: str
    number: int


def traced(strace: Path, kill: Kill, log: Path) -> list[str]:
    """The beginning of a command line under which the kill happens."""
    return [
        *(str(strace), "-f", "-q", "-o", str(log)),
        *("-e", f"trace={kill.call}"),
        *("-e", f"inject={kill.call}:signal=SIGKILL:when={kill.number}"),
    ]


def has_hit(log: Path) -> bool:
    """Whether the kill of a traced run happened; its exit code does not tell.

    A thread may come to fewer calls than in the run that was counted.
    """
    return "+++ killed by SIGKILL +++" in log.read_text()


def assert_nearly_all(hits: Sequence[bool]) -> None:
    """Of all kills of a sweep one in ten may have missed, and one more."""
    assert sum(hits) >= 0.9 * len(hits) - 1, f"{sum(hits)} of {len(hits)} kills"


def counted(strace: Path, log: Path) -> list[str]:
    """The beginning of a command line that logs the calls."""
    names = ",".join(name for group in CALLS.values() for name in group)
    return [str(strace), "-f", "-qq", "-o", str(log), "-e", f"trace={names}"]


def most_calls(log: Path) -> dict[str, int]:
    """By name, how often the thread with most of them made that call.

    strace counts for each thread apart, so this is the last number that hits.
    """
    lines = map(_LINE.match, log.read_text().splitlines())
    calls = Counter(line.groups() for line in lines if line is not None)
    most: dict[str, int] = {}
    for (_thread, name), times in calls.items():
        most[name] = max(most.get(name, 0), times)
    return most


def spread(most: dict[str, int], kills: int) -> list[Kill]:
    """Kills at writes, syncs and renames, evenly over what a run makes of each.

    Every rename there is, up to a quarter; of the rest, as many syncs as writes.
    """
    points = evenly(most, CALLS["rename"], kills // 4)
    rest = kills - len(points)
    points += evenly(most, CALLS["fsync"], rest // 2)
    return points + evenly(most, CALLS["write"], kills - len(points))


def evenly(most: dict[str, int], names: Sequence[str], kills: int) -> list[Kill]:
    """At most so many kills at calls of one kind, the frequent ones more often."""
    every = [
        Kill(call=name, number=number + 1)
        for name in names
        for number in range(most.get(name, 0))
    ]
    if len(every) <= kills:
        return every
    return [every[n * len(every) // kills] for n in range(kills)]


def run(
    arguments: Sequence[str], *, environ: dict[str, str], seconds: float
) -> "subprocess.CompletedProcess[bytes]":
    """Run it to its end, however that is; no child of it outlives the time limit."""
    with subprocess.Popen(
        arguments,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert b"strace: " not in err, err.decode()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)
