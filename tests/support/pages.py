"""A loopback site whose pages are made from their path; some take their time."""

import threading
import time
from collections.abc import Iterator
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
def serve_pages() -> Iterator[Pages]:
    """Serve on a free port of loopback."""
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            pages.asked.append(self.path)
            if self.path.startswith("/slow/"):
                time.sleep(pages.slow_seconds)
            body = f"<!doctype html><title>{self.path}</title><p>{self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

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
