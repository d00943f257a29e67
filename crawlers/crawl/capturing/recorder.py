"""One fetch of a job: engine, then archive; nothing is returned before it is on disk.

Shared by `evidence capture` and the Scrapy handler, so both leave the same evidence.
"""

import asyncio
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urljoin

from archive.capture import Capture, EarlierCapture, Exchange, MemoryBytes
from archive.digest import Digest
from archive.store.drafts import PageDraft
from archive.warc.payload import HttpHead, Problem, decode_entity, read_entity
from archive.warc.revisit import may_repeat
from crawlers.crawl.capturing.classing import ClassDesk
from crawlers.crawl.capturing.landing import Landing
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.connection import DISK_RESERVE
from crawlers.engine.settings import FetchRequest, Listener

MEMORY_BODY_BYTES = 32 << 20
"""A longer body stays in the archive only; no parser of ours reads that much."""
MAX_HOPS = 10
"""Redirects followed for one address."""
REDIRECT_LIMIT = "redirect-limit"
"""Why an address whose redirects never end was not captured."""
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class Fetcher(Protocol):
    """The engine, as far as a job needs it."""

    async def fetch(
        self, request: FetchRequest, *, listener: Listener | None = None
    ) -> Exchange:
        """Make one attempt; every failure is an Exchange."""
        ...

    async def close(self) -> None:
        """End running exchanges as `stopped`, then all connections."""
        ...


class CaptureWriter(Protocol):
    """The archive, as far as a job's fetches need it."""

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        """Write one exchange; the future is done when it is on disk."""
        ...

    def page(self, draft: PageDraft) -> "Future[Capture]":
        """State which captures a page is made of."""
        ...


class Memory(Protocol):
    """What the archive holds already, as far as a job's fetches need it."""

    def with_payload(
        self, target_uri: str, payload: Digest, source_id: str | None
    ) -> EarlierCapture | None:
        """The capture of that address and source that holds this payload."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An attempt that is in the archive."""

    captures: tuple[Capture, ...]
    """The attempt itself last; before it, one on a connection that was dead."""
    exchange: Exchange
    head: HttpHead | None
    """None where no head came, or none that can be read."""
    body: bytes | None
    """Transfer-decoded, not content-decoded; None where there is none to parse."""

    redirect: str | None
    """Where the response sends us, absolute; None for any other response."""

    @property
    def capture(self) -> Capture:
        """The attempt that counts."""
        return self.captures[-1]


_STRAYS: ContextVar[list[Exchange]] = ContextVar("strays")
"""Attempts of the running `record` that `fetch` does not return."""


def keep_stray(exchange: Exchange) -> None:
    """Take an attempt the engine gave up: a stale connection, a cancelled caller.

    The engine calls this within the task that fetches; `record` puts it on disk.
    """
    _STRAYS.get().append(exchange)


class Recorder:
    """Makes attempts and puts each into the archive."""

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        writer: CaptureWriter,
        log: JobLog,
        memory: Memory | None = None,
        desk: ClassDesk | None = None,
    ) -> None:
        self._memory = memory
        self.desk = ClassDesk(log=log) if desk is None else desk
        self._landed_in: Landing | None = None
        self._fetcher = fetcher
        self._writer = writer
        self._log = log

    async def cut_running(self) -> None:
        """End all running exchanges now; what came of each is kept as `stopped`."""
        await self._fetcher.close()

    async def record(
        self,
        request: FetchRequest,
        *,
        listener: Listener | None = None,
        base: EarlierCapture | None = None,
    ) -> Recorded:
        """Fetch, write, and return only when the captures are acknowledged.

        `base` is the capture that the condition in the request is about.
        """
        with self._log.speaking(request.uri):
            return await self._record(request, listener, base)

    async def _record(
        self,
        request: FetchRequest,
        listener: Listener | None,
        base: EarlierCapture | None,
    ) -> Recorded:
        strays: list[Exchange] = []
        _STRAYS.set(strays)
        try:
            exchange = await self._fetcher.fetch(request, listener=listener)
        except asyncio.CancelledError:
            for stray in strays:
                self._writer.capture(stray)  # nobody is left to wait for it
            raise
        before = [await self._write(stray) for stray in strays]
        try:
            head, body = read_message(exchange)
            redirect = find_redirect(exchange, head)
            exchange = _name_hop(exchange, redirect)
            earlier = self._find(exchange, head, base)
            if earlier is not None:
                exchange = replace(exchange, earlier=earlier)
        except BaseException:
            exchange.response.close()
            raise
        capture = await self._write(exchange)
        self.desk.look(capture, exchange, head=head, body=body)
        return Recorded(
            captures=(*before, capture),
            exchange=exchange,
            head=head,
            body=body,
            redirect=redirect,
        )

    def _find(
        self, exchange: Exchange, head: HttpHead | None, base: EarlierCapture | None
    ) -> EarlierCapture | None:
        """What a response may repeat; whether it does, the archive says.

        Never what was captured later, by a clock that was set back since.
        """
        found = base if exchange.http_status == 304 else self._same(exchange, head)
        if found is None or found.captured_at > exchange.started_at:
            return None
        return found

    def _same(self, exchange: Exchange, head: HttpHead | None) -> EarlierCapture | None:
        payload = exchange.payload_digest
        if self._memory is None or payload is None or not may_repeat(exchange, head):
            return None
        source_id = exchange.context.source_id
        return self._memory.with_payload(exchange.target_uri, payload, source_id)

    async def _write(self, exchange: Exchange) -> Capture:
        """Hand it in and wait; from then on the writer gives its spool back.

        A cancelled caller must not take an attempt out of the archive: the writer goes
        on, and the spool stays until it is done.
        """
        received = exchange.response.length_bytes
        try:
            future = self._writer.capture(exchange)
        except BaseException:
            exchange.response.close()
            raise
        capture = await self._landing.wait_for(future)
        self._log.note_capture(capture, received_bytes=received)
        if DISK_RESERVE in exchange.flags:
            self._log.signal(DISK_RESERVE)
        return capture

    async def state_page(self, draft: PageDraft) -> Capture:
        """Write the `page` statement."""
        return await self._landing.wait_for(self._writer.page(draft))

    @property
    def _landing(self) -> Landing:
        """That of the loop that runs."""
        made = self._landed_in
        if made is None or made.loop is not asyncio.get_running_loop():
            made = self._landed_in = Landing()
        return made


def read_message(exchange: Exchange) -> tuple[HttpHead | None, bytes | None]:
    """Head and transfer-decoded body of what came, as far as they can be read."""
    source, method = exchange.response, exchange.method
    # Of a body that is too long not even the part that would fit is read.
    is_long = (exchange.payload_bytes or 0) > MEMORY_BODY_BYTES
    limit_bytes = 0 if is_long else MEMORY_BODY_BYTES
    if isinstance(source, MemoryBytes):
        entity = decode_entity(source.data, limit_bytes=limit_bytes, method=method)
    else:
        with source.open() as stream:
            entity = read_entity(stream, limit_bytes=limit_bytes, method=method)
    if entity.head is None or entity.problem is Problem.LIMIT:
        return entity.head, None
    return entity.head, entity.body


def find_redirect(exchange: Exchange, head: HttpHead | None) -> str | None:
    """Where a response sends us, absolute where it can be joined; else None."""
    if head is None or exchange.http_status not in REDIRECT_STATUSES:
        return None
    location = (head.find("Location") or b"").decode("latin-1").strip()
    if not location:
        return None
    try:
        return urljoin(exchange.target_uri, utf8_if_valid(location))
    except ValueError:
        return location


def utf8_if_valid(text: str) -> str:
    """Read a header's octets as UTF-8 where they are that, as browsers do."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


def _name_hop(exchange: Exchange, redirect: str | None) -> Exchange:
    """A response that only points on is a hop of its page, not the page."""
    if redirect is None or exchange.context.role != "page":
        return exchange
    return replace(exchange, context=replace(exchange.context, role="hop"))
