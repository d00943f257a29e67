"""The job around `evidence capture`: archive, engine, promise, list, outcomes."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from archive.capture import Capture
from archive.cli.output import ShowProgress
from archive.cli.root import CommandContext
from archive.store.writing.sink import CaptureSink
from crawlers.crawl.capturing.lines import CaptureLine
from crawlers.crawl.capturing.memory import ArchiveMemory, open_memory
from crawlers.crawl.capturing.recorder import Recorder, keep_stray
from crawlers.crawl.capturing.single import ListCapture
from crawlers.crawl.jobs.job import JobPlan, new_job_id, signed_job
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.order import DIRECT
from crawlers.crawl.proxies import ProxyChoice
from crawlers.crawl.stopping import STOP_SIGNALS, noted_stops
from crawlers.engine.client import Client
from crawlers.engine.peers import find_connector
from crawlers.engine.request import parse_target
from crawlers.engine.settings import ConnectTo, EngineSettings
from crawlers.engine.spool import SpoolPlace
from crawlers.sources.source import DEFAULT_ACCEPT_LANGUAGE, PartsMode


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOrder:
    """What `evidence capture` was asked to do; everything in it is checked."""

    lines: tuple[CaptureLine, ...]
    parts: PartsMode
    vantage: str
    connect_to: tuple[ConnectTo, ...] = ()
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    via: ProxyChoice = DIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTools:
    """What a running job of captures works with."""

    context: CommandContext
    order: CaptureOrder
    writer: CaptureSink
    log: JobLog
    job_id: str
    memory: ArchiveMemory

    def new_client(self) -> Client:
        """An engine as the order wants it; to be closed by whoever asked."""
        order, defaults = self.order, EngineSettings()
        settings = EngineSettings(
            connect_to=order.connect_to,
            allow_networks=order.allow_networks,
            proxies=order.via.proxies,
            proxy=order.via.label_for(None),
            default_headers=(
                *defaults.default_headers,
                ("Accept-Language", DEFAULT_ACCEPT_LANGUAGE),
            ),
        )
        return Client(
            settings,
            spool=SpoolPlace(
                folder=self.writer.spool_folder, room=self.writer.spool_room
            ),
            clock=self.context.clock,
            random_bytes=self.context.random_bytes,
            on_stale=keep_stray,
        )

    def recorder_of(self, client: Client) -> Recorder:
        """Puts what that engine fetches into the archive."""
        return Recorder(
            fetcher=client, writer=self.writer, log=self.log, memory=self.memory
        )


class CaptureRun(Protocol):
    """A job once it runs: over the engine alone, or through a browser."""

    async def run(
        self, lines: Sequence[CaptureLine], emit: Callable[[Capture], None]
    ) -> None:
        """Capture every line; `emit` gets each attempt once, when it is kept."""
        ...

    async def stop(self) -> None:
        """Ask for nothing more; let what runs end, for some time; then cut and keep it.

        Lines not begun are not reached.
        """
        ...


OpenRun = Callable[[JobTools], AbstractAsyncContextManager[CaptureRun]]


@asynccontextmanager
async def open_list_run(tools: JobTools) -> AsyncIterator[CaptureRun]:
    """The job over the engine alone."""
    client = tools.new_client()
    try:
        yield ListCapture(
            tools.recorder_of(client),
            log=tools.log,
            job_id=tools.job_id,
            parts=tools.order.parts,
        )
    finally:
        await client.close()


def capture_list(
    context: CommandContext,
    order: CaptureOrder,
    *,
    emit: Callable[[Capture], None],
    open_run: OpenRun = open_list_run,
    show: ShowProgress = lambda _progress: None,
) -> JobLog:
    """Capture every line under one signed job; `emit` gets each attempt."""

    def report(log: JobLog) -> None:
        show(log.progress(queued=len(log.seeds) - len(log.results)))

    plan = _plan(context, order)
    connect = find_connector(order.via.for_peers(), random_bytes=context.random_bytes)
    overrides = bool(order.connect_to or order.allow_networks)
    context.ask_passphrase()  # Ctrl-C there means now
    with (
        noted_stops() as heard,
        context.open_capturing(connect) as writer,
        open_memory(
            context.archive, clock=context.clock, overrides=overrides
        ) as memory,
        signed_job(writer, plan, clock=context.clock) as log,
    ):
        log.listener = report
        tools = JobTools(
            context=context,
            order=order,
            writer=writer,
            log=log,
            job_id=plan.job_id,
            memory=memory,
        )
        try:
            asyncio.run(_run(open_run(tools), order.lines, emit, heard=heard))
        finally:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # from here on the job is closed
    return log


def _plan(context: CommandContext, order: CaptureOrder) -> JobPlan:
    """What the job promises, before anything is fetched."""
    return JobPlan(
        job_id=new_job_id(context.random_bytes),
        source_id=None,
        description={
            "parts": str(order.parts),
            "connect_to": [entry.text for entry in order.connect_to],
            "allow_networks": [str(network) for network in order.allow_networks],
            "proxy": order.via.label_for(None),
        },
        vantage=order.vantage,
        seeds=tuple(parse_target(line.url).target_uri for line in order.lines),
    )


async def _run(
    opening: AbstractAsyncContextManager[CaptureRun],
    lines: Sequence[CaptureLine],
    emit: Callable[[Capture], None],
    *,
    heard: Sequence[int],
) -> None:
    """Run until done; SIGTERM and SIGINT stop the job, which keeps what came.

    `heard`: signals that came before.
    """
    loop = asyncio.get_running_loop()
    stopping: set[asyncio.Task[None]] = set()
    async with opening as job:

        def stop() -> None:
            stopping.add(loop.create_task(job.stop()))

        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop)
        if heard:
            stop()
        await job.run(lines, emit)
