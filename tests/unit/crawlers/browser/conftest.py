"""A page's traffic over an engine that answers from a table, and a loopback proxy."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.capture import (
    Capture,
    CaptureOutcome,
    Exchange,
    ExchangeContext,
)
from archive.errors import StoreError
from crawlers.browser.proxy import Gate, open_proxy
from crawlers.browser.traffic import PageTraffic
from crawlers.crawl.capturing.recorder import Recorder
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.settings import FetchRequest, Listener
from crawlers.engine.spool import Spool
from crawlers.engine.tls import make_loopback_authority
from crawlers.engine.verbatim import VerbatimRequest, WireListener
from tests.support.archives.exchanges import answered, unanswered
from tests.support.archives.values import bare_capture

MOMENT = datetime(2025, 1, 26, 12, tzinfo=UTC)


@dataclass
class TableEngine:
    """Answers each address with the bytes of the table; keeps what was asked."""

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[VerbatimRequest] = field(default_factory=list)

    async def fetch(
        self, request: FetchRequest, *, listener: Listener | None = None
    ) -> Exchange:
        assert isinstance(request, VerbatimRequest)
        assert isinstance(listener, WireListener)
        self.asked.append(request)
        answer = self.answers.get(request.uri, b"")
        head, _, _ = answer.partition(b"\r\n\r\n")
        if answer:
            listener.head_received(head + b"\r\n\r\n")
        for start in range(0, len(answer), 1 << 16):
            listener.wire_received(answer[start : start + (1 << 16)])
            await asyncio.sleep(0)
        asked: dict[str, Any] = {
            "method": request.method,
            "request": request.head + request.body,
            "connection": None,
            "context": request.context,
        }
        if not answer:
            refused = CaptureOutcome.REFUSED
            return unanswered(request.uri, refused, at=MOMENT, **asked)
        # As of a body that is spooled: its digest is made later.
        asked |= {"payload_digest": None, "payload_bytes": None}
        return answered(request.uri, answer, at=MOMENT, **asked)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class ListWriter:
    """Acknowledges at once; or fails, as a full disk would."""

    full: bool = False
    captures: list[Capture] = field(default_factory=list)

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        done: Future[Capture] = Future()
        if self.full:
            done.set_exception(StoreError("the disk is full"))
            return done
        made = replace(
            bare_capture(len(self.captures), exchange.target_uri),
            captured_at=exchange.started_at,
            outcome=exchange.outcome,
            http_status=exchange.http_status,
            media_type=None,
            role=exchange.context.role,
        )
        self.captures.append(made)
        done.set_result(made)
        return done

    def page(self, draft: Any) -> "Future[Capture]":
        raise AssertionError("no page is stated here")


@dataclass
class Loopback:
    """A running proxy and what stands behind it."""

    port: int
    gate: Gate
    traffic: PageTraffic
    engine: TableEngine
    writer: ListWriter


@pytest.fixture
def engine() -> TableEngine:
    return TableEngine()


@pytest.fixture
def writer() -> ListWriter:
    return ListWriter()


@pytest.fixture
def traffic(engine: TableEngine, writer: ListWriter, tmp_path: Path) -> PageTraffic:
    log = JobLog(seeds=())
    return PageTraffic(
        Recorder(fetcher=engine, writer=writer, log=log),
        context=ExchangeContext(job_id="job"),
        new_backlog=lambda: Spool(lambda: tmp_path / secrets.token_hex(8)),
    )


@pytest.fixture
def loopback(
    engine: TableEngine, writer: ListWriter, traffic: PageTraffic
) -> Callable[[], Any]:
    @asynccontextmanager
    async def start() -> AsyncIterator[Loopback]:
        gate = Gate(
            user="page",
            password="secret",
            greeting="http://0123.invalid/",
            authority=make_loopback_authority(MOMENT),
        )
        async with open_proxy(gate, traffic) as port:
            yield Loopback(port, gate, traffic, engine, writer)

    return start
