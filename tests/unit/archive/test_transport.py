"""Transport: whatever a peer does, one answer in time or one clear error."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import trustme

from archive.errors import PeerUnavailable, SettingsError
from archive.transport import Limits, Transport, check_address

LIMITS = Limits(seconds=5, body_bytes=1000)
QUICK = Limits(seconds=0.3, body_bytes=1000)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: Text/Plain; x=1\r\n\r\nok"


class Server:
    """Hands each connection to a function; keeps what it was sent."""

    def __init__(self, serve: Callable[["Server", socket.socket], None]) -> None:
        self._serve = serve
        self.received: list[bytes] = []
        self.connections = 0
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/a?b=c"

    def request(self, sock: socket.socket) -> bytes:
        """Read one request; its body too, where a length is given."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += sock.recv(65536)
        self.received.append(head + b"\r\n\r\n" + body)
        return data

    def close(self) -> None:
        self.done.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._one, args=(sock,), daemon=True)
            thread.start()

    def _one(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            self._serve(self, sock)


@pytest.fixture
def start() -> Iterator[Callable[[Callable[[Server, socket.socket], None]], Server]]:
    """Start servers that end with the test."""
    servers: list[Server] = []

    def begin(serve: Callable[[Server, socket.socket], None]) -> Server:
        servers.append(Server(serve))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


Start = Callable[[Callable[[Server, socket.socket], None]], Server]


def answering(data: bytes) -> Callable[[Server, socket.socket], None]:
    """Answer every request of a connection with these bytes."""

    def serve(server: Server, sock: socket.socket) -> None:
        while server.request(sock):
            sock.sendall(data)

    return serve


def closing(data: bytes) -> Callable[[Server, socket.socket], None]:
    """Answer one request with these bytes and close."""

    def serve(server: Server, sock: socket.socket) -> None:
        server.request(sock)
        sock.sendall(data)

    return serve


def test_nothing_is_sent_that_tells_who_asks(start: Start) -> None:
    server = start(answering(OK))
    with Transport() as transport:
        answer = transport.post(
            server.url, b"body", content_type="text/x", limits=LIMITS
        )
        transport.get(server.url, LIMITS)
    assert (answer.status, answer.content_type, answer.body) == (
        200,
        "text/plain",
        b"ok",
    )
    host = f"Host: 127.0.0.1:{server.port}".encode()
    post, get = server.received
    assert sorted(post.split(b"\r\n")) == sorted(
        [
            b"POST /a?b=c HTTP/1.1",
            host,
            b"Content-Length: 4",
            b"Content-Type: text/x",
            b"Accept-Encoding: identity",
            b"",
            b"body",
        ]
    )
    assert sorted(get.split(b"\r\n")) == sorted(
        [b"GET /a?b=c HTTP/1.1", host, b"Accept-Encoding: identity", b"", b""]
    )
    assert server.connections == 1, "the connection is kept"


def test_a_kept_connection_that_was_closed_is_opened_again(start: Start) -> None:
    server = start(closing(OK))
    with Transport() as transport:
        for _ in range(3):
            assert transport.get(server.url, LIMITS).body == b"ok"
            time.sleep(0.05)
    assert server.connections == 3


def test_a_new_connection_that_is_closed_at_once_is_not_asked_twice(
    start: Start,
) -> None:
    server = start(closing(b""))
    with pytest.raises(PeerUnavailable):
        Transport().get(server.url, LIMITS)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
            b"Content-Length: 0\r\n\r\n",
            "redirect",
            id="redirect",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + bytes(1001),
            "more than 1000 bytes",
            id="too-long-and-says-so",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n\r\nok",
            "how long",
            id="without-a-length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Le", "how long", id="cut-in-the-head"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"200\r\n" + bytes(512) + b"\r\n") * 2
            + b"0\r\n\r\n",
            "more than 1000 bytes",
            id="too-long-in-chunks",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
            "in the middle",
            id="cut",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nshort",
            "cannot be used",
            id="cut-in-a-chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
            "compressed",
            id="compressed",
        ),
        pytest.param(b"SSH-2.0-x\r\n\r\n", "cannot be used", id="not-http"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
            "cannot be used",
            id="many-headers",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
            "cannot be used",
            id="long-header",
        ),
        pytest.param(b"", "cannot be used", id="nothing"),
    ],
)
def test_a_bad_answer_is_one_error_that_names_the_peer(
    start: Start, answer: bytes, words: str
) -> None:
    server = start(closing(answer))
    with Transport() as transport, pytest.raises(PeerUnavailable) as caught:
        transport.get(server.url, LIMITS)
    assert words in str(caught.value)
    assert f"http://127.0.0.1:{server.port} " in str(caught.value)
    assert "b=c" not in str(caught.value), "a path may hold an access code"


def trickle(server: Server, sock: socket.socket) -> None:
    """Begin an answer and send one byte of a header now and then."""
    server.request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nA: ")
    while not server.done.wait(0.05):
        sock.sendall(b"b")


def silent(server: Server, _sock: socket.socket) -> None:
    """Say nothing, ever: no answer, no handshake."""
    server.done.wait(20)


def endless_continues(server: Server, sock: socket.socket) -> None:
    """Promise an answer again and again."""
    server.request(sock)
    while not server.done.wait(0.01):
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("serve", [trickle, silent, endless_continues])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_slow_peer_is_given_up_in_time(
    start: Start, serve: Callable[[Server, socket.socket], None], scheme: str
) -> None:
    server = start(serve)
    began = time.monotonic()
    url = server.url.replace("http:", f"{scheme}:")
    with pytest.raises(PeerUnavailable):
        Transport().get(url, QUICK)
    assert time.monotonic() - began < 15  # the server is silent for 20


def test_what_does_not_listen_is_named(start: Start) -> None:
    server = start(silent)
    server.close()
    with pytest.raises(PeerUnavailable, match="refused"):
        Transport().get(server.url, LIMITS)


@pytest.mark.parametrize("known", [True, False])
def test_tls_is_verified(start: Start, known: bool) -> None:
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)

    def serve(server: Server, sock: socket.socket) -> None:
        with ours.wrap_socket(sock, server_side=True) as wrapped:
            answering(OK)(server, wrapped)

    server = start(serve)
    url = server.url.replace("http:", "https:")
    tls = ssl.create_default_context()
    if known:
        authority.configure_trust(tls)
        with Transport(tls=tls) as transport:
            assert transport.get(url, LIMITS).body == b"ok"
        return
    with (
        Transport() as transport,
        pytest.raises(PeerUnavailable, match="certificate does not hold"),
    ):
        transport.get(url, LIMITS)


def test_a_certificate_of_another_name_does_not_hold(start: Start) -> None:
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("other.example").configure_cert(ours)
    server = start(lambda _server, sock: ours.wrap_socket(sock, True).close())
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    with pytest.raises(PeerUnavailable, match="certificate does not hold"):
        Transport(tls=tls).get(server.url.replace("http:", "https:"), LIMITS)


@pytest.mark.parametrize(
    "url",
    [
        "http://tsa.example/",
        "http://192.0.2.1/",
        "http://localhost.example/",
        "ftp://localhost/",
        "localhost:80",
        "https://",
        "https:///path",
        "https://alice:secret@tsa.example/",
        "https://alice@tsa.example/",
        "https://tsa.example/#part",
        "https://tsa.example/a b",
        "https://tsa.example/\r\nX: y",
        "https://tsa.example:99999/",
        "https://[::1/",
        "https://tsа.example/",  # a Cyrillic letter
        "https://tsa.example/" + "a" * 2048,
    ],
)
def test_an_address_that_is_never_spoken_to_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_address(url)
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError):
        Transport().get(url, LIMITS)


@pytest.mark.parametrize(
    "url",
    [
        "https://tsa.example/x",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://localhost",
    ],
)
def test_other_addresses_are_fine(url: str) -> None:
    check_address(url)


def test_plain_http_is_for_those_who_allow_it() -> None:
    check_address("http://tsa.example/", allow_plain=True)


def test_a_name_that_leads_elsewhere_is_not_this_machine(
    monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    server = start(answering(OK))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
    monkeypatch.setattr(
        socket.socket, "getpeername", lambda _self: ("192.0.2.1", server.port)
    )
    with pytest.raises(PeerUnavailable, match="not this machine"):
        Transport().get(f"http://localhost:{server.port}/", LIMITS)
    assert server.received == []
