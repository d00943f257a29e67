"""What the engine records equals, byte for byte, what the awkward server logged.

Every case over http and https, IPv4 and IPv6, directly and through both proxies.
"""

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from archive.capture import Exchange
from archive.digest import Digest
from crawlers.engine.client import FetchRequest, parse_allow_network
from crawlers.engine.flags import ENGINE_FLAGS
from tests.support.awkward.case import Case
from tests.support.awkward.cases import BY_NAME, CASES
from tests.support.awkward.corners import CORNERS
from tests.support.capturing.engine_client import (
    ClientMaker,
    EngineClient,
    ProxyMaker,
    ReadAll,
    ServerMaker,
)
from tests.support.capturing.wire import Served
from tests.support.servers.loopback_proxy import LoopbackProxy

AT_A_TIME = 8
"""Cases that run together; most of their time is waiting."""
FAMILIES = {"IPv4": "127.0.0.1", "IPv6": "::1"}
LOOPBACKS = tuple(map(parse_allow_network, ("127.0.0.0/8", "::1/128")))
ROUTES = [
    pytest.param((route, scheme, family), id=f"{route}-{scheme}-{family}")
    for route in ("direct", "connect", "socks5")
    for scheme in ("http", "https")
    for family in FAMILIES
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the cases are asked for: what starts servers, clients, proxies."""

    awkward: ServerMaker
    engine: ClientMaker
    proxied: ProxyMaker
    received: ReadAll
    route: str
    tls: ssl.SSLContext | None
    roots_pem: bytes
    host: str


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def way(
    request: pytest.FixtureRequest,
    authority: trustme.CA,
    awkward: ServerMaker,
    engine: ClientMaker,
    proxied: ProxyMaker,
    received: ReadAll,
) -> Way:
    route, scheme, family = request.param
    if family == "IPv6":
        request.getfixturevalue("require_ipv6")
    tls = None
    if scheme == "https":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*FAMILIES.values()).configure_cert(tls)
    return Way(
        awkward=awkward,
        engine=engine,
        proxied=proxied,
        received=received,
        route=route,
        tls=tls,
        roots_pem=authority.cert_pem.bytes(),
        host=FAMILIES[family],
    )


def fill(case: Case, origin: str) -> FetchRequest:
    asked = dict(case.request or {})
    return FetchRequest(uri=origin + asked.pop("path", "/"), **asked)


def check(case: Case, exchange: Exchange, served: Served, everything: bytes) -> None:
    """The judgement of the case, and the sizes; the bytes are compared by `run_all`."""
    framing = exchange.framing
    assert (exchange.outcome, exchange.http_status) == (case.outcome, case.status)
    assert set(exchange.flags) == set(case.flags) <= ENGINE_FLAGS.keys()
    assert exchange.request == served.received
    if case.cut:
        assert served.sent.startswith(everything)
        assert framing is not None
        assert framing.body_bytes == 50
    else:
        assert everything == served.sent
    block = everything[sum(len(interim.head) for interim in exchange.interim) :]
    assert exchange.wire_digest == (Digest.of(block) if block else None)
    sizes = 0
    if framing is not None:
        sizes = framing.head_bytes + framing.body_bytes
        sizes += framing.trailer_bytes + framing.surplus_bytes
    assert sizes == len(block)


def check_way(way: Way, exchange: Exchange, proxy: LoopbackProxy | None) -> None:
    """It went the way it should have gone, and the record says so."""
    facts = exchange.connection
    assert facts is not None
    if proxy is None:
        assert (facts.proxy, facts.peer is not None) == (None, True)
    else:
        assert (facts.proxy, facts.peer) == (way.route, None)
        assert {host for host, _port in proxy.asked} == {way.host}
    assert (facts.tls is not None) == (way.tls is not None)
    if facts.tls is not None:
        assert facts.tls.verdict == "VERIFIED"


async def run_one(
    way: Way, case: Case, client: EngineClient, proxy: LoopbackProxy | None
) -> tuple[Any, Any]:
    """One case over a server of its own; what was logged and what was recorded."""
    async with way.awkward(case.steps, tls=way.tls, host=way.host) as server:
        scheme = "http" if way.tls is None else "https"
        origin = server.origin.replace("http", scheme)
        exchange = await client.fetch(fill(case, origin))
        (served,) = server.log
    everything = way.received(exchange)
    exchange.response.close()
    check(case, exchange, served, everything)
    check_way(way, exchange, proxy)
    sent = everything if case.cut else served.sent
    return (served.received, sent), (exchange.request, everything)


async def run_all(way: Way, cases: list[Case]) -> list[str]:
    """All cases over one client; what went wrong. Compares both logs as multisets."""
    gate = asyncio.Semaphore(AT_A_TIME)
    wrong: list[str] = []
    logged: Counter[Any] = Counter()
    recorded: Counter[Any] = Counter()

    async def run(
        case: Case, client: EngineClient, proxy: LoopbackProxy | None
    ) -> None:
        async with gate:
            try:
                served, kept = await run_one(way, case, client, proxy)
            except Exception as error:  # noqa: BLE001 - all are reported together
                wrong.append(f"{case.name}: {error!r}")
                return
            logged[served] += 1
            recorded[kept] += 1

    async def run_through(proxy: LoopbackProxy | None) -> None:
        settings = {} if proxy is None else proxy.settings
        settings |= {"allow_networks": LOOPBACKS, "roots_pem": way.roots_pem}
        async with way.engine(**settings) as client:
            await asyncio.gather(*(run(case, client, proxy) for case in cases))
            assert client.extra == []

    if way.route == "direct":
        await run_through(None)
    else:
        async with way.proxied(way.route) as proxy:
            await run_through(proxy)
    assert logged == recorded
    assert len(cases) == logged.total() + len(wrong)
    return wrong


def test_the_table_holds_enough_cases() -> None:
    assert len(BY_NAME) == len(CASES) >= 250
    corners = {case.name for case in CORNERS}
    assert len(corners) == len(CORNERS) >= 200
    assert not corners & BY_NAME.keys()


@pytest.mark.parametrize("way", ROUTES, indirect=True)
def test_recorded_bytes_equal_the_servers_log(way: Way) -> None:
    assert asyncio.run(run_all(way, CASES)) == []


@pytest.mark.parametrize("way", ROUTES[:1], indirect=True)
def test_recorded_bytes_equal_the_servers_log_in_further_corners(way: Way) -> None:
    assert asyncio.run(run_all(way, CORNERS)) == []


@pytest.mark.slow
@pytest.mark.parametrize("way", ROUTES[1:], indirect=True)
def test_further_corners_on_every_other_way(way: Way) -> None:
    assert asyncio.run(run_all(way, CORNERS)) == []
