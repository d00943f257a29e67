"""A server in a thread of the test, on a free port of loopback."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BACKLOG = 256
"""Connections that may wait: a crowded machine accepts late."""


class QuietServer(socketserver.ThreadingTCPServer):
    """A thread for each connection; a client that goes away is part of the tests."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = BACKLOG

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class QuietHttpServer(ThreadingHTTPServer):
    """The same for handlers of the standard library's HTTP server."""

    request_queue_size = BACKLOG

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class QuietHandler(BaseHTTPRequestHandler):
    """A handler that keeps connections and writes no log."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body leave together: a second small piece would wait 40 ms for an
    acknowledgement."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests look at what was asked."""

    def answer(self, body: bytes, kind: str, *, status: int = 200) -> None:
        """A whole reply."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """Run a server until the body ends; give its port."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.socket.getsockname()[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
