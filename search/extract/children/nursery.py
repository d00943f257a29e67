"""Children that are ready at once: forks of one process that has everything loaded.

Loading the parsers takes a second of CPU. A nursery does it once, reads nothing hostile
itself, and forks a child for each pair of pipes it is handed; the child then gives up
what it may not have, as any other does. It ends them, too, when it is told so: only
to a parent that has not yet waited is the number of a process surely nobody else's.
"""

import os
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from typing import IO

from search.extract.children.child import WorkerFailed, start_child

OPTION = "--nursery"
"""Told to the module of the children, with the number of the control socket."""
SECONDS = 120.0
"""How long a nursery may take to load and to fork."""
_PID = struct.Struct(">q")


class Forked:
    """A child of the nursery; used as a `subprocess.Popen` is by `child.py`."""

    def __init__(
        self, pid: int, stdin: IO[bytes], stdout: IO[bytes], end: Callable[[int], None]
    ) -> None:
        self.pid = pid
        self.stdin, self.stdout = stdin, stdout
        self._end: Callable[[int], None] | None = end

    def kill(self) -> None:
        """Have it ended and waited for; once, as its number may be another's then."""
        end, self._end = self._end, None
        if end is not None:
            end(self.pid)

    def wait(self) -> None:
        """Nothing is left to wait for: its parent did."""


class Nursery:
    """Starts its process when the first child is asked for; for several threads."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> Forked:
        """A new child; WorkerFailed where there is none to be had.

        A nursery that is gone is replaced once: its end is no fault of a document.
        """
        try:
            return self._start()
        except WorkerFailed:
            return self._start()

    def _start(self) -> Forked:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        stdin = os.fdopen(ours_in, "wb", buffering=0)
        stdout = os.fdopen(ours_out, "rb", buffering=0)
        try:
            pid = self._fork(theirs_in, theirs_out)
        except (OSError, struct.error) as error:
            stdin.close()
            stdout.close()
            self.close()
            raise WorkerFailed("extractor_crashed") from error
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return Forked(pid, stdin, stdout, self._end)

    def _fork(self, stdin: int, stdout: int) -> int:
        with self._lock:
            control = self._control or self._open()
            socket.send_fds(control, [b"fork"], [stdin, stdout])
            (pid,) = _PID.unpack(control.recv(_PID.size))
        return int(pid)

    def _open(self) -> socket.socket:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.settimeout(SECONDS)
        with theirs:
            number = theirs.fileno()
            self._process = start_child(
                self._module, OPTION, str(number), pass_fds=(number,)
            )
        self._control = control
        return control

    def _end(self, pid: int) -> None:
        """Have a child ended and reaped by its parent.

        The child of a nursery that is gone ends with its pipes, or by its own alarm.
        """
        try:
            with self._lock:
                if self._control is not None:
                    self._control.send(_PID.pack(pid))
                    self._control.recv(_PID.size)
        except OSError:
            # A late answer would be read as the number of the next child.
            self.close()

    def close(self) -> None:
        """End the process; children end with their pipes."""
        with self._lock:
            control, self._control = self._control, None
            process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None:
            process.kill()
            process.communicate()


def run_nursery(descriptor: int, serve: Callable[[], None]) -> None:
    """The life of the process: fork and end as asked, until nobody can ask."""
    children: set[int] = set()
    with socket.socket(fileno=descriptor) as control:
        while True:
            message, pipes, _, _ = socket.recv_fds(control, _PID.size, 2)
            if not message:
                return
            if not pipes:
                _end_child(_PID.unpack(message)[0], children)
                control.send(message)
                continue
            pid = os.fork()
            if pid == 0:
                control.close()
                _live(pipes, serve)
            children.add(pid)
            for pipe in pipes:
                os.close(pipe)
            control.send(_PID.pack(pid))


def _end_child(pid: int, children: set[int]) -> None:
    """End one of ours; any other number is of an earlier nursery, or nobody's."""
    if pid in children:
        children.remove(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _live(pipes: list[int], serve: Callable[[], None]) -> None:
    """In the child; never comes back."""
    try:
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        serve()
    finally:
        os._exit(0)
