"""What one page asks for: who announced it, what became of it, within its budget.

Chromium also asks for things of its own (updates, accounts). A request counts as the
page's only if the page target announced it; all others are refused and written down.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from archive.capture import Capture, ExchangeContext
from archive.errors import EvidenceError, UsageProblem
from crawlers.browser.channel import Channel
from crawlers.browser.message import BrowserRequest
from crawlers.browser.relay import Relay
from crawlers.crawl.capturing.recorder import Recorded, Recorder
from crawlers.engine.request import parse_target, printable_uri
from crawlers.engine.settings import REQUEST_SECONDS
from crawlers.engine.spool import Spool
from crawlers.engine.verbatim import VerbatimRequest

ANNOUNCED_WITHIN_SECONDS = 2.0
"""The announcement comes through another pipe than the request; it may be later."""
PAGE_REQUESTS = 2_000
"""Requests of one page that are fetched; endless pages end here."""
PAGE_BYTES = 256 << 20
"""Received for one page, 256 MiB: a page with a video; beyond it nothing is fetched."""
BLOCKED_LISTED = 200
"""Refused requests named in the page record; the rest is counted."""

Refusal = Literal[
    "unannounced", "no-credential", "websocket", "page-requests", "page-bytes"
]


TlsRule = Literal["record", "require"]


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request of the page that went to the engine."""

    uri: str
    """Canonical."""
    as_given: str
    method: str
    used_as: str
    """What the browser wanted it for: its resource type, lower case."""
    is_main: bool
    """Asked for as the page itself: the document, or a hop on the way to it."""
    captures: tuple[Capture, ...] = ()
    """Empty while it runs; the attempt that counts is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What the page target said of a request it is about to make."""

    used_as: str
    is_main: bool
    """The document of the page itself, not of a frame in it."""


class PageTraffic:
    """Answers the requests of one page from the engine, and keeps the list."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        context: ExchangeContext,
        new_backlog: Callable[[], Spool],
        tls: TlsRule = "record",
    ) -> None:
        """`context.parent` is the capture that led to the page, if there is one."""
        self.asked: list[Asked] = []
        self.blocked: list[tuple[str, Refusal]] = []
        self.blocked_unlisted = 0
        self.failure: EvidenceError | None = None
        """What makes going on senseless: the archive cannot be written, say."""
        self.failed = asyncio.Event()
        self._recorder = recorder
        self._context = context
        self._new_backlog = new_backlog
        self._tls = tls
        self._announced: dict[str, Announced] = {}
        self._news = asyncio.Condition()
        self._hops: dict[str, tuple[str, int]] = {}
        self._main: Capture | None = None
        self._received_bytes = 0
        self._recording = 0
        self._all_recorded = asyncio.Event()
        self._all_recorded.set()

    async def settle(self) -> None:
        """Wait until every exchange that ran is in the archive."""
        await self._all_recorded.wait()

    # -- what the browser process says -------------------------------------------

    async def announce(self, uri: str, announced: Announced) -> None:
        """Take the word of the page target that it is about to ask for this."""
        async with self._news:
            self._announced[canonical(uri)] = announced
            self._news.notify_all()

    async def find_announced(self, uri: str) -> Announced | None:
        """The announcement of a request, if it comes in time."""
        try:
            async with asyncio.timeout(ANNOUNCED_WITHIN_SECONDS), self._news:
                await self._news.wait_for(lambda: uri in self._announced)
        except TimeoutError:
            return None
        return self._announced[uri]

    # -- what the proxy hands in ---------------------------------------------------

    def block(self, uri: str, why: Refusal) -> None:
        """Write down a request that was not made."""
        if len(self.blocked) < BLOCKED_LISTED:
            self.blocked.append((canonical(uri), why))
        else:
            self.blocked_unlisted += 1

    async def admit(self, request: BrowserRequest) -> Announced | Refusal:
        """Whether a request is the page's and may be made."""
        if request.is_websocket:
            return "websocket"
        announced = await self.find_announced(canonical(request.uri))
        if announced is None:
            return "unannounced"
        if len(self.asked) >= PAGE_REQUESTS:
            return "page-requests"
        return "page-bytes" if self._received_bytes >= PAGE_BYTES else announced

    async def answer(
        self, request: BrowserRequest, body: bytes, *, announced: Announced, to: Channel
    ) -> bool:
        """Make the exchange; whether the connection may carry another request."""
        asked = Asked(
            uri=canonical(request.uri),
            as_given=request.uri,
            method=request.method,
            used_as=announced.used_as,
            is_main=announced.is_main,
        )
        self.asked.append(asked)
        # A document that becomes a download is wanted, whatever the browser does.
        relay = Relay(to, self._new_backlog(), to_the_end=announced.is_main)
        fetch = self._fetch_of(request, body, announced)
        try:
            recorded = await self._record(fetch, relay)
        except EvidenceError as error:
            self.failure = self.failure or error
            self.failed.set()
            relay.discard()
            return False
        except asyncio.CancelledError:
            relay.discard()
            raise
        asked.captures = recorded.captures
        self._note_way(asked, recorded.redirect, is_main=announced.is_main)
        return await relay.finish(recorded.exchange)

    async def _record(self, fetch: VerbatimRequest, relay: Relay) -> Recorded:
        self._recording += 1
        self._all_recorded.clear()
        try:
            recorded = await self._recorder.record(fetch, listener=relay)
        finally:
            self._recording -= 1
            if not self._recording:
                self._all_recorded.set()
        self._received_bytes += recorded.exchange.response.length_bytes
        return recorded

    def _fetch_of(
        self, request: BrowserRequest, body: bytes, announced: Announced
    ) -> VerbatimRequest:
        parent, hop = self._hops.get(canonical(request.uri), (None, 0))
        if parent is None and announced.is_main:
            parent = self._context.parent
        elif parent is None and self._main is not None:
            parent = self._main.capture_id
        return VerbatimRequest(
            uri=request.uri,
            method=request.method,
            headers=request.headers,
            head=request.head,
            body=body,
            context=ExchangeContext(
                job_id=self._context.job_id,
                source_id=self._context.source_id,
                hop=hop,
                parent=parent,
                role="page" if announced.is_main else "part",
            ),
            timeout_seconds=REQUEST_SECONDS,
            tls=self._tls,
            limit_bytes=PAGE_BYTES - self._received_bytes,
        )

    def _note_way(self, asked: Asked, redirect: str | None, *, is_main: bool) -> None:
        """Remember where a redirect leads, and which capture is the document."""
        capture = asked.captures[-1]
        if redirect is not None:
            hop = self._hops.get(asked.uri, ("", 0))[1] + 1
            self._hops[canonical(redirect)] = (capture.capture_id, hop)
        elif is_main:
            self._main = capture


@dataclass(slots=True, kw_only=True)
class PageTrail:
    """The captures of a page, sorted for its statement and its job."""

    main: Capture | None = None
    captures: list[Capture] = field(default_factory=list)
    """Main capture first if there is one, then in the order of asking."""
    asked: tuple[Capture, ...] = ()
    """The same, all in the order of asking."""
    way: tuple[Capture, ...] = ()
    """The captures that led to the document, and its own: retries and hops."""


def sort_trail(asked: list[Asked], document: str | None) -> PageTrail:
    """Find the capture of the document that was shown; the others follow in order."""
    found = list({c.capture_id: c for a in asked for c in a.captures}.values())
    in_order = tuple(found)
    way = tuple(c for a in asked if a.is_main for c in a.captures)
    main = None
    if document is not None:
        wanted = canonical(document)
        for one in asked:
            fits = one.is_main and one.uri == wanted and one.captures
            if fits and one.captures[-1].http_status is not None:
                main = one.captures[-1]
    if main is not None:
        found.remove(main)
        found.insert(0, main)
    return PageTrail(main=main, captures=found, asked=in_order, way=way)


def canonical(uri: str) -> str:
    """The spelling under which captures are filed; any text gives one."""
    try:
        return parse_target(uri).target_uri
    except UsageProblem:
        return printable_uri(uri)
