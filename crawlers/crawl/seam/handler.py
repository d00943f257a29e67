"""Scrapy download handler: each request is one attempt of the engine, on disk first.

The response reaches the spider when slice and statement are synced. How an exchange
ended becomes the exception Scrapy's own handlers raise for it, so stock middlewares
(retries, redirects, robots) work unchanged.
"""

import asyncio
import time
from typing import Any

from scrapy import signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import Request, Response
from scrapy.utils.signal import getAllReceivers  # type: ignore[attr-defined]

from archive.capture import CaptureOutcome, Exchange, ExchangeContext
from archive.errors import EvidenceError
from archive.warc.payload import parse_http_head
from crawlers.crawl.capturing.recorder import Recorded
from crawlers.crawl.jobs.joblog import host_of
from crawlers.crawl.seam.pacing import HOST_DOWN
from crawlers.crawl.seam.response import describe_capture, make_response, read_headers
from crawlers.crawl.seam.services import (
    CONDITION_KEY,
    LIMIT_KEY,
    RECHECK_KEY,
    STOPPED,
    WARC_KEY,
    RequestRefused,
    notes_of,
    services_of,
)
from crawlers.engine.proxy import LABEL
from crawlers.engine.settings import FetchRequest

EXCEPTIONS: dict[CaptureOutcome, type[Exception]] = {
    CaptureOutcome.DISCONNECT: ResponseDataLossError,
    CaptureOutcome.TIMEOUT: DownloadTimeoutError,
    CaptureOutcome.LENGTH: DownloadCancelledError,
    CaptureOutcome.STOPPED: DownloadCancelledError,
    CaptureOutcome.NOT_HTTP: DownloadFailedError,
    CaptureOutcome.NO_RESPONSE: DownloadFailedError,
    CaptureOutcome.DNS: CannotResolveHostError,
    CaptureOutcome.REFUSED: DownloadConnectionRefusedError,
    CaptureOutcome.TLS: DownloadFailedError,
    CaptureOutcome.PROXY: DownloadFailedError,
    CaptureOutcome.TLS_REFUSED: DownloadCancelledError,
    CaptureOutcome.POLICY: DownloadCancelledError,
}
"""Every outcome but `complete`; DownloadCancelledError is never retried."""
DOWNLOAD_ERRORS = tuple(dict.fromkeys(EXCEPTIONS.values()))
STOP_LOOK_SECONDS = 0.5
"""While waiting for a host: between two looks whether the crawl is stopping."""
NOT_SENT = frozenset({"proxy-authorization"})


class EvidenceHandler(BaseDownloadHandler):
    """One per scheme; engine and archive are the crawl's."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._services = services_of(crawler)
        self._services.handlers_built += 1

    async def download_request(self, request: Request) -> Response:
        """Make one attempt; return its response, or raise what its outcome means."""
        _check_proxy(request, self._services.proxy)
        ear = SignalEar(self.crawler, request)
        # Scrapy's own bound lets a burst through: it counts a transfer only when its
        # task has begun (measured with 2.19).
        async with self._services.gate_of(request.url):
            await self._keep_pace(request)
            if self._services.stopping:
                raise RequestRefused(STOPPED)
            started = time.monotonic()
            recorded = await self._record(request, ear)
        request.meta["download_latency"] = time.monotonic() - started
        request.meta[WARC_KEY] = describe_capture(recorded.capture)
        if ear.stop is not None:
            return _stopped_response(make_response(recorded, request), ear.stop)
        error = self._error_of(recorded.exchange, request)
        if error is not None:
            raise error
        return make_response(recorded, request)

    async def _keep_pace(self, request: Request) -> None:
        """Wait as long as the host wants, or leave it alone."""
        pacing, host = self._services.pacing, host_of(request.url)
        meta = request.meta
        is_seed = "seed" in request.cb_kwargs and RECHECK_KEY not in meta
        is_first = is_seed and not meta.get("retry_times")
        if pacing.is_down(host) and not is_first:
            self._services.log.signal(HOST_DOWN)
            raise RequestRefused(HOST_DOWN)
        end = time.monotonic() + pacing.pause_of(host)
        while not self._services.stopping and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, STOP_LOOK_SECONDS))

    async def close(self) -> None:
        """Close idle connections; both schemes' handlers share them."""
        await self._services.fetcher.close()

    async def _record(self, request: Request, ear: "SignalEar") -> Recorded:
        notes = notes_of(request)
        asked = build_fetch(
            request,
            job_id=self._services.job_id,
            source_id=self._services.source.id,
        )
        try:
            recorded = await self._services.recorder.record(
                asked, listener=ear, base=request.meta.get(CONDITION_KEY)
            )
            await self._record_refused_target(recorded, asked)
        except EvidenceError as error:
            # The archive cannot be written: going on would lose evidence unseen.
            self._services.fatal = self._services.fatal or error
            self._stopping = asyncio.ensure_future(self.crawler.stop_async())
            raise DownloadCancelledError(str(error)) from error
        notes.trail.extend(recorded.captures)
        head = recorded.head
        patience = head.find("Retry-After") if head is not None else None
        self._services.pacing.note(
            host_of(request.url),
            recorded.exchange.outcome,
            status=recorded.exchange.http_status,
            retry_after=patience.decode("latin-1") if patience else None,
        )
        return recorded

    async def _record_refused_target(
        self, recorded: Recorded, asked: FetchRequest
    ) -> None:
        """Scrapy drops a redirect to `file:` and the like; we record the refusal."""
        target = recorded.redirect
        if target is None or target.lower().startswith(("http:", "https:")):
            return
        context = ExchangeContext(
            job_id=asked.context.job_id,
            source_id=asked.context.source_id,
            hop=asked.context.hop + 1,
            parent=recorded.capture.capture_id,
            role=asked.context.role,
        )
        await self._services.recorder.record(FetchRequest(uri=target, context=context))

    def _error_of(self, exchange: Exchange, request: Request) -> Exception | None:
        if exchange.outcome is CaptureOutcome.COMPLETE:
            return None
        has_head = exchange.http_status is not None
        is_robots = notes_of(request).role == "robots"
        if exchange.outcome is CaptureOutcome.LENGTH and has_head and is_robots:
            return None  # its first 512 KiB are the rules, however long it is
        if exchange.outcome is CaptureOutcome.DISCONNECT and has_head:
            strict = self.crawler.settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
            if not request.meta.get("download_fail_on_dataloss", strict):
                return None
        text = f"{exchange.outcome}: {exchange.detail}"
        return EXCEPTIONS[exchange.outcome](text)


def _check_proxy(request: Request, default: str | None) -> None:
    """Take labels only, and only beside a proxy of the whole crawl.

    Scrapy asks for robots.txt with a request of its own, which names none: without
    the crawl's proxy that one would go out directly.
    """
    label = request.meta.get("proxy")
    if label is None:
        return
    is_label = isinstance(label, str) and LABEL.fullmatch(label) is not None
    if default is None or not is_label:
        raise DownloadCancelledError(
            "meta['proxy'] takes the label of a described proxy, in a crawl that goes"
            " through one"
        )


class SignalEar:
    """Sends Scrapy's download signals while the engine receives; hears StopDownload."""

    def __init__(self, crawler: Crawler, request: Request) -> None:
        self._crawler = crawler
        self._request = request
        self.stop: StopDownload | None = None

    def head_received(self, head: bytes) -> bool:
        """Announce the head; False where a receiver wants no body."""
        if not self._is_heard(signals.headers_received):
            return True
        parsed = parse_http_head(head)
        length = parsed.content_length
        return self._send(
            signals.headers_received, headers=read_headers(parsed), body_length=length
        )

    def payload_received(self, data: bytes) -> bool:
        """Announce a piece of the body; False where a receiver has enough."""
        if not self._is_heard(signals.bytes_received):
            return True
        return self._send(signals.bytes_received, data=data)

    def _is_heard(self, signal: object) -> bool:
        """Whether anybody listens: mostly nobody does, and telling him is not free."""
        return any(getAllReceivers(self._crawler.signals.sender, signal))

    def _send(self, signal: object, **extra: Any) -> bool:
        answers = self._crawler.signals.send_catch_log(
            signal=signal, request=self._request, spider=self._crawler.spider, **extra
        )
        for _, answer in answers:
            value = getattr(answer, "value", None)
            if isinstance(value, StopDownload):
                self.stop = value
        return self.stop is None


def _stopped_response(response: Response, stop: StopDownload) -> Response:
    """What a stopped download gives, as with Scrapy's own handlers."""
    response.flags.append("download_stopped")
    if stop.fail:
        stop.response = response
        raise stop
    return response


def build_fetch(request: Request, *, job_id: str, source_id: str) -> FetchRequest:
    """Scrapy's request as the engine's; header names as Scrapy spells them."""
    notes, meta = notes_of(request), request.meta
    before = meta.pop(WARC_KEY, None)  # of the hop or attempt that led here
    context = ExchangeContext(
        job_id=job_id,
        source_id=source_id,
        attempt=meta.get("retry_times", 0) + 1,
        hop=meta.get("redirect_times", 0),
        parent=before["capture_id"] if before else notes.parent,
        role=notes.role,
    )
    limits: dict[str, Any] = {}
    limit_bytes = meta.get(LIMIT_KEY) or meta.get("download_maxsize")
    if limit_bytes:
        limits["limit_bytes"] = limit_bytes
    if meta.get("download_timeout"):
        limits["timeout_seconds"] = float(meta["download_timeout"])
    return FetchRequest(
        uri=request.url,
        method=request.method,
        headers=tuple(_headers(request)),
        body=request.body,
        context=context,
        tls=meta.get("evidence_tls", "record"),
        proxy=meta.get("proxy"),
        **limits,
    )


def _headers(request: Request) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in request.headers.items()
        for value in values
        if name.decode("latin-1").lower() not in NOT_SENT
    ]
