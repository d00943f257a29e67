"""HTTP of a witness: bounded requests, no log of who asks, nothing else served.

    POST PREFIX/add-checkpoint     docs/witness.md
    GET  PREFIX/HASH/checkpoint    the newest cosigned checkpoint of a log

TLS is the business of a proxy in front; without one only this machine is listened to.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socketserver import TCPServer

from archive.errors import EvidenceError, SettingsError
from archive.log.witness import ADD_CHECKPOINT, MAX_REQUEST_BYTES
from archive.witness.desk import Desk, Reply

LOOPBACK = "127.0.0.1"
CONNECTIONS = 64
"""At a time; more are turned away, so that a flood costs no memory."""
REQUEST_SECONDS = 20.0
"""From the first byte of a request, or the end of the one before, to its answer."""

_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Where a server listens."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """The submission prefix."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}/"


class WitnessServer(ThreadingHTTPServer):
    """Serves one desk until `close`."""

    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(self, desk: Desk, *, address: str = LOOPBACK, port: int = 0) -> None:
        self.desk = desk
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            super().__init__((address, port), _Handler)
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {address}, port {port}: {error.strerror}; give "
                "another --port"
            ) from error
        self.bound = Bound(address=address, port=self.server_address[1])

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "", self.server_address[1]

    def process_request(self, request, client_address):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Serve a connection in a thread of its own, or turn it away: too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Serve one connection and make its place free."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is nobody's business."""


@contextmanager
def serving(server: WitnessServer) -> Iterator[WitnessServer]:
    """Serve in a thread while the body runs."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def check_bind(address: str, *, allow_public: bool) -> None:
    """Refuse to be reached from other machines unless that is meant."""
    try:
        is_local = ip_address(address).is_loopback
    except ValueError as error:
        raise SettingsError(f"--bind takes an IP address, not {address!r}") from error
    if not is_local and not allow_public:
        raise SettingsError(
            f"{address} can be reached from other machines; put a proxy with TLS in "
            "front of a loopback address, or add --allow-public if that is meant"
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # an answer without a head is none
    server: WitnessServer

    def handle_one_request(self) -> None:
        """One request; whoever takes too long is cut, however little he sends."""
        watch = threading.Timer(REQUEST_SECONDS, self._cut)
        watch.daemon = True
        watch.start()
        try:
            super().handle_one_request()
        finally:
            watch.cancel()

    def do_POST(self) -> None:
        """A checkpoint to cosign."""
        if self.path != f"/{ADD_CHECKPOINT}":
            self._end(404, "there is nothing else here")
            return
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            self._end(411, "say how long the body is")
            return
        if len(length) > 9 or int(length) > MAX_REQUEST_BYTES:
            self._end(413, f"a request has at most {MAX_REQUEST_BYTES} bytes")
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        try:
            reply = self.server.desk.add_checkpoint(body)
        except (EvidenceError, OSError):
            self._end(500, "this witness cannot store what it would cosign")
            return
        self._send(reply)

    def do_GET(self) -> None:
        """The newest checkpoint of a log."""
        matched = _CHECKPOINT.fullmatch(self.path)
        try:
            found = matched and self.server.desk.read_checkpoint(matched[1])
        except (EvidenceError, OSError):
            self._end(500, "this witness cannot read its state")
            return
        if not found:
            self._end(404, "there is no checkpoint of that log here")
            return
        self._send(Reply(status=200, body=found))

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """What the library refuses by itself: a method, a malformed head."""
        self._end(code, "not a request of the witness protocol")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody is logged: not who asks, not when, not for what."""

    def _end(self, status: int, reason: str) -> None:
        """Refuse without having read the body: the connection cannot go on."""
        self.close_connection = True
        self._send(Reply(status=status, body=f"{reason}\n".encode()))

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
