"""Child processes for hostile bytes: bounded memory and time, no network, no new files.

A parent writes a request and the bytes, and reads an answer and perhaps bytes. What
crashes or hangs is ended and counts as an answer that failed.
"""

import ctypes
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, NoReturn, Protocol

from archive.child import python_command, python_path
from archive.errors import ExtractionError

HEAD = struct.Struct(">IQ")
"""Length of the JSON and of the bytes behind it; both ways."""
ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer read: 2,000,000 code points escaped in JSON are 24 MB."""
TIMEOUT = "extractor_timeout"
"""Why a child that took too long gave no answer."""
GRACE_SECONDS = 5
"""Longer than its parent waits, a child whose parent is gone ends by itself."""
_BLOCKED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")
_UNSHARE_USER_AND_NETWORK = 0x10000000 | 0x40000000
_READ_BYTES = 1 << 16


class WorkerFailed(ExtractionError):
    """The child gave no answer; the message is the warning of the document."""


class Child(Protocol):
    """What a conversation needs of a child, and its end."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where requests go."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Where answers come from."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self) -> object:
        """Wait until it has ended."""
        ...


def start_child(
    module: str, *options: str, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a module of ours with an environment of its own."""
    return subprocess.Popen(  # noqa: S603
        python_command("-m", module, *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            "PYTHONPATH": python_path(),
            "PYTHONHASHSEED": "0",
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",  # nothing here is large enough for two
        },
        pass_fds=pass_fds,
        bufsize=0,
    )


def end_child(child: Child) -> None:
    """End a child and close its pipes."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            _close_quietly(pipe)


class Conversation:
    """Write a message and read the answer without blocking on a stuck child."""

    def __init__(self, child: Child, seconds: float) -> None:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("the child was started without pipes")
        self._in, self._out = child.stdin.fileno(), child.stdout.fileno()
        self._writable = _ready(self._in, select.POLLOUT)
        self._readable = _ready(self._out, select.POLLIN)
        self._deadline = time.monotonic() + seconds
        os.set_blocking(self._in, False)

    def run(self, request: bytes, data: bytes) -> tuple[bytes, bytes]:
        """Raise WorkerFailed on timeout, on a closed pipe and on too long an answer."""
        self._send(memoryview(HEAD.pack(len(request), len(data)) + request + data))
        length, more = HEAD.unpack(self._receive(HEAD.size))
        if length + more > ANSWER_BYTES:
            raise WorkerFailed("extractor_crashed")
        return self._receive(length), self._receive(more)

    def _send(self, waiting: memoryview) -> None:
        while waiting:
            self._wait(self._writable)
            try:
                waiting = waiting[os.write(self._in, waiting[: 1 << 20]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise WorkerFailed("extractor_crashed") from error

    def _receive(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            self._wait(self._readable)
            chunk = os.read(self._out, min(size - len(taken), _READ_BYTES))
            if not chunk:
                raise WorkerFailed("extractor_crashed")
            taken += chunk
        return bytes(taken)

    def _wait(self, ready: select.poll) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise WorkerFailed(TIMEOUT)


def _ready(descriptor: int, event: int) -> select.poll:
    """Waits for one descriptor; has none of its own, unlike a selector."""
    poll = select.poll()
    poll.register(descriptor, event)
    return poll


def _close_quietly(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return


Answer = Callable[[dict[str, Any], bytes], tuple[bytes, bytes]]
"""From a request and the bytes beside it to the JSON and the bytes that go back."""


def answer_requests(answer: Answer, *, memory_bytes: int, seconds: float) -> None:
    """The child's life: give up what it may not have, answer until EOF."""
    restrict(memory_bytes)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        request_bytes, data_bytes = HEAD.unpack(head)
        request = json.loads(source.read(request_bytes))
        data = source.read(data_bytes)
        signal.alarm(int(seconds) + GRACE_SECONDS)
        made, more = answer(request, data)
        signal.alarm(0)
        target.write(HEAD.pack(len(made), len(more)) + made + more)
        target.flush()


def restrict(memory_bytes: int) -> None:
    """In the child: bound memory, forbid writing files, take the network away."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # An own, empty network name space where the system allows it ...
    ctypes.CDLL(None, use_errno=True).unshare(_UNSHARE_USER_AND_NETWORK)
    # ... and in any case no socket and no program from Python code.
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_BLOCKED_EVENTS):
        _stop(event)


def _stop(event: str) -> NoReturn:
    raise PermissionError(f"{event} is not allowed while extracting")
