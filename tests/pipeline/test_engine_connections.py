"""Connections: kept, stale, tried anew, closed after their time and number."""

import asyncio
import time

import pytest

from archive.capture import CaptureOutcome as O
from tests.support.capturing.engine_client import (
    ClientMaker,
    ReadAll,
    ServerMaker,
    facts_of,
)
from tests.support.judging.asking import OK, get

MANY = 50


def test_one_connection_carries_many_exchanges(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        async with awkward(*[(OK,)] * MANY) as server, engine() as client:
            made = [
                await client.fetch(get(f"{server.origin}/{n}")) for n in range(MANY)
            ]
            assert server.connections == 1
            assert [x.request for x in made] == [s.received for s in server.log]
            assert [received(x) for x in made] == [s.sent for s in server.log]
            assert [facts_of(x).sequence for x in made] == list(range(MANY))
            assert len({facts_of(x).connection_id for x in made}) == 1

    asyncio.run(run())


def test_concurrent_exchanges_never_share_a_connection(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    replies = [(0.05, OK.replace(b"hello", b"%05d" % n)) for n in range(MANY)]

    async def run() -> None:
        async with awkward(*replies) as server, engine() as client:
            fetches = [client.fetch(get(f"{server.origin}/{n}")) for n in range(MANY)]
            made = await asyncio.gather(*fetches)
            pairs = sorted((x.request, received(x)) for x in made)
            assert pairs == sorted((s.received, s.sent) for s in server.log)

    asyncio.run(run())


def test_a_response_that_says_close_ends_the_connection(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def run() -> None:
        async with awkward((closing,), (OK,)) as server, engine() as client:
            for _ in range(2):
                assert (await client.fetch(get(server.origin))).outcome is O.COMPLETE
            assert server.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_stale_connection_is_recorded_and_tried_once_anew(
    ending: str, awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        async with awkward((OK,), (ending,), (OK,)) as server, engine() as client:
            await client.fetch(get(server.origin))
            final = await client.fetch(get(f"{server.origin}/b"))
            (dead,) = client.extra
            assert (dead.outcome, dead.flags) == (O.NO_RESPONSE, ("stale",))
            assert dead.request == final.request == server.log[1].received
            assert (final.outcome, final.flags) == (O.COMPLETE, ("after-stale",))
            assert facts_of(final).sequence == 0
            assert received(final) == OK

    asyncio.run(run())


def test_a_new_connection_that_dies_is_not_tried_again(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward(("close",), (OK,)) as server, engine() as client:
            exchange = await client.fetch(get(server.origin))
            assert exchange.outcome is O.NO_RESPONSE
            assert (len(server.log), client.extra) == (1, [])

    asyncio.run(run())


def test_a_post_is_never_sent_twice(awkward: ServerMaker, engine: ClientMaker) -> None:
    async def run() -> None:
        async with awkward((OK,), ("close",), (OK,)) as server, engine() as client:
            await client.fetch(get(server.origin))
            exchange = await client.fetch(get(server.origin, method="POST", body=b"x"))
            assert exchange.outcome is O.NO_RESPONSE
            assert (len(server.log), client.extra) == (2, [])

    asyncio.run(run())


def test_bytes_on_an_idle_connection_end_it(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    async def run() -> None:
        replies = ((OK, 0.05, b"HTTP/1.1 200 OK\r\n\r\nforged"), (OK,))
        async with awkward(*replies) as server, engine() as client:
            await client.fetch(get(server.origin))
            await asyncio.sleep(0.15)
            second = await client.fetch(get(server.origin))
            assert received(second) == OK
            assert server.connections == 2

    asyncio.run(run())


def test_idle_connections_end_after_their_time_and_number(
    awkward: ServerMaker, engine: ClientMaker
) -> None:
    async def run() -> None:
        async with awkward((OK,), (OK,)) as server, engine(idle_seconds=0.05) as client:
            await client.fetch(get(server.origin))
            await asyncio.sleep(0.1)
            await client.fetch(get(server.origin))
            assert server.connections == 2
        async with (
            awkward((OK,)) as one,
            awkward((OK,), (OK,)) as other,
            engine(idle_connections=1) as client,
        ):
            for origin in (other.origin, one.origin, other.origin):
                await client.fetch(get(origin))
            assert other.connections == 2

    asyncio.run(run())


def test_late_bytes_are_heard_though_this_process_was_too_busy_to_listen(
    awkward: ServerMaker, engine: ClientMaker, received: ReadAll
) -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def run() -> None:
        async with awkward((closing, 0.1, b"late")) as server, engine() as client:
            # Nothing runs in this thread while both the pause and the wait run out.
            asyncio.get_running_loop().call_later(0.05, time.sleep, 0.6)
            made = await client.fetch(get(server.origin))
            assert made.flags == ("surplus",)
            assert received(made) == server.log[0].sent == closing + b"late"

    asyncio.run(run())
