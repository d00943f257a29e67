"""HTTP head of a message, read leniently: what servers send, not what they should.

Nothing is dropped: lines that are no header are kept as they are. LF alone ends a line,
a line that begins with a space goes on with the one before, blank lines may come first.
"""

import re
from dataclasses import dataclass
from typing import Final

HEAD_LIMIT_BYTES: Final = 1024 * 1024
"""Bytes of a head; the engine cuts there, too."""
CODINGS_LIMIT: Final = 4
"""Codings on one message: more is no server's habit but a bomb."""

_BLANK_FIRST: Final = re.compile(rb"(?:\r?\n)*")
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_STATUS: Final = re.compile(
    rb"(HTTP(?:/[0-9.]*)?|ICY)[ \t]+([0-9]{3})(?![0-9])[ \t]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_MEDIA: Final = re.compile(
    rb"[ \t]*([!#-.0-9^-z|~]+/[!#-.0-9^-z|~]+)[ \t]*(?:;|$)", re.I
)
_CHARSET: Final = re.compile(
    rb";[ \t]*charset[ \t]*=[ \t]*[\"']?([!-:<-~]+?)[\"']?[ \t]*(?:;|$)", re.I
)
_DECIMAL: Final = re.compile(rb"[0-9]{1,18}")


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

    def find_all(self, name: str) -> tuple[bytes, ...]:
        """All values of a header, in order."""
        wanted = name.lower().encode("ascii")
        return tuple(
            value for field, value in self.headers if field.strip().lower() == wanted
        )

    def find(self, name: str) -> bytes | None:
        """The first value of a header, or None."""
        return next(iter(self.find_all(name)), None)

    @property
    def media_type(self) -> str | None:
        """The declared media type, lower case, without parameters."""
        match = _MEDIA.match(self.find("Content-Type") or b"")
        return match[1].decode("ascii").lower() if match else None

    @property
    def charset(self) -> str | None:
        """The declared charset, lower case."""
        match = _CHARSET.search(self.find("Content-Type") or b"")
        return match[1].decode("ascii").lower() if match else None

    @property
    def transfer_codings(self) -> tuple[str, ...]:
        """Transfer codings in the order they were applied, `identity` left out."""
        return _tokens(self.find_all("Transfer-Encoding"))

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
        """The one length all Content-Length values agree on; None otherwise."""
        values = {
            part.strip()
            for value in self.find_all("Content-Length")
            for part in value.split(b",")
        }
        if not all(_DECIMAL.fullmatch(value) for value in values):
            return None
        numbers = {int(value) for value in values}
        return numbers.pop() if len(numbers) == 1 else None


def find_head_end(data: bytes | bytearray) -> int | None:
    """Where the body begins; None while the empty line has not come."""
    blank = _BLANK_FIRST.match(data)
    match = _HEAD_END.search(data, blank.end() if blank else 0)
    return match.end() if match else None


def parse_http_head(data: bytes) -> HttpHead:
    """Read the head at the start of a response; never fails: see `complete`."""
    end = find_head_end(data)
    length = len(data) if end is None else end
    lines = data[:length].lstrip(b"\r\n").split(b"\n")
    first, *rest = (line.removesuffix(b"\r") for line in lines)
    match = _STATUS.fullmatch(first)
    headers: list[tuple[bytes, bytes]] = []
    odd: list[bytes] = [] if match or not first else [first]
    for line in filter(None, rest):
        _add_line(line, headers, odd)
    return HttpHead(
        version=match[1] if match else b"",
        status=int(match[2]) if match else None,
        reason=match[3] if match else b"",
        headers=tuple(headers),
        odd_lines=tuple(odd),
        length_bytes=length,
        complete=end is not None,
    )


def _add_line(
    line: bytes, headers: list[tuple[bytes, bytes]], odd: list[bytes]
) -> None:
    name, colon, value = line.partition(b":")
    if line[:1] in b" \t" and headers:
        before, start = headers[-1]
        headers[-1] = (before, (start + b" " + line.strip(b" \t")).strip(b" "))
    elif colon:
        headers.append((name, value.strip(b" \t")))
    else:
        odd.append(line)


def _tokens(values: tuple[bytes, ...]) -> tuple[str, ...]:
    names = (
        part.strip().decode("latin-1").lower()
        for value in values
        for part in value.split(b",")
    )
    return tuple(name for name in names if name not in ("", "identity"))
