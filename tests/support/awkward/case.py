"""One odd reply: what the server sends, step by step, and how it must be judged.

The steps are those of `tests/support/capturing/wire.py`: bytes, seconds to wait, words.
"""

import gzip
from dataclasses import dataclass
from typing import Any

from archive.capture import CaptureOutcome as O

OK = b"HTTP/1.1 200 OK\r\n"
LEN5 = b"Content-Length: 5\r\n"
HELLO = OK + LEN5 + b"\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED_HELLO = CHUNKED + CHUNKS
GZIPPED = gzip.compress(b"hello" * 100, mtime=0)
LATIN1 = "Дата".encode("cp1251")
NOISE = bytes(range(256)) * 12_000
"""3 MB: beyond what is kept in memory."""
STALL_SECONDS = 2.0
"""Long enough for a handshake and a request on a crowded machine: else the deadline
comes before the server was asked, which is another case."""
UNKNOWN = ("length-unknown",)
BAD = ("bad-length", "length-unknown")


@dataclass(frozen=True)
class Case:
    """A reply of a server, and the judgement."""

    name: str
    steps: tuple[bytes | float | str, ...]
    outcome: O = O.COMPLETE
    flags: tuple[str, ...] = ()
    status: int | None = 200
    request: dict[str, Any] | None = None
    cut: bool = False
    """The engine stops before the server does: the log may hold more."""


def reply(head: bytes, body: bytes = b"") -> bytes:
    """A head, and a body of the length it says."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def body(name: str, framing: bytes, *steps: Any, **rest: Any) -> Case:
    """An odd way to say how long the body is."""
    return Case(name, (OK + framing + b"\r\n\r\n", *steps, "close"), **rest)


def head(name: str, block: bytes, **rest: Any) -> Case:
    """All that is sent before the connection is closed."""
    return Case(name, (block, "close"), **rest)


def opaque(name: str, data: bytes, **rest: Any) -> Case:
    """Something that is no HTTP."""
    return head(name, data, outcome=O.NOT_HTTP, status=None, **rest)


def chunked(name: str, chunks: bytes, **rest: Any) -> Case:
    """A body in odd chunks."""
    return head(name, CHUNKED + chunks, **rest)


def coded(name: str, coding: bytes, data: bytes) -> Case:
    """A body in a content coding."""
    fields = b"Content-Encoding: %s\r\nContent-Length: %d" % (coding, len(data))
    return body(name, fields, data)


def ask(
    name: str, steps: tuple[bytes | float | str, ...] = (HELLO,), **rest: Any
) -> Case:
    """An odd request, or one with limits of its own."""
    kept = {k: rest.pop(k) for k in ("outcome", "flags", "status", "cut") if k in rest}
    return Case(name, steps, request=rest, **kept)
