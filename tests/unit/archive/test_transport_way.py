"""Transport, where the caller says how other machines are reached: so, and only so."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from archive.errors import PeerUnavailable
from archive.transport import Limits, Transport

LIMITS = Limits(seconds=5, body_bytes=1000)


class Page(BaseHTTPRequestHandler):
    """Answers everything with `ok`, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def never_called(*_arguments: object, **_options: object) -> Any:
    raise AssertionError("nobody may call this")


def test_other_machines_are_reached_as_the_caller_wants_and_no_name_is_looked_up(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect(host: str, at: int, seconds: float) -> socket.socket:
        asked.append((host, at))
        assert 0 < seconds <= LIMITS.seconds
        sock = socket.socket()
        sock.connect(("127.0.0.1", port))
        return sock

    monkeypatch.setattr(socket, "getaddrinfo", never_called)
    with Transport(allow_plain=True, connect=connect) as transport:
        for _ in range(2):
            assert transport.get("http://tsa.example:81/", LIMITS).body == b"ok"
    assert asked == [("tsa.example", 81)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached_directly_whatever_is_wanted_for_others(
    port: int, host: str
) -> None:
    with Transport(connect=never_called) as transport:
        assert transport.get(f"http://{host}:{port}/", LIMITS).body == b"ok"


def test_what_the_way_there_says_is_told_and_nothing_else_is_tried() -> None:
    def connect(host: str, at: int, seconds: float) -> socket.socket:
        raise OSError(113, "proxy out: it answered with SOCKS code 5")

    with Transport(connect=connect) as transport, pytest.raises(PeerUnavailable) as got:
        transport.get("https://tsa.example/", LIMITS)
    assert "cannot be used: proxy out: it answered with SOCKS code 5" in str(got.value)
