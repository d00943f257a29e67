"""How a child process of ours is begun: our own modules, nothing of the folder at hand.

Whoever verifies or indexes may stand in the folder of somebody else's archive. Python
would take modules from there first (`-c`, `-m`): a file beside the evidence must never
run, and never answer for us.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python_command(*arguments: str) -> list[str]:
    """Our interpreter with these arguments, without the current folder in its path."""
    return [sys.executable, "-P", *arguments]


def python_path() -> str:
    """PYTHONPATH of a child: where our modules lie, then what this process reads."""
    return os.pathsep.join([str(ROOT), *filter(os.path.isabs, sys.path)])
