"""A child process whose command is gone begins no crawl."""

import asyncio
import os
from types import SimpleNamespace
from typing import Any

import pytest

from crawlers.crawl.child import Orders, _work, is_unheard


def test_a_pipe_that_nobody_reads_is_known_before_a_byte_is_written() -> None:
    reading, writing = os.pipe()
    assert not is_unheard(writing)
    os.close(reading)
    assert is_unheard(writing)
    os.close(writing)


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
