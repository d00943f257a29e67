"""The job around `evidence capture`: archive, engine, promise, list, outcomes."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from archive.capture import Capture
from archive.cli.root import CommandContext
from archive.store.writer import ArchiveWriter
from crawlers.crawl.job import JobPlan, new_job_id, signed_job
from crawlers.crawl.joblog import JobLog
from crawlers.crawl.lines import CaptureLine
from crawlers.crawl.order import DIRECT
from crawlers.crawl.proxies import ProxyChoice
from crawlers.crawl.recorder import Recorder, keep_stray
from crawlers.crawl.single import ListCapture
from crawlers.engine.client import Client
from crawlers.engine.request import parse_target
from crawlers.engine.settings import ConnectTo, EngineSettings
from crawlers.sources.source import DEFAULT_ACCEPT_LANGUAGE, PartsMode

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOrder:
    """What `evidence capture` was asked to do; everything in it is checked."""

    lines: tuple[CaptureLine, ...]
    parts: PartsMode
    vantage: str
    connect_to: tuple[ConnectTo, ...] = ()
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    via: ProxyChoice = DIRECT


def capture_list(
    context: CommandContext, order: CaptureOrder, *, emit: Callable[[Capture], None]
) -> JobLog:
    """Capture every line under one signed job; `emit` gets each attempt."""
    plan = JobPlan(
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
    with (
        context.open_writer() as writer,
        signed_job(writer, plan, clock=context.clock) as log,
    ):
        client = _client(context, order, writer=writer)
        job = ListCapture(
            Recorder(fetcher=client, writer=writer, log=log),
            log=log,
            job_id=plan.job_id,
            parts=order.parts,
        )
        asyncio.run(_run(job, client, lines=order.lines, emit=emit))
    return log


def _client(
    context: CommandContext, order: CaptureOrder, *, writer: ArchiveWriter
) -> Client:
    defaults = EngineSettings()
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
        spool_folder=writer.spool_folder,
        clock=context.clock,
        random_bytes=context.random_bytes,
        on_stale=keep_stray,
    )


async def _run(
    job: ListCapture,
    client: Client,
    *,
    lines: Sequence[CaptureLine],
    emit: Callable[[Capture], None],
) -> None:
    """Run until done; SIGTERM and SIGINT cut what runs and keep what came of it."""
    loop = asyncio.get_running_loop()
    stopping: set[asyncio.Task[None]] = set()

    def stop() -> None:
        stopping.add(loop.create_task(job.stop()))

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await job.run(lines, emit)
    finally:
        await client.close()
