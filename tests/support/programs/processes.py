"""Processes that came of one another, and where they listen, as /proc shows them."""

from contextlib import suppress
from pathlib import Path


def listening(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports on which a process and its descendants listen."""
    inodes = {inode for process in family(pid) for inode in sockets_of(process)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


def sockets_of(pid: int) -> set[str]:
    inodes = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                name = str(descriptor.readlink())
                if name.startswith("socket:["):
                    inodes.add(name[8:-1])
    return inodes


def family(pid: int) -> set[int]:
    """A process and all that came of it, so far as they are still its own."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            stat = (folder / "stat").read_text()
            parents[int(folder.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found, before = {pid}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found
