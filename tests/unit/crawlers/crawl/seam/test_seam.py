"""The seam to Scrapy: every outcome has its exception, our settings stand."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from scrapy import signals
from scrapy.exceptions import (
    DownloadCancelledError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import HtmlResponse, Request
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from scrapy.utils.misc import load_object
from scrapy.utils.test import get_crawler

from archive.capture import CaptureOutcome, Exchange
from archive.errors import SettingsError, StoreError
from crawlers.crawl.capturing.recorder import Recorder
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.seam.addon import FIXED, HANDLER, HANDLERS, EvidenceAddon
from crawlers.crawl.seam.handler import EXCEPTIONS, EvidenceHandler
from crawlers.crawl.seam.middleware import SourcePolicy
from crawlers.crawl.seam.scrapy_run import scrapy_settings
from crawlers.crawl.seam.services import (
    NOTES_KEY,
    CrawlServices,
    RequestNotes,
    RequestRefused,
    attach_services,
)
from crawlers.engine.settings import FetchRequest, Listener
from crawlers.sources.registry import get_source
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.turns import SHAPE_TURN, shape_of
from tests.support.capturing.fake_web import FakeArchive, FakeWeb

SOURCE = get_source("viasna")
URL = "https://spring96.org/en/news/1"


class FakeCrawler:
    """As much of a crawler as the handler uses."""

    def __init__(self) -> None:
        self.settings = Settings({"DOWNLOAD_FAIL_ON_DATALOSS": True})
        self.signals = SignalManager(self)
        self.spider = None
        self.stopped = 0

    async def stop_async(self) -> None:
        self.stopped += 1


@pytest.fixture
def services(web: FakeWeb, shelf: FakeArchive) -> CrawlServices:
    log = JobLog(seeds=())
    return CrawlServices(
        source=SOURCE,
        job_id="j",
        fetcher=web,
        recorder=Recorder(fetcher=web, writer=shelf, log=log),
        log=log,
    )


@pytest.fixture
def crawler(services: CrawlServices) -> Any:
    made: Any = FakeCrawler()
    attach_services(made, services)
    return made


def download(crawler: Any, request: Request) -> Any:
    async def run() -> Any:
        try:
            return await EvidenceHandler(crawler).download_request(request)
        finally:
            await asyncio.sleep(0)

    return asyncio.run(run())


def test_every_outcome_but_complete_has_its_exception() -> None:
    assert set(EXCEPTIONS) == set(CaptureOutcome) - {CaptureOutcome.COMPLETE}


def test_a_response_reaches_the_spider_with_its_capture(
    web: FakeWeb, shelf: FakeArchive, crawler: Any
) -> None:
    web.serve_html(URL, "<p>so</p>")
    request = Request(URL, headers={"X-Two": ["1", "2"], "Proxy-Authorization": "s"})
    response = download(crawler, request)
    assert isinstance(response, HtmlResponse)
    assert response.body == b"<p>so</p>"
    warc = request.meta["warc"]
    assert warc["capture_id"] == shelf.captures[0].capture_id
    assert warc["captured_at"] == "2025-01-26T12:00:00.000000Z"
    assert set(warc) == {
        "capture_id",
        "short_id",
        "record_id",
        "segment",
        "offset",
        "length",
        "captured_at",
        "outcome",
        "block_digest",
        "payload_digest",
    }
    asked: FetchRequest = web.asked[0]
    assert asked.headers == (("X-Two", "1"), ("X-Two", "2"))
    assert (asked.context.source_id, asked.context.job_id) == ("viasna", "j")
    assert request.meta["download_latency"] >= 0


@pytest.mark.parametrize("outcome", sorted(EXCEPTIONS))
def test_a_failure_is_a_capture_first_and_then_the_exception(
    web: FakeWeb,
    shelf: FakeArchive,
    crawler: Any,
    make_exchange: Callable[..., Exchange],
    *,
    outcome: CaptureOutcome,
) -> None:
    async def fail(_request: FetchRequest, _listener: Listener | None) -> Exchange:
        return make_exchange(outcome)

    web.answering = fail
    request = Request(URL)
    with pytest.raises(EXCEPTIONS[outcome], match=str(outcome)):
        download(crawler, request)
    assert shelf.captures[0].outcome is outcome
    assert request.meta["warc"]["outcome"] == str(outcome)


def test_a_cut_body_may_be_allowed_and_is_then_flagged(
    web: FakeWeb, crawler: Any, make_exchange: Callable[..., Exchange]
) -> None:
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"

    async def cut(_request: FetchRequest, _listener: Listener | None) -> Exchange:
        return make_exchange(CaptureOutcome.DISCONNECT, wire=wire)

    web.answering = cut
    with pytest.raises(ResponseDataLossError):
        download(crawler, Request(URL))
    allowed = Request(URL, meta={"download_fail_on_dataloss": False})
    response = download(crawler, allowed)
    assert response.body == b"half"
    assert "dataloss" in response.flags


def test_retries_and_hops_name_the_attempt_before_them(
    web: FakeWeb, shelf: FakeArchive, crawler: Any
) -> None:
    web.serve(URL)
    request = Request(URL, meta={NOTES_KEY: RequestNotes(parent="page")})
    download(crawler, request)
    again = request.copy()
    again.meta["retry_times"] = 1
    download(crawler, again)
    first, second = (asked.context for asked in web.asked)
    assert (first.attempt, first.parent) == (1, "page")
    assert (second.attempt, second.parent) == (2, shelf.captures[0].capture_id)
    assert len(request.meta[NOTES_KEY].trail) == 2


def test_a_redirect_to_a_file_is_recorded_as_refused(
    web: FakeWeb, shelf: FakeArchive, crawler: Any
) -> None:
    web.serve(URL, 302, Location="file:///etc/passwd")
    download(crawler, Request(URL))
    assert [str(c.outcome) for c in shelf.captures] == ["complete", "policy"]
    assert [c.role for c in shelf.captures] == ["hop", "page"]


def test_a_proxy_is_never_bypassed(web: FakeWeb, crawler: Any) -> None:
    with pytest.raises(DownloadCancelledError):
        download(crawler, Request(URL, meta={"proxy": "http://p.example:1"}))
    assert web.asked == []


def test_a_request_may_name_another_proxy_by_its_label_only(
    web: FakeWeb, crawler: Any, services: CrawlServices
) -> None:
    web.serve(URL)
    with pytest.raises(DownloadCancelledError):  # robots.txt would go out directly
        download(crawler, Request(URL, meta={"proxy": "tor"}))
    services.proxy = "office"
    download(crawler, Request(URL, meta={"proxy": "tor"}))
    download(crawler, Request(URL))
    assert [asked.proxy for asked in web.asked] == ["tor", None]
    for wrong in ("http://u:hunter2@127.0.0.1:1", "", 1):
        with pytest.raises(DownloadCancelledError) as caught:
            download(crawler, Request(URL, meta={"proxy": wrong}))
        assert "hunter2" not in str(caught.value)
    assert len(web.asked) == 2


def test_an_archive_that_cannot_be_written_stops_the_crawl(
    web: FakeWeb, shelf: FakeArchive, crawler: Any, services: CrawlServices
) -> None:
    web.serve(URL)
    shelf.problem = StoreError("disk full")
    with pytest.raises(DownloadCancelledError):
        download(crawler, Request(URL))
    assert isinstance(services.fatal, StoreError)
    assert crawler.stopped == 1


def test_one_host_is_asked_by_as_many_at_a_time_as_the_source_allows(
    web: FakeWeb, crawler: Any
) -> None:
    web.serve(URL)
    running = most = 0

    async def slow(request: FetchRequest, _listener: Listener | None) -> Exchange:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return await web.answer(request)

    web.answering = slow

    async def burst() -> None:
        handler = EvidenceHandler(crawler)
        requests = [Request(URL) for _ in range(5)]
        await asyncio.gather(*map(handler.download_request, requests))

    asyncio.run(burst())
    assert most == SOURCE.limits.concurrency == 1
    assert len(web.asked) == 5


def test_nothing_is_asked_once_the_crawl_is_stopping(
    web: FakeWeb, crawler: Any, services: CrawlServices
) -> None:
    services.stopping = True
    with pytest.raises(RequestRefused, match="stopped"):
        download(crawler, Request(URL))
    assert web.asked == []


def test_stop_download_is_heard_while_the_engine_receives(
    web: FakeWeb, crawler: Any, make_exchange: Callable[..., Exchange]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    heard: list[Any] = []

    async def listen(_request: FetchRequest, listener: Listener | None) -> Exchange:
        assert listener is not None
        heard.append(listener.head_received(head))
        heard.append(listener.payload_received(b"abc"))
        return make_exchange(CaptureOutcome.STOPPED, wire=head + b"abc")

    def stop(data: bytes) -> None:
        raise StopDownload(fail=False)

    web.answering = listen
    crawler.signals.connect(stop, signals.bytes_received, weak=False)
    response = download(crawler, Request(URL))
    assert heard == [True, False]
    assert response.body == b"abc"
    assert "download_stopped" in response.flags


def test_the_add_on_fixes_our_settings_and_its_handler_can_be_loaded() -> None:
    settings = Settings(scrapy_settings(SOURCE))
    EvidenceAddon().update_settings(settings)
    for name, value in FIXED.items():
        assert settings[name] == value
    assert settings.getdict("DOWNLOAD_HANDLERS") == HANDLERS
    assert load_object(HANDLER) is EvidenceHandler
    assert settings.getbool("ROBOTSTXT_OBEY")


CONFLICTS: list[dict[str, Any]] = [
    {"TELNETCONSOLE_ENABLED": True},
    {"SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleLifoDiskQueue"},
    {"DOWNLOAD_HANDLERS": {"http": "scrapy.core.downloader.handlers.http11.X"}},
    {"COOKIES_ENABLED": True},
    {"REMOTE_CONTROL_ENABLED": True},
    {"HTTPCACHE_ENABLED": True},
    {"REDIRECT_MAX_TIMES": 50},
    {"DOWNLOAD_HANDLERS": {"https": "scrapy.core.downloader.handlers.http11.X"}},
    {"DOWNLOAD_HANDLERS": {"file": "scrapy.core.downloader.handlers.file.X"}},
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=str)
def test_a_setting_that_says_otherwise_is_refused(conflict: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(conflict))):
        EvidenceAddon().update_settings(Settings(conflict))


def policy_code(policy: SourcePolicy, url: str, **meta: Any) -> str:
    try:
        policy.process_request(Request(url, meta=meta))
    except RequestRefused as refusal:
        return refusal.code
    return "passed"


@pytest.mark.parametrize("built", [0, 1])
def test_a_crawl_without_our_handler_for_both_schemes_fetches_nothing(
    crawler: Any, services: CrawlServices, built: int
) -> None:
    async def begin() -> list[Request]:
        return [request async for request in SourceSpider(services=services).start()]

    services.handlers_built = built  # the other one failed to load: Scrapy only logs it
    assert asyncio.run(begin()) == []
    assert isinstance(services.fatal, SettingsError)
    services.fatal = None
    for _ in range(2 - built):
        EvidenceHandler(crawler)
    assert asyncio.run(begin()) != []
    assert services.fatal is None


def test_the_policy_lets_only_pass_what_the_rules_name(
    services: CrawlServices,
) -> None:
    policy = SourcePolicy(services)
    robots = {"dont_obey_robotstxt": True}
    assert policy_code(policy, URL) == "passed"
    assert policy_code(policy, "https://x.example/") == "out-of-scope:no-rule"
    hop = {"redirect_times": 1}
    code = policy_code(policy, "https://x.example/", **hop)
    assert code == "redirect-out-of-scope:no-rule"
    part = {NOTES_KEY: RequestNotes(role="part")}
    code = policy_code(policy, "https://cdn.example/x.png", **part)
    assert code == "part-out-of-scope:no-rule"
    assert policy_code(policy, "https://prisoners.spring96.org/") == "ignored-by-rule"
    assert policy_code(policy, "https://x.example/robots.txt", **robots) == "passed"
    assert policy_code(policy, "https://x.example/other", **robots) != "passed"
    assert services.log.signals == {
        "out-of-scope:no-rule": 2,
        "redirect-out-of-scope:no-rule": 1,
        "part-out-of-scope:no-rule": 1,
    }


def test_a_budget_that_is_used_up_refuses_with_a_signal(
    services: CrawlServices,
) -> None:
    policy = SourcePolicy(services)
    for number in range(SOURCE.limits.requests):
        assert policy_code(policy, f"{URL}{number}") == "passed"
    assert policy_code(policy, URL) == "budget:requests"
    other = SourcePolicy(services)
    services.log.received_bytes = SOURCE.limits.bytes
    assert policy_code(other, URL) == "budget:bytes"
    assert issubclass(RequestRefused, IgnoreRequest)


@pytest.mark.parametrize("url", [URL, "https://spring96.org/навіны?дзень="])
def test_an_address_that_was_asked_for_before_takes_no_turn_of_its_shape(
    services: CrawlServices, url: str
) -> None:
    """Menus name the same pages on each page: the articles must not pay for them."""
    spider = SourceSpider.from_crawler(get_crawler(), services=services)
    for _ in range(4 * SHAPE_TURN):
        request = spider.page_request(f"{url}1")
        spider.crawler.signals.send_catch_log(
            signals.request_dropped, request=request, spider=spider
        )
    asked = [spider.page_request(f"{url}{n}") for n in range(2 * SHAPE_TURN - 1)]
    priorities = [request.priority for request in asked]
    assert priorities == [0] * (SHAPE_TURN - 1) + [-1] * SHAPE_TURN


def test_letters_that_are_written_with_numbers_are_none() -> None:
    water, news, more = (
        shape_of(Request(f"https://a.example/{word}").url)
        for word in ("вада/1", "веда/1", "веда/22")
    )
    assert water != news
    assert news == more


def test_a_hop_that_was_asked_for_before_gives_no_turn_back(
    services: CrawlServices,
) -> None:
    """It never took one: a redirect leads to another shape than the one that did."""
    spider = SourceSpider.from_crawler(get_crawler(), services=services)
    for _ in range(SHAPE_TURN):
        hop = spider.page_request(f"{URL}1").replace(meta={"redirect_times": 1})
        spider.crawler.signals.send_catch_log(
            signals.request_dropped, request=hop, spider=spider
        )
    assert spider.page_request(URL).priority == -1
