"""Where a chunked body ends (RFC 9112 section 7.1, LF accepted): pure, alters nothing.

Chunk extensions and trailers are passed over; the first thing that is no chunk ends
the payload for good, because nothing behind it can be trusted to be framed.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from crawlers.engine.settings import KIBI

CHUNK_LINE_LIMIT_BYTES = 4 * KIBI
"""Chunk size with extensions."""
TRAILER_LIMIT_BYTES = 64 * KIBI
"""Trailer section."""
CHUNK_SIZE_LIMIT = (1 << 53) - 1
"""Larger sizes are taken as this one: the capture limit ends the body long before."""

_SIZE_LINE = re.compile(rb"[ \t]*([0-9a-fA-F]+)[ \t]*(?:;[^\n]*)?\r?\n")


_WHOLE = re.compile(rb"([0-9a-fA-F]{1,4})\r\n")
"""The plain size line of a small chunk."""


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    DONE = auto()


class ChunkedBody:
    """Follows one chunked body; `take` counts wire bytes against the body limit.

    `room`: how many of them it would still count.
    """

    def __init__(
        self,
        take: Callable[[int], int],
        on_payload: Callable[[bytes], None],
        *,
        room: Callable[[], int],
    ) -> None:
        self.trailer_bytes = 0
        self.broken: str | None = None
        """The flag that names what broke the framing."""
        self._take = take
        self._room = room
        self._on_payload = on_payload
        self._state = _State.SIZE
        self._line = bytearray()
        self._left = 0
        self._steps = {
            _State.SIZE: self._in_size,
            _State.DATA: self._in_data,
            _State.DATA_END: self._in_data_end,
            _State.TRAILER: self._in_trailer,
        }

    @property
    def done(self) -> bool:
        """Whether the trailer section has ended."""
        return self._state is _State.DONE

    def feed(self, data: bytes, position: int) -> int:
        """Follow one step from `position`; returns where the next one begins."""
        if self._state is _State.SIZE and not self._line:
            moved = self._in_whole(data, position)
            if moved > position:
                return moved
        return self._steps[self._state](data, position)

    def _in_whole(self, data: bytes, position: int) -> int:
        """Follow the small chunks that lie whole in the data, all in one step.

        A peer may send a byte in each: step by step, that is a minute of work for a
        body of 64 MiB, in which nothing else is captured.
        """
        start, stop = position, min(len(data), position + self._room())
        pieces: list[bytes] = []
        while size := _WHOLE.match(data, position, stop):
            begin = size.end()
            end = begin + int(size[1], 16)
            if end == begin or end + 2 > stop or data[end : end + 2] != b"\r\n":
                break
            pieces.append(data[begin:end])
            position = end + 2
        if pieces:
            self._take(position - start)
            self._on_payload(b"".join(pieces))
        return position

    def _in_size(self, data: bytes, position: int) -> int:
        found = data.find(b"\n", position)
        stop = len(data) if found < 0 else found + 1
        stop = min(stop, position + CHUNK_LINE_LIMIT_BYTES + 1 - len(self._line))
        end = position + self._take(stop - position)
        self._line += data[position:end]
        if len(self._line) > CHUNK_LINE_LIMIT_BYTES:
            self.broken = "bad-chunk"
        elif self._line.endswith(b"\n"):
            self._read_size()
        return end

    def _read_size(self) -> None:
        size = _SIZE_LINE.fullmatch(self._line)
        if size is None:
            self.broken = "bad-chunk"
            return
        self._left = min(int(size[1], 16), CHUNK_SIZE_LIMIT)
        self._line = bytearray()
        self._state = _State.DATA if self._left else _State.TRAILER

    def _in_data(self, data: bytes, position: int) -> int:
        end = position + self._take(min(len(data) - position, self._left))
        self._on_payload(data[position:end])
        self._left -= end - position
        if not self._left:
            self._state = _State.DATA_END
        return end

    def _in_data_end(self, data: bytes, position: int) -> int:
        """Expect CR LF or LF behind the data of a chunk."""
        if self._take(1) == 0:
            return position
        self._line += data[position : position + 1]
        line = bytes(self._line)
        if line in (b"\n", b"\r\n"):
            self._line = bytearray()
            self._state = _State.SIZE
        elif line != b"\r":
            self.broken = "bad-chunk"
        return position + 1

    def _in_trailer(self, data: bytes, position: int) -> int:
        found = data.find(b"\n", position)
        stop = len(data) if found < 0 else found + 1
        end = min(stop, position + TRAILER_LIMIT_BYTES + 1 - self.trailer_bytes)
        self.trailer_bytes += end - position
        self._line += data[position:end]
        if self.trailer_bytes > TRAILER_LIMIT_BYTES:
            self.broken = "long-trailer"
        elif self._line.endswith(b"\n"):
            if not self._line.strip(b"\r\n"):
                self._state = _State.DONE
            self._line = bytearray()
        return end
