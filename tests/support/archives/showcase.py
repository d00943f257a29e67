"""A campaign of five weeks, from the demonstration: what pages are looked at with.

Three sources, days without an attempt, failures of every kind, a page that was changed
without a word, a page as a browser showed it, stamped by two authorities in memory.
Everything is written by the real writer and indexed by the real indexer.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.attest.records.job import JobClosing, JobOpening, SeedOutcome
from archive.capture import Capture, CaptureOutcome, Exchange, MemoryBytes, Phase
from archive.digest import Digest, format_short_id
from archive.store.drafts import PageDraft
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from archive.warc.slice import ResourceBlock
from crawlers.demo.content import DemoSites
from search.indexing.index import Indexer
from tests.support.archives.archives import make_archive, part_row
from tests.support.archives.exchanges import answered, unanswered
from tests.support.archives.stamped import StampedArchive
from tests.support.inputs.png import write_png
from tests.support.servers.authorities import serve_memory

NAME = "Election observers"
BEGIN = datetime(2025, 1, 20, 6, 0, tzinfo=UTC)
DAYS = 32
CHANGED_ON = 8
"""From this day on the second edition of the sites is served."""
COMMISSION, OUTLET, OBSERVERS = "commission", "outlet", "observers"
HOST = "commission.example"
RESULTS = f"http://{HOST}/be/results.html"
PAGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    COMMISSION: (
        (HOST, "/be/results.html"),
        (HOST, "/ru/results.html"),
        (HOST, "/ru/turnout.html"),
    ),
    OUTLET: (
        ("outlet.example", "/be/"),
        ("outlet.example", "/be/news/1009.html"),
        ("outlet.example", "/en/"),
    ),
    OBSERVERS: (
        ("observers.example", "/en/report.html"),
        ("observers.example", "/be/"),
    ),
}
SILENT = {COMMISSION: {12, 13, 20}, OUTLET: {n for n in range(DAYS) if n % 2}}
"""Days without a visit."""
FAILURES: Mapping[int, tuple[CaptureOutcome, Phase, str]] = {
    14: (CaptureOutcome.DNS, Phase.DNS, "no such name"),
    15: (CaptureOutcome.REFUSED, Phase.TCP, "connection refused"),
    16: (CaptureOutcome.TIMEOUT, Phase.TCP, "no answer within 30 s"),
    22: (CaptureOutcome.TLS_REFUSED, Phase.TLS, "certificate has expired"),
}
PARTS = (("/style.css", "style"), ("/logo.svg", "image"), ("/seal.png", "image"))


@dataclass(kw_only=True)
class Showcase:
    """The archive, where it lies, and captures worth looking at by name."""

    stamped: StampedArchive
    named: dict[str, Capture] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The archive folder."""
        return self.stamped.made.root

    @property
    def trust(self) -> Path:
        """The trust folder that knows it."""
        return self.stamped.made.trust_folder


@contextmanager
def make_showcase(
    folder: Path, *, picture: bytes | None = None, days: int = DAYS
) -> Iterator[Showcase]:
    """Write, stamp and index the first days of the campaign below a folder."""
    made = make_archive(folder, name=NAME, seed="showcase")
    made.clock.now = BEGIN - timedelta(hours=1)
    with ExitStack() as stack:
        served = stack.enter_context(serve_memory(made.clock, "First", "Second"))
        stamped = StampedArchive(made=made, authorities=served, told=[])
        stamped.write_trust()
        shown = Showcase(stamped=stamped)
        campaign = _Campaign(shown, picture or draw_picture(640, 900))
        for week in range(0, days, 8):
            with stamped.writer(every=timedelta(days=1)) as writer:
                for day in range(week, min(week + 8, days)):
                    campaign.visit(writer, day)
        reader = ArchiveReader.open(shown.root)
        Indexer(reader, workers=1).run(rebuild=False)
        reader.close()
        yield shown


class _Campaign:
    def __init__(self, shown: Showcase, picture: bytes) -> None:
        self._shown = shown
        self._made = shown.stamped.made
        self._sites = DemoSites()
        self._picture = picture

    def visit(self, writer: ArchiveWriter, day: int) -> None:
        """One day: each source that is visited, as one job."""
        for hour, (source, pages) in enumerate(PAGES.items()):
            if day in SILENT.get(source, set()):
                continue
            self._made.clock.now = BEGIN + timedelta(days=day, hours=2 * hour)
            seeds = tuple(f"http://{host}{path}" for host, path in pages)
            job = self._opening(source, seeds)
            writer.open_job(job).result()
            captures = [self._capture(writer, job, place, day=day) for place in pages]
            writer.close_job(self._closing(job, captures)).result()
        if day in (6, CHANGED_ON):
            self._page(writer, day)

    def _opening(self, source: str, seeds: tuple[str, ...]) -> JobOpening:
        return JobOpening(
            job_id=format_short_id(self._made.random_bytes(16)),
            opened_at=self._made.clock(),
            source_id=source,
            source={
                "id": source,
                "title": f"Example {source}",
                "publisher": "Demonstration",
                "jurisdiction": "BY",
                "timezone": "Europe/Minsk",
                "expect": {"captures_min": 2, "failures_max": 0},
            },
            vantage="observer's desk",
            settings_digest=Digest.of(b""),
            seeds=seeds,
        )

    def _closing(self, job: JobOpening, captures: list[Capture]) -> JobClosing:
        failed = sum(one.outcome is not CaptureOutcome.COMPLETE for one in captures)
        return JobClosing(
            job_id=job.job_id,
            closed_at=self._made.clock(),
            outcomes=tuple(
                SeedOutcome(
                    n=number,
                    state="captured" if one.http_status else "failed",
                    captures=(one.capture_id,),
                    reason="" if one.http_status else str(one.outcome),
                )
                for number, one in enumerate(captures)
            ),
            signals={},
            expectations=(
                _judged("captures_min", 2, len(captures), len(captures) >= 2),
                _judged("failures_max", 0, failed, failed == 0),
            ),
        )

    def _capture(
        self,
        writer: ArchiveWriter,
        job: JobOpening,
        place: tuple[str, str],
        *,
        day: int,
    ) -> Capture:
        self._made.clock.now += timedelta(seconds=20)
        uri = f"http://{place[0]}{place[1]}"
        failure = FAILURES.get(day) if job.source_id == OBSERVERS else None
        exchange = self._exchange(place, day=day)
        context = replace(
            exchange.context, job_id=job.job_id, source_id=job.source_id, role="page"
        )
        exchange = replace(exchange, context=context)
        if failure is not None:
            outcome, phase, detail = failure
            exchange = _failed(exchange, outcome, phase, detail)
        capture = writer.capture(exchange).result()
        self._shown.named[f"{day} {uri}"] = capture
        return capture

    def _exchange(self, place: tuple[str, str], *, day: int) -> Exchange:
        visit = 1 if day < CHANGED_ON else 2
        data = self._sites.reply(*place, visit=visit).data
        made = answered(f"http://{place[0]}{place[1]}", data, at=self._made.clock())
        if b"Content-Length" in data.partition(b"\r\n\r\n")[0]:
            return made
        assert made.framing is not None
        framing = replace(made.framing, kind="chunked", declared_length=None)
        return replace(made, framing=framing)

    def _page(self, writer: ArchiveWriter, day: int) -> None:
        """The page of results with its parts, one of them a gap, and its picture."""
        main = self._shown.named[f"{day} {RESULTS}"]
        rows, captures = [], [main]
        for path, kind in PARTS:
            uri = f"http://{HOST}{path}"
            if path == "/seal.png":
                rows.append(part_row(uri, kind, None))
                continue
            exchange = self._exchange((HOST, path), day=day)
            context = replace(exchange.context, source_id=COMMISSION, role="part")
            part = writer.capture(replace(exchange, context=context)).result()
            rows.append(part_row(uri, kind, part.capture_id))
            captures.append(part)
        view = ResourceBlock(
            type="resource",
            target_uri=f"urn:view:{RESULTS}",
            content_type="image/png",
            block=MemoryBytes(self._picture),
        )
        draft = PageDraft(
            target_uri=RESULTS,
            main=main,
            captures=tuple(captures),
            rendering="browser",
            page_info={"parts": rows, "parts_unlisted": 0},
            job_id=None,
            source_id=COMMISSION,
            resources=(view,),
        )
        self._shown.named[f"page {day}"] = writer.page(draft).result()
        self._shown.named[f"main {day}"] = main


def _judged(name: str, bound: int, value: int, met: bool) -> dict[str, object]:
    bad = "warning" if name.endswith("_max") else "failed"
    outcome = "met" if met else bad
    return {"name": name, "bound": bound, "value": value, "outcome": outcome}


def _failed(exchange: Any, outcome: CaptureOutcome, phase: Phase, detail: str) -> Any:
    return unanswered(
        exchange.target_uri,
        outcome,
        at=exchange.started_at,
        phase=phase,
        detail=detail,
        context=exchange.context,
    )


def draw_picture(width: int, height: int) -> bytes:
    """A PNG that stands for the picture of a page: bars on white."""
    bar, paper = b"\x9a\xb0\xba" * width, b"\xff\xff\xff" * width
    rows = (bar if y % 60 in range(20, 34) else paper for y in range(height))
    return write_png(width, rows, effort=9)
