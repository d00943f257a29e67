"""Names: A-labels to addresses, with TTL, origin and raw answer.

The only importer of dnspython; its exceptions end here.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from archive.capture import DnsFacts
from archive.errors import CaptureError
from crawlers.engine.settings import MEBI, IPAddress

CACHE_SECONDS = 60
"""An answer is used again for its TTL, at most 60 s: its age goes into the record."""
CACHE_NAMES = 10_000
"""Names held at a time, oldest dropped first: some 10 MB."""
LOOKUP_SECONDS = 10.0
"""All tries of one look-up; inside the deadline of the exchange."""
HOSTS_FILE_LIMIT_BYTES = MEBI
"""Read of a hosts file."""
ADDRESS_LIMIT = 16
"""Addresses kept of one answer; more than that are never tried."""


class LookupFailed(CaptureError):
    """No address for a name; `facts` holds the answer, if one came."""

    def __init__(self, message: str, *, facts: DnsFacts) -> None:
        super().__init__(message)
        self.facts = facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Addresses of one name, in the order to be tried."""

    addresses: tuple[IPAddress, ...]
    facts: DnsFacts


class NameResolver(Protocol):
    """Whoever turns names into addresses."""

    async def resolve(self, name: str) -> Resolution:
        """Look up an A-label without trailing dot; LookupFailed if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Cached:
    resolution: Resolution
    fetched: float
    expires: float


class Resolver:
    """Hosts file first, then A and AAAA over DNS, cached by TTL."""

    def __init__(
        self,
        *,
        nameservers: Sequence[str] = (),
        port: int = 53,
        hosts_file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nameservers = nameservers
        self._port = port
        self._monotonic = monotonic
        self._hosts = read_hosts(hosts_file) if hosts_file else {}
        self._cache: dict[str, _Cached] = {}
        self._running: dict[str, asyncio.Task[Resolution]] = {}
        self._dns: dns.asyncresolver.Resolver | None = None

    async def resolve(self, name: str) -> Resolution:
        """Look up an A-label without trailing dot; LookupFailed if there is none."""
        found = self._hosts.get(name)
        if found:
            texts = tuple(str(address) for address in found)
            facts = DnsFacts(origin="hosts", addresses=texts)
            return Resolution(addresses=found, facts=facts)
        now = self._monotonic()
        cached = self._cache.get(name)
        if cached is not None and now < cached.expires:
            age = int(now - cached.fetched)
            facts = replace(cached.resolution.facts, age_seconds=age)
            return replace(cached.resolution, facts=facts)
        return await self._share(name)

    async def _share(self, name: str) -> Resolution:
        """One look-up at a time per name; a caller that gives up does not end it."""
        task = self._running.get(name)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look_up(name))
            self._running[name] = task
            task.add_done_callback(lambda _task: self._running.pop(name, None))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End look-ups that nobody waits for any more."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, name: str) -> Resolution:
        answers = await asyncio.gather(
            self._ask(name, dns.rdatatype.AAAA), self._ask(name, dns.rdatatype.A)
        )
        wires = b"".join(answer.framed_wire for answer in answers)
        addresses = _interleave(*(answer.addresses for answer in answers))
        if not addresses:
            facts = DnsFacts(origin="dns", age_seconds=0, answer=wires or None)
            reasons = " and ".join(dict.fromkeys(a.failure for a in answers))
            raise LookupFailed(f"no address for {name}: {reasons}", facts=facts)
        ttl = min(answer.ttl for answer in answers if answer.addresses)
        resolution = Resolution(
            addresses=addresses,
            facts=DnsFacts(
                origin="dns",
                addresses=tuple(str(address) for address in addresses),
                ttl_seconds=ttl,
                age_seconds=0,
                answer=wires,
            ),
        )
        self._remember(name, resolution, ttl)
        return resolution

    def _remember(self, name: str, resolution: Resolution, ttl: int) -> None:
        now = self._monotonic()
        self._cache.pop(name, None)
        while len(self._cache) >= CACHE_NAMES:
            del self._cache[next(iter(self._cache))]
        self._cache[name] = _Cached(resolution, now, now + min(ttl, CACHE_SECONDS))

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> "_Answer":
        try:
            resolver = self._get_dns()
            # An absolute name: search domains of this machine must not apply.
            absolute = dns.name.from_text(name + ".")
            answer = await resolver.resolve(
                absolute, kind, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN as error:
            found = error.kwargs.get("responses") or {}
            wires = b"".join(_frame(response) for response in found.values())
            return _Answer(failure="the name does not exist", framed_wire=wires)
        except dns.resolver.NoNameservers as error:
            return _Answer(failure="the name servers failed", framed_wire=_wires(error))
        except dns.exception.Timeout:
            return _Answer(failure="the name servers did not answer in time")
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            return _Answer(failure=f"look-up failed ({type(error).__name__})")
        found = () if answer.rrset is None else tuple(answer.rrset)[:ADDRESS_LIMIT]
        return _Answer(
            addresses=tuple(ip_address(item.address) for item in found),
            ttl=int(answer.rrset.ttl) if answer.rrset is not None else 0,
            framed_wire=_frame(answer.response),
            failure="the answer holds no address",
        )

    def _get_dns(self) -> dns.asyncresolver.Resolver:
        """Made on first use: a machine without name servers may still use literals."""
        if self._dns is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = list(self._nameservers)
                resolver.port = self._port
            resolver.lifetime = LOOKUP_SECONDS
            resolver.cache = None
            self._dns = resolver
        return self._dns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Answer to one question; `framed_wire` as over TCP, two length bytes first."""

    addresses: tuple[IPAddress, ...] = ()
    ttl: int = 0
    framed_wire: bytes = b""
    failure: str = ""


def _retrieve(task: "asyncio.Task[Resolution]") -> None:
    """Take note of the result, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()


def _frame(response: dns.message.Message | None) -> bytes:
    wire = response.wire if response is not None else None
    return b"" if wire is None else len(wire).to_bytes(2, "big") + wire


def _wires(error: dns.resolver.NoNameservers) -> bytes:
    """Whatever the failing servers did answer."""
    responses = [entry[-1] for entry in error.kwargs.get("errors", ())]
    return b"".join(_frame(r) for r in responses if isinstance(r, dns.message.Message))


def _interleave(
    first: Sequence[IPAddress],
    second: Sequence[IPAddress],
) -> tuple[IPAddress, ...]:
    """IPv6 and IPv4 in turn (RFC 8305 section 4): one broken family costs little."""
    ordered: list[IPAddress] = []
    for place in range(max(len(first), len(second))):
        ordered += [*first[place : place + 1], *second[place : place + 1]]
    return tuple(ordered)


def read_hosts(path: Path) -> dict[str, tuple[IPAddress, ...]]:
    """Names of a hosts file; lines that are not understood say nothing about a name."""
    try:
        with path.open("rb") as stream:
            text = stream.read(HOSTS_FILE_LIMIT_BYTES).decode("utf-8", "replace")
    except OSError:
        return {}
    found: dict[str, tuple[IPAddress, ...]] = {}
    for line in text.splitlines():
        fields = line.partition("#")[0].split()
        with contextlib.suppress(ValueError, IndexError):
            address = ip_address(fields[0])
            for name in fields[1:]:
                key = name.lower().removesuffix(".")
                found[key] = (*found.get(key, ()), address)
    return found
