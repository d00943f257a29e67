"""Robots.txt as RFC 9309 says, over the parser that Scrapy uses, and when it fails.

Two things the parser does otherwise are put right before it reads: lines that are no
rules end no group (section 2.2), and octets that are no UTF-8 stay themselves. And it
copies every rule for every robot that its group names: of 512 KiB a stranger could make
it fill twenty gigabytes, so the copies have a bound.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.robotstxt import ProtegoRobotParser

from crawlers.crawl.seam.services import (
    CrawlServices,
    RequestRefused,
    notes_of,
    services_of,
)

ROBOTS_BYTES = 512 * 1024
"""Read of a robots.txt; the standard asks for 500 KiB at least."""
COPIES = 200_000
"""Rules, each counted once for each robot it is for: a second of work, some 50 MB. Real
files have some thousands; what is beyond is not read, as beyond the size.
"""
NO_RULES = b""
_LINE = re.compile(rb"[\r\n]+")
_RULE = re.compile(rb"\s*(user-agent|allow|disallow)\s*:", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


class StandardRobots(ProtegoRobotParser):
    """Named in Scrapy's settings as the parser of robots.txt."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Any:
        """Build it over what of the file are rules."""
        return super().from_crawler(crawler, tidy_robots(robotstxt_body))


def tidy_robots(body: bytes) -> bytes:
    """Keep the rules of a file and nothing that comes between them."""
    lines = _LINE.split(body.removeprefix(_BOM)[:ROBOTS_BYTES])
    rules = (_escape(line) for line in lines if _RULE.match(line))
    return b"\n".join(_bounded(rules))


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, as far as the copies of their rules stay within COPIES."""
    robots: set[bytes] = set()
    named_last = False
    copies = 0
    for line in lines:
        name, _, value = line.partition(b":")
        names = name.strip().lower() == b"user-agent"
        if names and not named_last:
            robots = set()
        if names:
            robots.add(value.strip().lower())
        else:
            copies += len(robots)
        if copies > COPIES:
            return
        named_last = names
        yield line


def _escape(line: bytes) -> bytes:
    """Octets that are no UTF-8 as they stand in addresses: percent-encoded."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        name, colon, value = line.partition(b":")
        if name.strip().lower() == b"user-agent":
            return line
        escaped = b"".join(
            b"%%%02X" % octet if octet > 127 else bytes([octet]) for octet in value
        )
        return name + colon + escaped
    return line


class RobotsReach:
    """Whether a robots.txt could be had at all (section 2.3.1).

    Missing (4xx): everything may be asked for, whatever the error page holds. Broken
    (5xx): nothing but the promised seeds, each failure of which is evidence, too.
    """

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._broken: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RobotsReach":
        """Build it from the crawl's services."""
        return cls(services_of(crawler))

    def process_request(self, request: Request) -> None:
        """Refuse what follows a robots.txt that is broken."""
        is_free = request.meta.get("dont_obey_robotstxt") or "seed" in request.cb_kwargs
        if is_free or urlsplit(request.url).netloc.lower() not in self._broken:
            return
        if self._services.source.network.robots == "obey":
            self._services.log.signal("robots-unreachable")
            raise RequestRefused("robots-unreachable")

    def process_response(self, request: Request, response: Response) -> Response:
        """Give the parser no rules where the answer is none."""
        if notes_of(request).role != "robots" or response.status < 400:
            return response
        if response.status >= 500:
            # Rules hold for the host that was asked, wherever it led (2.3.1.2).
            asked = request.meta.get("redirect_urls", [request.url])[0]
            self._broken.add(urlsplit(asked).netloc.lower())
        return response.replace(body=NO_RULES)
