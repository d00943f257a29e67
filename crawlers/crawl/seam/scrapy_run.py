"""Scrapy's loop: crawls of several sources side by side in one process; stops cleanly.

A Twisted reactor starts once per process, so there is one loop, and crawls come and go.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from archive.errors import EvidenceError, SettingsError
from crawlers.crawl.seam.addon import REACTOR
from crawlers.crawl.seam.services import (
    DECODED_BYTES,
    STOPPED,
    CrawlServices,
    attach_services,
)
from crawlers.crawl.stopping import STOP_SECONDS, STOP_SIGNALS
from crawlers.sources.source import Source
from crawlers.spiders.base import SourceSpider

CONCURRENT_REQUESTS = 16
"""Over all hosts of a source, or more where one host alone may have more."""
RETRIED = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    OSError,
]
"""Scrapy's own list without the errors of its own handlers. Naming those has the whole
client of Scrapy loaded, which nothing here calls: a sixth of the start.
"""


class CrawlLoop:
    """The loop of this process, and the crawls that run in it."""

    def __init__(self) -> None:
        self._process = AsyncCrawlerProcess(
            {"LOG_ENABLED": False, "TWISTED_REACTOR": REACTOR}
        )
        # Lines that nobody reads are not even made: one for each response.
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        self._running: dict[Crawler, CrawlServices] = {}
        self._started: set[Crawler] = set()
        self._stopping: set[asyncio.Task[None]] = set()
        self.stopped = asyncio.Event()
        """Set by the first signal: what runs may end, nothing more is begun."""

    def run(
        self,
        body: Callable[[], Coroutine[Any, Any, None]],
        *,
        heard: Sequence[int] = (),
    ) -> None:
        """Run until the body is done; what it raises is raised.

        `heard`: signals that came before, see `stopping`.
        """
        from twisted.internet import reactor

        async def follow() -> None:
            loop = asyncio.get_running_loop()
            for number in STOP_SIGNALS:
                loop.add_signal_handler(number, self.hear)
            if heard:
                self.stop()
            try:
                await body()
            finally:
                for number in STOP_SIGNALS:
                    signal.signal(number, signal.SIG_IGN)  # the rest is closing
                reactor.stop()  # type: ignore[misc]

        task = asyncio.get_event_loop().create_task(follow())
        self._process.start(stop_after_crawl=False, install_signal_handlers=False)
        task.result()

    async def crawl(self, services: CrawlServices) -> None:
        """Crawl until the spider is done or stopped; raises what made it impossible."""
        crawler = Crawler(SourceSpider, scrapy_settings(services.source))
        attach_services(crawler, services)
        services.count_queued = lambda: _count_queued(crawler)
        if self.stopped.is_set():
            _mark_stopped(services)
            return
        self._running[crawler] = services

        def note_start() -> None:
            self._started.add(crawler)

        crawler.signals.connect(note_start, signals.engine_started, weak=False)
        try:
            await self._process.crawl(crawler, services=services)
        except EvidenceError:
            raise
        except Exception as problem:
            raise SettingsError(f"the crawl could not start: {problem}") from problem
        finally:
            del self._running[crawler]
            self._started.discard(crawler)
            # Receivers are kept beside the crawler, and this one refers to it.
            crawler.signals.disconnect(note_start, signals.engine_started, weak=False)
            # It refers to the crawler, which the services hang on: neither would go.
            services.count_queued = lambda: 0
        if services.fatal is not None:
            raise services.fatal
        if crawler.stats.get_value("finish_reason") == "closespider_timeout":
            services.log.signal("budget:minutes")
        errors = crawler.stats.get_value("spider_exceptions/count", 0)
        if errors:
            services.log.signal("spider-exception", errors)

    def hear(self) -> None:
        """Take a signal: the first stops, another one cuts what runs."""
        if self.stopped.is_set():
            self._cut()
        self.stop()

    def stop(self) -> None:
        """Let what runs come to its end soon, and begin nothing more."""
        if self.stopped.is_set():
            return
        self.stopped.set()
        for crawler, services in self._running.items():
            _mark_stopped(services)
            if crawler in self._started:  # others ask for nothing, and end by that
                self._begin(crawler.stop_async())
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._cut)

    def _cut(self) -> None:
        for services in self._running.values():
            self._begin(services.recorder.cut_running())

    def _begin(self, act: Coroutine[Any, Any, None]) -> None:
        self._stopping.add(asyncio.get_running_loop().create_task(act))


def _mark_stopped(services: CrawlServices) -> None:
    services.stopping = True
    services.log.signal(STOPPED)


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
    return {
        "ADDONS": {"crawlers.crawl.seam.addon.EvidenceAddon": 0},
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
        # The spider counts depth itself: to Scrapy pages of a list are depth, too.
        "DEPTH_LIMIT": 0,
        "DEPTH_PRIORITY": 1,
        "EVIDENCE_COOKIES": network.cookies,
        "CLOSESPIDER_TIMEOUT": limits.minutes * 60,
        "RETRY_EXCEPTIONS": RETRIED,
        "LOG_ENABLED": False,
    }
