"""A short path to the folder of a visit: a browser makes sockets below it.

The path of a socket has a bound, and people put `TMPDIR` where they want what a browser
keeps of a page: on an encrypted disk, deep in a project. So the folder stays there, and
a browser is given another path to it that leaves nothing behind: the working folder of
the process that shows the page, as Linux names it.
"""

import os
from pathlib import Path
from typing import Final

SOCKET_PATH_BYTES: Final = 103
"""Longest path of a socket, wherever a browser runs: 107 on Linux, 103 on others."""
SOCKET_NAME: Final = "/org.chromium.Chromium.123456/SingletonSocket"
"""The longest one that a browser makes below its folder for temporary files."""
TOO_LONG: Final = (
    "the browser could not be started: the path that TMPDIR names is too long for its"
    " sockets; name a shorter one"
)


def is_short(folder: str) -> bool:
    """Whether a browser can make its sockets below a folder of this path."""
    return len(os.fsencode(folder + SOCKET_NAME)) <= SOCKET_PATH_BYTES


def enter_shortly(folder: str) -> str | None:
    """A path to the folder that is short enough, as long as this process lives.

    It may become the working folder of this process. None where there is none.
    """
    if is_short(folder):
        return folder
    os.chdir(folder)
    short = f"/proc/{os.getpid()}/cwd"
    try:
        is_there = Path(short).samefile(folder)
    except OSError:  # no /proc, or one that hides this
        return None
    return short if is_there else None
