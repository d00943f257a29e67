"""`evidence capture`: each line of a list over the engine, with hops, robots and parts.

Lines of one origin are captured in their order, one after the other; several origins
at a time. Each attempt is handed out as soon as it is on disk: a slow site must keep
from nobody what is captured already.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from archive.capture import Capture, CaptureOutcome, ExchangeContext
from archive.errors import FormatError, UsageProblem
from archive.warc.payload import decode_payload
from crawlers.crawl.capturing.lines import CaptureLine
from crawlers.crawl.capturing.parts import (
    FetchedPart,
    HtmlPage,
    PartsCollector,
    wants_parts,
)
from crawlers.crawl.capturing.recorder import (
    MAX_HOPS,
    REDIRECT_LIMIT,
    Recorded,
    Recorder,
)
from crawlers.crawl.capturing.references import (
    CSS_BYTES,
    HTML_BYTES,
    PartKind,
    Reference,
)
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.request import parse_target
from crawlers.engine.settings import FetchRequest
from crawlers.sources.source import PartsMode

STOP_SECONDS = 20
"""Running exchanges may end within this after SIGTERM, as in a crawl."""
ORIGINS_AT_A_TIME = 8
"""Origins spoken to at once: one slow host must not hold up the others."""
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Never carried to another origin by a redirect."""
NOT_STATED = "not-stated"
"""Signal, and reason of a line, where a record would break the rules of our format."""
BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding"})

Origin = tuple[str, str, int]
"""Scheme, host, port."""


class ListCapture:
    """Captures a checked list; the job records around it are the caller's."""

    def __init__(
        self, recorder: Recorder, *, log: JobLog, job_id: str, parts: PartsMode
    ) -> None:
        self._recorder = recorder
        self._log = log
        self._context = ExchangeContext(job_id=job_id)
        self._parts = parts
        self._collector = PartsCollector(self._fetch_part)
        self._robots_asked: set[Origin] = set()
        self._stopping = False
        self._emit: Callable[[Capture], None] = lambda _capture: None

    async def stop(self) -> None:
        """Ask for nothing more; lines not begun are not reached.

        What runs may end within STOP_SECONDS, then it is cut and kept; asked a second
        time, it is cut at once.
        """
        if not self._stopping:
            self._stopping = True
            await asyncio.sleep(STOP_SECONDS)
        await self._recorder.cut_running()

    async def run(
        self, lines: Sequence[CaptureLine], emit: Callable[[Capture], None]
    ) -> None:
        """Capture every line; `emit` gets each attempt once, when it is on disk."""
        self._emit = emit
        queues: dict[Origin, list[int]] = {}
        for number, line in enumerate(lines):
            queues.setdefault(origin_of(line.url), []).append(number)
        gate = asyncio.Semaphore(ORIGINS_AT_A_TIME)

        async def work(numbers: list[int]) -> None:
            async with gate:
                for number in numbers:
                    if not self._stopping:
                        await self._try_line(number, lines[number])

        try:
            async with asyncio.TaskGroup() as group:
                for numbers in queues.values():
                    group.create_task(work(numbers))
        except ExceptionGroup as failures:
            # The first ended the others: the archive cannot be written, say.
            raise failures.exceptions[0] from failures

    async def _try_line(self, number: int, line: CaptureLine) -> None:
        """Capture a line; one that cannot be stated is no end of the others."""
        try:
            await self._capture_line(number, line)
        except FormatError:
            self._log.signal(NOT_STATED)
            self._log.settle(number, "failed", captures=(), reason=NOT_STATED)

    async def _capture_line(self, number: int, line: CaptureLine) -> None:
        if self._parts is not PartsMode.NONE:
            await self._ask_robots(line.url)
        request = FetchRequest(
            uri=line.url,
            method=line.method,
            headers=line.headers,
            body=line.body,
            context=self._context,
        )
        trail, problem = await self._follow(request)
        self._log.settle_trail(number, captures_of(trail), problem=problem)
        if line.method == "GET" and self._parts is not PartsMode.NONE:
            await self._keep_page(trail[-1])

    async def _follow(self, request: FetchRequest) -> tuple[list[Recorded], str]:
        """Fetch, and follow redirects: a capture each; the problem if there is one."""
        trail = [await self._record(request)]
        while trail[-1].redirect is not None and not self._stopping:
            if len(trail) > MAX_HOPS:
                return trail, REDIRECT_LIMIT
            request = next_hop(request, trail[-1])
            trail.append(await self._record(request))
        return trail, ""

    async def _record(self, request: FetchRequest) -> Recorded:
        """Make one attempt, and hand it out, with one on a dead connection before."""
        recorded = await self._recorder.record(request)
        for capture in recorded.captures:
            self._emit(capture)
        return recorded

    async def _ask_robots(self, url: str) -> None:
        origin = origin_of(url)
        if origin in self._robots_asked:
            return
        self._robots_asked.add(origin)
        parts = urlsplit(url)
        netloc = parts.netloc
        context = replace(self._context, role="robots")
        uri = f"{parts.scheme}://{netloc}/robots.txt"
        await self._follow(FetchRequest(uri=uri, context=context))

    async def _keep_page(self, main: Recorded) -> None:
        page = html_page(main)
        if page is None:
            return
        draft = await self._collector.collect(page)
        await self._recorder.state_page(draft)

    async def _fetch_part(self, reference: Reference, main: Capture) -> FetchedPart:
        context = replace(self._context, role="part", parent=main.capture_id)
        request = FetchRequest(
            uri=reference.uri, context=context, as_given=reference.as_given
        )
        trail, problem = await self._follow(request)
        return FetchedPart(
            trail=captures_of(trail),
            reason=problem,
            style=read_style(reference, trail[-1]),
            payload_bytes=sum(step.exchange.payload_bytes or 0 for step in trail),
        )


def captures_of(trail: Sequence[Recorded]) -> tuple[Capture, ...]:
    """Every attempt of a trail of hops, in order."""
    return tuple(capture for step in trail for capture in step.captures)


def next_hop(request: FetchRequest, step: Recorded) -> FetchRequest:
    """The request a redirect asks for, as browsers make it; no secrets abroad."""
    if step.redirect is None:
        raise AssertionError("this response leads nowhere")
    status, method, body = step.exchange.http_status, request.method, request.body
    headers = request.headers
    becomes_get = (status == 303 and method != "HEAD") or (
        status in (301, 302) and method == "POST"
    )
    if becomes_get:
        method, body = "GET", b""
        headers = _without(headers, BODY_HEADERS)
    if origin_of(step.redirect) != origin_of(step.exchange.target_uri):
        headers = _without(headers, SECRET_HEADERS | {"host"})
    context = replace(
        request.context,
        hop=request.context.hop + 1,
        parent=step.capture.capture_id,
    )
    return replace(
        request,
        uri=step.redirect,
        method=method,
        headers=headers,
        body=body,
        context=context,
        as_given=None,
    )


def html_page(main: Recorded) -> HtmlPage | None:
    """The page whose parts are wanted; None where there is none to read."""
    if not wants_parts(main.capture) or main.body is None or main.head is None:
        return None
    decoded = decode_payload(
        main.body, main.head.content_encoding, limit_bytes=HTML_BYTES
    )
    content_type = main.head.find("Content-Type") or b""
    return HtmlPage(
        main=main.capture,
        body=decoded.data,
        content_type=content_type.decode("latin-1"),
    )


def read_style(reference: Reference, step: Recorded) -> bytes | None:
    """The style sheet to look for further parts in; None where it is none."""
    whole = step.capture.outcome is CaptureOutcome.COMPLETE
    fits = reference.kind is PartKind.STYLE and step.capture.http_status == 200
    if not (whole and fits) or step.body is None or step.head is None:
        return None
    encoding = step.head.content_encoding
    return decode_payload(step.body, encoding, limit_bytes=CSS_BYTES).data


def _without(
    headers: tuple[tuple[str, str], ...], names: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def origin_of(url: str) -> Origin:
    """Scheme, host and port; an address nobody may fetch is an origin of its own."""
    try:
        target = parse_target(url)
    except UsageProblem:
        return ("", url, 0)
    return (target.scheme, target.host_alabel, target.port)
