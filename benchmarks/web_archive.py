# ruff: noqa: S603, T201  our own commands; says what takes long
"""The archive `web_latency.py` measures on: many small captures, some real news pages.

Small pages stand for a campaign: 1,999 addresses of 40 sources with 49 to 50 captures
each and one with 1,000, every tenth capture of an address with another text. The news
pages are page captures with the style sheets they name, which are made up, of the size
of real ones: the test material holds none.
"""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from lxml import html

sys.path.insert(0, str(Path(__file__).parents[1]))

from archive.attest.keys.keyfolder import KeyFolder
from archive.capture import (
    Capture,
    Exchange,
    ExchangeContext,
)
from archive.store.create import CreateRequest, create_archive
from archive.store.drafts import PageDraft
from archive.store.layout import read_identity
from archive.store.writing.writer import ArchiveWriter
from archive.version import SOFTWARE
from tests.support.archives.exchanges import TIMINGS, answered

EVIDENCE = (sys.executable, "-c", "from archive.cli.root import main; main()")
START = datetime(2025, 1, 1, 6, 0, tzinfo=UTC)
SOURCES = 40
ADDRESSES = 2_000
LONG_HISTORY = 1_000
"""Captures of the first address."""
BATCH = 256
SHEET_BYTES = 30_000
SHEETS_A_PAGE = 6
NAMED_PAGES = 150
TEXT = (
    "камісія выбары яўка пратакол назіральнік участак бюлетэнь кандыдат вынікі "
    "комиссия выборы явка протокол наблюдатель участок кандидат результаты голос "
    "commission turnout observer ballot district candidate result count station vote"
)
WORDS = tuple(TEXT.split(" "))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPage:
    """One named page of the test material, as captured."""

    name: str
    uri: str
    first: str
    """Short id of the first capture."""
    later: str
    """Of a capture of the next day: other bytes, the same style sheets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchArchive:
    """Where everything lies; `news` are the named pages."""

    folder: Path
    news: tuple[NewsPage, ...]

    @property
    def root(self) -> Path:
        """The archive."""
        return self.folder / "archive"

    @property
    def environ(self) -> dict[str, str]:
        """For commands over it."""
        return os.environ | {
            "EVIDENCE_TRUST_DIR": str(self.folder / "trust"),
            "EVIDENCE_ARCHIVE": str(self.root),
        }


def exchange(
    uri: str, body: bytes, *, at: datetime, media_type: str, source: str, role: str
) -> Exchange:
    """One complete exchange."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    split = urlsplit(uri)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {split.netloc}\r\n\r\n".encode()
    return answered(
        uri,
        head + body,
        at=at,
        request=request,
        timings=TIMINGS,
        context=ExchangeContext(source_id=source, role=role),
    )


def small_pages(count: int) -> Iterator[Exchange]:
    """Small pages, in the order of time."""
    usual = -(-(count - LONG_HISTORY) // (ADDRESSES - 1))
    order = [
        (number, visit)
        for number in range(ADDRESSES)
        for visit in range(LONG_HISTORY if number == 0 else usual)
    ]
    random.Random(3).shuffle(order)  # noqa: S311
    visits = [0] * ADDRESSES
    for place, (number, _) in enumerate(order[:count]):
        visits[number] += 1
        source = f"source-{number % SOURCES}"
        uri = f"https://{source}.example/news/{number}"
        yield exchange(
            uri,
            _small_body(number, visits[number] // 10),
            at=START + timedelta(minutes=3 * place),
            media_type="text/html; charset=utf-8",
            source=source,
            role="page",
        )


def _small_body(number: int, version: int) -> bytes:
    chance = random.Random(number * 1_009 + version)  # noqa: S311
    text = " ".join(chance.choices(WORDS, k=80))
    title = f"{chance.choice(WORDS)} {number} {version}"
    return (
        f"<!doctype html><html lang=ru><head><title>{title}</title></head><body>"
        f"<h1>{title}</h1><p>{text}.</p></body></html>"
    ).encode()


def sheet(number: int) -> bytes:
    """A made-up style sheet of the usual size."""
    rules: list[str] = []
    size = 0
    while size < SHEET_BYTES:
        rule = (
            f".block-{number}-{len(rules)} > a:hover{{color:#{len(rules) % 4096:03x};"
            f"margin:0 {len(rules) % 40}px;background:url(/i/{len(rules)}.png)}}\n"
        )
        rules.append(rule)
        size += len(rule)
    return "".join(rules).encode()


def named_pages(corpus: Path) -> list[tuple[str, bytes]]:
    """The first 150 pages of `html-news/fundus` in the order of their names."""
    folder = corpus / "html-news" / "fundus"
    paths = sorted(folder.glob("*/*.html.gz"))[:NAMED_PAGES]
    return [
        (path.relative_to(folder).as_posix(), gzip.decompress(path.read_bytes()))
        for path in paths
    ]


def _add_news(
    writer: ArchiveWriter, corpus: Path, *, day: int
) -> Iterator[tuple[str, str, str]]:
    """Name, address and short id of each named page, captured on that day."""
    at = START + timedelta(days=300 + day)
    for number, (name, page) in enumerate(named_pages(corpus)):
        body = page + b"<!-- day %d -->" % day
        uri = f"https://news-{number}.example/{name.split('/')[0]}/story"
        captured_at = at + timedelta(minutes=number)
        main = writer.capture(
            exchange(
                uri,
                body,
                media_type="text/html; charset=utf-8",
                role="page",
                at=captured_at,
                source="news",
            )
        ).result()
        parts = [
            writer.capture(
                exchange(
                    address,
                    sheet(number * 10 + place),
                    media_type="text/css",
                    role="part",
                    at=captured_at,
                    source="news",
                )
            ).result()
            for place, address in enumerate(_sheets_of(body, uri))
        ]
        writer.page(_draft(main, parts)).result()
        yield name, uri, main.short_id


def _sheets_of(body: bytes, base: str) -> list[str]:
    """Addresses of the style sheets a page names, moved to its own made-up host."""
    root = html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
    found: dict[str, None] = {}
    for element in root.iter("link"):
        if "stylesheet" in element.get("rel", "").lower().split():
            address = urljoin(base, element.get("href", "").strip()).partition("#")[0]
            if address.startswith("http") and address.isascii() and " " not in address:
                found.setdefault(address)
    return list(found)[:SHEETS_A_PAGE]


def _draft(main: Capture, parts: list[Capture]) -> PageDraft:
    rows = [
        {
            "uri": part.target_uri,
            "as_given": part.target_uri,
            "kind": "style",
            "capture": part.capture_id,
            "outcome": "complete",
            "reason": "",
        }
        for part in parts
    ]
    return PageDraft(
        target_uri=main.target_uri,
        main=main,
        captures=(main, *parts),
        rendering="static",
        page_info={"parts": rows, "parts_unlisted": 0},
        job_id=None,
        source_id="news",
    )


def build(folder: Path, corpus: Path, captures: int) -> BenchArchive:
    """Make the archive and its index, or open what an earlier run made whole."""
    listing = folder / "news.json"
    if not listing.exists():
        for name in ("archive", "keys", "trust", "pywb"):  # of a run that was stopped
            shutil.rmtree(folder / name, ignore_errors=True)
        print(f"making an archive of {captures} captures, once", file=sys.stderr)
        news = _fill(folder, corpus, captures)
        made = BenchArchive(folder=folder, news=tuple(news))
        subprocess.run([*EVIDENCE, "index"], env=made.environ, check=True)
        rows = [[one.name, one.uri, one.first, one.later] for one in news]
        listing.write_text(json.dumps(rows))
    return BenchArchive(
        folder=folder,
        news=tuple(
            NewsPage(name=name, uri=uri, first=first, later=later)
            for name, uri, first, later in json.loads(listing.read_text())
        ),
    )


def _fill(folder: Path, corpus: Path, captures: int) -> list[NewsPage]:
    root, keys = folder / "archive", folder / "keys"
    now = START + timedelta(days=310)
    create_archive(
        CreateRequest(
            root=root,
            name="Benchmark",
            keys_folder=lambda _archive_id: keys,
            trust_folder=folder / "trust",
            software=SOFTWARE,
            clock=lambda: now,
            random_bytes=os.urandom,
        )
    )
    with ArchiveWriter.open(
        root,
        keys=KeyFolder.load(keys, read_identity(root)),
        clock=lambda: now,
        random_bytes=os.urandom,
    ) as writer:
        batch = []
        for one in small_pages(captures):
            batch.append(writer.capture(one))
            if len(batch) == BATCH:
                for future in batch:
                    future.result()
                batch.clear()
        for future in batch:
            future.result()
        first, later = (list(_add_news(writer, corpus, day=day)) for day in (0, 1))
        writer.checkpoint()
    return [
        NewsPage(name=name, uri=uri, first=short_id, later=again)
        for (name, uri, short_id), (_, _, again) in zip(first, later, strict=True)
    ]
