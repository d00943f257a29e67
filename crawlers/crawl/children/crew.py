"""The crawls of this process: one writer, one look back, several sources at a time."""

import asyncio
import gc
import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.cli.root import CommandContext
from archive.errors import EvidenceError
from archive.instant import format_instant
from archive.store.writing.sink import CaptureSink
from crawlers.crawl.capturing.classing import ClassDesk
from crawlers.crawl.capturing.memory import ArchiveMemory
from crawlers.crawl.capturing.recorder import Recorder, keep_stray
from crawlers.crawl.children.pulse import Pulse
from crawlers.crawl.jobs.job import NOTHING_EXPECTED, JobPlan, new_job_id, signed_job
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.jobs.rechecks import Rechecks, find_rechecks
from crawlers.crawl.jobs.unfinished import (
    NOTHING_UNFINISHED,
    RESUMES_KEY,
    Unfinished,
    find_unfinished,
)
from crawlers.crawl.order import CrawlOrder, CrawlResult, SeedReport
from crawlers.crawl.seam.scrapy_run import CrawlLoop
from crawlers.crawl.seam.services import PREVIOUS_UNREADABLE, CrawlServices
from crawlers.engine.client import Client
from crawlers.engine.policy import parse_allow_network, parse_connect_to
from crawlers.engine.request import parse_target
from crawlers.engine.settings import EngineSettings
from crawlers.engine.spool import SpoolPlace
from crawlers.sources.dates import seeds_at
from crawlers.sources.description import describe_source
from crawlers.sources.registry import read_one_source
from crawlers.sources.source import PartsMode, Source

if TYPE_CHECKING:
    from crawlers.browser.crawling import CrawlPages
    from crawlers.browser.program import Program

PROGRESS_SECONDS = 0.2
"""Between two progress messages of a crawl: as often as a person can read."""
Answer = Callable[[dict[str, Any]], None]
_PEN = threading.Lock()
"""Whoever writes a line holds it: lines come from two threads."""


def answer(message: dict[str, Any]) -> None:
    """Write one JSON line; a parent that is gone is no reason to stop."""
    with _PEN, suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def describe_error(error: EvidenceError, source_id: str | None) -> dict[str, Any]:
    """An error as the parent reads it; without a source it is that of the process."""
    return {
        "error": {
            "kind": type(error).__name__,
            "message": str(error),
            "exit_code": error.exit_code,
            "source_id": source_id,
        }
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a job goes on with, beside the seeds of its source."""

    job_id: str
    unfinished: Unfinished
    rechecks: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Crew:
    """Does what is ordered; each order is a job of its own with its two records."""

    context: CommandContext
    writer: CaptureSink
    memory: ArchiveMemory
    loop: CrawlLoop
    pulse: Pulse
    sources: dict[tuple[str, tuple[Path, ...]], Source] = field(default_factory=dict)
    """Sources as they were when first asked for, by id and further folders."""

    async def run_order(self, order: CrawlOrder) -> None:
        """Crawl one source; answer with its result or its error."""
        try:
            result = await self.crawl(order)
        except EvidenceError as error:
            answer(describe_error(error, order.source_id))
        else:
            answer({"result": result.as_json()})
        # What is left of a crawl refers to itself in rings, too old to be looked at by
        # the collections that come on their own.
        gc.collect()

    async def crawl(self, order: CrawlOrder) -> CrawlResult:
        """Open the job, run Scrapy, close the job."""
        source = seeds_at(self._find_source(order), self.context.clock())
        program = None
        if source.parts is PartsMode.BROWSER:
            from crawlers.browser.program import find_program

            program = find_program(self.context.environ)
        with self.pulse.busy():
            self.memory.reader.catch_up()
            memory = self.memory.of_job()
            beginning = Beginning(
                job_id=new_job_id(self.context.random_bytes),
                unfinished=self._unfinished(order, source),
                rechecks=self._rechecks(source).due,
            )
        plan = job_plan(order, source, beginning)
        # Opening and closing wait for the disk, and the other crawls with them: no
        # fetch may begin before its promise is durable.
        job = signed_job(self.writer, plan, clock=self.context.clock)
        with self.pulse.at_ends(job) as log:
            answer({"job_id": plan.job_id, "source_id": source.id})
            if beginning.unfinished.is_unreadable:
                log.signal(PREVIOUS_UNREADABLE)
            work = Work(
                context=self.context,
                order=order,
                writer=self.writer,
                log=log,
                memory=memory,
            )
            services = work.services(source, beginning)
            if program is not None:
                services.show_page = work.pages(services, program).show
            reporter = ProgressReporter(services)
            log.listener = reporter.report
            await self.loop.crawl(services)
            reporter.finish()
        return build_result(plan, log, recheck_at=self._recheck_at(order, source))

    def _recheck_at(self, order: CrawlOrder, source: Source) -> datetime | None:
        """When the source has to be asked again, for whoever orders by the clock.

        Else nobody asks yet, and reading all that was captured again takes a fifth of
        a crawl's time.
        """
        if order.turn is None:
            return None
        with self.pulse.busy():
            self.memory.reader.catch_up()
            return self._rechecks(source).first_at

    def _unfinished(self, order: CrawlOrder, source: Source) -> Unfinished:
        """What the last run of the source left to do."""
        if order.fresh:
            return NOTHING_UNFINISHED
        return find_unfinished(
            self.memory.reader,
            source.id,
            now=self.context.clock(),
            overrides=self.memory.overrides,
        )

    def _rechecks(self, source: Source) -> Rechecks:
        """What of the source is to be fetched again."""
        return find_rechecks(
            self.memory.reader,
            source,
            now=self.context.clock(),
            overrides=self.memory.overrides,
        )

    def _find_source(self, order: CrawlOrder) -> Source:
        # Whoever orders has read the whole registry, and found it sound.
        place = (order.source_id, order.sources_folders)
        if place not in self.sources:
            self.sources[place] = read_one_source(*place)
        return self.sources[place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the engines of one crawl have in common: the spider's and the browser's."""

    context: CommandContext
    order: CrawlOrder
    writer: CaptureSink
    log: JobLog
    memory: ArchiveMemory

    def new_client(self, source: Source) -> Client:
        """An engine as order and source want it."""
        return Client(
            engine_settings(self.order, source),
            spool=SpoolPlace(
                folder=self.writer.spool_folder, room=self.writer.spool_room
            ),
            clock=self.context.clock,
            random_bytes=self.context.random_bytes,
            on_stale=keep_stray,
        )

    def recorder_of(
        self, client: Client, *, source: Source, by_spider: bool = False
    ) -> Recorder:
        """Puts what that engine fetches into the archive.

        `by_spider`: a spider reads the bodies, nobody else needs to.
        """
        desk = ClassDesk(log=self.log, source=source, reads_bodies=not by_spider)
        return Recorder(
            fetcher=client,
            writer=self.writer,
            log=self.log,
            memory=self.memory,
            desk=desk,
        )

    def services(self, source: Source, beginning: Beginning) -> CrawlServices:
        """What the Scrapy components of this crawl share."""
        client = self.new_client(source)
        return CrawlServices(
            source=source,
            job_id=beginning.job_id,
            fetcher=client,
            recorder=self.recorder_of(client, source=source, by_spider=True),
            log=self.log,
            memory=self.memory,
            unfinished=beginning.unfinished,
            began_at=self.context.clock(),
            any_port=bool(self.order.allow_networks),
            proxy=self.order.via.label_for(source),
            rechecks=beginning.rechecks,
            day_bytes=self._bytes_of_day(source),
            rechecks_only=is_for_rechecks(self.order),
        )

    def _bytes_of_day(self, source: Source) -> int:
        """0 where there is no limit: nobody asks then."""
        if source.limits.day_bytes is None:
            return 0
        return self.memory.bytes_of_day(source.id)

    def pages(self, services: CrawlServices, program: "Program") -> "CrawlPages":
        """Shows the pages of the crawl in a browser."""
        from crawlers.browser.crawling import CrawlPages
        from crawlers.browser.visit import PageTools

        tools = PageTools(
            program=program,
            environ=self.context.environ,
            clock=self.context.clock,
            random_bytes=self.context.random_bytes,
            spool_folder=self.writer.spool_folder,
            spool_room=self.writer.spool_room,
            accept_language=services.source.network.accept_language,
            stopping=asyncio.Event(),
        )
        return CrawlPages(
            tools=tools,
            services=services,
            new_client=partial(self.new_client, services.source),
            recorder_of=partial(self.recorder_of, source=services.source),
            turn=asyncio.Lock(),
        )


def engine_settings(order: CrawlOrder, source: Source) -> EngineSettings:
    """What the source and the order say to the engine."""
    return EngineSettings(
        connect_to=tuple(parse_connect_to(text) for text in order.connect_to),
        allow_networks=tuple(parse_allow_network(t) for t in order.allow_networks),
        extra_ports=frozenset(source.limits.ports),
        user_agent=source.network.user_agent,
        proxies=order.via.proxies,
        proxy=order.via.label_for(source),
    )


def is_for_rechecks(order: CrawlOrder) -> bool:
    """Whether the seeds of the source are not due."""
    return order.turn is not None and order.turn.rechecks_only


def job_plan(order: CrawlOrder, source: Source, beginning: Beginning) -> JobPlan:
    """What the job promises before its first fetch: seeds left, then rechecks."""
    unfinished = beginning.unfinished
    seeds = () if is_for_rechecks(order) else (seed.url for seed in source.seeds)
    return JobPlan(
        job_id=beginning.job_id,
        source_id=source.id,
        description={
            **describe_source(source),
            "connect_to": list(order.connect_to),
            "allow_networks": list(order.allow_networks),
            "proxy": order.via.label_for(source),
            "turn": asdict(order.turn) if order.turn else None,
            RESUMES_KEY: list(unfinished.jobs),
        },
        vantage=order.vantage,
        seeds=(
            *(u for u in seeds if not unfinished.is_done(parse_target(u).target_uri)),
            *beginning.rechecks,
        ),
        expect=NOTHING_EXPECTED if is_for_rechecks(order) else source.expect,
    )


class ProgressReporter:
    """Says how far the crawl is, not too often, and once at its end."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._source_id = services.source.id
        self._said = 0.0

    def report(self, log: JobLog) -> None:
        """Hear of one more capture."""
        now = time.monotonic()
        if now - self._said >= PROGRESS_SECONDS:
            self._said = now
            progress = log.progress(queued=self._services.count_queued())
            answer({"progress": asdict(progress), "source_id": self._source_id})

    def finish(self) -> None:
        """Say the final figures."""
        self._said = 0.0
        self.report(self._services.log)


def build_result(
    plan: JobPlan, log: JobLog, *, recheck_at: datetime | None
) -> CrawlResult:
    """The closing record's content for whoever started the crawl."""
    seeds = tuple(
        SeedReport(uri=uri, state=r.state, captures=r.captures, reason=r.reason)
        for uri, r in zip(plan.seeds, log.settled(), strict=True)
    )
    return CrawlResult(
        source_id=plan.source_id or "",
        job_id=plan.job_id,
        captures=log.captures,
        failures=log.failures,
        items=log.items,
        taken_over=log.taken_over,
        received_bytes=log.received_bytes,
        seeds=seeds,
        signals=dict(sorted(log.signals.items())),
        classes=dict(sorted(log.class_counts().items())),
        expectations=tuple(result.as_json() for result in log.expectations),
        recheck_at=None if recheck_at is None else format_instant(recheck_at),
    )
