"""How a child process of ours is begun and ended: nothing of the folder at hand runs.

Whoever verifies or indexes may stand in the folder of somebody else's archive. Python
would take modules from there first (`-c`, `-m`): a file beside the evidence must never
run, and never answer for us.
"""

import os
import signal
import sys
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

    All its processes have its folder as HOME; nobody else has.
    """
    for process in find_processes(home):
        try:
            os.kill(process, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def find_processes(home: str) -> list[int]:
    """Processes whose HOME is that folder; none where there is no /proc."""
    wanted = f"HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables:
            found.append(int(folder.name))
    return found
