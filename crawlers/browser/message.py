"""The head of a request that a browser sends to a proxy (pure).

What goes on to the site are the browser's own bytes: only `Proxy-*` lines are taken
out, and an absolute address in the request line becomes origin form.
"""

import re
from dataclasses import dataclass

from archive.errors import FormatError

_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([!-~\x80-\xff]+) HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#-'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r\n")
_AUTHORITY = re.compile(r"https?://([^/?#]+)", re.IGNORECASE)


class BadBrowserRequest(FormatError):
    """What came on the loopback connection is no request of a browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRequest:
    """A request as the browser wrote it."""

    method: str
    uri: str
    """Absolute, as the browser spelled it."""
    head: bytes
    """In origin form, without `Proxy-*`: what goes to the site."""
    headers: tuple[tuple[str, str], ...]
    """Those of `head`, octets spelled as ISO-8859-1."""
    proxy_authorization: str | None

    def find(self, name: str) -> str | None:
        """The first header of that name, lower case given."""
        return next((v for n, v in self.headers if n.lower() == name), None)

    @property
    def body_bytes(self) -> int:
        """Length of the body; browsers send no chunked requests over HTTP/1.1."""
        text = self.find("content-length") or "0"
        if not (text.isascii() and text.isdigit()) or self.find("transfer-encoding"):
            raise BadBrowserRequest("a request body without a plain length")
        return int(text)

    @property
    def is_websocket(self) -> bool:
        """Whether it asks to leave HTTP."""
        return (self.find("upgrade") or "").lower() == "websocket"


def parse_request(head: bytes, *, origin: str | None) -> BrowserRequest:
    """Take a head apart; BadBrowserRequest if it is not one.

    `origin` is `https://host:port` inside a tunnel, None where the request line holds
    the whole address, or `host:port` for CONNECT.
    """
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise BadBrowserRequest("no request line of HTTP/1.1")
    method, target = line[1].decode("ascii"), line[2].decode("latin-1")
    kept: list[bytes] = []
    headers: list[tuple[str, str]] = []
    authorization = None
    for raw, name, value in _split(head, line.end()):
        if name.lower() == "proxy-authorization":
            authorization = value
        if not name.lower().startswith("proxy-"):
            kept.append(raw)
            headers.append((name, value))
    path = target
    if origin is None and method != "CONNECT":
        authority = _AUTHORITY.match(target)
        if authority is None:
            raise BadBrowserRequest("no http address in the request line")
        path = target[authority.end() :] or "/"
    elif origin is not None and not target.startswith("/"):
        raise BadBrowserRequest("no path in the request line")
    first = f"{method} {path} HTTP/1.1\r\n".encode("latin-1")
    return BrowserRequest(
        method=method,
        uri=target if origin is None else origin + target,
        head=b"".join((first, *kept, b"\r\n")),
        headers=tuple(headers),
        proxy_authorization=authorization,
    )


def _split(head: bytes, position: int) -> list[tuple[bytes, str, str]]:
    lines = []
    while head[position:] != b"\r\n":
        header = _HEADER.match(head, position)
        if header is None:
            raise BadBrowserRequest("a line that is no header")
        name, value = header[1].decode("ascii"), header[2].decode("latin-1")
        lines.append((header[0], name, value.strip(" \t")))
        position = header.end()
    return lines
