"""Downloader middleware: nothing leaves that the source's rules and budgets forbid."""

from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request

from crawlers.crawl.services import (
    CrawlServices,
    RequestRefused,
    notes_of,
    services_of,
)
from crawlers.sources.scope import decide, is_own_host


class SourcePolicy:
    """Scope, request and byte budgets, for seeds, links, parts and redirect targets."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._requests = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SourcePolicy":
        """Build it from the crawl's services."""
        return cls(services_of(crawler))

    def process_request(self, request: Request) -> None:
        """Let it pass, or raise RequestRefused and count the signal."""
        code = self._scope_code(request) or self._budget_code()
        if code is not None:
            raise RequestRefused(code)
        self._requests += 1
        limits, network = self._services.source.limits, self._services.source.network
        request.meta["download_maxsize"] = limits.file_bytes
        request.meta["evidence_tls"] = network.tls

    def _scope_code(self, request: Request) -> str | None:
        source = self._services.source
        notes = notes_of(request)
        if notes.role == "robots" and urlsplit(request.url).path == "/robots.txt":
            return None
        if notes.role == "robots" and is_own_host(source, request.url):
            return None
        verdict = decide(source, request.url, any_port=self._services.any_port)
        if verdict.may_fetch:
            return None
        if not verdict.signal:
            return "ignored-by-rule"
        kind = "part-" if notes.role == "part" else ""
        hop = "redirect-" if request.meta.get("redirect_times") else ""
        code = f"{kind}{hop}out-of-scope:{verdict.rule}"
        self._services.log.signal(code)
        return code

    def _budget_code(self) -> str | None:
        limits = self._services.source.limits
        if self._requests >= limits.requests:
            self._services.log.signal("budget:requests")
            return "budget:requests"
        if self._services.log.received_bytes >= limits.bytes:
            self._services.log.signal("budget:bytes")
            return "budget:bytes"
        return None
