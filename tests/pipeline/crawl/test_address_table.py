"""No spelling of a forbidden host is contacted: directly, by redirect, base, refresh.

A canary listens on loopback in both families, on a port that the rules allow.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.store.drafts import PageDraft
from crawlers.crawl.capturing.lines import CaptureLine
from crawlers.crawl.capturing.recorder import Recorder, keep_stray
from crawlers.crawl.capturing.single import ListCapture
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.engine.client import Client, EngineSettings, parse_connect_to
from crawlers.engine.spool import SpoolPlace
from crawlers.sources.source import PartsMode
from tests.support.archives.values import bare_capture
from tests.support.capturing.canary import SPELLINGS, Canary, listening
from tests.support.capturing.sources import ALL_FETCHED, host_tables
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SITE = "a.example"


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as made:
        yield made


@dataclass
class Shelf:
    """An archive that only remembers."""

    exchanges: list[Exchange] = field(default_factory=list)

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        self.exchanges.append(exchange)
        return done(
            replace(
                bare_capture(len(self.exchanges), exchange.target_uri),
                captured_at=exchange.started_at,
                outcome=exchange.outcome,
                http_status=exchange.http_status,
                media_type="text/html" if exchange.http_status == 200 else None,
                role=exchange.context.role,
            )
        )

    def page(self, draft: PageDraft) -> "Future[Capture]":
        return done(replace(draft.main, kind="page"))

    def asked(self, canary: Canary) -> list[Exchange]:
        """What was asked for elsewhere than at the site."""
        return [x for x in self.exchanges if f"http://{SITE}/" not in x.target_uri]


def done(value: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def capture(
    urls: list[str], site: Site, *, canary: Canary, spool: Path, parts: PartsMode
) -> Shelf:
    """Capture a list with the real engine; the canary's port is an allowed one."""
    shelf, log = Shelf(), JobLog(seeds=tuple(urls))
    settings = EngineSettings(
        connect_to=(parse_connect_to(f"{SITE}:80=127.0.0.1:{site.port}"),),
        extra_ports=frozenset({canary.port}),
        hosts_file=None,
        nameservers=("127.0.0.1",),
        nameserver_port=9,
    )

    async def run() -> None:
        client = Client(
            settings,
            spool=SpoolPlace(folder=spool),
            clock=lambda: datetime.now(UTC),
            random_bytes=secrets.token_bytes,
            on_stale=keep_stray,
        )
        recorder = Recorder(fetcher=client, writer=shelf, log=log)
        job = ListCapture(recorder, log=log, job_id="j", parts=parts)
        lines = [
            CaptureLine(place="", url=url, method="GET", headers=(), body=b"")
            for url in urls
        ]
        await job.run(lines, lambda _capture: None)
        await client.close()

    asyncio.run(run())
    return shelf


def test_the_canary_hears_who_comes(canary: Canary) -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0")):
        with socket.socket(family) as caller:
            caller.connect((host, canary.port))
            caller.recv(1)
    assert len(canary.hits) == 2


def check(shelf: Shelf, canary: Canary) -> None:
    refused = shelf.asked(canary)
    assert len(refused) >= len(SPELLINGS)
    for exchange in refused:
        assert exchange.outcome is CaptureOutcome.POLICY, exchange.target_uri
        assert (exchange.request, exchange.response.length_bytes) == (b"", 0)
    assert canary.hits == []


def test_the_table_holds_enough_spellings() -> None:
    assert len(set(SPELLINGS)) == len(SPELLINGS) >= 60


def test_no_spelling_of_a_private_address_is_reached_when_asked_for(
    site: Site, canary: Canary, tmp_path: Path
) -> None:
    urls = [f"http://{host}:{canary.port}/" for host in SPELLINGS]
    shelf = capture(urls, site, canary=canary, spool=tmp_path, parts=PartsMode.NONE)
    check(shelf, canary)


def test_no_spelling_of_a_private_address_is_reached_by_a_redirect(
    site: Site, canary: Canary, tmp_path: Path
) -> None:
    for number, host in enumerate(SPELLINGS):
        head = f"HTTP/1.1 302 F\r\nLocation: http://{host}:{canary.port}/\r\n"
        data = f"{head}Content-Length: 0\r\n\r\n".encode()
        site.serve_raw(f"/{number}", "", data)
    urls = [f"http://{SITE}/{number}" for number in range(len(SPELLINGS))]
    shelf = capture(urls, site, canary=canary, spool=tmp_path, parts=PartsMode.NONE)
    check(shelf, canary)


@pytest.mark.parametrize(
    "html",
    [
        "<base href='http://{host}:{port}/'><img src=/{n}.png>",
        "<base href='//{host}:{port}/'><link rel=stylesheet href={n}.css>",
        "<img src='http://{host}:{port}/{n}.png'>",
        "<style>p{{background:url('http://{host}:{port}/{n}.png')}}</style>",
    ],
    ids=["base", "base without scheme", "part", "style"],
)
def test_named_by_a_page(
    html: str, *, site: Site, canary: Canary, tmp_path: Path
) -> None:
    for number, host in enumerate(SPELLINGS):
        page = "<meta charset=utf-8>" + html
        site.serve(f"/{number}", page.format(host=host, port=canary.port, n=number))
    urls = [f"http://{SITE}/{number}" for number in range(len(SPELLINGS))]
    shelf = capture(urls, site, canary=canary, spool=tmp_path, parts=PartsMode.STATIC)
    named = shelf.asked(canary)
    assert len(named) > 0.9 * len(SPELLINGS)
    for exchange in named:
        assert exchange.outcome is CaptureOutcome.POLICY, exchange.target_uri
    assert canary.hits == []


SOURCE = host_tables() + ALL_FETCHED + "ports = [{port}]\n"
VECTORS = {
    "redirect": "",
    "refresh": "<meta http-equiv=refresh content='0;url=http://{host}:{port}/'>",
    "base": "<base href='http://{host}:{port}/'><img src=/i.png>",
    "link": "<a href='http://{host}:{port}/'>x</a>",
}


def test_a_crawl_is_led_there_by_nothing(
    site: Site, evidence: Evidence, sources: Callable[..., Path], canary: Canary
) -> None:
    seeds = []
    for name, html in VECTORS.items():
        for number, host in enumerate(SPELLINGS):
            path = f"/{name}{number}"
            seeds.append(f'[[seed]]\nurl = "http://{SITE}{path}"\nspider = "page"\n')
            if html:
                page = "<meta charset=utf-8>" + html
                site.serve(path, page.format(host=host, port=canary.port))
            else:
                there = f"Location: http://{host}:{canary.port}/"
                head = f"HTTP/1.1 302 F\r\n{there}\r\nContent-Length: 0\r\n\r\n"
                site.serve_raw(path, "", head.encode())
    folder = sources("outlet", *seeds, SOURCE.format(port=canary.port))
    _code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to(SITE),
    )
    asked = {path for path in site.paths if path != "/robots.txt"}
    assert len(asked) == len(VECTORS) * len(SPELLINGS)
    assert result["captures"] >= len(asked)
    assert canary.hits == []
