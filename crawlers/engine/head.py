"""What the head of a response says about where its body ends (pure, lenient).

RFC 9112 section 6.3, relaxed: LF line ends, folded lines, lines without colon, NUL and
8-bit bytes are passed over; only three fields are read. Doubts are flagged, and a
connection whose response left a doubt is not used again.
"""

import re
from dataclasses import dataclass

LENGTH_LIMIT = (1 << 53) - 1
"""Largest length written down: the largest integer every JSON reader keeps exact."""

_STATUS_LINE = re.compile(
    rb"(?:HTTP/(\d+(?:\.\d+)?)|ICY)[ \t]+(\d{3})(?:[ \t][^\n]*)?\r?\n", re.IGNORECASE
)
_PLAIN_STATUS_LINE = re.compile(rb"HTTP/1\.[01] \d{3}(?: [^\r\n]*)?\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FIELD = re.compile(
    rb"^(content-length|transfer-encoding|connection)[ \t]*:([^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_STARTS = (b"HTTP/", b"ICY ")
_BODILESS = frozenset({101, 204, 304})

START_BYTES = 5
"""After that many bytes behind blank lines it is settled whether HTTP may follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFacts:
    """The framing that a complete final head announces."""

    status: int
    kind: str
    """`length`, `chunked`, `close` or `none`."""
    length: int | None
    """The one Content-Length, clipped to LENGTH_LIMIT + 1."""
    persistent: bool
    """The peer would take another request on this connection."""
    remarks: tuple[str, ...]
    """Flags that say nothing against the framing."""
    doubts: tuple[str, ...]
    """Flags that do."""


def may_begin_head(start: bytes) -> bool:
    """Whether these first bytes behind blank lines may become a status line."""
    first = start[:START_BYTES].upper()
    return any(first[: len(s)] == s[: len(first)] for s in _STARTS)


def has_status_line(head: bytes, lead: int) -> bool:
    """Whether a whole status line stands at `lead`."""
    return _STATUS_LINE.match(head, lead) is not None


def is_interim(head: bytes, lead: int) -> bool:
    """Whether the head is a 1xx one after which the real response still comes."""
    line = _STATUS_LINE.match(head, lead)
    return line is not None and line[2][:1] == b"1" and line[2] != b"101"


def parse_head(head: bytes, lead: int, *, bodiless: bool) -> HeadFacts | None:
    """Read a complete final head; None when its first line is no status line.

    `lead` blank bytes come before the status line; `bodiless`: it answers a HEAD.
    """
    line = _STATUS_LINE.match(head, lead)
    if line is None:
        return None
    doubts = ["blank-before-status"] if lead else []
    if _PLAIN_STATUS_LINE.match(head, lead) is None:
        doubts.append("odd-status-line")
    remarks = [] if head.count(b"\n") == head.count(b"\r\n") else ["bare-lf"]
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(_FOLD.sub(b" ", head), line.end()):
        fields.setdefault(name.lower(), []).append(value)
    status = int(line[2])
    lengths = fields.get(b"content-length", [])
    if bodiless or status in _BODILESS:
        kind = "none"
        if status == 101:
            doubts.append("switching-protocols")
    else:
        kind = _choose_kind(fields, doubts, is_http11=line[1] == b"1.1")
    if kind == "close":
        remarks.append("length-unknown")
    return HeadFacts(
        status=status,
        kind=kind,
        length=_one_length(lengths),
        persistent=_is_persistent(fields, line[1]),
        remarks=tuple(remarks),
        doubts=tuple(doubts),
    )


def _is_persistent(fields: dict[bytes, list[bytes]], version: bytes | None) -> bool:
    tokens = _split(fields.get(b"connection", []))
    if b"close" in tokens:
        return False
    return version == b"1.1" or (version == b"1.0" and b"keep-alive" in tokens)


def _choose_kind(
    fields: dict[bytes, list[bytes]], doubts: list[str], *, is_http11: bool
) -> str:
    """How the body is delimited: final coding chunked, one length, or the close."""
    lengths = fields.get(b"content-length", [])
    codings = _split(fields.get(b"transfer-encoding", []))
    codings = [coding for coding in codings if coding != b"identity"]
    if codings:
        if lengths:
            doubts.append("length-ignored")
        if codings != [b"chunked"]:
            doubts.append("transfer-coding")
        if not is_http11:
            doubts.append("chunked-before-http11")
        return "chunked" if codings[-1] == b"chunked" else "close"
    if not lengths:
        return "close"
    length = _one_length(lengths)
    parts = _split(lengths)
    if length is None:
        numeric = bool(parts) and all(part.isdigit() for part in parts)
        doubts.append("conflicting-length" if numeric else "bad-length")
        return "close"
    if len(parts) > 1:
        doubts.append("duplicate-length")
    if length > LENGTH_LIMIT:
        doubts.append("huge-length")
    return "length"


def _split(values: list[bytes]) -> list[bytes]:
    """List members of repeated fields, lower case; empty ones are dropped."""
    joined = b",".join(values).lower()
    return [part for part in (p.strip(b" \t\r") for p in joined.split(b",")) if part]


def _one_length(values: list[bytes]) -> int | None:
    """The one number that all values agree on, else None."""
    parts = {part.lstrip(b"0") or b"0" for part in _split(values)}
    if len(parts) != 1:
        return None
    (part,) = parts
    if not part.isdigit():
        return None
    if len(part) > len(str(LENGTH_LIMIT)):
        return LENGTH_LIMIT + 1
    return min(int(part), LENGTH_LIMIT + 1)
