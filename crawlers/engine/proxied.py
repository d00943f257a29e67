"""The way to a target through a proxy: nothing here can resolve or go past it.

The one address ever connected to is the proxy's. The target's is unknown: rules for
names, ports and literals hold, the check of addresses is not made, `peer` is None.
"""

import socket
from dataclasses import replace
from ipaddress import ip_address

from archive.capture import (
    CaptureOutcome,
    ConnectionFacts,
    DnsFacts,
    ExchangeContext,
    Phase,
)
from archive.errors import AddressRefused
from crawlers.engine.circuits import Circuits
from crawlers.engine.connection import connect_any
from crawlers.engine.exchange import Attempt
from crawlers.engine.outcome import Ending, Unconnected, judge_connect_error
from crawlers.engine.policy import (
    check_address,
    check_proxy,
    check_unresolved,
    find_connect_to,
)
from crawlers.engine.proxy import Proxy
from crawlers.engine.request import Target
from crawlers.engine.route import new_facts, refused_by_policy
from crawlers.engine.settings import EngineSettings, RandomBytes
from crawlers.engine.tunnel import Credentials, Endpoint, ProxyRefused, open_tunnel


class ProxiedRoute:
    """Reaches targets of one client through one proxy."""

    def __init__(
        self, proxy: Proxy, settings: EngineSettings, *, random_bytes: RandomBytes
    ) -> None:
        self._proxy = proxy
        self._settings = settings
        self._random_bytes = random_bytes
        self._circuits = Circuits(proxy, random_bytes=random_bytes)

    async def reach(self, attempt: Attempt, target: Target) -> socket.socket:
        """A socket to the proxy behind which a tunnel to the target is open."""
        attempt.phase = Phase.PROXY
        endpoint, facts = self._aim(target)
        attempt.connection = replace(facts, proxy=self._proxy.label)
        context = attempt.request.context
        credentials = self._circuits.credentials(
            context.source_id or "", circuit_of(context)
        )
        try:
            connected, _ = await connect_any([check_proxy(self._proxy)])
            await self._open_tunnel(connected, endpoint, credentials)
        except OSError as error:
            raise self._refused(judge_connect_error(error, Phase.PROXY)) from error
        except ProxyRefused as refusal:
            ending = Ending(
                outcome=CaptureOutcome.PROXY, phase=Phase.PROXY, detail=str(refusal)
            )
            raise self._refused(ending) from refusal
        attempt.stamp("connected_us")
        return connected

    async def _open_tunnel(
        self,
        connected: socket.socket,
        endpoint: Endpoint,
        credentials: Credentials | None,
    ) -> None:
        try:
            await open_tunnel(
                self._proxy.scheme, connected, endpoint, credentials=credentials
            )
        except BaseException:  # cancelled too: a socket must not leak
            connected.close()
            raise

    def _refused(self, ending: Ending) -> Unconnected:
        detail = f"proxy {self._proxy.label}: {ending.detail}"
        return Unconnected(replace(ending, detail=detail))

    def _aim(self, target: Target) -> tuple[Endpoint, ConnectionFacts]:
        """What the proxy is asked for, if the rules allow it."""
        entry = find_connect_to(target, self._settings)
        if entry is not None:
            dns = DnsFacts(origin="connect_to", addresses=(entry.address,))
            facts = replace(new_facts(self._random_bytes, dns), connect_to=entry.text)
            host = ip_address(entry.address)
            return Endpoint(host=host, port=entry.address_port), facts
        try:
            return self._check(target)
        except AddressRefused as refusal:
            raise refused_by_policy(str(refusal)) from refusal

    def _check(self, target: Target) -> tuple[Endpoint, ConnectionFacts]:
        port, literal = target.port, target.literal
        if literal is None:
            check_unresolved(target.name, port, self._settings, tor=self._proxy.tor)
            facts = new_facts(self._random_bytes, None)
            return Endpoint(host=target.name, port=port), facts
        checked = check_address(literal, port, self._settings)
        dns = DnsFacts(origin="literal", addresses=(str(literal),))
        facts = new_facts(self._random_bytes, dns)
        facts = replace(facts, allow_network=checked.allow_network)
        return Endpoint(host=literal, port=port), facts


def circuit_of(context: ExchangeContext) -> str:
    """Requests of different circuits share no connection, and in Tor no relay path."""
    return f"{context.source_id or ''}/{context.job_id or ''}"


def circuit_label(proxy: Proxy | None, context: ExchangeContext) -> str:
    """What tells kept connections through one proxy apart."""
    return circuit_of(context) if proxy is not None and proxy.tor else ""
