"""A child process that extracts: bounded memory and time, no network, no new files.

Hostile bytes meet the parsers here, never in the process that holds the archive. The
child lives on from document to document; after a crash or a timeout a new one starts,
and the document says what happened.
"""

import json
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any, Self

from search.extract.child import (
    HEAD,
    Conversation,
    WorkerFailed,
    end_child,
    restrict,
    start_child,
)
from search.extract.converter import convert
from search.extract.result import Extract, read_extract

MEMORY_BYTES = 2 * 1024**3
"""Address space of the child: several times what the largest page needs."""
SECONDS = 30.0
"""Time for one document; the slowest real page seen takes 3 s."""
PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest payload sent; larger ones are cut before."""
RESTART_AFTER = 2_000
"""Documents until a child is replaced, in case a library leaks."""

FAILED = "failed/1"
Request = dict[str, str | bool | None]


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
        end_child(child)

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
        if self._child is None:
            self._child = start_child("search.extract.worker")
        conversation = Conversation(self._child, self._seconds)
        answer, _ = conversation.run(json.dumps(request).encode(), data)
        return answer


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


def serve() -> None:
    """The child's life: warm up, give up what it may not have, answer until EOF."""
    from search.extract.by_type import extract

    extract(b"<html><title>a</title><body><p>warm</p></body>", media_type="text/html")
    restrict(MEMORY_BYTES)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        head_bytes, data_bytes = HEAD.unpack(head)
        request = json.loads(source.read(head_bytes))
        data = source.read(data_bytes)
        signal.alarm(int(SECONDS) + 5)
        made = extract(data, **request)
        answer = json.dumps(asdict(made)).encode()
        signal.alarm(0)
        target.write(HEAD.pack(len(answer), 0) + answer)
        target.flush()


if __name__ == "__main__":
    serve()
