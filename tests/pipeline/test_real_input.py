"""Real pages and the seed documents, through the commands, from socket to answer.

The pages are the corpus's own bytes, served over loopback (tests/support/corpus_site).
`-s` prints how long each command took.
"""

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from archive.digest import Digest
from archive.store.reading.reader import ArchiveReader
from archive.warc.library import (
    LibraryRecord,
    check_with_fastwarc,
    read_with_fastwarc,
    read_with_warcio,
)
from archive.warc.reading import read_records
from tests.support.programs.command import Command
from tests.support.servers.corpus_site import CorpusSite, SitePage, read_pages, serve

pytestmark = pytest.mark.corpus

REAL_PAGES = 150
SEEDS = 5
COUNTRIES = {"be", "cz", "de", "il", "jp", "kr", "pl", "ru", "uk", "us"}
"""Some that must be among the pages; their folders in the corpus."""


@dataclass(frozen=True)
class Question:
    """A query and its right answers, found by reading the pages.

    `first` fill the first places in any order, `also` are right but may follow later;
    unless `others` there are no more hits that have all words.
    """

    name: str
    asked: str
    first: tuple[str, ...]
    also: tuple[str, ...] = ()
    others: bool = False


WEEKLY = "seeds.example/000"
DEMOCRATS = "seeds.example/001"
HEADLINES = "seeds.example/002"
CLEMENCY = "seeds.example/003"
HELSINKI = "seeds.example/004"
KOMMERSANT = "news-ru.example/Kommersant_2025_05_14"
MALAY = "news-my.example/MalayMail_2024_11_22"
POLISH = "news-pl.example/Rzeczpospolita_2025_02_02"
CZECH_HEALTH = "news-cz.example/SeznamZpravy_2025_12_10"
SWEDISH = "news-se.example/Aftonbladet_2026_08_02"
NATO = "news-uk.example/BBC_2026_04_25"
KYIV = "news-ca.example/GlobalNews_2026_05_24"
KOREAN_RALLY = "news-kr.example/HankookIlbo_2025_05_15"
KOREAN_PARTY = "news-kr.example/HankookIlbo_2026_07_12"
KOREAN_LIFE = "news-kr.example/MBN_2025_06_03"
ARABIC = "news-lb.example/LBCGroup_2026_01_08"

QUESTIONS = (
    # Cyrillic. Only one text names her; two more name Siarhei Tsikhanouski.
    Question("one woman, not her husband", "Святлана Ціханоўская", (DEMOCRATS,)),
    # All of 000 to 003 name Lukashenko or Lukashenka; 000 and 001 Kalesnikava too, but
    # other items of the digest 001 name him without her.
    Question(
        "a name without another",
        "Лукашэнка -Kalesnikava",
        (DEMOCRATS, HEADLINES, CLEMENCY),
    ),
    # Zelensky, Zelenskyy, Zelenskyj; in the Czech page in one teaser only.
    Question(
        "many spellings",
        "Зеленский",
        (HEADLINES, KYIV, SWEDISH, NATO),
        (CZECH_HEALTH,),
        others=True,
    ),
    # A Russian report of a visit, a Malaysian one of its cost.
    Question("a foreign name in two scripts", "Анвар Ибрагим", (KOMMERSANT, MALAY)),
    # Latin: Belarusian in Latin script, Polish, English for a Russian page.
    Question(
        "Belarusian in Latin letters",
        "Łukašenka",
        (WEEKLY, DEMOCRATS, HEADLINES, CLEMENCY),
    ),
    Question("a town in Polish", "Mińsk", (WEEKLY, DEMOCRATS, HEADLINES, HELSINKI)),
    Question("a phrase, inflected", '"zamknięcie granic"', (POLISH,)),
    Question(
        "a phrase and a name", '"political prisoners" Krieger', (WEEKLY, HELSINKI)
    ),
    Question("a Russian page by English names", "Abramovich Medinsky", (KOMMERSANT,)),
    # Hangul: a candidate, in three pages; the party's ballot rules are in one of them.
    Question("a name in Hangul", "이재명", (KOREAN_RALLY, KOREAN_PARTY, KOREAN_LIFE)),
    Question(
        "Hangul without a word", "이재명 -선호투표제", (KOREAN_RALLY, KOREAN_LIFE)
    ),
    # Arabic.
    Question("a name in Arabic", "إيفانكا ترامب", (ARABIC,)),
)
SCRIPTS = ("[а-яіў]", "[a-złńš]", "[가-힣]", "[ا-ي]")
"""Cyrillic, Latin, Hangul, Arabic."""


@dataclass(frozen=True)
class Taken:
    """The archive of everything the site serves, and the site's own log."""

    command: Command
    pages: tuple[SitePage, ...]
    site: CorpusSite
    printed: list[dict[str, Any]]

    @property
    def segments(self) -> list[Path]:
        """Its segment files."""
        files = (self.command.archive / "segments").rglob("*.warc.gz*")
        return sorted(files)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a command took."""
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s")


@pytest.fixture(scope="module")
def taken(corpus_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Capture every page with one command."""
    folder = tmp_path_factory.mktemp("real")
    command = Command(home=folder, archive=folder / "archive")
    assert command.run("init", "--name", "Real input").returncode == 0
    pages = read_pages(corpus_dir)
    listed = folder / "list"
    listed.write_text("".join(f"{page.uri}\n" for page in pages))
    with serve(pages) as site, timed(f"capture {len(pages)} pages"):
        printed = command.rows(
            *("capture", "--from", str(listed), "--json", "--parts", "none"),
            *site.connect_to(),
        )
    return Taken(command, pages, site, printed)


@pytest.fixture(scope="module")
def indexed(taken: Taken) -> Taken:
    """The same archive with its index."""
    with timed("index"):
        (report,) = taken.command.rows("index", "--json")
    assert report["captures"] == len(taken.pages)
    return taken


def ask(taken: Taken) -> list[dict[str, Any]]:
    """The answers to all questions, as the command prints them, without the time."""
    asked = taken.command.home / "questions"
    asked.write_text("".join(f"{question.asked}\n" for question in QUESTIONS))
    with timed(f"search {len(QUESTIONS)} queries"):
        rows = taken.command.rows(
            *("search", "--json", "--limit", "50", "--from", str(asked))
        )
    return [{**row, "took_ms": None} for row in rows]


def test_the_pages_are_many_and_of_many_kinds(taken: Taken) -> None:
    hosts = Counter(page.host for page in taken.pages)
    assert hosts["seeds.example"] == SEEDS
    assert len(taken.pages) - SEEDS >= REAL_PAGES
    assert {f"news-{country}.example" for country in COUNTRIES} <= set(hosts)
    framings = Counter(page.reply.framing for page in taken.pages)
    assert set(framings) == {"length", "chunked", "close"}
    assert min(framings.values()) >= 20


def test_every_page_is_captured_complete_those_of_a_host_in_the_order_of_the_list(
    taken: Taken,
) -> None:
    told = [(row["uri"], row["outcome"], row["http_status"]) for row in taken.printed]
    for host in {page.host for page in taken.pages}:
        own = [page.uri for page in taken.pages if page.host == host]
        mine = [row for row in told if urlsplit(row[0]).hostname == host]
        assert mine == [(uri, "complete", 200) for uri in own]
    assert len(told) == len(taken.pages)


def test_every_block_equals_the_bytes_the_server_logged(taken: Taken) -> None:
    for wire in taken.site.wires:  # no byte on a connection is outside an exchange
        assert b"".join(request for request, _ in wire.exchanges) == wire.received
        assert b"".join(response for _, response in wire.exchanges) == wire.sent
    reader = ArchiveReader.open(taken.command.archive)
    kept: Counter[tuple[bytes, bytes | None]] = Counter()
    for capture in reader.captures():
        recorded = reader.read_exchange(capture)
        kept[recorded.request, recorded.response] += 1
    reader.close()
    assert kept.total() == len(taken.pages)
    assert kept == Counter(taken.site.exchanges)


def test_every_page_comes_out_as_it_was_before_framing_and_coding(
    taken: Taken,
) -> None:
    reader = ArchiveReader.open(taken.command.archive)
    for page in taken.pages:
        (capture,) = reader.find_captures(page.uri)
        payload = reader.payload(capture)
        assert payload.problem is None
        assert payload.data == page.body, page.uri
    reader.close()


def test_the_archive_is_verified_before_and_after_indexing(indexed: Taken) -> None:
    with timed("verify"):
        (report,) = indexed.command.rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"
    assert report["headline"] == "one witness: the operator; no independent time"
    (notice,) = report["notices"]
    assert notice.startswith(f"captures made in a test set-up: {len(indexed.pages)} (")


def test_the_questions_are_in_at_least_three_scripts() -> None:
    assert len(QUESTIONS) >= 10
    for script in SCRIPTS:
        assert any(re.search(script, q.asked.lower()) for q in QUESTIONS), script


@pytest.fixture(scope="module")
def answers(indexed: Taken) -> dict[str, dict[str, Any]]:
    return {answer["query"]: answer for answer in ask(indexed)}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_the_right_pages_are_found(
    answers: dict[str, dict[str, Any]], question: Question
) -> None:
    answer = answers[question.asked]
    hits = [hit["uri"].removeprefix("http://") for hit in answer["hits"]]
    # A digest is found item by item: its address once for each, here counted once.
    full = list(dict.fromkeys(hits[: answer["total"]]))
    assert sorted(full[: len(question.first)]) == sorted(question.first)
    assert set(question.also) <= set(full)
    if not question.others:
        assert len(full) == len(question.first) + len(question.also)
    if not question.others:
        assert len(hits) >= answer["total"], "all of them were listed"
    for uri in question.first:
        hit = answer["hits"][hits.index(uri)]
        assert hit["missing"] == []
        assert hit["snippets"]


def test_rebuilding_gives_the_same_list_and_the_same_answers(indexed: Taken) -> None:
    command = indexed.command
    before = command.run("list", "--json").stdout, ask(indexed)
    (command.archive / "catalog.sqlite").unlink()
    shutil.rmtree(command.archive / "index")
    with timed("rebuild"):
        assert command.run("rebuild").returncode == 0
    after = command.run("list", "--json").stdout, ask(indexed)
    assert len(before[0].splitlines()) == len(indexed.pages)
    assert after == before


def test_warcio_and_fastwarc_read_every_record_as_the_server_sent_it(
    indexed: Taken,
) -> None:
    logged = Counter(Digest.of(sent) for _, sent in indexed.site.exchanges)
    responses: Counter[Digest] = Counter()
    for segment in indexed.segments:
        ours = read_ours(segment)
        assert read_with_warcio(segment) == ours
        assert read_with_fastwarc(segment) == ours
        responses.update(row.block for row in ours if row.type == "response")
    assert responses == logged


def test_fastwarc_finds_all_digests_again(indexed: Taken) -> None:
    for segment in indexed.segments:
        assert check_with_fastwarc(segment) == []
        done = foreign("fastwarc.cli", "check", "--quiet", str(segment))
        assert done.returncode == 0, done.stdout + done.stderr


def test_warcio_check_fails_only_where_it_does_not_undo_chunks(indexed: Taken) -> None:
    chunked = {p.uri for p in indexed.pages if p.reply.framing == "chunked"}
    reader = ArchiveReader.open(indexed.command.archive)
    names = {
        record.header.record_id: capture.target_uri
        for capture in reader.captures()
        for record in reader.read_exchange(capture).records
    }
    reader.close()
    for segment in indexed.segments:
        done = foreign("warcio.cli", "check", "--verbose", str(segment))
        assert done.stdout.count("digest pass") > 3 * len(indexed.pages)
        assert "block digest failed" not in done.stdout
        failed = re.findall(
            r"<(urn:uuid:[0-9a-f-]+)> \w+\n +payload digest failed", done.stdout
        )
        assert done.stdout.count("failed") == len(failed)
        assert {names[name] for name in failed} <= chunked


def read_ours(segment: Path) -> list[LibraryRecord]:
    """All records of a segment, read by the archive's own strict reader."""
    with segment.open("rb") as stream:
        return [
            LibraryRecord(
                type=record.header.type,
                record_id=record.header.record_id,
                length_bytes=record.header.content_length,
                block=record.block,
            )
            for record in read_records(stream)
        ]


def foreign(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run another project's own command."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
