"""Where a folder lies: file system, device, sealed or not, as the system tells.

Read from `/proc` and `/sys` of Linux; elsewhere nothing is told.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

DEVICES_DEPTH = 8
"""Devices upon devices: a volume in a group in a sealed partition is three."""
_ESCAPED = re.compile(r"\\([0-7]{3})")
SEALED = "CRYPT-"
"""How the device mapper names what is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """What is mounted at a place."""

    point: str
    kind: str
    """Of the file system: ext4, nfs4, fuse.sshfs."""


def find_mount(path: Path, table: str) -> Mount | None:
    """The mount a path lies on, by the text of /proc/self/mountinfo; None unknown."""
    place = os.path.realpath(path)
    best: Mount | None = None
    for line in table.splitlines():
        before, _, behind = line.partition(" - ")
        fields, about = before.split(" "), behind.split(" ")
        if len(fields) < 5 or not about[0]:
            continue
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
        # The last line of equal length is the one mounted on top.
        is_above = point == "/" or place == point or place.startswith(point + "/")
        if is_above and (best is None or len(point) >= len(best.point)):
            best = Mount(point=point, kind=about[0])
    return best


def read_mounts(proc: Path) -> str:
    """The table of mounts; empty where there is none to read."""
    try:
        return (proc / "self" / "mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def is_sealed(name: str, block: Path, depth: int = DEVICES_DEPTH) -> bool | None:
    """Whether all that lies under a block device is encrypted; None: cannot be told.

    `block`: /sys/class/block.
    """
    folder = block / name
    if depth == 0 or not folder.exists():
        return None
    try:
        if (folder / "dm" / "uuid").read_text("ascii").startswith(SEALED):
            return True
    except (OSError, UnicodeDecodeError):
        pass  # not a mapped device
    try:
        below = [slave.name for slave in (folder / "slaves").iterdir()]
    except OSError:
        below = []
    answers = [is_sealed(one, block, depth - 1) for one in below]
    if None in answers:
        return None
    return bool(answers) and all(answers)
