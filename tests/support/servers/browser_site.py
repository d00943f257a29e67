"""A site on loopback over http and https that logs every byte, for a real browser."""

import base64
import gzip
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import trustme

from tests.support.inputs.png import plain_png
from tests.support.servers.serving import QuietServer, serving

CHUNKED = "Transfer-Encoding: chunked"
FONT = base64.b64decode("AAEAAAAAAAA=")
"""The beginning of a font; the browser asks for it and throws it away."""
Answer = bytes | tuple[bytes | float, ...]
"""Bytes to be sent, or pieces of them with pauses in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request and its answer, as they were on the wire here."""

    host: str
    request: bytes
    response: bytes

    @property
    def path(self) -> str:
        return self.request.split(b" ", 2)[1].decode()


@dataclass
class BrowserSite:
    """Answers by host and path; whatever was on the wire is in `log`."""

    http_port: int = 0
    https_port: int = 0
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    log: list[Served] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Set at the end of the test: what waits for it hangs until then."""
    on_request: Callable[[str], None] = lambda path: None
    asked: list[str] = field(default_factory=list)
    """Paths in the order of asking, answered or not."""

    def serve(
        self, host: str, path: str, body: Any, *head: str, code: int = 200
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {code} X", *head]
        if CHUNKED not in head:
            lines.append(f"Content-Length: {len(data)}")
        self.answers[host, path] = "\r\n".join([*lines, "", ""]).encode() + data

    def html(
        self, host: str, path: str, body: str, *head: str, code: int = 200
    ) -> None:
        page = f"<!DOCTYPE html><meta charset=utf-8>{body}"
        self.serve(host, path, page, "Content-Type: text/html", *head, code=code)

    def find(self, host: str, path: str) -> Answer:
        missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
        return self.answers.get((host, path), missing)

    def lead(self, *hosts: str) -> list[str]:
        """Options that lead these hosts here, over both schemes."""
        ports = ((80, self.http_port), (443, self.https_port))
        return [
            argument
            for host in hosts
            for outside, inside in ports
            for argument in ("--connect-to", f"{host}:{outside}=127.0.0.1:{inside}")
        ]

    def paths(self, host: str) -> list[str]:
        return [served.path for served in self.log if served.host == host]


def _handler(site: BrowserSite) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while self._serve_one():
                    pass

        def _serve_one(self) -> bool:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return False
                head += line
            fields = dict(
                line.split(b": ", 1)
                for line in head.split(b"\r\n")[1:]
                if b": " in line
            )
            lower = {name.lower(): value for name, value in fields.items()}
            body = self.rfile.read(int(lower.get(b"content-length", b"0")))
            host, path = lower[b"host"].decode(), head.split(b" ", 2)[1].decode()
            site.asked.append(path)
            site.on_request(path)
            sent = self._send(site.find(host, path))
            site.log.append(Served(host=host, request=head + body, response=sent))
            return b"\r\nConnection: close\r\n" not in sent

        def _send(self, answer: Answer) -> bytes:
            sent = b""
            for piece in (answer,) if isinstance(answer, bytes) else answer:
                if isinstance(piece, bytes):
                    self.wfile.write(piece)
                    sent += piece
                elif piece < 0:
                    site.gate.wait(120)
                else:
                    time.sleep(piece)
            return sent

    return Handler


class _TlsServer(QuietServer):
    """Speaks TLS with whoever connects."""

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("*.test").configure_cert(self._tls)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        wrapped = self._tls.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        return wrapped, address


@contextmanager
def running_site() -> Iterator[BrowserSite]:
    """Serve over both schemes on free ports, until the body ends."""
    made = BrowserSite()
    handler = _handler(made)
    with (
        serving(QuietServer(("127.0.0.1", 0), handler)) as made.http_port,
        serving(_TlsServer(handler)) as made.https_port,
    ):
        yield made
        made.gate.set()


def many_parts(site: BrowserSite) -> None:
    """A page with one of everything, on `page.test`; helpers on `other.test`."""
    site.html(
        "page.test",
        "/",
        "<title>Пример страницы</title><link rel=stylesheet href=/style.css>"
        "<link rel=icon href=/icon.png><h1 id=h>Выборы</h1><p id=p>…</p>"
        "<img src=/picture.png><img src=/moved.png><img src=/missing.png>"
        "<img src=//10.1.2.3/refused.png><iframe src=//other.test/frame></iframe>"
        "<div style='height:2500px'></div><script src=/script.js></script>",
        "X-Odd:  two  spaces ",
    )
    css = gzip.compress(
        b"@font-face{font-family:F;src:url(/font.woff2)}"
        b"h1{font-family:F,serif;color:red;background:url(/back.png)}"
    )
    site.serve(
        *("page.test", "/style.css", css),
        "Content-Type: text/css",
        "Content-Encoding: gzip",
    )
    site.serve(
        "page.test",
        "/script.js",
        "document.getElementById('p').textContent = 'made by ' + 'script';"
        "fetch('/chunked').then(r => r.text()).then(t => document.body.append(t));"
        "fetch('//other.test/api', {method: 'POST', body: 'q=1',"
        " headers: {'X-Asks': '1'}}).then(r => r.text())"
        ".then(t => document.body.append(t));"
        "console.error('a complaint'); new WebSocket('ws://page.test/socket');",
        "Content-Type: text/javascript",
    )
    chunks = b"4;x=1\r\none \r\n3\r\ntwo\r\n0\r\nX-Trailer: t\r\n\r\n"
    site.serve("page.test", "/chunked", chunks, CHUNKED)
    for name in ("icon", "picture", "back"):
        site.serve("page.test", f"/{name}.png", plain_png(), "Content-Type: image/png")
    site.serve("page.test", "/font.woff2", FONT, "Content-Type: font/woff2")
    site.serve("page.test", "/moved.png", b"", "Location: /picture.png?2", code=302)
    site.serve("page.test", "/picture.png?2", plain_png(), "Content-Type: image/png")
    site.html("other.test", "/frame", "<p>framed<script src=/inner.js></script>")
    site.serve(
        "other.test",
        "/inner.js",
        "fetch('/within?a={}')",
        "Content-Type: text/javascript",
    )
    site.serve("other.test", "/within?a={}", b"{}", "Content-Type: application/json")
    allow = (
        "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Headers: X-Asks",
        "Access-Control-Allow-Methods: POST",
    )
    site.serve("other.test", "/api", b"answered", *allow)
