"""Robots.txt: real files read as the standard says; a missing and a broken one."""

import time
from pathlib import Path
from typing import Any, cast

import pytest
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawlers.crawl.seam.robots import COPIES, RobotsReach, StandardRobots, tidy_robots
from crawlers.crawl.seam.services import NOTES_KEY, RequestNotes, RequestRefused
from tests.support.capturing.rfc9309 import is_allowed, parse, paths_of

AGENTS = (b"anybody", b"googlebot", b"yandex")
PATHS = 40
EXPLAINED = {
    "www.turktelekom.com.tr": "a no-break space behind the asterisk is white space"
}
"""Files where the two readers may differ, and why ours is the more careful one."""


class NoCrawler:
    """What the parser wants of a crawler."""

    spider = None


def robots(body: bytes) -> Any:
    return StandardRobots.from_crawler(cast("Crawler", NoCrawler()), body)


@pytest.mark.corpus
def test_300_real_files_are_read_as_the_standard_says(corpus_dir: Path) -> None:
    files = sorted((corpus_dir / "robots" / "files").iterdir())
    assert len(files) == 300
    asked, differing = 0, set()
    for path in files:
        data = path.read_bytes()
        groups, parser = parse(data), robots(data)
        for place in paths_of(groups, PATHS):
            url = "http://h.example" + place.decode("ascii", "strict")
            for agent in AGENTS:
                asked += 1
                said = parser.allowed(url, agent.decode())
                if said != is_allowed(groups, agent, place):
                    differing.add(path.name)
                    assert not said, "where the two differ, ours forbids"
    assert asked > 20_000
    assert differing == set(EXPLAINED)


@pytest.mark.parametrize(
    ("body", "path", "allowed"),
    [
        (b"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        (b"User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        (b"User-agent: *\nDisallow: /*.pdf$", "/x.pdf", False),
        (b"User-agent: *\nDisallow: /*.pdf$", "/x.pdf?1", True),
        (b"User-agent: *\nCrawl-delay: 2\nUser-agent: b\nDisallow: /s", "/s", False),
        (b"User-agent: *\nDisallow: /\xe9t", "/%E9t", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/x", False),
        (b"User-agent: *\rDisallow: /cr", "/cr", False),
        (b"User-agent: other\nDisallow: /", "/", True),
        (b"<html><p>Disallow: /</html>", "/", True),
        (b"\x00\xff\xfe", "/", True),
        (b"", "/", True),
    ],
)
def test_rules_of_the_standard(body: bytes, path: str, *, allowed: bool) -> None:
    assert robots(body).allowed(f"http://h.example{path}", "anybody") is allowed


def test_a_file_without_end_is_read_as_far_as_the_standard_asks() -> None:
    body = b"User-agent: *\nDisallow: /first\n" + b"Disallow: /x\n" * 100_000
    kept = tidy_robots(body + b"Disallow: /last\n")
    assert kept == (body[: 512 * 1024]).rpartition(b"\n")[0]
    rules = robots(body + b"Disallow: /last\n")
    assert not rules.allowed("http://h.example/first", "anybody")
    assert rules.allowed("http://h.example/last", "anybody")


class Log:
    def __init__(self) -> None:
        self.signals: list[str] = []

    def signal(self, code: str) -> None:
        self.signals.append(code)


class Services:
    def __init__(self, source: Any) -> None:
        self.source = source
        self.log = Log()


class Obeying:
    class network:
        robots = "obey"


def ask(reach: RobotsReach, status: int, *, led_from: str | None = None) -> bytes:
    request = Request("http://h.example/robots.txt")
    if led_from is not None:
        request.meta["redirect_urls"] = [led_from]
    request.meta[NOTES_KEY] = RequestNotes(role="robots")
    page = b"User-agent: *\nDisallow: /"
    response = Response(request.url, status=status, body=page)
    return bytes(reach.process_response(request, response).body)


def test_rules_for_thousands_of_robots_are_read_within_a_bound() -> None:
    """Of these 500 KB the parser alone would make 300 million rules: 20 GB."""
    robots = b"".join(b"User-agent: b%d\n" % n for n in range(15_000))
    rules = b"".join(b"Disallow: /%d\n" % n for n in range(15_000))
    tidy = tidy_robots(b"User-agent: *\nDisallow: /own\n" + robots + rules)
    assert tidy.count(b"Disallow") <= 1 + COPIES // 15_000
    before = time.process_time()
    parser = StandardRobots.from_crawler(cast("Crawler", None), robots + rules)
    assert time.process_time() - before < 20, "on any machine: alone it takes minutes"
    assert parser.allowed("http://a.example/x", "anybody")
    read = StandardRobots.from_crawler(cast("Crawler", None), tidy)
    assert not read.allowed("http://a.example/own", "anybody")


def test_a_group_ends_with_its_rules_and_is_counted_by_robot() -> None:
    one = b"User-agent: a\nDisallow: /x\n"
    many = one * (COPIES // 10)
    assert tidy_robots(many) == many[: len(one) * (512 * 1024 // len(one))].rstrip()


def test_a_missing_file_forbids_nothing_and_a_broken_one_all_but_the_seeds() -> None:
    services: Any = Services(Obeying)
    reach = RobotsReach(services)
    link = Request("http://h.example/news/1")
    seed = Request("http://h.example/", cb_kwargs={"seed": 0})
    assert ask(reach, 200) != b""
    assert ask(reach, 404) == b""
    reach.process_request(link)
    assert ask(reach, 503) == b""
    with pytest.raises(RequestRefused, match="robots-unreachable"):
        reach.process_request(link)
    reach.process_request(seed)
    reach.process_request(Request("http://other.example/news/1"))
    assert services.log.signals == ["robots-unreachable"]


def test_a_robots_file_that_leads_to_a_broken_one_speaks_for_its_own_host() -> None:
    services: Any = Services(Obeying)
    reach = RobotsReach(services)
    ask(reach, 503, led_from="http://asked.example/robots.txt")
    reach.process_request(Request("http://h.example/news/1"))
    with pytest.raises(RequestRefused, match="robots-unreachable"):
        reach.process_request(Request("http://asked.example/news/1"))
