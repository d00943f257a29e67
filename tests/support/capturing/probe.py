"""Any Scrapy spider through our handler, in a process of its own: order in, report out.

    python -m tests.support.capturing.probe < order.json

The order names archive, keys, a source with its folder, engine facts, a spider of this
module and further Scrapy settings. The report is one JSON object: what the spider
noted, and Scrapy's counts.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import CloseSpider, StopDownload
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.cli.root import CommandContext
from crawlers.crawl.capturing.memory import open_memory
from crawlers.crawl.capturing.recorder import Recorder, keep_stray
from crawlers.crawl.jobs.job import JobPlan, new_job_id, signed_job
from crawlers.crawl.seam.scrapy_run import scrapy_settings
from crawlers.crawl.seam.services import CrawlServices, attach_services
from crawlers.engine.client import Client
from crawlers.engine.policy import parse_connect_to
from crawlers.engine.proxy import parse_proxy
from crawlers.engine.settings import EngineSettings
from crawlers.engine.spool import SpoolPlace
from crawlers.sources.registry import get_source

Report = dict[str, Any]


class Probe(Spider):
    """Asks for the addresses of its order and notes how each request ended."""

    name = "probe"

    def __init__(self, *, order: Report, seen: list[Report]) -> None:
        super().__init__()
        self.order = order
        self.seen = seen

    async def start(self) -> AsyncIterator[Request]:
        """Each address with its meta."""
        for url, meta in self.order["requests"]:
            yield self.ask(url, **meta)

    def ask(self, url: str, **meta: Any) -> Request:
        """A request that is noted however it ends."""
        return Request(
            url,
            callback=self.parse,
            errback=self.fail,
            meta={"asked": url, **meta},
            dont_filter=bool(self.order.get("dont_filter")),
        )

    def parse(self, response: Response) -> Any:
        """Note a response; follow its links and files where the order says so."""
        self.note(
            response.meta,
            url=response.url,
            status=response.status,
            flags=sorted(response.flags),
            body=response.body[:200].decode("latin-1"),
        )
        closes = self.order.get("close_after")
        if closes and len(self.seen) >= closes:
            raise CloseSpider("enough")
        if self.order.get("follow"):
            for href in response.xpath("//a/@href").getall():
                yield self.ask(response.urljoin(href))
        if self.order.get("files"):
            yield {"file_urls": [response.urljoin(u) for u in self.order["files"]]}

    def fail(self, failure: Failure) -> None:
        """Note a failure by its class."""
        # Scrapy adds it to what Twisted makes.
        request = failure.request  # type: ignore[attr-defined]
        inner = getattr(failure.value, "response", None)
        self.note(
            request.meta,
            error=type(failure.value).__name__,
            text=str(failure.value),
            flags=sorted(inner.flags) if inner is not None else [],
        )

    def note(self, meta: Report, **facts: Any) -> None:
        """Keep it with what the handler left in the request."""
        kept = {
            "asked": meta["asked"],
            "warc": meta.get("warc"),
            "latency": meta.get("download_latency"),
            "retries": meta.get("retry_times", 0),
        }
        self.seen.append({**kept, **facts})


class Stopper(Probe):
    """Stops each download at its head or its first bytes, as the order says."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "Stopper":
        """Listen to the signals."""
        made = super().from_crawler(crawler, *args, **kwargs)
        signal = getattr(signals, made.order["stop_at"])
        crawler.signals.connect(made.stop, signal=signal)
        return made

    def stop(self, **_facts: Any) -> None:
        """Enough."""
        raise StopDownload(fail=self.order["stop_fails"])


SPIDERS = {"probe": Probe, "stopper": Stopper}


def run(order: Report) -> Report:
    """Crawl as ordered under one signed job."""
    source = get_source(order["source"], (Path(order["sources"]),))
    context = CommandContext(
        archive=Path(order["archive"]), keys_folder=None, environ=dict(os.environ)
    )
    proxies = tuple(parse_proxy(url, label) for label, url in order.get("proxies", ()))
    engine = EngineSettings(
        connect_to=tuple(parse_connect_to(text) for text in order["connect_to"]),
        nameservers=("127.0.0.1",),
        nameserver_port=order.get("nameserver_port", 9),
        proxies=proxies,
        proxy=proxies[0].label if proxies else None,
        user_agent=source.network.user_agent,
    )
    with ExitStack() as stack:
        writer = stack.enter_context(context.open_writer())
        memory = stack.enter_context(
            open_memory(context.archive, clock=context.clock, overrides=True)
        )
        job_id = new_job_id(context.random_bytes)
        plan = JobPlan(
            job_id=job_id,
            source_id=source.id,
            description={},
            vantage="test",
            seeds=(),
        )
        log = stack.enter_context(signed_job(writer, plan, clock=context.clock))
        client = Client(
            engine,
            spool=SpoolPlace(folder=writer.spool_folder),
            clock=context.clock,
            random_bytes=context.random_bytes,
            on_stale=keep_stray,
        )
        services = CrawlServices(
            source=source,
            job_id=job_id,
            fetcher=client,
            recorder=Recorder(fetcher=client, writer=writer, log=log, memory=memory),
            log=log,
            memory=memory if order.get("conditional") else None,
            proxy=engine.proxy,
        )
        return crawl(services, order)


def crawl(services: CrawlServices, order: Report) -> Report:
    """Run Scrapy to its end."""
    settings = {**scrapy_settings(services.source), **order.get("settings", {})}
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(SPIDERS[order.get("spider", "probe")])
    attach_services(crawler, services)
    delays: dict[str, float] = {}

    def keep_delays() -> None:
        for name, slot in crawler.engine.downloader.slots.items():
            delays[name] = slot.delay

    crawler.signals.connect(keep_delays, signals.spider_idle, weak=False)
    seen: list[Report] = []
    task = process.crawl(crawler, order=order, seen=seen)
    process.start(install_signal_handlers=False)
    problem = task.exception()
    if problem is not None:
        return {"refused": f"{type(problem).__name__}: {problem}"}
    stats = {k: v for k, v in crawler.stats.get_stats().items() if type(v) is int}
    return {
        "seen": seen,
        "stats": stats,
        "delays": delays,
        "signals": dict(services.log.signals),
    }


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
