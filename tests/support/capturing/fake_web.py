"""A web of fixed replies in place of the engine, and an archive that only remembers."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.store.drafts import PageDraft
from archive.warc.payload import parse_http_head
from crawlers.engine.settings import FetchRequest, Listener
from tests.support.archives.exchanges import answered, unanswered
from tests.support.archives.values import bare_capture

NOON = datetime(2025, 1, 26, 12, tzinfo=UTC)


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A response as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


Answer = Callable[[FetchRequest, Listener | None], Awaitable[Exchange]]


@dataclass
class FakeWeb:
    """The engine of these tests: replies by address; an unknown one is `refused`."""

    replies: dict[str, bytes] = field(default_factory=dict)
    asked: list[FetchRequest] = field(default_factory=list)
    closed: int = 0
    answering: Answer | None = None
    """Gives the exchanges in place of the table."""

    def serve(self, uri: str, status: int = 200, body: bytes = b"", **h: str) -> None:
        self.replies[uri] = reply(status, body, **h)

    def serve_html(self, uri: str, html: str) -> None:
        self.serve(uri, body=html.encode(), Content_Type="text/html; charset=utf-8")

    async def fetch(
        self, request: FetchRequest, *, listener: Listener | None = None
    ) -> Exchange:
        self.asked.append(request)
        if self.answering is not None:
            return await self.answering(request, listener)
        return await self.answer(request)

    async def answer(self, request: FetchRequest) -> Exchange:
        """What the table says."""
        await asyncio.sleep(0)
        wire = self.replies.get(request.uri)
        outcome = CaptureOutcome.COMPLETE
        if not request.uri.startswith("http"):
            wire, outcome = None, CaptureOutcome.POLICY
        elif wire is None:
            outcome = CaptureOutcome.REFUSED
        return exchange(request, wire, outcome)

    async def close(self) -> None:
        self.closed += 1

    @property
    def uris(self) -> list[str]:
        return [request.uri for request in self.asked]


def exchange(
    request: FetchRequest, wire: bytes | None, outcome: CaptureOutcome
) -> Exchange:
    asked: dict[str, Any] = {
        "as_given": request.as_given or request.uri,
        "method": request.method,
        "detail": "" if outcome is CaptureOutcome.COMPLETE else "as planned",
        "request": b"GET",
        "connection": None,
        "context": request.context,
    }
    if wire is None:
        return unanswered(request.uri, outcome, at=NOON, **asked)
    return answered(request.uri, wire, at=NOON, outcome=outcome, **asked)


@dataclass
class FakeArchive:
    """The writer of these tests; each capture is acknowledged at once."""

    exchanges: list[Exchange] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    pages: list[PageDraft] = field(default_factory=list)
    problem: Exception | None = None
    """Why nothing can be written."""

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        if self.problem is not None:
            raise self.problem
        self.exchanges.append(exchange)
        head = parse_http_head(exchange.response.open().read())
        made = replace(
            bare_capture(len(self.captures), exchange.target_uri),
            captured_at=exchange.started_at,
            outcome=exchange.outcome,
            http_status=exchange.http_status,
            media_type=head.media_type,
            source_id=exchange.context.source_id,
            job_id=exchange.context.job_id,
            role=exchange.context.role,
        )
        self.captures.append(made)
        return done(made)

    def page(self, draft: PageDraft) -> "Future[Capture]":
        self.pages.append(draft)
        return done(replace(draft.main, kind="page"))


def done(value: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(value)
    return future
