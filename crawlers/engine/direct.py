"""The direct way to a target: resolve, check, connect, in one place.

Every redirect, literal and rebinding name meets the same rules here, and the address
recorded is the address of the socket.
"""

import socket
from dataclasses import replace
from ipaddress import ip_address

from archive.capture import CaptureOutcome, ConnectionFacts, DnsFacts, Phase
from archive.errors import AddressRefused
from crawlers.engine.connection import connect_any
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
from crawlers.engine.route import new_facts, refused_by_policy
from crawlers.engine.settings import EngineSettings, RandomBytes

REFUSALS_SHOWN = 4
"""Refused addresses named in the detail line of one capture."""


class DirectRoute:
    """Reaches targets of one client by their own addresses."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        resolver: NameResolver,
        random_bytes: RandomBytes,
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._random_bytes = random_bytes

    async def reach(self, attempt: Attempt, target: Target) -> socket.socket:
        """A socket connected to an address of the target that the rules allow."""
        attempt.phase = Phase.DNS
        addresses = await self._find(attempt, target)
        attempt.stamp("dns_us")
        attempt.phase = Phase.TCP
        connected = await self._connect(attempt, addresses)
        attempt.stamp("connected_us")
        return connected

    async def _find(self, attempt: Attempt, target: Target) -> list[CheckedAddress]:
        """Addresses that the rules allow, in the order to be tried."""
        entry = find_connect_to(target, self._settings)
        if entry is not None:
            dns = DnsFacts(origin="connect_to", addresses=(entry.address,))
            attempt.connection = replace(self._new_facts(dns), connect_to=entry.text)
            return [check_redirected(entry)]
        try:
            check_port(target.port, self._settings)
            if target.literal is None:
                check_name(target.name)
        except AddressRefused as refusal:
            raise refused_by_policy(str(refusal)) from refusal
        resolution = await self._resolve(attempt, target)
        attempt.connection = self._new_facts(resolution.facts)
        allowed, refusals = check_addresses(
            resolution.addresses, target.port, self._settings
        )
        if not allowed:
            raise refused_by_policy("; ".join(refusals[:REFUSALS_SHOWN]))
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

    def _new_facts(self, dns: DnsFacts) -> ConnectionFacts:
        return new_facts(self._random_bytes, dns)

    async def _connect(
        self, attempt: Attempt, addresses: list[CheckedAddress]
    ) -> socket.socket:
        """A connected socket; its peer goes into the facts."""
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
