"""One response fed to the framer in pieces, and everything it says about it."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from crawlers.engine.framing import (
    ResponseFramer,
)
from crawlers.engine.outcome import Progress as P

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\n"
BIG_LIMIT = 1 << 40


@dataclass
class Followed:
    """Everything a framer says about one response."""

    progress: P
    kind: str
    payload: bytes
    flags: tuple[str, ...]
    sizes: tuple[int, int, int, int]
    interim: tuple[Any, ...]
    taken: int
    status: int | None
    declared: int | None
    reusable: bool
    full: bool
    heads: tuple[bytes, ...] = field(default=())


def follow(
    data: bytes,
    *cuts: int,
    method: str = "GET",
    limit: int = BIG_LIMIT,
    clean: bool = True,
) -> Followed:
    payload: list[bytes] = []
    heads: list[bytes] = []
    framer = ResponseFramer(
        method, limit_bytes=limit, on_payload=payload.append, on_head=heads.append
    )
    taken = 0
    edges = [0, *cuts, len(data)]
    for start, end in pairwise(edges):
        if framer.full:
            break
        taken += framer.feed(data[start:end])
    framer.close(clean=clean)
    facts = framer.facts()
    return Followed(
        progress=framer.progress,
        kind=facts.kind,
        payload=b"".join(payload),
        flags=tuple(framer.flags),
        sizes=(
            facts.head_bytes,
            facts.body_bytes,
            facts.trailer_bytes,
            facts.surplus_bytes,
        ),
        interim=tuple(framer.interim),
        taken=taken,
        status=framer.head.status if framer.head else None,
        declared=facts.declared_length,
        reusable=framer.reusable,
        full=framer.full,
        heads=tuple(heads),
    )


HELLO = b"hello"
