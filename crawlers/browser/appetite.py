"""What the browser of one page takes of this machine, and when that is too much.

A page may ask for all the memory there is, and for the disk: a script of one line does
it. On a laptop that would end whatever else runs there, the archive first.
"""

import asyncio
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from archive.child import find_processes

MEMORY_BYTES: Final = 3 << 30
"""Of all processes of one browser, 3 GiB: a plain page takes a twentieth of that."""
DISK_BYTES: Final = 1 << 30
"""Of its folder, 1 GiB: profile and cache take some MB, each result 64 at most."""
LOOK_SECONDS: Final = 0.5
"""Between two looks: a script fills a gigabyte in about a second."""
KIBI: Final = 1 << 10
BLOCK_BYTES: Final = 512
"""What `st_blocks` counts in."""
_OWN: Final = re.compile(rb"^Rss(?:Anon|Shmem):\s*([0-9]+) kB$", re.MULTILINE)
"""Memory of its own or shared, without what is mapped from files: programs and fonts,
which each process would count again."""


async def wait_too_much(home: str) -> str:
    """Return when a browser takes too much, with the words for the page record."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if await asyncio.to_thread(measure_memory, home) > MEMORY_BYTES:
            return f"the page took more than {MEMORY_BYTES >> 20} MiB of memory"
        if await asyncio.to_thread(measure_folder, Path(home)) > DISK_BYTES:
            return f"the page took more than {DISK_BYTES >> 20} MiB of disk"


def measure_memory(home: str) -> int:
    """Bytes that the processes of a browser hold; 0 where there is no /proc."""
    total = 0
    for process in find_processes(home):
        with suppress(OSError):  # it has ended meanwhile
            status = Path(f"/proc/{process}/status").read_bytes()
            total += sum(int(found) for found in _OWN.findall(status)) * KIBI
    return total


def measure_folder(folder: Path) -> int:
    """Bytes of the files below it; links are not followed."""
    total = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it has gone meanwhile
                total += Path(place, name).lstat().st_blocks * BLOCK_BYTES
    return total
