"""From a target to a connection: one of two routes, then the handshake.

Nothing outside this path opens a connection. Which routes there are is settled once,
by the settings: with a proxy of its own, a client has no direct one and no resolver.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from archive.capture import CaptureOutcome, Phase, TlsFacts, TlsVerdict
from crawlers.engine.connection import Connection, start_connection
from crawlers.engine.direct import DirectRoute
from crawlers.engine.exchange import Attempt
from crawlers.engine.outcome import Ending, Unconnected, judge_connect_error
from crawlers.engine.proxied import ProxiedRoute
from crawlers.engine.request import Target
from crawlers.engine.resolve import NameResolver
from crawlers.engine.route import Route
from crawlers.engine.settings import EngineSettings, FetchRequest, RandomBytes
from crawlers.engine.tls import RootSet, describe_handshake, make_context


class Dialer:
    """Opens connections for one client."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        resolver: NameResolver | None,
        clock: Callable[[], datetime],
        random_bytes: RandomBytes,
    ) -> None:
        """`resolver` None: there is no direct route."""
        self._settings = settings
        self._clock = clock
        self._routes: dict[str | None, Route] = {
            proxy.label: ProxiedRoute(proxy, settings, random_bytes=random_bytes)
            for proxy in settings.proxies
        }
        if resolver is not None:
            self._routes[None] = DirectRoute(
                settings, resolver=resolver, random_bytes=random_bytes
            )
        self._context: ssl.SSLContext | None = None
        self._roots: RootSet | None = None

    async def open(self, attempt: Attempt, *, limit: asyncio.Timeout) -> Connection:
        """Open a connection inside the time limit; Unconnected says why there is none.

        What became known on the way is left in `attempt.connection`.
        """
        target = attempt.target
        if target is None:
            raise AssertionError("a connection to nowhere")
        proxy = self._settings.find_proxy(attempt.request.proxy)
        route = self._routes[None if proxy is None else proxy.label]
        try:
            async with limit:
                connected = await route.reach(attempt, target)
                return await self._start(attempt, target, connected)
        except TimeoutError as error:
            # OSErrors were sorted inside: this one is the limit's.
            raise Unconnected(
                Ending(
                    outcome=CaptureOutcome.TIMEOUT,
                    phase=attempt.phase,
                    detail="the deadline passed",
                )
            ) from error

    async def _start(
        self, attempt: Attempt, target: Target, connected: socket.socket
    ) -> Connection:
        """Put the protocol on the socket; for https shake hands and judge the chain."""
        facts = attempt.connection
        if facts is None:
            raise AssertionError("connected without facts")
        is_tls = target.scheme == "https"
        attempt.phase = phase = Phase.TLS if is_tls else Phase.TCP
        try:
            connection = await start_connection(
                connected,
                facts,
                tls=self._get_context() if is_tls else None,
                server_name=target.server_name,
            )
        except OSError as error:
            raise Unconnected(judge_connect_error(error, phase)) from error
        if is_tls:
            attempt.stamp("tls_us")
            connection.facts = replace(
                facts, tls=self._describe(attempt, target, connection)
            )
            attempt.connection = connection.facts
            refusal = refuse_tls(connection.facts.tls, attempt.request)
            if refusal is not None:
                connection.abort()
                raise Unconnected(refusal)
        return connection

    def _describe(
        self, attempt: Attempt, target: Target, connection: Connection
    ) -> TlsFacts:
        ssl_object = connection.ssl_object
        if ssl_object is None:
            raise AssertionError("a handshake without TLS")
        if self._roots is None:
            self._roots = RootSet.load(self._settings.roots_pem)
        facts, flags = describe_handshake(
            ssl_object,
            host=target.name,
            server_name=target.server_name,
            roots=self._roots,
            moment=self._clock(),
        )
        attempt.flags += flags
        return facts

    def _get_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_context()
        return self._context


def refuse_tls(tls: TlsFacts | None, request: FetchRequest) -> Ending | None:
    """The refusal of `tls = "require"`, for a connection that has TLS at all."""
    if request.tls == "record" or tls is None or tls.verdict is TlsVerdict.VERIFIED:
        return None
    return Ending(
        outcome=CaptureOutcome.TLS_REFUSED,
        phase=Phase.TLS,
        detail=f"certificate {tls.verdict}: {tls.error}",
    )
