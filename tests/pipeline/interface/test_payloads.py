"""500 payloads in titles, addresses, headers, texts, queries, source names: none runs.

The browser's own policy is switched off, so that escaping alone must hold.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from archive.attest.records.job import JobClosing, JobOpening, SeedOutcome
from archive.capture import Capture, ExchangeContext
from archive.digest import Digest, format_short_id
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from search.indexing.index import Indexer
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.exchanges import answered
from tests.support.web.served import Served, serve_archive

RUNS = "ran('{n}')"
FORMS = (
    "<script>{r}</script>",
    '"><script>{r}</script>',
    "'><script>{r}</script>",
    "</title><script>{r}</script>",
    "</textarea><script>{r}</script>",
    "</pre><script>{r}</script>",
    "--><script>{r}</script>",
    "]]><script>{r}</script>",
    "<img src=x onerror={r}>",
    '"><img src=x onerror={r}>',
    "<svg onload={r}>",
    "<svg><script>{r}</script></svg>",
    "<body onload={r}>",
    "<details open ontoggle={r}>",
    "<input autofocus onfocus={r}>",
    '" autofocus onfocus={r} x="',
    "' onmouseover={r} x='",
    '<a href="javascript:{r}">go</a>',
    "javascript:{r}",
    '<iframe srcdoc="<script>parent.{r}</script>"></iframe>',
    '<object data="javascript:{r}"></object>',
    "<math><mtext></mtext><script>{r}</script></math>",
    "<style>@import 'javascript:{r}';</style>",
    '<link rel=stylesheet href="javascript:{r}">',
    '<meta http-equiv=refresh content="0;url=javascript:{r}">',
    '<base href="javascript:{r}//">',
    "{{{{ {r} }}}}{{% print({r}) %}}",
    "&lt;script&gt;{r}&lt;/script&gt;",
    "%3Cscript%3E{r}%3C/script%3E",
    "\u202e<script>{r}</script>\u2066",
    "<scr\u0000ipt>{r}</scr\u0000ipt>",
    "\uff1cscript\uff1e{r}\uff1c/script\uff1e",
)
PLACES = ("title", "address", "header", "text")
CAPTURES, QUERIES, SOURCES = 100, 60, 40
"""Four payloads a capture, one a query, one a source: 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """The archive of payloads, served, and its captures."""

    served: Served
    captures: list[Capture]


def payload(number: int) -> str:
    form = FORMS[number % len(FORMS)]
    return form.format(r=RUNS.format(n=number))


def exchange(made: MadeArchive, number: int, job_id: str, source_id: str) -> Any:
    title, address, header, text = (
        payload(CAPTURES * place + number) for place in range(len(PLACES))
    )
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    shown = text.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<title>{escaped}</title><p>{shown} word{number} {shown}</p>".encode()
    uri = f"http://a.example/{number}/{quote(address, safe='<>=()')}"
    line = header.replace("\0", "").encode("utf-8")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Note: "
    head += line + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    return answered(
        uri.replace('"', "%22"),
        head + body,
        at=made.clock(),
        context=ExchangeContext(job_id=job_id, source_id=source_id, role="page"),
    )


def fill(writer: ArchiveWriter, made: MadeArchive) -> list[Capture]:
    captures = []
    numbers = iter(range(CAPTURES))
    for source in range(SOURCES):
        mine = list(itertools.islice(numbers, 3 if source < CAPTURES - 80 else 2))
        name = payload(CAPTURES * len(PLACES) + QUERIES + source)
        job_id = format_short_id(made.random_bytes(16))
        job = JobOpening(
            job_id=job_id,
            opened_at=made.clock(),
            source_id=f"source-{source}",
            source={"title": name, "publisher": name},
            vantage="desk",
            settings_digest=Digest.of(b""),
            seeds=tuple(f"http://a.example/{n}" for n in mine),
        )
        writer.open_job(job).result()
        found = [
            writer.capture(exchange(made, n, job_id, f"source-{source}")).result()
            for n in mine
        ]
        outcomes = tuple(
            SeedOutcome(n=n, state="captured", captures=(one.capture_id,), reason="")
            for n, one in enumerate(found)
        )
        closing = JobClosing(
            job_id=job_id,
            closed_at=made.clock(),
            outcomes=outcomes,
            signals={},
            expectations=({"name": name, "bound": 1, "value": 1, "outcome": name},),
        )
        writer.close_job(closing).result()
        captures += found
    return captures


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poisoned]:
    made = make_archive(tmp_path_factory.mktemp("poisoned"), name=payload(8))
    with made.open_writer() as writer:
        captures = fill(writer, made)
    reader = ArchiveReader.open(made.root)
    Indexer(reader, workers=1).run(rebuild=False)
    reader.close()
    with serve_archive(made.root, made.trust_folder) as served:
        yield Poisoned(served=served, captures=captures)


@dataclass
class Watch:
    """A page whose scripts would run, and what ran."""

    page: Page
    ran: list[str]

    def look(self, address: str) -> None:
        self.page.goto(address, wait_until="domcontentloaded")
        self.inspect(address)

    def inspect(self, address: str) -> None:
        found = self.page.evaluate(
            """() => [...document.querySelectorAll('*')].filter(e =>
                 ['SCRIPT', 'OBJECT', 'EMBED', 'BASE', 'MATH'].includes(e.tagName)
                 || [...e.attributes].some(a => a.name.startsWith('on')
                     || a.name === 'srcdoc'
                     || /^\\s*javascript:/i.test(a.value) && a.name !== 'content'
                        && a.name !== 'value'))
               .map(e => e.outerHTML.slice(0, 200))"""
        )
        assert found == [], address
        assert self.ran == [], address


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watch]:
    context = browser.new_context(bypass_csp=True)
    ran: list[str] = []
    context.expose_function("ran", lambda number: ran.append(number))
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    yield Watch(page=page, ran=ran)
    context.close()


def test_the_watch_sees_what_runs(watch: Watch) -> None:
    watch.page.goto("data:text/html," + quote("<img src=x onerror=ran('x')>"))
    for _ in range(600):  # a minute at most
        if watch.ran:
            break
        watch.page.wait_for_timeout(100)
    assert watch.ran == ["x"]
    with pytest.raises(AssertionError):
        watch.inspect("data:")


@pytest.mark.slow
def test_no_payload_runs_or_makes_an_element(poisoned: Poisoned, watch: Watch) -> None:
    app = poisoned.served.app
    assert len(poisoned.captures) == CAPTURES
    for path in ("", "/captures", "/captures/2", "/sources", "/status", "/verify"):
        watch.look(app + path)
    for capture in poisoned.captures:
        for tab in ("", "/source", "/text", "/cite"):
            watch.look(f"{app}/c/{capture.short_id}{tab}")
        key = poisoned.served.applications.site.key_of(capture.target_uri)
        watch.look(f"{app}/u/{key}")
    key_of: Callable[[str], str] = poisoned.served.applications.site.key_of
    for source in range(SOURCES):
        watch.look(f"{app}/s/{key_of(f'source-{source}')}")
    for number in range(QUERIES):
        watch.page.goto(app)
        watch.page.fill("#q", payload(CAPTURES * len(PLACES) + number))
        watch.page.press("#q", "Enter")
        watch.page.wait_for_load_state("domcontentloaded")
        watch.inspect(f"query {number}")
        watch.page.goto(f"{app}/verify")
        watch.page.fill("#v", payload(number))
        watch.page.click("text=Check it")
        watch.inspect(f"citation {number}")


def test_there_are_five_hundred_payloads() -> None:
    assert CAPTURES * len(PLACES) + QUERIES + SOURCES == 500
    assert len({payload(number) for number in range(500)}) == 500
