"""Run another program with little memory, little time and no network.

usage: python -m search.extract.children.limited MEMORY_BYTES SECONDS PROGRAM [ARG ...]

A program of its own, because limits must be set between fork and exec, and the process
that asks has threads. It reads from a file without a name and writes to a pipe.
"""

import ctypes
import os
import resource
import subprocess
import sys
import tempfile

from archive.child import python_command, python_path

MEMORY_BYTES = 1024**3
SECONDS = 60
"""CPU time of one run; twice as much on the clock."""
OUTPUT_BYTES = 16 * 1024 * 1024
"""Taken of what it writes."""

_UNSHARE_USER_AND_NETWORK = 0x10000000 | 0x40000000


def run_limited(command: list[str], data: bytes) -> bytes:
    """Standard output of a program given data as its standard input; may be cut."""
    limits = [str(MEMORY_BYTES), str(SECONDS)]
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        process = subprocess.Popen(  # noqa: S603  as above
            python_command("-m", "search.extract.children.limited", *limits, *command),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                "PYTHONPATH": python_path(),
                "LC_ALL": "C.UTF-8",
                "OMP_THREAD_LIMIT": "1",
            },
        )
        try:
            output, _ = process.communicate(timeout=2 * SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return b""
    return output[:OUTPUT_BYTES]


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
