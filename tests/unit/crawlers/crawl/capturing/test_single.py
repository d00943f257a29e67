"""`evidence capture`: every line, hop and part is a capture; each printed once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.errors import MalformedRecord, MalformedStatement, StoreError
from archive.store.drafts import PageDraft
from crawlers.crawl.capturing import single
from crawlers.crawl.capturing.lines import CaptureLine
from crawlers.crawl.capturing.recorder import Recorder, keep_stray
from crawlers.crawl.capturing.single import ListCapture
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.settings import FetchRequest, Listener
from crawlers.sources.source import PartsMode
from tests.support.capturing.fake_web import FakeArchive, FakeWeb

Run = Callable[..., tuple[list[Capture], JobLog]]
PAGE = "<link rel=stylesheet href=/s.css><img src=/i.png><img src=file:///etc/x>"


def lines(*urls: str) -> list[CaptureLine]:
    return [CaptureLine(place=f"line {n}", url=url) for n, url in enumerate(urls)]


@pytest.fixture
def capture(web: FakeWeb, shelf: FakeArchive) -> Run:
    def run(
        wanted: list[CaptureLine], parts: PartsMode = PartsMode.STATIC
    ) -> tuple[list[Capture], JobLog]:
        log = JobLog(seeds=tuple(line.url for line in wanted))
        recorder = Recorder(fetcher=web, writer=shelf, log=log)
        job = ListCapture(recorder, log=log, job_id="j", parts=parts)
        emitted: list[Capture] = []
        asyncio.run(job.run(wanted, emitted.append))
        return emitted, log

    return run


def test_without_parts_each_line_is_one_attempt_in_the_order_given(
    web: FakeWeb, shelf: FakeArchive, capture: Run
) -> None:
    web.serve("http://a.example/1")
    web.serve("http://b.example/")
    wanted = lines("http://a.example/1", "http://b.example/", "http://a.example/1")
    emitted, log = capture(wanted, PartsMode.NONE)
    assert [c.target_uri for c in emitted] == [line.url for line in wanted]
    assert [r.state for r in log.settled()] == ["captured"] * 3
    assert len(shelf.captures) == 3
    assert shelf.pages == []


def test_a_slow_line_holds_no_other_back(web: FakeWeb, shelf: FakeArchive) -> None:
    """Each attempt is told when it is on disk: the slow one ends when all are told."""
    wanted = lines("http://slow.example/", "http://b.example/1", "http://b.example/2")
    for line in wanted:
        web.serve(line.url)
    emitted: list[Capture] = []

    async def answer(request: FetchRequest, _listener: object) -> Exchange:
        while "slow" in request.uri and len(emitted) < 2:
            await asyncio.sleep(0)
        return await web.answer(request)

    web.answering = answer
    log = JobLog(seeds=tuple(line.url for line in wanted))
    recorder = Recorder(fetcher=web, writer=shelf, log=log)
    job = ListCapture(recorder, log=log, job_id="j", parts=PartsMode.NONE)

    async def run() -> None:
        await asyncio.wait_for(job.run(wanted, emitted.append), timeout=30)

    asyncio.run(run())
    assert [c.target_uri for c in emitted] == [
        line.url for line in (*wanted[1:], wanted[0])
    ]


def test_a_page_brings_robots_once_and_its_parts_under_one_statement(
    web: FakeWeb, shelf: FakeArchive, capture: Run
) -> None:
    web.serve("http://a.example/robots.txt", body=b"User-agent: *")
    web.serve_html("http://a.example/1", PAGE)
    web.serve_html("http://a.example/2", PAGE)
    web.serve("http://a.example/s.css", body=b"@import 't.css'; p{x:url(f.woff2)}")
    web.serve("http://a.example/t.css", 404)
    web.serve("http://a.example/f.woff2", body=b"font")
    emitted, log = capture(lines("http://a.example/1", "http://a.example/2"))
    shown = [(c.target_uri.removeprefix("http://a.example"), c.role) for c in emitted]
    assert shown == [
        ("/robots.txt", "robots"),
        ("/1", "page"),
        ("/s.css", "part"),
        ("/i.png", "part"),
        ("file:///etc/x", "part"),
        ("/t.css", "part"),
        ("/f.woff2", "part"),
        ("/2", "page"),
    ]
    assert len(emitted) == len(shelf.captures) == 8
    assert log.failures == 2
    first, second = shelf.pages
    assert first.main.target_uri == "http://a.example/1"
    assert first.captures[0] == first.main
    parts = first.page_info["parts"]
    assert isinstance(parts, list)
    assert [part["outcome"] for part in parts] == [
        "complete",
        "refused",
        "policy",
        "complete",
        "complete",
    ]
    assert second.captures[1:] == first.captures[1:]
    asked = [r for r in web.asked if r.context.role == "part"]
    assert {r.context.parent for r in asked} == {first.main.capture_id}


def test_robots_is_asked_once_per_origin_even_for_a_page_that_fails(
    web: FakeWeb, capture: Run
) -> None:
    emitted, log = capture(lines("http://a.example/", "http://a.example/2"))
    assert [c.role for c in emitted] == ["robots", "page", "page"]
    assert [r.state for r in log.settled()] == ["failed", "failed"]


def test_redirects_are_hops_with_parents_and_the_end_is_the_page(
    web: FakeWeb, capture: Run
) -> None:
    web.serve("http://a.example/", 301, Location="https://b.example/x#frag")
    web.serve("https://b.example/x#frag", 302, Location="/y")
    web.serve("https://b.example/y", body=b"end")
    emitted, log = capture(lines("http://a.example/"), PartsMode.NONE)
    assert [c.role for c in emitted] == ["hop", "hop", "page"]
    assert [r.context.hop for r in web.asked] == [0, 1, 2]
    assert [r.context.parent for r in web.asked[1:]] == [
        c.capture_id for c in emitted[:2]
    ]
    assert log.settled()[0].captures == tuple(c.capture_id for c in emitted)


def test_a_loop_ends_after_ten_hops_all_of_them_kept(
    web: FakeWeb, capture: Run
) -> None:
    web.serve("http://a.example/", 302, Location="http://a.example/")
    emitted, log = capture(lines("http://a.example/"), PartsMode.NONE)
    assert len(emitted) == 11
    assert log.settled()[0].reason == "redirect-limit"
    assert log.settled()[0].state == "failed"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "javascript:alert(1)"])
def test_a_redirect_to_a_scheme_never_fetched_is_a_policy_capture(
    web: FakeWeb, capture: Run, target: str
) -> None:
    web.serve("http://a.example/", 302, Location=target)
    emitted, log = capture(lines("http://a.example/"), PartsMode.NONE)
    assert emitted[1].outcome is CaptureOutcome.POLICY
    assert emitted[1].target_uri == target
    assert log.settled()[0].state == "blocked"


def test_a_line_that_cannot_be_stated_is_no_end_of_the_others(
    web: FakeWeb, shelf: FakeArchive, capture: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [f"http://a.example/{n}" for n in range(3)]
    for url in urls:
        web.serve_html(url, f"<p>{url}")
    state, record = shelf.page, shelf.capture

    def refuse_page(draft: PageDraft) -> "Future[Capture]":
        if draft.main.target_uri == urls[0]:
            raise MalformedStatement("too many captures")
        return state(draft)

    def refuse_capture(exchange: Exchange) -> "Future[Capture]":
        if exchange.target_uri == urls[1]:
            raise MalformedRecord("no such header")
        return record(exchange)

    monkeypatch.setattr(shelf, "page", refuse_page)
    monkeypatch.setattr(shelf, "capture", refuse_capture)
    _, log = capture(lines(*urls))
    assert [r.state for r in log.settled()] == ["captured", "failed", "captured"]
    assert log.settled()[1].reason == "not-stated"
    assert log.signals["not-stated"] == 2
    assert [page.main.target_uri for page in shelf.pages] == [urls[2]]


HOPS = [
    (301, "POST", "GET", b""),
    (302, "POST", "GET", b""),
    (303, "PUT", "GET", b""),
    (303, "HEAD", "HEAD", b"x"),
    (307, "POST", "POST", b"x"),
    (308, "POST", "POST", b"x"),
    (301, "HEAD", "HEAD", b"x"),
]


@pytest.mark.parametrize(("status", "method", "then", "body"), HOPS)
def test_a_redirect_changes_the_method_as_browsers_do(
    web: FakeWeb, capture: Run, *, status: int, method: str, then: str, body: bytes
) -> None:
    web.serve("http://a.example/", status, Location="/end")
    web.serve("http://a.example/end")
    line = CaptureLine(
        place="line 1", url="http://a.example/", method=method, body=b"x"
    )
    capture([line], PartsMode.NONE)
    assert (web.asked[1].method, web.asked[1].body) == (then, body)


def test_secrets_stay_on_their_own_origin(web: FakeWeb, capture: Run) -> None:
    web.serve("http://a.example/", 302, Location="/same")
    web.serve("http://a.example/same", 302, Location="http://b.example/")
    web.serve("http://b.example/")
    secrets = (("Cookie", "c"), ("authorization", "a"), ("Host", "a.example"))
    headers = (*secrets, ("X", "1"))
    line = CaptureLine(place="line 1", url="http://a.example/", headers=headers)
    capture([line], PartsMode.NONE)
    assert web.asked[1].headers == headers
    assert web.asked[2].headers == (("X", "1"),)


def test_an_attempt_on_a_dead_connection_is_kept_before_the_one_that_counts(
    web: FakeWeb, capture: Run, make_exchange: Callable[..., Exchange]
) -> None:
    web.serve("http://a.example/")

    async def stale_first(
        request: FetchRequest, _listener: Listener | None
    ) -> Exchange:
        keep_stray(make_exchange(CaptureOutcome.NO_RESPONSE))
        return await web.answer(request)

    web.answering = stale_first
    emitted, log = capture(lines("http://a.example/"), PartsMode.NONE)
    assert [str(c.outcome) for c in emitted] == ["no-response", "complete"]
    assert log.settled()[0].state == "captured"
    assert len(log.settled()[0].captures) == 2


def test_an_archive_that_cannot_be_written_ends_the_list_with_its_error(
    web: FakeWeb, shelf: FakeArchive, capture: Run
) -> None:
    web.serve("http://a.example/")
    shelf.problem = StoreError("disk full")
    with pytest.raises(StoreError, match="disk full"):
        capture(lines("http://a.example/", "http://b.example/"))


def test_after_a_stop_nothing_more_is_asked_and_the_rest_is_not_reached(
    web: FakeWeb, shelf: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single, "STOP_SECONDS", 0)
    for number in range(5):
        web.serve(f"http://a.example/{number}")
    wanted = lines(*(f"http://a.example/{number}" for number in range(5)))
    log = JobLog(seeds=tuple(line.url for line in wanted))
    recorder = Recorder(fetcher=web, writer=shelf, log=log)
    job = ListCapture(recorder, log=log, job_id="j", parts=PartsMode.NONE)
    emitted: list[Capture] = []

    async def stopped() -> None:
        running = asyncio.ensure_future(job.run(wanted, emitted.append))
        while len(web.asked) < 2:
            await asyncio.sleep(0)
        await job.stop()
        await running

    asyncio.run(stopped())
    states = [result.state for result in log.settled()]
    assert states[0] == "captured"
    assert states[-1] == "not-reached"
    assert states == sorted(states)
    assert len(emitted) == states.count("captured") == len(shelf.captures)
    assert web.closed == 1
