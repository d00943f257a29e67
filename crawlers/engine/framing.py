"""Where an HTTP/1.1 response ends: fed with bytes, alters nothing (pure, lenient).

Fed in any pieces, the result is the same. Always: `head_bytes + body_bytes +
trailer_bytes + surplus_bytes` = bytes consumed less interim heads.
"""

import re
from collections.abc import Callable

from archive.capture import Framing, InterimHead
from crawlers.engine.chunks import ChunkedBody
from crawlers.engine.head import (
    LENGTH_LIMIT,
    START_BYTES,
    HeadFacts,
    has_status_line,
    is_interim,
    may_begin_head,
    parse_head,
)
from crawlers.engine.outcome import Progress
from crawlers.engine.settings import KIBI, MEBI

HEAD_LIMIT_BYTES = MEBI
"""Final head, 1 MiB: real ones stay below 64 KiB, odd servers below 1 MiB."""
INTERIM_LIMIT_HEADS = 20
"""1xx heads before one response."""
INTERIM_LIMIT_BYTES = 64 * KIBI
"""All 1xx heads of one response together; they go into the metadata record."""
SURPLUS_LIMIT_BYTES = 64 * KIBI
"""Kept of what follows a complete message."""

_HEAD_END = re.compile(rb"\n\r?\n")


class ResponseFramer:
    """Follows one response, interim heads included, to its end.

    `on_head` gets the final head, `on_payload` the body in pieces without transfer
    coding. `limit_bytes` counts body bytes as on the wire; of a response that is not
    HTTP at least HEAD_LIMIT_BYTES are taken.
    """

    def __init__(
        self,
        method: str,
        *,
        limit_bytes: int,
        on_payload: Callable[[bytes], None],
        on_head: Callable[[bytes], None],
    ) -> None:
        self.interim: list[InterimHead] = []
        self.interim_bytes = 0
        self.flags: list[str] = []
        self.progress = Progress.HEAD
        self.head: HeadFacts | None = None
        self.full = False
        """A limit was reached: further bytes are not taken."""
        self._bodiless = method == "HEAD"
        self._limit_bytes = limit_bytes
        self._on_payload = on_payload
        self._on_head = on_head
        self._step: Callable[[bytes, int], int] = self._in_head
        self._buffer = bytearray()
        self._lead = 0
        self._searched = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._surplus_bytes = 0
        self._left = 0
        self._chunks: ChunkedBody | None = None
        self._doubtful = False

    @property
    def has_payload(self) -> bool:
        """Whether there is an entity body, if only an empty one."""
        return self.head is not None and self.head.kind != "none"

    @property
    def oversize(self) -> bool:
        """Whether the declared length is over the limit."""
        head = self.head
        if head is None or head.kind != "length" or head.length is None:
            return False
        return head.length > self._limit_bytes

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another exchange after this one."""
        if self.progress is not Progress.END or self.head is None or self._doubtful:
            return False
        return self.head.persistent and self.head.kind != "close"

    def facts(self) -> Framing:
        """Sizes and kind as they stand now."""
        length = self.head.length if self.head else None
        trailer_bytes = self._chunks.trailer_bytes if self._chunks else 0
        return Framing(
            kind=self.head.kind if self.head else "unparsed",
            declared_length=None if length is None or length > LENGTH_LIMIT else length,
            head_bytes=self._head_bytes + len(self._buffer),
            body_bytes=self._body_bytes,
            trailer_bytes=trailer_bytes,
            surplus_bytes=self._surplus_bytes,
        )

    def feed(self, data: bytes) -> int:
        """Follow more bytes; returns how many belong to the response.

        Fewer than given only when `full` is set: the rest must not be kept.
        """
        position = 0
        while position < len(data) and not self.full:
            position = self._step(data, position)
        return position

    def close(self, *, clean: bool) -> None:
        """No more bytes will come; a clean close ends a close-delimited body."""
        if self.progress is Progress.HEAD:
            line_ended = self._buffer.find(b"\n", self._lead) >= 0
            if line_ended and not has_status_line(bytes(self._buffer), self._lead):
                self._give_up(0)
        elif clean and self._step == self._in_close and not self.full:
            self.progress = Progress.END

    # -- head ------------------------------------------------------------------

    def _in_head(self, data: bytes, position: int) -> int:
        known = len(self._buffer)
        self._buffer += data[position:]
        if not self._may_be_http(known):
            return self._give_up(len(data))
        found = _HEAD_END.search(self._buffer, max(self._lead, self._searched - 2))
        self._searched = len(self._buffer)
        end = found.end() if found else self._searched
        if end > HEAD_LIMIT_BYTES:
            self.flags.append("head-too-long")
            return self._give_up(len(data))
        if found is None:
            return len(data)
        head = bytes(self._buffer[:end])
        if is_interim(head, self._lead):
            begun = self._end_interim(head)
        else:
            begun = self._end_head(head)
        return position + end - known if begun else self._give_up(len(data))

    def _may_be_http(self, known: int) -> bool:
        """Judge the first bytes; moves over blank lines before the status line."""
        if known - self._lead >= START_BYTES:
            return True
        while self._lead < len(self._buffer) and self._buffer[self._lead] in b"\r\n":
            self._lead += 1
        return may_begin_head(
            bytes(self._buffer[self._lead : self._lead + START_BYTES])
        )

    def _reset_head(self) -> None:
        self._buffer = bytearray()
        self._lead = self._searched = 0

    def _end_interim(self, head: bytes) -> bool:
        total = self.interim_bytes + len(head)
        if len(self.interim) >= INTERIM_LIMIT_HEADS or total > INTERIM_LIMIT_BYTES:
            self.flags.append("interim-limit")
            return False
        self.interim.append(InterimHead(offset_bytes=self.interim_bytes, head=head))
        self.interim_bytes = total
        self._reset_head()
        return True

    def _end_head(self, head: bytes) -> bool:
        facts = parse_head(head, self._lead, bodiless=self._bodiless)
        if facts is None:
            return False
        self.head = facts
        self.flags += [*facts.remarks, *facts.doubts]
        self._doubtful = bool(facts.doubts)
        self._head_bytes = len(head)
        self._reset_head()
        self.progress = Progress.BODY
        if facts.kind == "chunked":
            self._chunks = ChunkedBody(self._take, self._on_payload, room=self._room)
            self._step = self._in_chunks
        elif facts.kind == "close":
            self._step = self._in_close
        elif facts.kind == "length" and facts.length:
            self._left = facts.length
            self._step = self._in_length
        else:
            self._end_message()
        self._on_head(head)
        return True

    def _give_up(self, taken_to: int) -> int:
        """Not HTTP: all of it becomes one opaque block of the size of its body."""
        pending = len(self._buffer)
        self._limit_bytes = max(self._limit_bytes, HEAD_LIMIT_BYTES)
        over = pending - self._take(pending)
        self._reset_head()
        self.progress = Progress.UNPARSED
        self._step = self._in_opaque
        return taken_to - over

    # -- body and what follows -----------------------------------------------------

    def _take(self, wanted: int) -> int:
        """Count body bytes; returns how many of them the limit lets us keep."""
        taken = min(wanted, self._limit_bytes - self._body_bytes)
        self._body_bytes += taken
        self.full = taken < wanted
        return taken

    def _room(self) -> int:
        """How many more body bytes the limit lets us keep."""
        return self._limit_bytes - self._body_bytes

    def _in_length(self, data: bytes, position: int) -> int:
        end = position + self._take(min(len(data) - position, self._left))
        self._on_payload(data[position:end])
        self._left -= end - position
        if not self._left:
            self._end_message()
        elif self._body_bytes == self._limit_bytes:
            self.full = True
        return end

    def _in_close(self, data: bytes, position: int) -> int:
        end = position + self._take(len(data) - position)
        self._on_payload(data[position:end])
        return end

    def _in_chunks(self, data: bytes, position: int) -> int:
        chunks = self._chunks
        if chunks is None:
            raise AssertionError("chunked body without its reader")
        position = chunks.feed(data, position)
        if chunks.done:
            self._end_message()
        elif chunks.broken:
            self.flags.append(chunks.broken)
            self._doubtful = True
            self._step = self._in_opaque
        return position

    def _in_opaque(self, data: bytes, position: int) -> int:
        """Framing is lost: record on, nothing more is payload."""
        return position + self._take(len(data) - position)

    def _end_message(self) -> None:
        self.progress = Progress.END
        self._step = self._in_surplus

    def _in_surplus(self, data: bytes, position: int) -> int:
        if self.progress is Progress.END:
            self.flags.append("surplus")
            self.progress = Progress.SURPLUS
        room = SURPLUS_LIMIT_BYTES - self._surplus_bytes
        taken = min(len(data) - position, room)
        self._surplus_bytes += taken
        self.full = taken == room
        return position + taken
