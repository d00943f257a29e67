"""Serving: both applications in one process, on two addresses; only waitress importer.

Nothing is written to disk: replies wait in memory below the high-water mark, requests
are bounded, and there is no access log. Errors found by the server itself (a malformed
request, a body that is too large) carry the same fixed headers as every other answer.
"""

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from archive.errors import SettingsError
from web.app import Applications
from web.guards.headers import BODY_CHUNK_BYTES, FixedHeaders
from web.guards.slowness import FewLarge, Progress

THREADS = 6
"""Answers at a time and origin; hashing and zlib let go of Python's lock."""
LARGE_AT_ONCE = 3
"""Of these, replies larger than `WAITING_REPLY_BYTES`: slow readers of large files
leave half of the workers to everybody else."""
REQUEST_HEAD_BYTES = 16 * 1024
"""Longest request head: our addresses are short and nothing sends cookies."""
REQUEST_BODY_BYTES = 128 * 1024
"""Above Flask's limit, so that usual excess gets the usual page."""
WAITING_REPLY_BYTES = 1 << 20
"""A reply waits here for a slow reader; beyond it the thread waits."""
IDLE_SECONDS = 60
"""A connection that says nothing for so long is closed."""
CONNECTIONS = 200
CLEANUP_SECONDS = 10
"""How often connections that stand still are looked for."""
SEND_BUFFER_BYTES = 128 * 1024
"""What the system keeps of a reply beyond ours; Linux doubles it. Left alone it grows
to megabytes, and whether a reader reads at all would show only after minutes."""
LOOP_SECONDS = 1.0
"""How long the loop may sleep before it looks whether to stop."""


class _ErrorTask(ErrorTask):  # type: ignore[misc]
    """waitress's own error answers: a constant text and the fixed headers."""

    def execute(self) -> None:
        """Write the answer and close."""
        error = self.request.error
        body = f"{error.code} {error.reason}\n".encode("ascii")
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(self.channel.server.fixed_headers)
        self.response_headers.append(("Content-Type", "text/plain; charset=utf-8"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows when its bytes last moved."""

    error_task_class = _ErrorTask

    def __init__(self, *given: Any, **named: Any) -> None:
        """As waitress makes one for a new connection."""
        self.progress = Progress(time.monotonic())
        super().__init__(*given, **named)

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send, and note what the reader took."""
        count = int(super().send(data, do_close=do_close))
        self.progress.sent(count, time.monotonic())
        return count

    def write_soon(self, data: Any) -> int:
        """Queue a piece of a reply; the first one starts the reader's time."""
        if data and not self.total_outbufs_len:
            self.progress.waiting(time.monotonic())
        return int(super().write_soon(data))

    def received(self, data: bytes) -> Any:
        """Take in a piece of a request; the first one starts the sender's time."""
        taken = super().received(data)
        self.progress.asking(time.monotonic(), is_partial=self.request is not None)
        return taken

    def close_if_still(self, now: float) -> None:
        """Close at once, readable, writable or not: whoever waits for it goes on."""
        if self.progress.is_over(now, has_output=bool(self.total_outbufs_len)):
            self.handle_close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Two sockets that listen already; their ports are known before the apps."""

    app: socket.socket
    replay: socket.socket

    @property
    def app_port(self) -> int:
        """Port of our pages."""
        return int(self.app.getsockname()[1])

    @property
    def replay_port(self) -> int:
        """Port of the archived content."""
        return int(self.replay.getsockname()[1])


def listen(address: str, *, port: int, replay_port: int) -> Listeners:
    """Bind both sockets; SettingsError names the one that cannot be had."""
    app = _bind(address, port, option="--port")
    try:
        replay = _bind(address, replay_port, option="--replay-port")
    except SettingsError:
        app.close()
        raise
    return Listeners(app=app, replay=replay)


def _bind(address: str, port: int, *, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        made = socket.create_server((address, port), family=family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return made
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"cannot listen on {address} port {port}: {reason}; "
            f"give another one with {option}"
        ) from error


class Server:
    """Both servers in one loop; `run` returns after `stop`."""

    def __init__(self, applications: Applications, listeners: Listeners) -> None:
        """The sockets now belong to the servers."""
        self._map: dict[int, Any] = {}
        self._stopped = False
        self._next_look = 0.0
        self._servers = [
            self._server(applications.app, listeners.app),
            self._server(applications.replay, listeners.replay),
        ]

    def _server(self, application: FixedHeaders, listener: socket.socket) -> Any:
        server = create_server(
            FewLarge(
                application,
                at_once=LARGE_AT_ONCE,
                large_bytes=WAITING_REPLY_BYTES,
                headers=application.sets.usual,
            ),
            map=self._map,
            sockets=[listener],
            threads=THREADS,
            ident=None,
            expose_tracebacks=False,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            max_request_header_size=REQUEST_HEAD_BYTES,
            max_request_body_size=REQUEST_BODY_BYTES,
            inbuf_overflow=2 * REQUEST_BODY_BYTES,
            outbuf_high_watermark=WAITING_REPLY_BYTES,
            outbuf_overflow=WAITING_REPLY_BYTES + 4 * BODY_CHUNK_BYTES,
        )
        server.channel_class = _Channel
        server.fixed_headers = application.sets.usual
        return server

    def run(self) -> None:
        """Serve until `stop` or an interrupt."""
        try:
            while not self._stopped:
                wasyncore.loop(timeout=LOOP_SECONDS, map=self._map, count=1)
                self._close_still()
        finally:
            for server in self._servers:
                for channel in list(server.active_channels.values()):
                    channel.handle_close()  # a worker may wait for its reader
                server.task_dispatcher.shutdown()
            wasyncore.close_all(self._map)

    def _close_still(self) -> None:
        """Close connections whose bytes stand still; between two looks at sockets."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + CLEANUP_SECONDS
        for server in self._servers:
            for channel in list(server.active_channels.values()):
                channel.close_if_still(now)

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._stopped = True
        for server in self._servers:
            with suppress(OSError):  # the loop, woken by the first, has closed it
                server.pull_trigger()
