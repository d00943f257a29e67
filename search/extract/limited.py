"""Become another program with little memory, little time and no network.

usage: python -m search.extract.limited MEMORY_BYTES SECONDS PROGRAM [ARGUMENT ...]

A program of its own, because limits must be set between fork and exec, and the process
that asks has threads.
"""

import ctypes
import os
import resource
import sys

_UNSHARE_USER_AND_NETWORK = 0x10000000 | 0x40000000


def main() -> None:
    """Set the limits, then run the program in this process."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).unshare(_UNSHARE_USER_AND_NETWORK)
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606  a program found by its name


if __name__ == "__main__":
    main()
