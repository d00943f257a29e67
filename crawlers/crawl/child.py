"""The child process of one crawl: order on standard input, JSON lines as the answer."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from archive.cli.root import CommandContext
from archive.cli.secret import Secret
from archive.errors import EvidenceError
from archive.store.writer import ArchiveWriter
from crawlers.crawl.job import JobPlan, judge, new_job_id, signed_job
from crawlers.crawl.joblog import JobLog
from crawlers.crawl.memory import ArchiveMemory, open_memory
from crawlers.crawl.order import CrawlOrder, CrawlResult, SeedReport
from crawlers.crawl.recorder import Recorder, keep_stray
from crawlers.crawl.scrapy_run import run_spider
from crawlers.crawl.services import CrawlServices
from crawlers.crawl.unfinished import (
    NOTHING_UNFINISHED,
    RESUMES_KEY,
    Unfinished,
    find_unfinished,
)
from crawlers.engine.client import Client
from crawlers.engine.policy import parse_allow_network, parse_connect_to
from crawlers.engine.request import parse_target
from crawlers.engine.settings import EngineSettings
from crawlers.sources.description import describe_source
from crawlers.sources.registry import get_source
from crawlers.sources.source import PartsMode, Source

if TYPE_CHECKING:
    from crawlers.browser.crawling import CrawlPages
    from crawlers.browser.program import Program

ORDER_BYTES = 1 << 20
"""An order is a few paths and names."""
PROGRESS_SECONDS = 0.2
"""Between two progress messages: as often as a person can read."""
GARBAGE_EVERY = (10_000, 20, 20)
"""Objects, then rounds, between two looks for garbage. Python's 700 look through the
young objects of a few dozen responses three times each: a tenth of a crawl's time.
"""
QUIET_LOGGERS = ("scrapy.downloadermiddlewares",)
"""They report what is a signed capture already."""


def main() -> None:
    """Run the order, answer with a result or one error."""
    # Until Scrapy runs, SIGTERM unwinds the stack, so that an open job is closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger().addHandler(OneLineHandler())
    gc.freeze()  # modules, classes, functions: there for good
    gc.set_threshold(*GARBAGE_EVERY)
    gc.enable()
    order = CrawlOrder.from_json(json.loads(sys.stdin.buffer.read(ORDER_BYTES)))
    try:
        result = crawl(order)
    except EvidenceError as error:
        facts = {
            "kind": type(error).__name__,
            "message": str(error),
            "exit_code": error.exit_code,
        }
        answer({"error": facts})
        sys.exit(error.exit_code)
    answer({"result": result.as_json()})


def answer(message: dict[str, Any]) -> None:
    """Write one JSON line; a parent that is gone is no reason to stop."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the engines of one crawl have in common: the spider's and the browser's."""

    context: CommandContext
    order: CrawlOrder
    writer: ArchiveWriter
    log: JobLog
    memory: ArchiveMemory

    def new_client(self, source: Source) -> Client:
        """An engine as order and source want it."""
        return Client(
            engine_settings(self.order, source),
            spool_folder=self.writer.spool_folder,
            clock=self.context.clock,
            random_bytes=self.context.random_bytes,
            on_stale=keep_stray,
        )

    def recorder_of(self, client: Client) -> Recorder:
        """Puts what that engine fetches into the archive."""
        return Recorder(
            fetcher=client, writer=self.writer, log=self.log, memory=self.memory
        )

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
            accept_language=services.source.network.accept_language,
            stopping=asyncio.Event(),
        )
        return CrawlPages(
            tools=tools,
            services=services,
            new_client=partial(self.new_client, services.source),
            recorder_of=self.recorder_of,
            turn=asyncio.Lock(),
        )


def make_context(order: CrawlOrder) -> CommandContext:
    """What the command that started us works with."""
    return CommandContext(
        archive=order.archive,
        keys_folder=order.keys_folder,
        trust_folder=order.trust_folder,
        settings=order.settings,
        secret=Secret.of(order.passphrase),
        environ=dict(os.environ),
    )


def crawl(order: CrawlOrder) -> CrawlResult:
    """Open archive and job, run Scrapy, close the job."""
    source = get_source(order.source_id, order.sources_folders)
    context = make_context(order)
    program = None
    if source.parts is PartsMode.BROWSER:
        from crawlers.browser.program import find_program

        program = find_program(context.environ)
    with ExitStack() as stack:
        # Opening the writer closes the job of a run that was killed.
        writer = stack.enter_context(context.open_writer())
        memory = stack.enter_context(
            open_memory(order.archive, clock=context.clock, overrides=is_test(order))
        )
        unfinished = NOTHING_UNFINISHED
        if not order.fresh:
            now = context.clock()
            unfinished = find_unfinished(
                memory.reader, source.id, now=now, overrides=is_test(order)
            )
        job_id = new_job_id(context.random_bytes)
        plan = job_plan(order, source, job_id=job_id, unfinished=unfinished)
        log = stack.enter_context(signed_job(writer, plan, clock=context.clock))
        work = Work(context=context, order=order, writer=writer, log=log, memory=memory)
        client = work.new_client(source)
        services = CrawlServices(
            source=source,
            job_id=plan.job_id,
            fetcher=client,
            recorder=work.recorder_of(client),
            log=log,
            memory=memory,
            unfinished=unfinished,
            any_port=bool(order.allow_networks),
            proxy=order.via.label_for(source),
        )
        if program is not None:
            services.show_page = work.pages(services, program).show
        reporter = ProgressReporter(services)
        log.listener = reporter.report
        run_spider(services)
        reporter.finish()
    return build_result(plan, log)


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


def is_test(order: CrawlOrder) -> bool:
    """Whether the order is one of a test set-up."""
    return bool(order.connect_to or order.allow_networks)


def job_plan(
    order: CrawlOrder, source: Source, *, job_id: str, unfinished: Unfinished
) -> JobPlan:
    """What the job promises before its first fetch: the seeds that are left."""
    seeds = (seed.url for seed in source.seeds)
    return JobPlan(
        job_id=job_id,
        source_id=source.id,
        description={
            **describe_source(source),
            "connect_to": list(order.connect_to),
            "allow_networks": list(order.allow_networks),
            "proxy": order.via.label_for(source),
            RESUMES_KEY: list(unfinished.jobs),
        },
        vantage=order.vantage,
        seeds=tuple(
            uri for uri in seeds if not unfinished.is_done(parse_target(uri).target_uri)
        ),
        expect=source.expect,
    )


class ProgressReporter:
    """Says how far the crawl is, not too often, and once at its end."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._said = 0.0

    def report(self, log: JobLog) -> None:
        """Hear of one more capture."""
        now = time.monotonic()
        if now - self._said >= PROGRESS_SECONDS:
            self._said = now
            progress = log.progress(queued=self._services.count_queued())
            answer({"progress": asdict(progress)})

    def finish(self) -> None:
        """Say the final figures."""
        self._said = 0.0
        self.report(self._services.log)


def build_result(plan: JobPlan, log: JobLog) -> CrawlResult:
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
        expectations=tuple(result.as_json() for result in judge(log, plan.expect)),
    )


if __name__ == "__main__":
    main()
