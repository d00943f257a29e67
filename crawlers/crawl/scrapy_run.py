"""Run Scrapy once in this process over the services of one crawl; stop it cleanly."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from archive.errors import EvidenceError, SettingsError
from crawlers.crawl.services import (
    DECODED_BYTES,
    STOPPED,
    CrawlServices,
    attach_services,
)
from crawlers.sources.source import Source
from crawlers.spiders.base import SourceSpider

STOP_SECONDS = 20
"""Running exchanges may end within this after SIGTERM; then they are cut and kept."""
CONCURRENT_REQUESTS = 16
"""Over all hosts of a source, or more where one host alone may have more."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_spider(services: CrawlServices) -> None:
    """Crawl until the spider is done or stopped; raises what made it impossible."""
    process = AsyncCrawlerProcess(scrapy_settings(services.source))
    crawler = process.create_crawler(SourceSpider)
    attach_services(crawler, services)
    services.count_queued = lambda: _count_queued(crawler)
    stopper = _stopper(crawler, services)
    crawler.signals.connect(stopper, signals.engine_started, weak=False)
    task = process.crawl(crawler, services=services)
    process.start(install_signal_handlers=False)
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # from here on the job is closed
    if services.fatal is not None:
        raise services.fatal
    problem = task.exception() if task.done() and not task.cancelled() else None
    if isinstance(problem, EvidenceError):
        raise problem
    if problem is not None:
        raise SettingsError(f"the crawl could not start: {problem}") from problem
    if crawler.stats.get_value("finish_reason") == "closespider_timeout":
        services.log.signal("budget:minutes")
    errors = crawler.stats.get_value("spider_exceptions/count", 0)
    if errors:
        services.log.signal("spider-exception", errors)


def _count_queued(crawler: Crawler) -> int:
    stats = crawler.stats
    if stats is None:
        return 0
    enqueued: int = stats.get_value("scheduler/enqueued", 0)
    dequeued: int = stats.get_value("scheduler/dequeued", 0)
    return enqueued - dequeued


def scrapy_settings(source: Source) -> dict[str, Any]:
    """What the source says, as Scrapy's settings; the add-on fixes the rest."""
    limits, network = source.limits, source.network
    pages = max((s.listing.pages for s in source.seeds if s.listing), default=1)
    return {
        "ADDONS": {"crawlers.crawl.addon.EvidenceAddon": 0},
        "USER_AGENT": network.user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": network.accept_language,
            "Accept-Encoding": "gzip, deflate, br",
        },
        "ROBOTSTXT_OBEY": network.robots == "obey",
        "DOWNLOAD_DELAY": limits.delay_ms / 1000,
        "CONCURRENT_REQUESTS": max(CONCURRENT_REQUESTS, limits.concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": limits.concurrency,
        "DOWNLOAD_MAXSIZE": min(limits.file_bytes, DECODED_BYTES),
        "DOWNLOAD_WARNSIZE": 0,
        # Pages of a list count as depth in Scrapy, but are none.
        "DEPTH_LIMIT": limits.depth + pages,
        "DEPTH_PRIORITY": 1,
        "EVIDENCE_COOKIES": network.cookies,
        "CLOSESPIDER_TIMEOUT": limits.minutes * 60,
        "LOG_ENABLED": False,
    }


def _stopper(crawler: Crawler, services: CrawlServices) -> Callable[[], None]:
    """Make the receiver that listens for SIGTERM and SIGINT once the loop runs."""
    running: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if services.stopping:
            return
        services.stopping = True
        services.log.signal(STOPPED)
        loop = asyncio.get_running_loop()
        running.add(loop.create_task(crawler.stop_async()))
        loop.call_later(STOP_SECONDS, cut)

    def cut() -> None:
        loop = asyncio.get_running_loop()
        running.add(loop.create_task(services.recorder.cut_running()))

    def listen() -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop)

    return listen
