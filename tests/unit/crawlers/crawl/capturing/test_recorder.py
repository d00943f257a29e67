"""What a cancelled caller leaves behind: its attempt is written all the same."""

import asyncio
import gc
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.errors import StoreError
from crawlers.crawl.capturing.recorder import Recorder
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.settings import FetchRequest, Listener
from crawlers.engine.spool import SpooledBytes
from tests.support.capturing.fake_web import FakeWeb

URL = "http://a.example/"


class SlowWriter:
    """Takes an exchange and answers when it is told to."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.answer: Future[Capture] = Future()

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        self.exchanges.append(exchange)
        return self.answer

    def page(self, draft: Any) -> "Future[Capture]":
        raise AssertionError("no page here")


@pytest.fixture
def spooled(tmp_path: Path, make_exchange: Any) -> Exchange:
    """An exchange whose response lies in a file."""
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    path = tmp_path / "raw-1"
    path.write_bytes(wire)
    made: Exchange = make_exchange(CaptureOutcome.COMPLETE, wire=wire)
    return replace(made, response=SpooledBytes(path=path, length_bytes=len(wire)))


def cancel_while_writing(
    web: FakeWeb, spooled: Exchange, writer: SlowWriter
) -> list[Any]:
    """Record, and be cancelled while the writer works; complaints of the loop."""
    complaints: list[Any] = []

    async def give(_request: FetchRequest, _listener: Listener | None) -> Exchange:
        return spooled

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        web.answering = give
        recorder = Recorder(fetcher=web, writer=writer, log=JobLog(seeds=()))
        task = asyncio.create_task(recorder.record(FetchRequest(uri=URL)))
        while not writer.exchanges:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert writer.exchanges[0].response.open().read(4) == b"HTTP"
        writer.answer.set_exception(StoreError("the disk is full"))
        await asyncio.sleep(0.01)

    asyncio.run(run())
    gc.collect()
    return complaints


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_writer_can_still_read_what_a_cancelled_caller_handed_in(
    web: FakeWeb, spooled: Exchange
) -> None:
    writer = SlowWriter()
    assert cancel_while_writing(web, spooled, writer) == []
    assert spooled.response.open().read(4) == b"HTTP"  # the writer's to give back
