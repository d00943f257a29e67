"""The example sites, read once; a plain client that keeps every byte."""

import socket
from collections.abc import Callable

import pytest

from crawlers.demo.content import DemoSites
from crawlers.demo.server import DemoServer

SECONDS = 10.0
Exchange = tuple[bytes, bytes]


@pytest.fixture(scope="session")
def sites() -> DemoSites:
    return DemoSites()


@pytest.fixture
def ask() -> Callable[..., Exchange]:
    """Send one GET on a connection of its own; returns request and reply."""

    def get(server: DemoServer, host: str, path: str) -> Exchange:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as link:
            link.sendall(request)
            link.shutdown(socket.SHUT_WR)
            received = b""
            while piece := link.recv(65536):
                received += piece
        return request, received

    return get
