"""How a child process of ours is begun and ended: nothing of the folder at hand runs.

Whoever verifies or indexes may stand in the folder of somebody else's archive. Python
would take modules from there first (`-c`, `-m`): a file beside the evidence must never
run, and never answer for us.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python_command(*arguments: str) -> list[str]:
    """Our interpreter with these arguments, without the current folder in its path."""
    return [sys.executable, "-P", *arguments]


def python_path() -> str:
    """PYTHONPATH of a child: where our modules lie, then what this process reads."""
    return os.pathsep.join([str(ROOT), *filter(os.path.isabs, sys.path)])


def end_processes(home: str) -> None:
    """End what still runs of one browser run, by process id.

    All its processes have its folder as HOME, or come from one that has; nobody else.
    """
    for process in find_processes(home):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def find_processes(home: str) -> list[int]:
    """Processes whose HOME is that folder, and all that come from them.

    A browser writes titles over the environment of those that show pages. None where
    there is no /proc.
    """
    wanted = f"HOME={home}".encode()
    found: set[int] = set()
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is none of ours
            parent = (folder / "stat").read_bytes().rpartition(b")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(folder.name))
            # Unreadable in a browser's sandbox: by its parent it is known all the same.
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    waiting = list(found)
    while waiting:
        new = [one for one in children.get(waiting.pop(), ()) if one not in found]
        found.update(new)
        waiting += new
    return sorted(found)
