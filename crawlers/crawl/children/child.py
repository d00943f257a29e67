"""The child process of crawls: orders on standard input, JSON lines as the answer.

Each order is one line. Those that come while a crawl runs are done beside it. The
process ends when its input has ended and all is done, or after a signal.
"""

import asyncio
import gc
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from archive.cli.root import CommandContext
from archive.cli.secret import Secret
from archive.cli.start import INTERRUPTED
from archive.errors import EvidenceError, LimitExceeded
from archive.randomness import RandomPool
from crawlers.crawl.capturing.memory import open_memory
from crawlers.crawl.children.crew import Crew, answer, describe_error
from crawlers.crawl.children.pulse import Pulse
from crawlers.crawl.order import END_OF_ORDERS, CrawlOrder
from crawlers.crawl.seam.scrapy_run import CrawlLoop
from crawlers.crawl.stopping import noted_stops
from crawlers.engine.peers import find_connector

ORDER_BYTES = 1 << 20
"""An order is a few paths and names."""
READ_BYTES = 1 << 16
GARBAGE_EVERY = (10_000, 20, 20)
"""Objects, then rounds, between two looks for garbage. Python's 700 look through the
young objects of a few dozen responses three times each: a tenth of a crawl's time.
"""
QUIET_LOGGERS = ("scrapy.downloadermiddlewares",)
"""They report what is a signed capture already."""
INPUT = 0
"""Descriptor of standard input, read without a buffer of Python's."""
ANSWERS = 1
"""Descriptor of standard output."""


def main() -> None:
    """Do what is ordered, answer each order with a result or an error."""
    # Until there is an order, SIGTERM ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger().addHandler(OneLineHandler())
    gc.freeze()  # modules, classes, functions: there for good
    gc.set_threshold(*GARBAGE_EVERY)
    gc.enable()
    orders = Orders(INPUT)
    pulse = Pulse(beat)
    try:
        with pulse.beating():
            serve(orders, pulse)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except EvidenceError as error:
        answer(describe_error(error, None))
        sys.exit(error.exit_code)
    finally:
        gc.freeze()  # all of it goes with the process: nothing is looked through


def beat() -> None:
    """Say that this process lives."""
    answer({"beat": True})


def serve(orders: "Orders", pulse: Pulse) -> None:
    """Open the archive that the first order names, and work through all of them."""
    first = orders.first()
    if first is None or is_unheard(ANSWERS):
        return
    context = make_context(first)
    connect = find_connector(first.via.for_peers(), random_bytes=context.random_bytes)
    # Opening the writer closes the jobs of a process that was killed.
    with (
        noted_stops() as heard,
        pulse.busy(),
        context.open_capturing(connect) as writer,
    ):
        if first.closes_only:
            answer({"opened": True})
            return
        with open_memory(
            context.archive, clock=context.clock, overrides=first.is_test
        ) as memory:
            crew = Crew(
                context=context,
                writer=writer,
                memory=memory,
                loop=CrawlLoop(),
                pulse=pulse,
            )
            with pulse.turning():
                crew.loop.run(lambda: _follow(crew, orders, first), heard=heard)


async def _follow(crew: Crew, orders: "Orders", first: CrawlOrder) -> None:
    """Work, and say that the loop turns meanwhile."""
    turning = asyncio.create_task(crew.pulse.follow())
    try:
        await _work(crew, orders, first)
    finally:
        turning.cancel()


async def _work(crew: Crew, orders: "Orders", first: CrawlOrder) -> None:
    """Begin each order as it comes; end when no more come and all are done."""
    running: set[asyncio.Task[None]] = set()
    broken = asyncio.Event()

    def begin(order: CrawlOrder) -> None:
        task = asyncio.create_task(crew.run_order(order))
        running.add(task)
        task.add_done_callback(forget)

    def forget(task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            running.discard(task)
        else:  # a bug of ours: whoever sent the order must not wait for ever
            broken.set()

    begin(first)
    orders.follow(begin)
    ends = [
        asyncio.create_task(event.wait())
        for event in (orders.ended, crew.loop.stopped, broken)
    ]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    orders.leave()
    if orders.is_orphaned or broken.is_set():  # nobody waits for the rest
        crew.loop.stop()
    for end in ends:
        end.cancel()
    # Each is waited for, whatever became of another: its job is closed then.
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def is_unheard(descriptor: int) -> bool:
    """Whether nobody can read what is written there any more: our command is gone.

    A crawl that was to begin then would write into an archive that somebody else may
    have made anew at the same place.
    """
    watched = select.poll()
    watched.register(descriptor, 0)
    return any(events & select.POLLERR for _descriptor, events in watched.poll(0))


class Orders:
    """Lines of a descriptor, each an order."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._take: Callable[[CrawlOrder], object] | None = None
        self.ended = asyncio.Event()
        self.is_orphaned = False
        """The input ended without a word: whoever wrote it is gone."""

    def first(self) -> CrawlOrder | None:
        """Wait for the first; None where there is none."""
        while b"\n" not in self._rest:
            if not self._read():
                return None
        return self._next()

    def follow(self, take: Callable[[CrawlOrder], object]) -> None:
        """Hand over each further one as it comes."""
        self._take = take
        if not self.ended.is_set():
            loop = asyncio.get_running_loop()
            loop.add_reader(self._descriptor, self._come)
        self._hand_over()

    def leave(self) -> None:
        """Take no more."""
        self._take = None
        asyncio.get_running_loop().remove_reader(self._descriptor)

    def _come(self) -> None:
        if not self._read():
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._hand_over()

    def _read(self) -> bool:
        data = os.read(self._descriptor, READ_BYTES)
        self._rest += data
        if not data:
            self.is_orphaned = not self.ended.is_set()
            self.ended.set()
        if len(self._rest) > ORDER_BYTES:
            raise LimitExceeded(f"an order is longer than {ORDER_BYTES} bytes")
        return bool(data)

    def _hand_over(self) -> None:
        while self._take is not None and b"\n" in self._rest:
            order = self._next()
            if order is not None:
                self._take(order)

    def _next(self) -> CrawlOrder | None:
        """The next line; None for the word that no more come."""
        line, _, self._rest = self._rest.partition(b"\n")
        if line + b"\n" == END_OF_ORDERS:
            self.ended.set()
            return None
        return CrawlOrder.from_json(json.loads(line))


class OneLineHandler(logging.Handler):
    """Errors only, one line each on standard error, never a traceback."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        if record.name.startswith(QUIET_LOGGERS):
            return
        text = " ".join(record.getMessage().split())
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        sys.stderr.write(f"evidence: crawl: {text}\n")


def make_context(order: CrawlOrder) -> CommandContext:
    """What the command that started us works with."""
    context = CommandContext(
        archive=order.archive,
        keys_folder=order.keys_folder,
        trust_folder=order.trust_folder,
        settings=order.settings,
        secret=Secret.of(order.passphrase),
        environ=dict(os.environ),
    )
    return replace(context, random_bytes=RandomPool(context.random_bytes))


if __name__ == "__main__":
    main()
