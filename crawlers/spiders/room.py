"""Room in the queue of a crawl: what a site names has no end, and memory has one."""

from collections.abc import Iterable, Iterator

from scrapy import Request

from crawlers.crawl.seam.services import CrawlServices

QUEUE_LEAST = 10_000
"""Requests that may wait in any crawl: two pages of as many links as are looked at."""
QUEUE_TIMES = 4
"""Requests that may wait for each one the budget allows: those named later may come
first, and some are refused by a rule. Each takes about 5 KB."""
QUEUE_FULL = "queue-full"
"""Signal: so many addresses were named and not asked for."""


class QueueRoom:
    """Lets requests in while there is room in the queue of their crawl."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._most = max(QUEUE_LEAST, QUEUE_TIMES * services.source.limits.requests)

    def let_in(self, requests: Iterable[Request]) -> Iterator[Request]:
        """Those that find room; the others are counted."""
        for request in requests:
            if self._services.count_queued() < self._most:
                yield request
            else:
                self._services.log.signal(QUEUE_FULL)
