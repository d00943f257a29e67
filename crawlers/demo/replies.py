"""From a body to the exact bytes of a reply: framing, coding, label (pure)."""

import gzip
from dataclasses import dataclass
from enum import StrEnum

CHUNK_BYTES = 512
"""Small, so that every example page has several chunks."""
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 404: "Not Found"}


class Framing(StrEnum):
    """How the end of the body is known."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a reply differs from the plain one."""

    framing: Framing = Framing.LENGTH
    coding: str = ""
    """`gzip` or nothing."""
    encoding: str = "utf-8"
    """What the text is really encoded in."""
    label: str = "utf-8"
    """What the reply says it is encoded in; empty says nothing."""
    cut_bytes: int = 0
    """How many announced bytes never come; the connection is closed instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply as it goes over the wire."""

    data: bytes
    closes: bool
    """Whether the server closes the connection behind it."""


def build_reply(
    body: bytes,
    *,
    shape: Shape,
    status: int = 200,
    media_type: str = "text/html",
    location: str | None = None,
) -> Reply:
    """The bytes of a whole reply, status line to last byte."""
    if shape.coding == "gzip":
        body = gzip.compress(body, mtime=0)
    fields = [f"HTTP/1.1 {status} {REASONS[status]}", "Server: demonstration"]
    is_labelled = media_type.startswith("text/") and shape.label
    charset = f"; charset={shape.label}" if is_labelled else ""
    fields.append(f"Content-Type: {media_type}{charset}")
    if shape.coding:
        fields.append(f"Content-Encoding: {shape.coding}")
    if location is not None:
        fields.append(f"Location: {location}")
    fields.append(_framing_field(shape, len(body)))
    head = "\r\n".join([*fields, "", ""]).encode("ascii")
    wire = _chunked(body) if shape.framing is Framing.CHUNKED else body
    if shape.cut_bytes:
        wire = wire[: -shape.cut_bytes]
    closes = shape.framing is Framing.CLOSE or shape.cut_bytes > 0
    return Reply(data=head + wire, closes=closes)


def _framing_field(shape: Shape, length: int) -> str:
    if shape.framing is Framing.LENGTH:
        return f"Content-Length: {length}"
    if shape.framing is Framing.CHUNKED:
        return "Transfer-Encoding: chunked"
    return "Connection: close"


def _chunked(body: bytes) -> bytes:
    pieces = [body[i : i + CHUNK_BYTES] for i in range(0, len(body), CHUNK_BYTES)]
    framed = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    return b"".join(framed) + b"0\r\n\r\n"
