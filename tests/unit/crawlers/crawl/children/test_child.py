"""A child process whose command is gone begins no crawl."""

import asyncio
import os
from types import SimpleNamespace
from typing import Any

import pytest

from crawlers.crawl.children.child import Orders, _work, is_unheard


def test_a_pipe_that_nobody_reads_is_known_before_a_byte_is_written() -> None:
    reading, writing = os.pipe()
    assert not is_unheard(writing)
    os.close(reading)
    assert is_unheard(writing)
    os.close(writing)


ORDER: Any = object()


class Broken:
    """A crew whose crawls end in an error of ours."""

    def __init__(self) -> None:
        self.loop = SimpleNamespace(stopped=asyncio.Event(), stop=lambda: None)

    async def run_order(self, _order: object) -> None:
        raise KeyError("a bug")


def test_a_bug_in_one_crawl_ends_the_child_though_more_orders_may_come() -> None:
    async def run() -> None:
        reading, writing = os.pipe()
        crew: Any = Broken()
        order: Any = object()
        with pytest.raises(KeyError, match="a bug"):
            await asyncio.wait_for(_work(crew, Orders(reading), order), timeout=30)
        os.close(writing)
        os.close(reading)

    asyncio.run(run())


class Uneven:
    """A crew of two crawls: the first breaks, the second ends later."""

    def __init__(self) -> None:
        self.loop = SimpleNamespace(stopped=asyncio.Event(), stop=lambda: None)
        self.begun = 0
        self.closed = False

    async def run_order(self, _order: object) -> None:
        self.begun += 1
        if self.begun == 2:
            raise KeyError("a bug")
        while self.begun < 2:
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        self.closed = True


def test_a_bug_in_one_crawl_lets_the_others_close_their_jobs() -> None:
    async def run() -> None:
        reading, writing = os.pipe()
        crew: Any = Uneven()
        orders: Any = Orders(reading)
        begin: list[Any] = []
        orders.follow = begin.append
        orders.leave = lambda: None
        work = asyncio.create_task(_work(crew, orders, ORDER))
        while not begin:
            await asyncio.sleep(0)
        begin[0](ORDER)
        with pytest.raises(KeyError, match="a bug"):
            await asyncio.wait_for(work, timeout=30)
        assert crew.closed
        os.close(writing)
        os.close(reading)

    asyncio.run(run())
