"""A child process that extracts: bounded memory and time, no network, no new files.

Hostile bytes meet the parsers here, never in the process that holds the archive. The
child lives on from document to document; after a crash or a timeout a new one starts,
and the document says what happened.
"""

import ctypes
import json
import os
import resource
import selectors
import signal
import struct
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn, Self

from archive.errors import ExtractionError
from search.extract.converter import convert
from search.extract.result import Extract, read_extract

MEMORY_BYTES = 2 * 1024**3
"""Address space of the child: several times what the largest page needs."""
SECONDS = 30.0
"""Time for one document; the slowest real page seen takes 3 s."""
PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest payload sent; larger ones are cut before."""
ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer read: 2,000,000 code points escaped in JSON are 24 MB."""
RESTART_AFTER = 2_000
"""Documents until a child is replaced, in case a library leaks."""

FAILED = "failed/1"
Request = dict[str, str | bool | None]

_HEAD = struct.Struct(">IQ")
_BLOCKED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")
_UNSHARE_USER_AND_NETWORK = 0x10000000 | 0x40000000
_READ_BYTES = 1 << 16


class WorkerFailed(ExtractionError):
    """The child gave no answer; the message is the warning of the document."""


class Worker:
    """One child at a time; not for use by several threads at once."""

    def __init__(self, *, seconds: float = SECONDS, ocr: bool = False) -> None:
        self._seconds = seconds
        self._ocr = ocr
        self._child: subprocess.Popen[bytes] | None = None
        self._done = 0

    def extract(
        self, data: bytes, *, media_type: str | None, charset: str | None
    ) -> Extract:
        """Extract in the child; a failure is an empty text with a warning.

        What nothing in the child reads goes to a program of the system, if there is
        one for it, and its text through the child.
        """
        made = self._extract(data, media_type=media_type, charset=charset)
        if "no_extractor" not in made.warnings:
            return made
        converted = convert(data[:PAYLOAD_BYTES], ocr=self._ocr)
        if converted is None:
            return made
        text = self._extract(converted.text, media_type="text/plain", charset="utf-8")
        ocr = ("ocr",) if converted.extractor.startswith("tesseract") else ()
        return replace(
            text,
            extractor=converted.extractor,
            charset=None,
            declared_charset=None,
            warnings=(*text.warnings, *ocr),
        )

    def shown(
        self, data: bytes, *, media_type: str | None, charset: str | None
    ) -> Extract:
        """All that a page shows, in its order, as its main text; judges no part."""
        request: Request = {"media_type": media_type, "charset": charset}
        return self._once({**request, "whole": True}, data)

    def _extract(
        self, data: bytes, *, media_type: str | None, charset: str | None
    ) -> Extract:
        """Once as it should be, and after a failure once more in a simple way."""
        request: Request = {"media_type": media_type, "charset": charset}
        made = self._once(request, data)
        if made.extractor != FAILED or "html" not in (media_type or "html"):
            return made
        second = self._once({**request, "simple": True}, data)
        if second.extractor == FAILED or not second.text:
            return made
        return replace(second, warnings=(*made.warnings, *second.warnings))

    def _once(self, request: Request, data: bytes) -> Extract:
        try:
            answer = _read_answer(self._ask(request, data[:PAYLOAD_BYTES]))
        except WorkerFailed as failure:
            self.close()
            return _failed(str(failure))
        self._done += 1
        if self._done >= RESTART_AFTER:
            self.close()
        return answer

    def close(self) -> None:
        """End the child; the next document starts another."""
        child, self._child, self._done = self._child, None, 0
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                _close_quietly(pipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, request: Request, data: bytes) -> bytes:
        child = self._started()
        deadline = time.monotonic() + self._seconds
        head = json.dumps(request).encode()
        message = _HEAD.pack(len(head), len(data)) + head + data
        return _Conversation(child, deadline).run(message)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            root = str(Path(__file__).resolve().parents[2])
            path = os.pathsep.join([root, *filter(None, sys.path)])
            self._child = subprocess.Popen(
                [sys.executable, "-m", "search.extract.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": path, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
                bufsize=0,
            )
        return self._child


class _Conversation:
    """Write a message and read the answer without blocking on a stuck child."""

    def __init__(self, child: subprocess.Popen[bytes], deadline: float) -> None:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("the child was started without pipes")
        self._in, self._out = child.stdin.fileno(), child.stdout.fileno()
        self._deadline = deadline
        os.set_blocking(self._in, False)

    def run(self, message: bytes) -> bytes:
        """Raise WorkerFailed on timeout, on a closed pipe and on too long an answer."""
        self._send(memoryview(message))
        length, _ = _HEAD.unpack(self._receive(_HEAD.size))
        if length > ANSWER_BYTES:
            raise WorkerFailed("extractor_crashed")
        return self._receive(length)

    def _send(self, waiting: memoryview) -> None:
        while waiting:
            self._wait(self._in, selectors.EVENT_WRITE)
            try:
                waiting = waiting[os.write(self._in, waiting[: 1 << 20]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise WorkerFailed("extractor_crashed") from error

    def _receive(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            self._wait(self._out, selectors.EVENT_READ)
            chunk = os.read(self._out, min(size - len(taken), _READ_BYTES))
            if not chunk:
                raise WorkerFailed("extractor_crashed")
            taken += chunk
        return bytes(taken)

    def _wait(self, descriptor: int, event: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            left = self._deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise WorkerFailed("extractor_timeout")


def _read_answer(answer: bytes) -> Extract:
    try:
        value: dict[str, Any] = json.loads(answer)
        return read_extract(value)
    except (ValueError, TypeError, KeyError) as error:
        raise WorkerFailed("extractor_crashed") from error


def _failed(warning: str) -> Extract:
    return Extract(
        text="",
        main_end=0,
        title=None,
        extractor=FAILED,
        charset=None,
        declared_charset=None,
        warnings=(warning,),
    )


def _close_quietly(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return


def serve() -> None:
    """The child's life: warm up, give up what it may not have, answer until EOF."""
    from search.extract.by_type import extract

    extract(b"<html><title>a</title><body><p>warm</p></body>", media_type="text/html")
    _restrict()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_HEAD.size):
        head_bytes, data_bytes = _HEAD.unpack(head)
        request = json.loads(source.read(head_bytes))
        data = source.read(data_bytes)
        signal.alarm(int(SECONDS) + 5)
        made = extract(data, **request)
        answer = json.dumps(asdict(made)).encode()
        signal.alarm(0)
        target.write(_HEAD.pack(len(answer), 0) + answer)
        target.flush()


def _restrict() -> None:
    """Bound memory, forbid writing files, and take the network away."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
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


if __name__ == "__main__":
    serve()
