"""Second looks: asked for once more only where that may bring an answer."""

from dataclasses import replace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.seam.middleware import TAKEN_OVER
from crawlers.crawl.seam.pacing import HOST_DOWN
from crawlers.crawl.seam.response import BODY_ELSEWHERE
from crawlers.crawl.seam.services import (
    STOPPED,
    CrawlServices,
    RequestRefused,
    notes_of,
)
from crawlers.sources.registry import get_source
from crawlers.spiders.second_profile import SecondLook

URL = "https://spring96.org/en/news/1"


@pytest.fixture
def services() -> CrawlServices:
    source = get_source("viasna")
    anything: Any = None
    return CrawlServices(
        source=replace(source, second=replace(source.second, percent=100)),
        job_id="j",
        fetcher=anything,
        recorder=anything,
        log=JobLog(seeds=()),
    )


def respond(body: bytes = b"<p>so</p>", flags: tuple[str, ...] = ()) -> Response:
    return HtmlResponse(URL, body=body, flags=list(flags), request=Request(URL))


def ask(services: CrawlServices, response: Response) -> list[Request]:
    return list(SecondLook(services).ask(response))


def hear(look: Request, response: Response) -> list[str]:
    """The roles in which is asked once more when that answer comes."""
    assert look.callback is not None
    more = look.callback(response, **look.cb_kwargs)
    return [notes_of(request).role for request in more]


def fail(request: Request, error: Exception) -> list[Request]:
    # Twisted leaves it without types.
    failure: Any = Failure(error)  # type: ignore[no-untyped-call]
    failure.request = request
    assert request.errback is not None
    return list(request.errback(failure))


@pytest.mark.parametrize(
    "refusal",
    [
        RequestRefused("budget:day-bytes"),
        RequestRefused(HOST_DOWN),
        RequestRefused(STOPPED),
        IgnoreRequest("Forbidden by robots.txt"),
    ],
    ids=["budget", "host", "stopped", "robots"],
)
def test_what_our_rules_refuse_is_not_asked_for_once_more(
    services: CrawlServices, refusal: Exception
) -> None:
    (look,) = ask(services, respond())
    assert fail(look, refusal) == []
    assert services.log.signals == {"second-profile-not-asked": 1}


def test_where_the_network_failed_both_profiles_ask_once_more(
    services: CrawlServices,
) -> None:
    (look,) = ask(services, respond())
    more = fail(look, DownloadTimeoutError("timeout"))
    assert [notes_of(request).role for request in more] == ["control", "second"]
    assert services.log.signals == {"second-profile-failed": 1}


def test_a_look_that_was_led_to_what_we_refuse_was_asked_for(
    services: CrawlServices,
) -> None:
    (look,) = ask(services, respond())
    hop: Any = object()
    notes_of(look).trail.append(hop)
    assert fail(look, RequestRefused("redirect-out-of-scope:no-rule")) == []
    assert services.log.signals == {"second-profile-failed": 1}


def test_other_bytes_or_another_status_are_asked_for_once_more(
    services: CrawlServices,
) -> None:
    (look,) = ask(services, respond())
    assert hear(look, respond()) == []
    assert hear(look, respond(b"<p>otherwise</p>")) == ["control", "second"]
    assert hear(look, respond().replace(status=403)) == ["control", "second"]


@pytest.mark.parametrize("flag", [TAKEN_OVER, BODY_ELSEWHERE])
@pytest.mark.parametrize("always", [False, True])
def test_what_this_job_did_not_see_whole_is_not_compared(
    services: CrawlServices, flag: str, always: bool
) -> None:
    second = SecondLook(services)
    assert list(second.ask(respond(flags=(flag,)), always=always)) == []


@pytest.mark.parametrize(
    ("percent", "least", "most"), [(0, 0, 0), (1, 60, 140), (100, 10_000, 10_000)]
)
def test_the_sample_is_the_share_that_the_source_states(
    services: CrawlServices, percent: int, least: int, most: int
) -> None:
    source = services.source
    services.source = replace(source, second=replace(source.second, percent=percent))
    second = SecondLook(services)
    drawn = sum(
        len(list(second.ask(HtmlResponse(url, request=Request(url)))))
        for url in (f"{URL}/{number}" for number in range(10_000))
    )
    assert least <= drawn <= most
