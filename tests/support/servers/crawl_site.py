"""A small site on loopback for crawls, of any host; it logs every byte."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.servers.serving import QuietServer, serving

SLOW_SECONDS = 90
"""What a page below /slow takes unless the test ends before."""
Answer = Callable[[bytes, str], bytes]
"""Head of a request, in lower case, and its path to the whole reply."""


@dataclass
class Site:
    """Pages by path of any host; everything on the wire is in `log`."""

    port: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)
    log: list[tuple[bytes, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    turns: dict[str, list[bytes]] = field(default_factory=dict)
    otherwise: bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    """The reply for every other path."""
    answering: Answer | None = None
    """Gives the replies in place of the pages."""

    def serve(self, path: str, body: bytes | str = b"", *head: str) -> None:
        """Answer 200 with exactly these bytes; `head` lines replace the type."""
        data = body.encode() if isinstance(body, str) else body
        lines = [*(head or ("Content-Type: text/html; charset=utf-8",))]
        lines += [f"Content-Length: {len(data)}"]
        self.serve_raw(path, "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]), data)

    def serve_raw(self, path: str, head: str, body: bytes = b"") -> None:
        self.pages[path] = head.encode("latin-1") + body

    def serve_in_turn(self, path: str, *replies: bytes) -> None:
        """Answer with these one after the other, then for ever with the last."""
        self.turns[path] = list(replies)
        self.pages[path] = replies[-1]

    def reply(self, path: str) -> bytes:
        """What the pages say at a path."""
        if self.turns.get(path):
            return self.turns[path].pop(0)
        if path.startswith("/slow"):
            self.gate.wait(SLOW_SECONDS)
        return self.pages.get(path, self.otherwise)

    @property
    def paths(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode() for request, _ in self.log]

    def connect_to(self, *hosts: str) -> list[str]:
        return [
            argument
            for host in hosts
            for argument in ("--connect-to", f"{host}:80=127.0.0.1:{self.port}")
        ]


@contextmanager
def running_site() -> Iterator[Site]:
    """Serve on a free port until the body ends."""
    made = Site()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := self._read():
                path = request.split(b" ", 2)[1].decode()
                made.asked.append(path)
                answer = made.answering
                reply = answer(request.lower(), path) if answer else made.reply(path)
                made.log.append((request, reply))
                self.wfile.write(reply)
                is_http = reply.startswith(b"HTTP/")
                if b"\r\nConnection: close\r\n" in reply or not is_http:
                    return

        def _read(self) -> bytes:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return b""
                head += line
            return head

    with serving(QuietServer(("127.0.0.1", 0), Handler)) as made.port:
        yield made
        made.gate.set()
