"""`evidence capture --page`: one page after the other, each in a browser of its own.

The archive writer and the engine stay in this process; whatever the browser process
does, its exchanges are on disk before the page is stated.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from archive.capture import Capture, CaptureOutcome, ExchangeContext
from archive.errors import UsageProblem
from crawlers.browser.keep import PageKeeper
from crawlers.browser.order import DOWNLOAD, PageFacts
from crawlers.browser.program import Program, find_program
from crawlers.browser.traffic import PageTrail
from crawlers.browser.visit import PageTools
from crawlers.crawl.capture_job import CaptureRun, JobTools, OpenRun
from crawlers.crawl.capturing.lines import CaptureLine
from crawlers.crawl.capturing.recorder import MAX_HOPS, Recorder
from crawlers.crawl.capturing.single import Origin, captures_of, next_hop, origin_of
from crawlers.engine.client import Client
from crawlers.engine.settings import FetchRequest
from crawlers.sources.source import DEFAULT_ACCEPT_LANGUAGE

NO_PAGE = "no-page"
"""Why an address is not captured whose bytes came but which no browser showed."""


def check_lines(lines: Sequence[CaptureLine]) -> None:
    """Refuse what a browser would not ask for as given."""
    for line in lines:
        if line.method != "GET" or line.headers or line.body:
            raise UsageProblem(
                f"{line.place}: a browser asks with GET and headers of its own;"
                " capture this line with --parts static or --parts none"
            )


def open_page_run(environ: Mapping[str, str]) -> OpenRun:
    """What opens a job of pages; SettingsError if this machine has no browser."""
    return partial(_open, environ=environ, program=find_program(environ))


@asynccontextmanager
async def _open(
    tools: JobTools, *, environ: Mapping[str, str], program: Program
) -> AsyncIterator[CaptureRun]:
    yield PageRun(tools, environ=environ, program=program)


class PageRun:
    """Captures a checked list of pages; the job records around it are the caller's."""

    def __init__(
        self, tools: JobTools, *, environ: Mapping[str, str], program: Program
    ) -> None:
        self._tools = tools
        self._stopping = asyncio.Event()
        self._robots_asked: set[Origin] = set()
        self._context = ExchangeContext(job_id=tools.job_id)
        page_tools = PageTools(
            program=program,
            environ=environ,
            clock=tools.context.clock,
            random_bytes=tools.context.random_bytes,
            spool_folder=tools.writer.spool_folder,
            spool_room=tools.writer.spool_room,
            accept_language=DEFAULT_ACCEPT_LANGUAGE,
            stopping=self._stopping,
        )
        self._keeper = PageKeeper(page_tools, context=self._context)

    async def stop(self) -> None:
        """End the browser; what came is kept; pages not begun are not reached."""
        self._stopping.set()

    async def run(
        self, lines: Sequence[CaptureLine], emit: Callable[[Capture], None]
    ) -> None:
        """Capture every page; `emit` gets each attempt once, page by page."""
        for number, line in enumerate(lines):
            if self._stopping.is_set():
                return
            # An engine for each page: no connection is shared.
            client = self._tools.new_client()
            try:
                for capture in await self._capture_line(number, line.url, client):
                    emit(capture)
            finally:
                await client.close()

    async def _capture_line(
        self, number: int, url: str, client: Client
    ) -> list[Capture]:
        recorder = self._tools.recorder_of(client)
        captures = await self._ask_robots(url, recorder)
        trail, facts = await self._keeper.keep(url, client=client, recorder=recorder)
        self._settle(number, trail, facts)
        return [*captures, *trail.asked]

    async def _ask_robots(self, url: str, recorder: Recorder) -> list[Capture]:
        """Record robots.txt of an origin once, as every capture does."""
        origin = origin_of(url)
        if origin in self._robots_asked:
            return []
        self._robots_asked.add(origin)
        split = urlsplit(url)
        request = FetchRequest(
            uri=f"{split.scheme}://{split.netloc}/robots.txt",
            context=replace(self._context, role="robots"),
        )
        trail = [await recorder.record(request)]
        while trail[-1].redirect is not None and len(trail) <= MAX_HOPS:
            request = next_hop(request, trail[-1])
            trail.append(await recorder.record(request))
        return list(captures_of(trail))

    def _settle(self, number: int, trail: PageTrail, facts: PageFacts) -> None:
        """Say how the promised address ended."""
        log = self._tools.log
        if not trail.way:
            if not self._stopping.is_set():
                reason = facts.problem or NO_PAGE
                log.settle(number, "failed", captures=(), reason=reason)
            return
        is_whole = trail.way[-1].outcome is CaptureOutcome.COMPLETE
        is_shown = trail.main is not None or DOWNLOAD in facts.notes
        problem = facts.problem or NO_PAGE if is_whole and not is_shown else ""
        log.settle_trail(number, trail.way, problem=problem)
