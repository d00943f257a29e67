"""Bounded HTTP(S) to time-stamp authorities, witnesses and mirrors we were told of.

What is sent says nothing about its sender: Host, the length and type of a body, and
that no compression is wanted. Bounded are the whole time of an exchange and the bytes
of its answer (looking a name up has the time limits of the system). TLS is verified
against the system's roots; without TLS only this machine is spoken to, unless the
caller allows it because each answer carries its own signature. Redirects are not
followed: who answers is who was asked. The caller may hand in how other machines are
reached (a proxy); then none is connected to, and no name looked up, past that.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

from archive.errors import PeerUnavailable, SettingsError

URL_CHARACTERS = 2048
"""Of an address; longer ones are refused by servers, too."""
PIECE_BYTES = 1 << 16
"""Of an answer that are asked for at a time."""
PORTS = {"http": 80, "https": 443}
LOCALHOST = "localhost"
LOCALHOST_ADDRESS = "127.0.0.1"
"""What it stands for beside a proxy, where no name is looked up."""

Connect = Callable[[str, int, float], socket.socket]
"""From host, port and seconds to a connected, blocking socket; OSError without one.

The host may be a name: whoever connects has it looked up, or not. Called from any
thread; `strerror` of the error is shown to a person.
"""

_SENT_ALWAYS = {"Accept-Encoding": "identity"}
_LOST = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
"""What a connection kept open ends with when its server closed it meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long one exchange may take, and how many bytes its answer may have."""

    seconds: float
    body_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a peer answered: any status but a redirect, a body that is whole."""

    status: int
    content_type: str | None
    """The media type in lower case, without parameters."""
    body: bytes


def check_address(url: str, *, allow_plain: bool = False) -> SplitResult:
    """Demand an address that may be spoken to; SettingsError names its host at most.

    `https` everywhere, `http` to this machine; `allow_plain` allows it everywhere.
    """
    if len(url) > URL_CHARACTERS or not (url.isascii() and url.isprintable()):
        raise SettingsError("an address is too long, or not printable ASCII")
    try:
        split = urlsplit(url)
        host, _port = split.hostname, split.port
    except ValueError as error:
        raise SettingsError("an address whose host or port is malformed") from error
    if "@" in split.netloc or split.fragment or " " in url:
        raise SettingsError(
            f"the address of {host} holds a user name, a password, a space or a "
            "fragment; give it without"
        )
    if split.scheme not in PORTS or not host:
        raise SettingsError("an address begins with https:// and a host")
    if split.scheme == "http" and not (allow_plain or _is_this_machine(host)):
        raise SettingsError(
            f"the address of {host} begins with http://; only this machine is spoken "
            "to without TLS: give one that begins with https://"
        )
    return split


class Transport:
    """Sends one request at a time; keeps connections open. Not for several threads."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        allow_plain: bool = False,
        connect: Connect | None = None,
    ) -> None:
        """`connect`: the only way to other machines; None connects directly."""
        self._tls = tls
        self._allow_plain = allow_plain
        self._connect = connect
        self._open: dict[str, _Connection] = {}

    def get(
        self, url: str, limits: Limits, *, byte_range: tuple[int, int] | None = None
    ) -> Answer:
        """Ask for what lies at an address; PeerUnavailable if there is no answer.

        `byte_range`: only the bytes `[start, end)`; a server that can answers with 206.
        """
        headers = {}
        if byte_range is not None:
            headers["Range"] = f"bytes={byte_range[0]}-{byte_range[1] - 1}"
        return self._send("GET", url, None, headers, limits)

    def post(
        self, url: str, body: bytes, *, content_type: str, limits: Limits
    ) -> Answer:
        """Send a body to an address; PeerUnavailable if there is no answer."""
        headers = {"Content-Type": content_type}
        return self._send("POST", url, body, headers, limits)

    def close(self) -> None:
        """Close what was kept open."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limits: Limits,
    ) -> Answer:
        split = check_address(url, allow_plain=self._allow_plain)
        peer = f"{split.scheme}://{split.netloc}"
        target = split.path or "/"
        if split.query:
            target += f"?{split.query}"
        is_kept = peer in self._open
        connection = self._open.pop(peer, None) or self._connection(split)
        try:
            with _explained(peer, connection, limits):
                try:
                    answer = connection.ask(method, target, body, headers, limits)
                except _LOST:
                    if not is_kept:
                        raise
                    connection.close()  # its server closed it while it lay idle
                    answer = connection.ask(method, target, body, headers, limits)
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._open[peer] = connection
        return answer

    def _connection(self, split: SplitResult) -> "_Connection":
        tls = None
        if split.scheme == "https":
            tls = self._tls = self._tls or ssl.create_default_context()
        host, port = split.hostname or "", split.port or PORTS[split.scheme]
        demand_this_machine = tls is None and not self._allow_plain
        connect = partial(_connect_directly, demand_this_machine=demand_this_machine)
        if self._connect is not None:
            connect = partial(_connect_past_nothing, self._connect)
        return _Connection(host, port, tls=tls, connect=connect)


class _Connection(http.client.HTTPConnection):
    """A connection with a time by which all has to be over."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        connect: Connect,
    ) -> None:
        super().__init__(host, port)
        self._tls = tls
        self._connect = connect
        self.ends_at = 0.0

    def connect(self) -> None:
        """Reach the host in the time that is left, and make TLS of it if wanted."""
        sock = self._connect(self.host, self.port, self._seconds_left())
        self.sock = sock
        sock.settimeout(self._seconds_left())
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            wrapped = self._tls.wrap_socket(
                sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = wrapped  # known to `cut` before the peer says anything
            wrapped.do_handshake()

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limits: Limits,
    ) -> Answer:
        """Send one request and read its answer whole."""
        if self.sock is not None:
            self.sock.settimeout(self._seconds_left())
        self.request(method, target, body, {**headers, **_SENT_ALWAYS})
        with self.getresponse() as answer:
            if 300 <= answer.status < 400:
                raise _Refused("answers with a redirect, which is not followed")
            if answer.getheader("Content-Encoding", "identity") != "identity":
                raise _Refused("answers with a compressed body nobody asked for")
            data = _read(answer, limits.body_bytes)
        self._seconds_left()  # an answer that we cut off ourselves is none
        media_type = answer.getheader("Content-Type")
        if media_type is not None:
            media_type = media_type.partition(";")[0].strip().lower()
        return Answer(status=answer.status, content_type=media_type, body=data)

    def cut(self) -> None:
        """End whatever the peer keeps us waiting for; from another thread."""
        if self.sock is not None:
            with suppress(OSError):
                # Not `SSLSocket.shutdown`, which takes its state from the reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _seconds_left(self) -> float:
        return _seconds_until(self.ends_at)


class _Refused(Exception):
    """We end the exchange; the words follow the name of the peer."""


def _connect_directly(
    host: str, port: int, seconds: float, *, demand_this_machine: bool
) -> socket.socket:
    """Try the addresses of a host in turn, in the time there is."""
    ends_at = time.monotonic() + seconds
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found, start=1):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_seconds_until(ends_at))
            sock.connect(address)
            if demand_this_machine and not _is_this_machine(sock.getpeername()[0]):
                raise _Refused("is not this machine, and is spoken to without TLS")
            break
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError) or number == len(found):
                raise
    return sock


def _connect_past_nothing(
    connect: Connect, host: str, port: int, seconds: float
) -> socket.socket:
    """Reach others as the caller wants; this machine directly: nothing leaves it."""
    if not _is_this_machine(host):
        return connect(host, port, seconds)
    address = LOCALHOST_ADDRESS if host == LOCALHOST else host
    return socket.create_connection((address, port), seconds)


def _seconds_until(ends_at: float) -> float:
    """What is left until then, by the monotonic clock; TimeoutError if nothing."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(answer: http.client.HTTPResponse, limit_bytes: int) -> bytes:
    """Read a body to its end, which must be said: a cut one would look whole."""
    if answer.length is None and not answer.chunked:
        raise _Refused("does not say how long its answer is")
    if answer.length is not None and answer.length > limit_bytes:
        raise _Refused(f"answers with more than {limit_bytes} bytes")
    data = bytearray()
    while piece := answer.read(min(PIECE_BYTES, limit_bytes + 1 - len(data))):
        data += piece
        if len(data) > limit_bytes:
            raise _Refused(f"answers with more than {limit_bytes} bytes")
    if answer.length:
        raise _Refused("ended its answer in the middle")
    return bytes(data)


@contextmanager
def _explained(peer: str, connection: _Connection, limits: Limits) -> Iterator[None]:
    """Cut the exchange off in time; make one error of all that can go wrong."""
    connection.ends_at = time.monotonic() + limits.seconds
    watch = threading.Timer(limits.seconds, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    except _Refused as error:
        raise PeerUnavailable(f"{peer} {error}") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if time.monotonic() >= connection.ends_at or isinstance(error, TimeoutError):
            reason = f"gave no complete answer in {limits.seconds:g} s"
        else:
            reason = f"cannot be used: {_reason(error)}"
        raise PeerUnavailable(f"{peer} {reason}") from error
    finally:
        watch.cancel()


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"not the HTTP we speak ({type(error).__name__})"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST
