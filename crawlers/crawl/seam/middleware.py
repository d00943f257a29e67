"""Downloader middlewares: what may leave at all, and what the archive has already."""

from collections import Counter
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Request, Response

from archive.capture import SAMPLE_ROLES, EarlierCapture
from archive.errors import UsageProblem
from crawlers.crawl.seam.response import describe_capture, make_archived
from crawlers.crawl.seam.services import (
    CONDITION_KEY,
    DECODED_BYTES,
    LIMIT_KEY,
    WARC_KEY,
    CrawlServices,
    RequestRefused,
    notes_of,
    services_of,
)
from crawlers.engine.request import parse_target
from crawlers.sources.lookalike import find_lookalike
from crawlers.sources.scope import fold_host, is_own_host

CONDITIONS = ("If-None-Match", "If-Modified-Since")
NOT_MODIFIED = "not_modified"
"""Flag of a response whose content comes from the archive: the server said 304."""
OWN_HOST_ROLES = frozenset({"robots", "probe"})
"""What we ask a source's own hosts for by ourselves, whatever its scope says."""
HOSTS_LOOKED_AT = 1_000
"""Foreign hosts of one run that are compared with the source's own."""
HOSTS_NAMED = 10
"""Look-alikes that the closing record names; the others are counted."""
TAKEN_OVER = "taken_over"
"""Flag of a response that an earlier run of the same crawl captured."""


class SourcePolicy:
    """Scope, request and byte budgets, for seeds, links, parts and redirect targets."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._requests = 0
        self._host_requests: Counter[str] = Counter()
        self._hosts: set[str] = set()
        self._named: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SourcePolicy":
        """Build it from the crawl's services."""
        return cls(services_of(crawler))

    def process_request(self, request: Request) -> None:
        """Let it pass, or raise RequestRefused and count the signal."""
        host = urlsplit(request.url).netloc.lower()
        code = self._scope_code(request) or self._budget_code(host)
        if code is not None:
            raise RequestRefused(code)
        self._requests += 1
        self._host_requests[host] += 1
        limits, network = self._services.source.limits, self._services.source.network
        meta = request.meta
        if LIMIT_KEY not in meta:  # a hop or a retry has it already
            asked = meta.get("download_maxsize") or limits.file_bytes
            most = limits.file_bytes
            if notes_of(request).role == "robots":
                most = min(most, DECODED_BYTES)
            meta[LIMIT_KEY] = min(asked, most)
        meta["download_maxsize"] = min(meta[LIMIT_KEY], DECODED_BYTES)
        meta["evidence_tls"] = network.tls

    def _scope_code(self, request: Request) -> str | None:
        source = self._services.source
        notes = notes_of(request)
        if notes.role == "robots" and urlsplit(request.url).path == "/robots.txt":
            return None
        if notes.role in OWN_HOST_ROLES and is_own_host(source, request.url):
            return None
        verdict = self._services.verdict_on(request.url)
        if verdict.may_fetch:
            return None
        if not verdict.signal:
            return "ignored-by-rule"
        kind = "part-" if notes.role == "part" else ""
        hop = "redirect-" if request.meta.get("redirect_times") else ""
        code = f"{kind}{hop}out-of-scope:{verdict.rule}"
        self._services.log.signal(code)
        if verdict.rule == "no-rule":
            self._flag_lookalike(urlsplit(request.url).hostname or "")
        return code

    def _flag_lookalike(self, host: str) -> None:
        """Count links to hosts that look like one of ours; name the first few."""
        known = self._services.source
        if host in self._hosts or len(self._hosts) >= HOSTS_LOOKED_AT:
            return
        self._hosts.add(host)
        if find_lookalike(known, host) is not None:
            self._services.log.signal("look-alike-host")
            if len(self._named) < HOSTS_NAMED:
                self._named.add(host)
                self._services.log.signal(f"look-alike-host:{fold_host(host)}")

    def _budget_code(self, host: str) -> str | None:
        limits, log = self._services.source.limits, self._services.log
        used = {
            "budget:requests": (self._requests, limits.requests),
            "budget:bytes": (log.received_bytes, limits.bytes),
            "budget:host-requests": (self._host_requests[host], limits.host_requests),
            "budget:host-bytes": (log.host_bytes[host], limits.host_bytes),
            "budget:day-bytes": (
                self._services.day_bytes + log.received_bytes,
                limits.day_bytes,
            ),
        }
        for code, (count, limit) in used.items():
            if limit is not None and count >= limit:
                log.signal(code)
                return code
        return None


NOT_READ_AGAIN = "not-read-again"
"""Signal of a page that is captured, and may be what the run before hung at."""


class TakeOver:
    """What an earlier, unfinished run captured is taken from the archive.

    Directly behind the source's rules: no slot, no delay, no robots.txt is needed for
    what is not asked for.
    """

    def __init__(self, services: CrawlServices) -> None:
        self._services = services

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "TakeOver":
        """Build it from the crawl's services; NotConfigured: nothing to take over."""
        services = services_of(crawler)
        if not services.unfinished.captures:
            raise NotConfigured
        return cls(services)

    def process_request(self, request: Request) -> Response | None:
        """Answer from the archive, or let the request pass."""
        capture = self._services.unfinished.captures.get(target_of(request) or "")
        if capture is None or request.method != "GET":
            return None
        if notes_of(request).role in SAMPLE_ROLES:
            return None
        if capture.capture_id in self._services.unfinished.unread:
            self._services.log.signal(NOT_READ_AGAIN)
            raise RequestRefused(NOT_READ_AGAIN)
        content = self._services.recall(capture.capture_id)
        if content is None:
            return None
        self._services.log.taken_over += 1
        notes_of(request).trail.append(capture)
        request.meta[WARC_KEY] = describe_capture(capture)
        return make_archived(content, request, flag=TAKEN_OVER)


class Conditional:
    """Asks with what the server said last time; a 304 becomes the content it means.

    The 304 itself is a signed capture. The spider sees the archived content, so that
    links of an unchanged page are followed all the same.
    """

    def __init__(self, services: CrawlServices) -> None:
        self._services = services

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Conditional":
        """Build it from the crawl's services."""
        return cls(services_of(crawler))

    def process_request(self, request: Request) -> None:
        """Add the conditions, after taking off those of a hop or attempt before."""
        if request.meta.pop(CONDITION_KEY, None) is not None:
            for name in CONDITIONS:
                request.headers.pop(name, None)
        memory, uri = self._services.memory, target_of(request)
        own = any(name in request.headers for name in CONDITIONS)
        if memory is None or uri is None or request.method != "GET" or own:
            return
        if notes_of(request).role in SAMPLE_ROLES:
            return
        found = memory.validators(uri, self._services.source.id)
        if found is None:
            return
        values = (found.etag, found.last_modified)
        for name, value in zip(CONDITIONS, values, strict=True):
            if value is not None:
                request.headers[name] = value.encode("latin-1")
        request.meta[CONDITION_KEY] = found.earlier

    def process_response(self, request: Request, response: Response) -> Response:
        """Put the archived content in the place of "not modified"."""
        earlier = request.meta.get(CONDITION_KEY)
        if response.status != 304 or not isinstance(earlier, EarlierCapture):
            return response
        content = self._services.recall(earlier.capture_id)
        if content is None:
            return response
        return make_archived(content, request, flag=NOT_MODIFIED)


def target_of(request: Request) -> str | None:
    """The address as captures name it; None for one that cannot be asked for."""
    try:
        return parse_target(request.url).target_uri
    except UsageProblem:
        return None
