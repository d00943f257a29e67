"""Previews: pictures of documents and images, made in children with small limits.

Nothing hostile is decoded in the process that answers readers. A child that crashes,
hangs or asks for too much memory is replaced, and the file has no preview.
"""

import json
import queue
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass

from search.extract.child import (
    HEAD,
    Conversation,
    WorkerFailed,
    end_child,
    restrict,
    start_child,
)

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
MODULE = "search.extract.preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A picture made here; sizes in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int
    kind: str
    """`document` or `image`."""
    pages: int
    """Pages of a document; frames of an image, of which the first is drawn."""
    original: tuple[int, int] | None
    """Width and height of the image itself; None for a document."""


class Previews:
    """A few children, started when first needed; from any thread."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._free: queue.LifoQueue[_Child] = queue.LifoQueue()
        for _ in range(CHILDREN):
            self._free.put(_Child())

    def make(self, data: bytes, number: int) -> Preview | None:
        """Preview page `number`, from 0; None where there is none, or all are busy."""
        if len(data) > PAYLOAD_BYTES:
            return None
        try:
            child = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            return None
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
        if self._process is None:
            self._process = start_child(MODULE)
        request = json.dumps({"number": number}).encode()
        try:
            answer, picture = Conversation(self._process, SECONDS).run(request, data)
            made = _read_answer(answer, picture)
        except WorkerFailed:
            self.close()
            return None
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
    """The child's life: give up what it may not have, answer until EOF."""
    from search.extract.drawing import draw

    restrict(MEMORY_BYTES)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        head_bytes, data_bytes = HEAD.unpack(head)
        request = json.loads(source.read(head_bytes))
        data = source.read(data_bytes)
        signal.alarm(int(SECONDS) + 5)
        drawn = draw(data, request["number"])
        signal.alarm(0)
        about, picture = None, b""
        if drawn is not None:
            about = asdict(drawn)
            picture = about.pop("data")
        answer = json.dumps(about).encode()
        target.write(HEAD.pack(len(answer), len(picture)) + answer + picture)
        target.flush()


if __name__ == "__main__":
    serve()
