"""From a target to a connection: resolve, check, connect, shake hands, in one place.

Nothing outside this path opens a connection, so every redirect, literal and rebinding
name meets the same rules, and the address recorded is the address of the socket.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address

from archive.capture import (
    CaptureOutcome,
    ConnectionFacts,
    DnsFacts,
    Phase,
    TlsFacts,
    TlsVerdict,
)
from archive.errors import AddressRefused
from crawlers.engine.connection import Connection, connect_any, start_connection
from crawlers.engine.exchange import Attempt
from crawlers.engine.outcome import Ending, Unconnected, judge_connect_error
from crawlers.engine.policy import (
    CheckedAddress,
    check_addresses,
    check_name,
    check_port,
    check_redirected,
    find_connect_to,
    format_endpoint,
)
from crawlers.engine.request import Target
from crawlers.engine.resolve import LookupFailed, NameResolver, Resolution
from crawlers.engine.settings import EngineSettings, FetchRequest, RandomBytes
from crawlers.engine.tls import RootSet, describe_handshake, make_context

REFUSALS_SHOWN = 4
"""Refused addresses named in the detail line of one capture."""


class Dialer:
    """Opens connections for one client."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        resolver: NameResolver,
        clock: Callable[[], datetime],
        random_bytes: RandomBytes,
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._clock = clock
        self._random_bytes = random_bytes
        self._context: ssl.SSLContext | None = None
        self._roots: RootSet | None = None

    async def open(self, attempt: Attempt, *, limit: asyncio.Timeout) -> Connection:
        """Open a connection inside the time limit; Unconnected says why there is none.

        What became known on the way is left in `attempt.connection`.
        """
        target = attempt.target
        if target is None:
            raise AssertionError("a connection to nowhere")
        attempt.phase = Phase.DNS
        try:
            async with limit:
                addresses = await self._find(attempt, target)
                attempt.stamp("dns_us")
                connected = await self._connect(attempt, addresses)
                attempt.stamp("connected_us")
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

    async def _find(self, attempt: Attempt, target: Target) -> list[CheckedAddress]:
        """Addresses that the rules allow, in the order to be tried."""
        entry = find_connect_to(target, self._settings)
        if entry is not None:
            dns = DnsFacts(origin="connect_to", addresses=(entry.address,))
            attempt.connection = self._new_facts(dns, connect_to=entry.text)
            return [check_redirected(entry)]
        try:
            check_port(target.port, self._settings)
            if target.literal is None:
                check_name(target.name)
        except AddressRefused as refusal:
            raise Unconnected(_policy_ending(str(refusal))) from refusal
        resolution = await self._resolve(attempt, target)
        attempt.connection = self._new_facts(resolution.facts)
        allowed, refusals = check_addresses(
            resolution.addresses, target.port, self._settings
        )
        if not allowed:
            raise Unconnected(_policy_ending("; ".join(refusals[:REFUSALS_SHOWN])))
        if refusals:
            attempt.flags.append("address-refused")
        return allowed

    async def _resolve(self, attempt: Attempt, target: Target) -> Resolution:
        if target.literal is not None:
            dns = DnsFacts(origin="literal", addresses=(str(target.literal),))
            return Resolution(addresses=(target.literal,), facts=dns)
        try:
            return await self._resolver.resolve(target.name)
        except LookupFailed as error:
            attempt.connection = self._new_facts(error.facts)
            ending = Ending(
                outcome=CaptureOutcome.DNS, phase=Phase.DNS, detail=str(error)
            )
            raise Unconnected(ending) from error

    def _new_facts(
        self, dns: DnsFacts, connect_to: str | None = None
    ) -> ConnectionFacts:
        return ConnectionFacts(
            connection_id=self._random_bytes(8).hex(),
            sequence=0,
            peer=None,
            proxy=None,
            connect_to=connect_to,
            allow_network=None,
            dns=dns,
            tls=None,
        )

    async def _connect(
        self, attempt: Attempt, addresses: list[CheckedAddress]
    ) -> socket.socket:
        """A connected socket; its peer goes into the facts."""
        attempt.phase = Phase.TCP
        try:
            connected, address = await connect_any(addresses)
        except OSError as error:
            ending = judge_connect_error(error, Phase.TCP)
            detail = f"{addresses[0].text}: {ending.detail}"
            raise Unconnected(replace(ending, detail=detail)) from error
        try:
            host, port = connected.getpeername()[:2]
        except OSError as error:  # reset between connecting and asking
            connected.close()
            raise Unconnected(judge_connect_error(error, Phase.TCP)) from error
        if attempt.connection is None:
            raise AssertionError("connected without having looked up")
        attempt.connection = replace(
            attempt.connection,
            peer=format_endpoint(ip_address(host), port),
            allow_network=address.allow_network,
        )
        return connected

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


def _policy_ending(detail: str) -> Ending:
    return Ending(outcome=CaptureOutcome.POLICY, detail=detail)
