"""Slow readers and senders of the real server: they end, and hold nobody up."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from web import serving
from web.guards import slowness
from web.guards.headers import FixedHeaders, app_headers
from web.serving import LARGE_AT_ONCE, THREADS, Server, listen

STILL = 2.0
"""Seconds in place of a minute."""
PATIENCE = 60
"""Seconds a test waits for what should take two."""
LARGE = 8 << 20


def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Answers with as many bytes as its path asks for."""
    size = int(environ["PATH_INFO"][1:])
    kind = ("Content-Type", "application/octet-stream")
    start("200 OK", [kind, ("Content-Length", str(size))])
    return [b"x" * size]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server whose minute has two seconds."""
    monkeypatch.setattr(slowness, "STILL_SECONDS", STILL)
    monkeypatch.setattr(slowness, "REQUEST_SECONDS", STILL)
    monkeypatch.setattr(serving, "CLEANUP_SECONDS", 0)
    monkeypatch.setattr(serving, "LOOP_SECONDS", 0.2)
    yield from serve()


@pytest.fixture
def usual_port() -> Iterator[int]:
    """A server that waits as long as usual."""
    yield from serve()


def serve() -> Iterator[int]:
    origins = {"app_origin": "http://a.example", "replay_origin": "http://b.example"}
    fixed = FixedHeaders(application, app_headers(**origins))
    listeners = listen("127.0.0.1", port=0, replay_port=0)
    both: Any = SimpleNamespace(app=fixed, replay=fixed)
    server = Server(both, listeners)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield listeners.app_port
    server.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def ask(port: int, size: int) -> socket.socket:
    """Ask for so many bytes and read none of them."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    link.settimeout(PATIENCE)
    link.connect(("127.0.0.1", port))
    link.sendall(f"GET /{size} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
    return link


def status(link: socket.socket) -> bytes:
    return link.recv(12)


def read_all(link: socket.socket) -> int:
    """Bytes until the server closes; a reset is an end as well."""
    count = 0
    try:
        while part := link.recv(1 << 16):
            count += len(part)
    except ConnectionError:
        pass
    return count


def test_who_reads_nothing_is_closed_and_the_place_is_free(port: int) -> None:
    links = [ask(port, LARGE) for _ in range(LARGE_AT_ONCE)]
    assert [status(link) for link in links] == [b"HTTP/1.1 200"] * LARGE_AT_ONCE
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with ExitStack() as stack:
            late = [stack.enter_context(ask(port, LARGE)) for _ in range(LARGE_AT_ONCE)]
            if {status(link) for link in late} == {b"HTTP/1.1 200"}:
                break
        time.sleep(0.2)
    else:
        pytest.fail("the places did not become free")
    for link in links:
        assert read_all(link) < LARGE
        link.close()


def test_small_pages_are_answered_while_large_ones_wait(usual_port: int) -> None:
    port = usual_port
    links = [ask(port, LARGE) for _ in range(THREADS + 2)]
    found = [status(link) for link in links]
    assert found.count(b"HTTP/1.1 200") == LARGE_AT_ONCE
    for _ in range(10):
        with ask(port, 100) as page:
            assert status(page) == b"HTTP/1.1 200"
    for link in links:
        link.close()


def test_who_never_ends_a_request_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(b"GET / HTTP/1.1\r\nX: ")
        began = time.monotonic()
        try:
            while time.monotonic() - began < PATIENCE:
                link.sendall(b"x")
                time.sleep(0.2)
        except ConnectionError:
            return
    pytest.fail("a request of one letter at a time was waited for")


def test_an_idle_connection_may_ask_again(port: int) -> None:
    with ask(port, 10) as link:
        answer = b""
        while not answer.endswith(b"x" * 10):
            answer += link.recv(4_096)
        time.sleep(1.5 * STILL)
        link.sendall(b"GET /10 HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert status(link) == b"HTTP/1.1 200"
