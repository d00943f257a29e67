"""fetch(request) -> Exchange: pool, deadline, stale retry. No Scrapy, no archive here.

Whatever the network does becomes an Exchange; only broken invariants and the caller's
own cancellation are raised.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from archive.capture import CaptureOutcome, Exchange, ExchangeContext
from archive.errors import UsageProblem
from crawlers.engine.connection import Connection
from crawlers.engine.dial import Dialer, refuse_tls
from crawlers.engine.exchange import Attempt, Surroundings
from crawlers.engine.outcome import Cause, Ending, Unconnected
from crawlers.engine.policy import parse_allow_network, parse_connect_to
from crawlers.engine.pool import ConnectionPool, PoolKey
from crawlers.engine.proxied import circuit_label
from crawlers.engine.proxy import Proxy
from crawlers.engine.request import (
    Target,
    asks_to_close,
    build_request,
    parse_target,
)
from crawlers.engine.resolve import Resolver
from crawlers.engine.settings import (
    ConnectTo,
    EngineSettings,
    FetchRequest,
    Listener,
    RandomBytes,
)
from crawlers.engine.spool import SpoolPlace

__all__ = [
    "Client",
    "ConnectTo",
    "EngineSettings",
    "FetchRequest",
    "Listener",
    "parse_allow_network",
    "parse_connect_to",
]

_RETRIED_METHODS = frozenset({"GET", "HEAD"})


def discard(exchange: Exchange) -> None:
    """Give up the bytes of an attempt that nobody asked to see."""
    exchange.response.close()


class Client:
    """Fetches over HTTP/1.1 inside one running event loop.

    `on_stale` receives every attempt that `fetch` does not return: the dead one before
    a retry on a new connection (flag `stale`), and one whose caller was cancelled
    (outcome `stopped`). Whoever gets an Exchange closes its `response`. A body for
    which `spool` has no room is `stopped`, with what came of it.
    """

    def __init__(
        self,
        settings: EngineSettings,
        *,
        spool: SpoolPlace,
        clock: Callable[[], datetime],
        random_bytes: RandomBytes,
        on_stale: Callable[[Exchange], None] = discard,
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._clock = clock
        self._random_bytes = random_bytes
        self._on_stale = on_stale
        # With a proxy there is nobody here who could ask for an address.
        self._resolver = None if settings.proxy is not None else _resolver(settings)
        self._dialer = Dialer(
            settings, resolver=self._resolver, clock=clock, random_bytes=random_bytes
        )
        self._pool = ConnectionPool(
            idle_seconds=settings.idle_seconds,
            idle_connections=settings.idle_connections,
        )
        self._connections: set[Connection] = set()
        self._limits: set[asyncio.Timeout] = set()
        self._running = 0
        self._closed = False
        self._all_ended: asyncio.Future[None] | None = None

    async def fetch(
        self, request: FetchRequest, *, listener: Listener | None = None
    ) -> Exchange:
        """Make one exchange; a failure is an Exchange too."""
        self._running += 1
        try:
            return await self._fetch(request, listener)
        finally:
            self._running -= 1
            if not self._running and self._all_ended is not None:
                self._all_ended.set_result(None)

    async def close(self) -> None:
        """End running exchanges as `stopped`, then all connections."""
        self._closed = True
        loop = asyncio.get_running_loop()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(loop.time())
        for connection in self._connections:
            connection.stop(Cause.STOPPED, _CLIENT_CLOSED)
        if self._running:
            self._all_ended = loop.create_future()
            await self._all_ended
            self._all_ended = None
        self._pool.close()
        if self._resolver is not None:
            await self._resolver.close()
        # One turn of the loop: the sockets of aborted connections close in it.
        await asyncio.sleep(0)

    async def _fetch(
        self, request: FetchRequest, listener: Listener | None
    ) -> Exchange:
        deadline = asyncio.get_running_loop().time() + request.timeout_seconds
        attempt = self._begin(request, listener)
        if self._closed:
            return attempt.conclude(_stopped(_CLIENT_CLOSED))
        try:
            target = parse_target(request.uri)
            proxy = self._settings.find_proxy(request.proxy)
            attempt.aim(target, build_request(target, request, self._settings))
        except UsageProblem as refusal:
            policy = CaptureOutcome.POLICY
            return attempt.conclude(Ending(outcome=policy, detail=str(refusal)))
        key = _pool_key(target, proxy, request.context)
        connection = None if request.close else self._pool.take(key)
        if connection is not None:
            exchange = await self._run(attempt, key, connection, deadline=deadline)
            if _STALE not in exchange.flags:
                return exchange
            self._on_stale(exchange)
            attempt = attempt.renew(self._clock())
            attempt.flags.append("after-stale")
        try:
            connection = await self._open(attempt, deadline)
        except Unconnected as failure:
            return attempt.conclude(failure.ending)
        return await self._run(attempt, key, connection, deadline=deadline)

    def _begin(self, request: FetchRequest, listener: Listener | None) -> Attempt:
        around = Surroundings(
            new_path=self._new_path,
            room=self._spool.room,
            monotonic=asyncio.get_running_loop().time,
            listener=listener,
        )
        return Attempt(request, started_at=self._clock(), around=around)

    def _new_path(self) -> Path:
        return self._spool.folder / f"raw-{self._random_bytes(8).hex()}"

    async def _open(self, attempt: Attempt, deadline: float) -> Connection:
        """A new connection, or Unconnected."""
        limit = asyncio.timeout_at(deadline)
        self._limits.add(limit)
        try:
            return await self._dialer.open(attempt, limit=limit)
        except Unconnected as failure:
            if self._closed:
                raise Unconnected(_stopped(_CLIENT_CLOSED)) from failure
            raise
        except asyncio.CancelledError:
            self._on_stale(attempt.conclude(_stopped(_CANCELLED)))
            raise
        finally:
            self._limits.discard(limit)

    async def _run(
        self,
        attempt: Attempt,
        key: PoolKey,
        connection: Connection,
        *,
        deadline: float,
    ) -> Exchange:
        """The exchange itself, on a new or kept connection."""
        refusal = refuse_tls(connection.facts.tls, attempt.request)
        if refusal is not None:
            attempt.connection = connection.facts
            self._pool.put(key, connection)
            return attempt.conclude(refusal)
        is_kept = connection.was_used
        self._connections.add(connection)
        try:
            cause, detail = await connection.perform(attempt, deadline=deadline)
        except asyncio.CancelledError:
            connection.abort()
            self._on_stale(attempt.finish(Cause.STOPPED, detail=_CANCELLED))
            raise
        finally:
            self._connections.discard(connection)
        if attempt.reusable and not asks_to_close(attempt.request):
            self._pool.put(key, connection)
        else:
            connection.abort()
        if is_kept and _is_stale(attempt, cause):
            attempt.flags.append(_STALE)
        return attempt.finish(cause, detail=detail)


_STALE = "stale"
_CLIENT_CLOSED = "the client was closed"
_CANCELLED = "cancelled by the caller"


def _resolver(settings: EngineSettings) -> Resolver:
    return Resolver(
        nameservers=settings.nameservers,
        port=settings.nameserver_port,
        hosts_file=settings.hosts_file,
    )


def _pool_key(target: Target, proxy: Proxy | None, context: ExchangeContext) -> PoolKey:
    """Which kept connections may carry this request."""
    label = "" if proxy is None else proxy.label
    circuit = circuit_label(proxy, context)
    return (target.scheme, target.name, target.port, label, circuit)


def _is_stale(attempt: Attempt, cause: Cause) -> bool:
    """A kept connection the peer had given up: safe to ask again (RFC 9110 9.2.2)."""
    ended = cause in (Cause.CLOSED, Cause.RESET)
    return ended and not attempt.heard and attempt.request.method in _RETRIED_METHODS


def _stopped(detail: str) -> Ending:
    return Ending(outcome=CaptureOutcome.STOPPED, detail=detail)
