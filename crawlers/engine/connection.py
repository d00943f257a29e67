"""One connection: to a checked address, carrying one exchange after the other.

Every byte received goes to the running attempt, in order, before anything is decided.
Bytes that come while no exchange runs are counted and end the connection.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace

from archive.capture import ConnectionFacts
from archive.store.space import NoRoom
from crawlers.engine.exchange import Attempt
from crawlers.engine.outcome import Cause, Progress, describe_error
from crawlers.engine.policy import CheckedAddress
from crawlers.engine.request import asks_to_close
from crawlers.engine.settings import KIBI

STAGGER_SECONDS = 0.25
"""Before the next address is tried beside the first (RFC 8305: 250 ms)."""
SURPLUS_SECONDS = 1.0
"""Listened on after bytes behind a complete message."""
HANDSHAKE_SECONDS = 3600.0
"""Never reached: the deadline of the exchange ends a handshake that stalls."""
SHUTDOWN_SECONDS = 1.0
"""Waited for the peer's close_notify where asyncio closes on its own."""
LINGER_SECONDS = 0.25
"""Waited for the close of a connection that both sides know to end: bytes beyond the
message still belong to the exchange, but a site that never closes costs little."""

LATE_SECONDS = 0.05
"""A timer that is later than this fired in a process too busy to hear its peers."""
RECEIVE_BYTES = 256 * KIBI
"""Received at a time, into one piece of memory for as long as the connection lasts. A
new one for each time costs more than the bytes in it: twice as often under TLS."""
DISK_RESERVE = "disk-reserve"
"""Flag of what was stopped because more could not have been stored."""
EARLY_LIMIT_BYTES = 64 * KIBI
"""Kept of what a peer says before it was asked: it comes with the handshake's end."""

Ended = tuple[Cause, str]


class Connection(asyncio.BufferedProtocol):
    """Carries one exchange at a time; `facts` says what is known of the connection."""

    def __init__(self, facts: ConnectionFacts) -> None:
        self.facts = facts
        self.stray_bytes = 0
        """Bytes that came while no exchange ran."""
        self.on_lost: Callable[[Connection], None] | None = None
        self._used = 0
        self._transport: asyncio.Transport | None = None
        self._attempt: Attempt | None = None
        self._ended: asyncio.Future[Ended] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._paused = False
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))
        self._early = bytearray()
        self._gone: Ended | None = None

    # -- for the client ----------------------------------------------------------

    @property
    def is_usable(self) -> bool:
        """Whether another exchange may be tried on it."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and not self.stray_bytes
            and not self._paused
        )

    @property
    def was_used(self) -> bool:
        """Whether an exchange was begun on it before."""
        return self._used > 0

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS side of the transport, None for plain TCP."""
        if self._transport is None:
            return None
        found: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return found

    async def perform(self, attempt: Attempt, *, deadline: float) -> Ended:
        """Send the request and listen until the exchange ends."""
        transport = self._transport
        if transport is None:
            raise AssertionError("an exchange without a connection")
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self._attempt = attempt
        attempt.sent_request = attempt.prepared_request
        attempt.connection = replace(self.facts, sequence=self._used)
        self._used += 1
        self._timer = loop.call_at(deadline, self.stop, Cause.DEADLINE)
        try:
            transport.write(attempt.sent_request)
            if not self._paused:
                attempt.stamp("sent_us")
            self._catch_up()
            return await self._ended
        finally:
            self._settle_request(attempt, transport)
            self._timer.cancel()
            if self._linger is not None:
                self._linger.cancel()
            self._attempt = self._ended = self._timer = self._linger = None

    def stop(self, cause: Cause, detail: str = "") -> None:
        """End the running exchange, if there is one still."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result((cause, detail))

    def abort(self) -> None:
        """Close at once; nothing is waited for."""
        if self._transport is not None:
            self._transport.abort()

    def _catch_up(self) -> None:
        """Hear what the peer said or that it went before its first exchange began."""
        early, self._early = bytes(self._early), bytearray()
        if early:
            self._received(early)
        if self._gone is not None:
            self.stop(*self._gone)

    def _settle_request(self, attempt: Attempt, transport: asyncio.Transport) -> None:
        """Keep as request only what left this process."""
        if self._paused:
            attempt.flags.append("request-cut")
            unsent = transport.get_write_buffer_size()
            sent = len(attempt.sent_request) - unsent
            # Under TLS the buffer counts other bytes than ours: keep the whole.
            if self.facts.tls is None and sent > 0:
                attempt.sent_request = attempt.sent_request[:sent]

    # -- for asyncio ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; report any unsent byte at once."""
        if not isinstance(transport, asyncio.Transport):
            raise AssertionError("not a stream transport")
        is_tls = transport.get_extra_info("ssl_object") is not None
        # asyncio pauses above the limit, but under TLS already at it.
        transport.set_write_buffer_limits(high=1 if is_tls else 0)
        self._transport = transport

    def pause_writing(self) -> None:
        """Part of the request waits in this process."""
        self._paused = True

    def resume_writing(self) -> None:
        """All of the request is with the system."""
        self._paused = False
        if self._attempt is not None:
            self._attempt.stamp("sent_us")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where what comes next is put."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So much came."""
        self._received(bytes(self._buffer[:nbytes]))

    def _received(self, data: bytes) -> None:
        """Record, then see whether the exchange has ended."""
        attempt = self._attempt
        if attempt is None or self._ended is None or self._ended.done():
            room = EARLY_LIMIT_BYTES - len(self._early)
            if not self._used and len(data) <= room:
                self._early += data
                return
            self.stray_bytes += len(data)
            self.abort()
            return
        try:
            attempt.received(data)
        except NoRoom as error:
            attempt.flags.append(DISK_RESERVE)
            self.stop(Cause.STOPPED, f"here: {error}")
            return
        except OSError as error:
            attempt.flags.append("spool-failed")
            self.stop(Cause.STOPPED, f"here: {describe_error(error)}")
            return
        if attempt.progress in (Progress.END, Progress.SURPLUS):
            self._end_message(attempt)
        elif attempt.full:
            self.stop(Cause.LIMIT)
        elif attempt.stopped:
            self.stop(Cause.STOPPED)

    def _end_message(self, attempt: Attempt) -> None:
        """The message is complete: end now, or listen on where more may come."""
        if attempt.full or (attempt.reusable and not asks_to_close(attempt.request)):
            self.stop(Cause.MESSAGE_END)
            return
        is_surplus = attempt.progress is Progress.SURPLUS
        if self._linger is None or is_surplus:
            seconds = SURPLUS_SECONDS if is_surplus else LINGER_SECONDS
            self._listen_on(seconds)

    def _listen_on(self, seconds: float, *, again: bool = True) -> None:
        """Wait for more; once more where this process was too busy to hear it."""
        loop = asyncio.get_running_loop()
        if self._linger is not None:
            self._linger.cancel()
        due = loop.time() + seconds

        def end() -> None:
            if again and loop.time() - due > LATE_SECONDS:
                self._listen_on(seconds, again=False)
            else:
                self.stop(Cause.MESSAGE_END)

        self._linger = loop.call_at(due, end)

    def eof_received(self) -> None:
        """The peer sends no more; asyncio closes our side then."""
        self._end(Cause.CLOSED)

    def _end(self, cause: Cause, detail: str = "") -> None:
        """End what runs; before the first exchange, keep it for that one."""
        if self._ended is None and not self._used and self._gone is None:
            self._gone = (cause, detail)
        self.stop(cause, detail)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, closed or reset."""
        if exc is None:
            self._end(Cause.CLOSED)
        elif isinstance(exc, OSError):
            self._end(Cause.RESET, describe_error(exc))
        elif self._ended is not None and not self._ended.done():
            # Not the network: a broken invariant of ours, or of the listener.
            self._ended.set_exception(exc)
        if self.on_lost is not None:
            self.on_lost(self)


async def connect_any(
    addresses: Sequence[CheckedAddress],
) -> tuple[socket.socket, CheckedAddress]:
    """Connect to the first address that answers, the next one 250 ms later each.

    Takes checked addresses only. Raises the first address's OSError if all fail.
    """
    if len(addresses) == 1:
        return await _connect(addresses[0]), addresses[0]
    loop = asyncio.get_running_loop()
    waiting = list(addresses)
    tasks: dict[asyncio.Task[socket.socket], CheckedAddress] = {}
    errors: dict[CheckedAddress, OSError] = {}
    try:
        while waiting or tasks:
            if waiting:
                address = waiting.pop(0)
                tasks[loop.create_task(_connect(address))] = address
            done, _ = await asyncio.wait(
                tasks,
                timeout=STAGGER_SECONDS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                try:
                    connected = task.result()
                except OSError as error:
                    errors[tasks.pop(task)] = error
                else:
                    return connected, tasks.pop(task)
        raise errors[addresses[0]]
    finally:
        await _drop(tasks)


async def _drop(tasks: dict["asyncio.Task[socket.socket]", CheckedAddress]) -> None:
    """Give up the slower tries."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


async def _connect(address: CheckedAddress) -> socket.socket:
    family = socket.AF_INET if address.address.version == 4 else socket.AF_INET6
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        await asyncio.get_running_loop().sock_connect(
            connecting, (str(address.address), address.port)
        )
    except BaseException:  # cancelled too: a socket must not leak
        connecting.close()
        raise
    return connecting


async def start_connection(
    connected: socket.socket,
    facts: ConnectionFacts,
    *,
    tls: ssl.SSLContext | None,
    server_name: str | None,
) -> Connection:
    """Put our protocol on a connected socket, after the TLS handshake if any."""
    _transport, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(facts),
        sock=connected,
        ssl=tls,
        server_hostname=None if tls is None else server_name or "",
        ssl_handshake_timeout=None if tls is None else HANDSHAKE_SECONDS,
        ssl_shutdown_timeout=None if tls is None else SHUTDOWN_SECONDS,
    )
    return connection
