"""A child process that extracts: bounded memory and time, no network, no new files.

Hostile bytes meet the parsers here, never in the process that holds the archive. The
child lives on from document to document; after a crash or a timeout a new one starts,
and the document says what happened.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from search.extract.children.child import (
    Child,
    Conversation,
    WorkerFailed,
    answer_requests,
    end_child,
    start_child,
)
from search.extract.children.nursery import OPTION, run_nursery
from search.extract.files.converter import convert
from search.extract.files.ocr import find_tesseract, is_picture
from search.extract.files.scans import SCANS, ScanReader
from search.extract.result import PAGES, Extract, read_extract

MEMORY_BYTES = 2 * 1024**3
"""Address space of the child: several times what the largest page needs."""
SECONDS = 30.0
"""Time for one document; the slowest real page seen takes 3 s."""
PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest payload sent; larger ones are cut before."""
RESTART_AFTER = 2_000
"""Documents until a child is replaced, in case a library leaks."""

MODULE = "search.extract.worker"
FAILED = "failed/1"
Request = dict[str, str | bool | int | None]


class Worker:
    """One child at a time; not for use by several threads at once."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        ocr: bool = False,
        start: Callable[[], Child] | None = None,
    ) -> None:
        """`start`: makes children, as a `Nursery` of this MODULE does."""
        self._seconds = seconds
        self._ocr = ocr
        self._start = start or partial(start_child, MODULE)
        self._child: Child | None = None
        self._done = 0

    def extract(
        self, data: bytes, *, media_type: str | None, charset: str | None
    ) -> Extract:
        """Extract in the child; a failure is an empty text with a warning.

        What nothing in the child reads goes to a program of the system, if there is
        one for it, and its text through the child.
        """
        made = self._extract(data, media_type=media_type, charset=charset)
        scans = self._scan_reader(data)
        if scans is not None and SCANS & {*made.warnings}:
            return scans.read_scan(made)
        if "no_extractor" not in made.warnings:
            return made
        if scans is not None and is_picture(data):
            return scans.read_image(made, data[:PAYLOAD_BYTES])
        converted = convert(data[:PAYLOAD_BYTES])
        if converted is None:
            return made
        text = self._extract(converted.text, media_type="text/plain", charset="utf-8")
        return replace(
            text, extractor=converted.extractor, charset=None, declared_charset=None
        )

    def _scan_reader(self, data: bytes) -> ScanReader | None:
        program = find_tesseract() if self._ocr else None
        if program is None:
            return None
        return ScanReader(
            program=program, draw=partial(self._draw, data), join=self._join
        )

    def _join(self, texts: list[str]) -> Extract | None:
        """Texts of pages as one text, made in the child."""
        request: Request = {"media_type": PAGES}
        made = self._once(request, json.dumps(texts).encode())
        return None if made.extractor == FAILED else made

    def _draw(self, data: bytes, number: int) -> bytes:
        """The picture of a page, drawn in the child."""
        try:
            return self._ask({"draw": number}, data[:PAYLOAD_BYTES])
        except WorkerFailed:
            self.close()
            return b""

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
            self._child = self._start()
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


def warm_up() -> None:
    """Load what every page needs."""
    from search.extract.by_type import extract

    extract(b"<html><title>a</title><body><p>warm</p></body>", media_type="text/html")


def serve() -> None:
    """The child's life: extract what comes, or draw a page that has to be read."""
    from search.extract.by_type import extract
    from search.extract.files.pdf import READ_SIDE, draw_page

    def answer(request: dict[str, Any], data: bytes) -> tuple[bytes, bytes]:
        if "draw" in request:
            drawn = draw_page(data, request["draw"], side=READ_SIDE)
            return b"" if drawn is None else drawn.as_ppm(), b""
        return json.dumps(asdict(extract(data, **request))).encode(), b""

    answer_requests(answer, memory_bytes=MEMORY_BYTES, seconds=SECONDS)


def main() -> None:
    """Be a child, or the nursery of several."""
    warm_up()
    if sys.argv[1:2] == [OPTION]:
        run_nursery(int(sys.argv[2]), serve)
    else:
        serve()


if __name__ == "__main__":
    main()
