"""Exchanges that end early: deadlines, sizes, stops, a full disk; memory stays flat."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
import time
from pathlib import Path

import pytest

from archive.capture import CaptureOutcome as O
from archive.capture import Exchange, Phase
from archive.digest import Digest
from crawlers.engine.client import (
    FetchRequest,
)
from tests.support.capturing.engine_client import (
    ClientMaker,
    EngineClient,
    ReadAll,
    ServerMaker,
)
from tests.support.judging.asking import OK, get
from tests.support.servers.name_server import start_name_server


def test_an_unanswered_connect_ends_with_the_deadline(engine: ClientMaker) -> None:
    async def run() -> None:
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        async with engine() as client:
            uri = f"http://127.0.0.1:{address[1]}/"
            exchange = await client.fetch(get(uri, timeout_seconds=1.0))
            assert exchange.outcome is O.TIMEOUT
            assert exchange.phase in (Phase.TCP, Phase.HEAD)
        for one in (*waiting, full):
            one.close()

    asyncio.run(run())


class Stopper:
    """Ends the exchange at the head, or after some bytes."""

    def __init__(self, at_head: bool) -> None:
        self.at_head = at_head
        self.heads: list[bytes] = []
        self.data = b""

    def head_received(self, head: bytes) -> bool:
        self.heads.append(head)
        return not self.at_head

    def payload_received(self, data: bytes) -> bool:
        self.data += data
        return len(self.data) < 3


@pytest.mark.parametrize("at_head", [True, False])
def test_a_listener_can_stop_an_exchange(
    at_head: bool, awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        reply = (OK[:38], 0.05, b"hel", "stall")
        async with awkward(reply) as server, engine() as client:
            listener = Stopper(at_head)
            exchange = await client.fetch(get(server.origin), listener=listener)
            assert exchange.outcome is O.STOPPED
            assert received(exchange) == (OK[:38] if at_head else OK[:41])
            assert listener.heads == [OK[:38]]

    asyncio.run(run())


def test_a_cancelled_fetch_still_reports_what_came(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        async with awkward((OK[:40], "stall")) as server, engine() as client:
            task = asyncio.create_task(client.fetch(get(server.origin)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (exchange,) = client.extra
            assert exchange.outcome is O.STOPPED
            assert received(exchange) == OK[:40]

    asyncio.run(run())


def test_closing_the_client_ends_running_exchanges_as_stopped(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK[:40], "stall")) as server:
            _names, transport, port = await start_name_server(
                {"site.example.": "silent"}
            )
            async with engine(
                nameservers=("127.0.0.1",), nameserver_port=port
            ) as client:
                tasks = [
                    asyncio.create_task(client.fetch(get(uri)))
                    for uri in (server.origin, "http://site.example/")
                ]
                await asyncio.sleep(0.1)
                await client.close()
                outcomes = [task.result().outcome for task in tasks]
                assert outcomes == [O.STOPPED, O.STOPPED]
                late = await client.fetch(get(server.origin))
                assert late.outcome is O.STOPPED
            transport.close()

    asyncio.run(run())


def test_an_answer_before_the_body_is_sent_is_kept(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    body = b"x" * 50_000_000
    early = ("early", OK.replace(b"200 OK", b"413 No"), 0.3, "reset")

    async def run() -> None:
        async with awkward(early) as server, engine() as client:
            exchange = await client.fetch(get(server.origin, method="POST", body=body))
            assert (exchange.outcome, exchange.http_status) == (O.COMPLETE, 413)
            assert exchange.flags == ("request-cut",)
            assert received(exchange) == server.log[0].sent
            assert exchange.request.startswith(server.log[0].received)
            assert len(exchange.request) < len(body)

    asyncio.run(run())


def test_a_full_disk_stops_the_exchange_and_says_that_it_was_us(
    awkward: ServerMaker,
    engine: ClientMaker,
    received: ReadAll,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def fail(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    async def run() -> None:
        large = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 3_000_000
        async with awkward((large, "close")) as server, engine() as client:
            monkeypatch.setattr(os, "write", fail)
            exchange = await client.fetch(get(server.origin))
            monkeypatch.undo()
            assert exchange.outcome is O.STOPPED
            assert "spool-failed" in exchange.flags
            assert exchange.detail.startswith("here: ")
            block = received(exchange)
            assert len(block) > 1 << 20
            assert large.startswith(block)
            assert exchange.wire_digest == Digest.of(block)
            assert list(tmp_path.iterdir()) == []

    asyncio.run(run())


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


PAGE_KIB = resource.getpagesize() // 1024


def test_a_large_body_goes_to_disk_and_memory_stays_flat(
    awkward: ServerMaker, engine: ClientMaker, tmp_path: Path
) -> None:
    block, blocks = os.urandom(1 << 20), 150
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (blocks << 20)
    expected = Digest.of_chunks([head, *[block] * blocks])

    async def run() -> None:
        async with (
            awkward((head, *[block] * blocks, "unlogged")) as server,
            engine() as client,
        ):
            before = peak = resident_kib()
            request = get(server.origin, timeout_seconds=60)
            task = asyncio.create_task(client.fetch(request))
            while not task.done():
                await asyncio.sleep(0.002)
                peak = max(peak, resident_kib())
            exchange = task.result()
            assert exchange.outcome is O.COMPLETE
            assert exchange.wire_digest == expected
            assert exchange.payload_digest == Digest.of_chunks([block] * blocks)
            with exchange.response.open() as stream:
                assert Digest.of_stream(stream) == expected
            assert len(list(tmp_path.iterdir())) == 1
            exchange.response.close()
            assert list(tmp_path.iterdir()) == []
            assert peak - before < 20_000

    asyncio.run(run())


DRIPPING = 20
DRIP_SECONDS = 1.5


def test_C6_hosts_that_drip_free_their_place_at_the_deadline_and_delay_nobody(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    chunks = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",)
    drip = chunks + (0.05, b"1\r\nx\r\n") * 1000

    async def ask(client: EngineClient, origin: str, seconds: float) -> Exchange:
        asked = FetchRequest(uri=origin + "/", timeout_seconds=seconds)
        exchange: Exchange = await client.fetch(asked)
        return exchange

    async def run() -> None:
        async with engine() as client, contextlib.AsyncExitStack() as stack:
            slow = [
                await stack.enter_async_context(awkward(drip)) for _ in range(DRIPPING)
            ]
            fast = await stack.enter_async_context(awkward(*[(OK,)] * 40))
            began = time.monotonic()
            dripping = [
                asyncio.ensure_future(ask(client, s.origin, DRIP_SECONDS)) for s in slow
            ]
            await asyncio.sleep(0.1)
            for _ in range(40):
                exchange = await ask(client, fast.origin, 30)
                assert exchange.outcome is O.COMPLETE
            assert not any(task.done() for task in dripping)  # nobody waited for them
            ended = await asyncio.gather(*dripping)
            took = time.monotonic() - began
            assert {x.outcome for x in ended} == {O.TIMEOUT}
            assert all(x.response.length_bytes > 50 for x in ended)
            assert took <= DRIP_SECONDS * 1.1 + 0.5  # of which 0.5 s for a busy machine

    asyncio.run(run())
