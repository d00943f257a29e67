"""Limits: how much one reader may ask for, without a store of addresses.

Buckets in memory, named by an HMAC of the address under a random key that is thrown
away every day: nothing on disk, nothing that leads back to an address tomorrow. Readers
behind a proxy or an onion service all come from this machine: they share one large
bucket, which bounds what the process does at all.
"""

import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from web.settings import is_loopback

QUERY_LIMIT_CHARS = 1_000
"""Of one query, by form or API."""
ENTRY_LIMIT = 10_000
"""Buckets kept; the ones used longest ago go first."""
KEY_SECONDS = 24 * 60 * 60
"""Life of the key that names buckets."""
SUBSCRIBER_BITS: Final = 64
"""Of an IPv6 address: what lies behind them one subscriber chooses at will."""
USUAL_COST = 5
COSTS = {
    "static": 0,
    "part": 1,
    "shot-view": 1,
    "view": 25,
    "media": 25,
    "raw": 25,
    "page-picture": 25,
    "view-from": 25,
    "links": 25,
    "api-links": 25,
    "results": 25,
    "search-link": 25,
    "api-search": 25,
    "cdx": 25,
    "timemap": 25,
    "results-page": 25,
    "quote": 25,
    "timegate": 25,
    "text-marked": 50,
    "compare": 50,
    "compare-beside": 50,
    "api-compare": 50,
    "check": 50,
    "verify-again": 500,
    "bundle-file": 150,
}
"""Cost of a route by its name; any other costs `USUAL_COST`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a bucket holds when full, and what flows in again a second."""

    burst: float
    flow: float


READER = Allowance(burst=3_000, flow=100)
"""600 pages at once, then 20 a second."""
MACHINE = Allowance(burst=200_000, flow=6_000)


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimiter:
    """Says who must wait; safe to use from several threads."""

    def __init__(
        self, *, monotonic: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        """Both arguments are handed in, so tests need not wait."""
        self._monotonic = monotonic
        self._random_bytes = random_bytes
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()
        self._lock = threading.Lock()
        self._key = b""
        self._renew_at = float("-inf")

    def admit(self, address: str, cost: int) -> int:
        """Seconds to wait before asking again; 0: go on, the cost is taken."""
        if cost == 0:
            return 0
        now = self._monotonic()
        is_local = is_loopback(address)
        allowed = MACHINE if is_local else READER
        with self._lock:
            if now >= self._renew_at:
                self._buckets.clear()
                self._key = self._random_bytes(32)
                self._renew_at = now + KEY_SECONDS
            name = b"" if is_local else self._name(address)
            bucket = self._buckets.pop(name, None)
            if bucket is None:
                bucket = _Bucket(level=allowed.burst, at=now)
            level = bucket.level + (now - bucket.at) * allowed.flow
            level = min(level, allowed.burst)
            is_enough = level >= cost
            self._buckets[name] = _Bucket(level=level - cost * is_enough, at=now)
            while len(self._buckets) > ENTRY_LIMIT:
                self._buckets.popitem(last=False)
        return 0 if is_enough else int((cost - level) / allowed.flow) + 1

    def __len__(self) -> int:
        with self._lock:
            return len(self._buckets)

    def _name(self, address: str) -> bytes:
        return hmac.digest(self._key, _reader_of(address), hashlib.sha256)[:16]


def _reader_of(address: str) -> bytes:
    """What stands for one reader: an IPv4 address, the network of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        if mapped is None:
            return found.packed[: SUBSCRIBER_BITS // 8]
        found = mapped
    return found.packed


def cost_of(route: str | None) -> int:
    """What a request to a route costs."""
    return COSTS.get(route or "", USUAL_COST)
