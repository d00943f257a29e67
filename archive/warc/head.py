"""HTTP head of a message, read leniently: what servers send, not what they should.

Nothing is dropped: lines that are no header are kept as they are. LF alone ends a line,
a line that begins with a space goes on with the one before, blank lines may come first.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

HEAD_LIMIT_BYTES: Final = 1024 * 1024
"""Bytes of a head; the engine cuts there, too."""
LENGTH_LIMIT: Final = 1 << 53
"""Larger declared lengths count as this one; no body reaches it."""
DECIMAL_DIGITS: Final = 17
"""So many digits show that a length is over the limit."""
KEPT_BYTES: Final = 8 * 1024
"""Of a head that is kept for a while after reading; nearly all are shorter."""
HEADS_KEPT: Final = 128
"""More than one crawl has responses under way; at most 1 MiB."""
CODINGS_LIMIT: Final = 4
"""Codings on one message: more is no server's habit but a bomb."""

_BLANK_FIRST: Final = re.compile(rb"[\r\n]*")
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_STATUS: Final = re.compile(
    rb"(HTTP/[0-9]+(?:\.[0-9]+)?|ICY)[ \t]+([0-9]{3})(?:[ \t](.*))?",
    re.IGNORECASE | re.DOTALL,
)
_MEDIA: Final = re.compile(
    rb"[ \t]*([!#-.0-9^-z|~]+/[!#-.0-9^-z|~]+)[ \t]*(?:;|$)", re.I
)
_CHARSET: Final = re.compile(
    rb";[ \t]*charset[ \t]*=[ \t]*[\"']?([!-:<-~]+?)[\"']?[ \t]*(?:;|$)", re.I
)
_DECIMAL: Final = re.compile("[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHead:
    """A message head; `length_bytes` reaches to the first byte of the body."""

    version: bytes
    """`HTTP/1.1` as it stands; empty where there is no status line."""
    status: int | None
    """None: the first line is no status line."""
    reason: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    """Names as they stand, values without the spaces around them."""
    odd_lines: tuple[bytes, ...]
    """Lines that are neither header nor continuation."""
    length_bytes: int
    complete: bool
    """Whether the empty line was there."""
    _by_name: dict[str, tuple[bytes, ...]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    """What was asked for before; it cannot change."""
    _read: dict[str, Any] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    """The same of what takes some reading."""

    def find_all(self, name: str) -> tuple[bytes, ...]:
        """All values of a header, in order.

        Spaces before the colon are passed over; anything before the name makes another
        name of it, as for the engine.
        """
        found = self._by_name.get(name)
        if found is None:
            wanted = name.lower().encode("ascii")
            found = self._by_name[name] = tuple(
                [
                    value
                    for title, value in self.headers
                    if title.rstrip(b" \t").lower() == wanted
                ]
            )
        return found

    def find(self, name: str) -> bytes | None:
        """The first value of a header, or None."""
        found = self.find_all(name)
        return found[0] if found else None

    @property
    def media_type(self) -> str | None:
        """The declared media type, lower case, without parameters."""
        if "media_type" not in self._read:
            match = _MEDIA.match(self.find("Content-Type") or b"")
            self._read["media_type"] = match[1].decode().lower() if match else None
        found: str | None = self._read["media_type"]
        return found

    @property
    def charset(self) -> str | None:
        """The declared charset, lower case."""
        match = _CHARSET.search(self.find("Content-Type") or b"")
        return match[1].decode("ascii").lower() if match else None

    @property
    def transfer_codings(self) -> tuple[str, ...]:
        """Transfer codings in the order they were applied, `identity` left out."""
        if "codings" not in self._read:
            self._read["codings"] = _tokens(self.find_all("Transfer-Encoding"))
        found: tuple[str, ...] = self._read["codings"]
        return found

    @property
    def content_encoding(self) -> str | None:
        """Codings still on the entity body, in the order they were applied.

        Content codings, then transfer codings other than chunked: the entity body of
        this archive is without chunk framing and otherwise as received.
        """
        codings = _tokens(self.find_all("Content-Encoding"))
        codings += tuple(name for name in self.transfer_codings if name != "chunked")
        return ", ".join(codings) or None

    @property
    def content_length(self) -> int | None:
        """The one length all Content-Length values agree on; None otherwise.

        A larger one than LENGTH_LIMIT is given as that: no body reaches it.
        """
        if "length" not in self._read:
            self._read["length"] = self._read_length()
        found: int | None = self._read["length"]
        return found

    def _read_length(self) -> int | None:
        values = {
            part.lstrip("0") or "0"
            for part in _tokens(self.find_all("Content-Length"), drop="")
        }
        value = values.pop() if len(values) == 1 else ""
        if _DECIMAL.fullmatch(value) is None:
            return None
        return min(int(value[:DECIMAL_DIGITS]), LENGTH_LIMIT)


def find_head_end(data: bytes | bytearray) -> int | None:
    """Where the body begins; None while the empty line has not come."""
    blank = _BLANK_FIRST.match(data)
    match = _HEAD_END.search(data, blank.end() if blank else 0)
    return match.end() if match else None


def parse_http_head(data: bytes) -> HttpHead:
    """Read the head at the start of a response; never fails: see `complete`.

    The head of one response is asked for by whoever hears it come, by whoever reads the
    body and by whoever writes the record: short ones are taken apart once.
    """
    return _parse_kept(bytes(data)) if len(data) <= KEPT_BYTES else _parse(data)


@lru_cache(maxsize=HEADS_KEPT)
def _parse_kept(data: bytes) -> HttpHead:
    return _parse(data)


def _parse(data: bytes) -> HttpHead:
    end = find_head_end(data)
    length = len(data) if end is None else end
    lines = data[:length].lstrip(b"\r\n").split(b"\n")
    first, *rest = (line.removesuffix(b"\r") for line in lines)
    match = _STATUS.fullmatch(first)
    headers: list[tuple[bytes, bytes]] = []
    odd: list[bytes] = [] if match or not first else [first]
    for line in _unfold(rest):
        name, colon, value = line.partition(b":")
        if colon:
            headers.append((name, value.strip(b" \t")))
        else:
            odd.append(line)
    return HttpHead(
        version=match[1] if match else b"",
        status=int(match[2]) if match else None,
        reason=(match[3] or b"") if match else b"",
        headers=tuple(headers),
        odd_lines=tuple(odd),
        length_bytes=length,
        complete=end is not None,
    )


def _unfold(lines: list[bytes]) -> list[bytes]:
    """Join lines that begin with a space to the line before; drop empty ones.

    Each field is joined once: a head may be nothing but continuation lines.
    """
    fields: list[list[bytes]] = []
    for line in filter(None, lines):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1].append(line.strip(b" \t"))
        else:
            fields.append([line])
    return [
        b" ".join([first.rstrip(b" \t"), *filter(None, folded)]) if folded else first
        for first, *folded in fields
    ]


def _tokens(values: tuple[bytes, ...], *, drop: str = "identity") -> tuple[str, ...]:
    if not values:
        return ()
    names = [
        part.strip(b" \t\r").decode("latin-1").lower()
        for value in values
        for part in value.split(b",")
    ]
    return tuple([name for name in names if name not in ("", drop)])
