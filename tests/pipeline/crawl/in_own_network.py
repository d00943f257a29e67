"""Cases for a network of their own; test_own_network.py runs this file inside one.

All that leaves is caught by a sink (a TUN device with the default route) and by a
packet socket that sees loopback too: SYN and UDP packets are counted.
"""

import asyncio
import fcntl
import os
import socket
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.capturing.engine_client import ProxyMaker, ServerMaker
from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
ETH_P_ALL = 3
OUTGOING = 4
IPV4, IPV6, TCP, UDP, SYN, ACK = 0x0800, 0x86DD, 6, 17, 0x02, 0x10
SET_UP = """
link set lo up
link set sink0 up
addr add 10.99.0.2/24 dev sink0
-6 addr add 2a00:99::2/64 dev sink0 nodad
route add default dev sink0
-6 route add default dev sink0
"""
NAMES = {"a.example": "127.0.0.1", "b.example": "127.0.0.1"}
PAGE = b"""HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 96\r\n\r\n"""
PAGE += b"<link rel=stylesheet href=/s.css><img src=http://b.example/i.png>".ljust(96)
LEAKS = b"""<link rel=dns-prefetch href=//pre.example>
<link rel=preconnect href=//1.1.1.1><link rel=preconnect href=https://1.1.1.1>
<link rel=prefetch href=//fetch.example/x><script type=speculationrules>
{"prerender":[{"source":"list","urls":["/ahead"]}]}</script><script>
for (const urls of ['stun:1.1.1.1:3478', 'stun:stun.example:19302',
  'turn:1.1.1.1:3478?transport=tcp', 'turn:1.1.1.1:3478']) {
  const c = new RTCPeerConnection(
    {iceServers: [{urls, username: 'a', credential: 'b'}]});
  c.createDataChannel('x');
  c.createOffer().then(offer => c.setLocalDescription(offer)); }
navigator.sendBeacon('//beacon.example/'); new WebSocket('ws://1.1.1.1/');
try { new WebTransport('https://1.1.1.1:4433/') } catch (error) {}
let n = 0; setInterval(() => { if (n++ < 8) fetch('/wait' + n) }, 300);
</script>"""
LEAKY_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
LEAKY_PAGE = LEAKY_PAGE % len(LEAKS) + LEAKS
"""Every way that a page has to make a browser talk past its proxy."""
SOURCE = (
    host_tables()
    + seed_table("http://a.example/p")
    + ALL_FETCHED
    + """
[network]
proxy = "out"
"""
)


@dataclass
class Sniffer:
    """Sees every packet of this network once, when it is sent."""

    packets: socket.socket
    syns: list[tuple[str, int]] = field(default_factory=list)
    """Where connections were begun: device and port."""
    datagrams: list[tuple[str, int]] = field(default_factory=list)

    def look(self) -> "Sniffer":
        """Sort what came since the last time."""
        while True:
            try:
                data, place = self.packets.recvfrom(1 << 16)
            except BlockingIOError:
                return self
            if place[2] == OUTGOING:
                self._sort(place[0], place[1], data)

    def _sort(self, device: str, kind: int, data: bytes) -> None:
        if kind not in (IPV4, IPV6):
            return
        head = (data[0] & 15) * 4 if kind == IPV4 else 40
        protocol = data[9] if kind == IPV4 else data[6]
        port = int.from_bytes(data[head + 2 : head + 4], "big")
        if protocol == UDP:
            self.datagrams.append((device, port))
        elif protocol == TCP and data[head + 13] & (SYN | ACK) == SYN:
            self.syns.append((device, port))


@pytest.fixture(scope="module")
def sink() -> Iterator[int]:
    """A device that takes everything that is not for loopback."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    wanted = struct.pack("16sH", b"sink0", IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(descriptor, TUNSETIFF, wanted)
    for line in SET_UP.strip().splitlines():
        subprocess.run(["ip", *line.split()], check=True)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def sniffer(sink: int) -> Iterator[Sniffer]:
    kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
    with socket.socket(socket.AF_PACKET, kind, socket.htons(ETH_P_ALL)) as packets:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        yield Sniffer(packets)


def write(folder: Path, kind: str, port: int) -> list[str]:
    path = folder / "proxies.toml"
    scheme = "http" if kind == "connect" else "socks5h"
    tor = "true" if kind == "tor" else "false"
    path.write_text(f'[out]\nurl = "{scheme}://127.0.0.1:{port}"\ntor = {tor}')
    return ["--proxies", str(path)]


@asynccontextmanager
async def running(
    kind: str, awkward: ServerMaker, proxied: ProxyMaker, *, page: bytes = PAGE
) -> AsyncIterator[tuple[Any, Any]]:
    """A site and a proxy in front of it."""
    async with awkward(*[(page,)] * 50) as server:
        how = {"tor": True} if kind == "tor" else {}
        real = "connect" if kind == "connect" else "socks5"
        ports = {80: server.port}
        async with proxied(real, names=NAMES, ports=ports, **how) as proxy:
            yield server, proxy


@pytest.mark.parametrize("kind", ["connect", "tor"])
def test_with_a_proxy_no_packet_goes_elsewhere(
    kind: str,
    *,
    sniffer: Sniffer,
    awkward: ServerMaker,
    proxied: ProxyMaker,
    evidence: Evidence,
    sources: Callable[..., Path],
    tmp_path: Path,
) -> None:
    folder = str(sources("outlet", SOURCE))

    async def run() -> None:
        async with running(kind, awkward, proxied) as (server, proxy):
            options = write(tmp_path, kind, proxy.port)
            verbs = (
                ("capture", *options, "--proxy", "out", "http://a.example/p"),
                ("capture", *options, "--proxy", "out", "http://gone.example/p"),
                ("capture", *options, "--proxy", "out", "http://1.1.1.1/p"),
                ("crawl", *options, "outlet", "--sources", folder),
            )
            codes = [
                (await asyncio.to_thread(evidence.run, *verb)).returncode
                for verb in verbs
            ]
            seen = sniffer.look()
            assert codes == [0, 5, 5, 0]
            assert len(server.log) >= 7
            assert seen.datagrams == []
            assert {device for device, _port in seen.syns} == {"lo"}
            ports = [port for _device, port in seen.syns]
            assert set(ports) == {proxy.port, server.port}
            assert ports.count(server.port) == proxy.tunnels
            assert ports.count(proxy.port) == len(proxy.told)

    asyncio.run(run())


def test_with_a_proxy_that_is_down_no_packet_goes_elsewhere(
    *,
    sniffer: Sniffer,
    awkward: ServerMaker,
    proxied: ProxyMaker,
    evidence: Evidence,
    sources: Callable[..., Path],
    tmp_path: Path,
) -> None:
    async def run() -> tuple[Any, Any]:
        async with running("socks5", awkward, proxied) as both:
            return both

    _server, proxy = asyncio.run(run())
    options = write(tmp_path, "socks5", proxy.port)
    folder = str(sources("outlet", SOURCE))
    for verb in (
        ("capture", *options, "--proxy", "out", "http://a.example/p"),
        ("crawl", *options, "outlet", "--sources", folder),
    ):
        assert evidence.run(*verb).returncode == 5
    seen = sniffer.look()
    assert seen.datagrams == []
    assert set(seen.syns) == {("lo", proxy.port)}


def test_with_a_proxy_no_packet_of_a_browser_goes_elsewhere(
    *,
    sniffer: Sniffer,
    awkward: ServerMaker,
    proxied: ProxyMaker,
    evidence: Evidence,
    tmp_path: Path,
) -> None:
    async def run() -> None:
        site = running("socks5", awkward, proxied, page=LEAKY_PAGE)
        async with site as (server, proxy):
            options = write(tmp_path, "socks5", proxy.port)
            verb = ["capture", "--page", *options, "--proxy", "out"]
            done = await asyncio.to_thread(evidence.run, *[*verb, "http://a.example/p"])
            seen = sniffer.look()
            assert len(server.log) >= 3, done.stderr
            assert {device for device, _port in seen.syns} == {"lo"}
            assert seen.datagrams == []
            # Beside the proxy there is only our own one in front of the browser.
            assert len({port for _device, port in seen.syns}) == 3
            assert ("a.example", 80) in proxy.asked

    asyncio.run(run())


@pytest.mark.parametrize(
    ("uri", "found"),
    [("http://a.example/", "datagrams"), ("http://1.1.1.1/", "syns")],
)
def test_without_a_proxy_the_sink_counts(
    uri: str, found: str, *, sniffer: Sniffer, evidence: Evidence
) -> None:
    started = evidence.start("capture", "--parts", "none", uri)
    deadline = time.monotonic() + 20
    try:
        while not getattr(sniffer.look(), found) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        started.kill()  # a friendly end would wait for what nobody answers
        started.communicate(timeout=60)
    assert ("sink0", 53 if found == "datagrams" else 80) in getattr(sniffer, found)
