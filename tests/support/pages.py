"""A loopback site whose pages are made from their path; some take their time."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Pages:
    """`/slow/...` waits `slow_seconds`, anything else is answered at once."""

    port: int = 0
    slow_seconds: float = 1.0
    asked: list[str] = field(default_factory=list)

    def urls(self, count: int, folder: str = "page") -> list[str]:
        """The addresses of so many different pages."""
        return [f"http://127.0.0.1:{self.port}/{folder}/{n}" for n in range(count)]


@contextmanager
def serve_pages(hosts: Sequence[str] = ()) -> Iterator[Pages]:
    """Serve on a free port of loopback; `/links/N` names N - 1 pages of the hosts."""
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            pages.asked.append(self.path)
            if self.path.startswith("/slow/"):
                time.sleep(pages.slow_seconds)
            text = f"<!doctype html><title>{self.path}</title><p>{self.path}"
            if self.path.startswith("/links/"):
                count = int(self.path.removeprefix("/links/")) - 1
                text += "".join(
                    f"<a href='http://{hosts[n % len(hosts)]}/page/{n}'>{n}</a>"
                    for n in range(count)
                )
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            # In one piece: a second small one would wait 40 ms for an acknowledgement.
            self._headers_buffer.append(b"\r\n" + body)
            self.flush_headers()

        def log_message(self, *_: object) -> None:
            """Tests read `asked`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that is killed is part of these tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        pages.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield pages
        server.shutdown()
        thread.join()
