"""Previews: pictures of documents and images, made in children with small limits.

Nothing hostile is decoded in the process that answers readers. A child that crashes,
hangs or asks for too much memory is replaced, and this try has failed: it says nothing
about the file, for the machine may have been busy.
"""

import json
import queue
import subprocess
from dataclasses import asdict
from typing import Any

from archive.errors import ExtractionError
from search.extract.children.child import (
    TIMEOUT,
    Conversation,
    WorkerFailed,
    answer_requests,
    end_child,
    start_child,
)
from search.extract.previews.pictures import Preview

CHILDREN = 2
"""Previews made at a time."""
MEMORY_BYTES = 512 * 1024**2
"""Address space of a child."""
SECONDS = 10.0
"""Time for one preview."""
WAIT_SECONDS = 20.0
"""How long a reader waits for a free child."""
RESTART_AFTER = 200
"""Previews until a child is replaced, in case a library leaks."""
PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest file that is looked at."""
MODULE = "search.extract.previews.preview"


class Previews:
    """A few children, started when first needed; from any thread."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._free: queue.LifoQueue[_Child] = queue.LifoQueue()
        for _ in range(CHILDREN):
            self._free.put(_Child())

    def make(self, data: bytes, number: int) -> Preview | None:
        """Preview page `number`, from 0; None where none can ever be made.

        WorkerFailed where the child ended or took too long, another ExtractionError
        while all children are busy: another time there may be one.
        """
        if len(data) > PAYLOAD_BYTES:
            return None
        try:
            child = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty as error:
            raise ExtractionError("every child draws something else") from error
        try:
            return child.make(data, number)
        finally:
            self._free.put(child)

    def close(self) -> None:
        """End the children; those at work are waited for."""
        for _ in range(CHILDREN):
            self._free.get().close()


class _Child:
    """One child process and what it has done."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._done = 0

    def make(self, data: bytes, number: int) -> Preview | None:
        """Preview a page; what a child died of before is not blamed on this file."""
        is_fresh = self._process is None
        try:
            return self._draw(data, number)
        except WorkerFailed as error:
            if is_fresh or str(error) == TIMEOUT:
                raise
        return self._draw(data, number)

    def _draw(self, data: bytes, number: int) -> Preview | None:
        if self._process is None:
            self._process = start_child(MODULE)
        request = json.dumps({"number": number}).encode()
        try:
            answer, picture = Conversation(self._process, SECONDS).run(request, data)
            made = _read_answer(answer, picture)
        except WorkerFailed:
            self.close()
            raise
        self._done += 1
        if self._done >= RESTART_AFTER:
            self.close()
        return made

    def close(self) -> None:
        process, self._process, self._done = self._process, None, 0
        if process is not None:
            end_child(process)


def _read_answer(answer: bytes, picture: bytes) -> Preview | None:
    try:
        value = json.loads(answer)
        if value is None:
            return None
        original = value.pop("original")
        found = None if original is None else (int(original[0]), int(original[1]))
        return Preview(data=picture, original=found, **value)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise WorkerFailed("extractor_crashed") from error


def serve() -> None:
    """The child's life: draw what comes."""
    from search.extract.previews.drawing import draw

    def answer(request: dict[str, Any], data: bytes) -> tuple[bytes, bytes]:
        drawn = draw(data, request["number"])
        if drawn is None:
            return json.dumps(None).encode(), b""
        about = asdict(drawn)
        picture: bytes = about.pop("data")
        return json.dumps(about).encode(), picture

    answer_requests(answer, memory_bytes=MEMORY_BYTES, seconds=SECONDS)


if __name__ == "__main__":
    serve()
