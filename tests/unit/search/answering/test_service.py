"""What a reader asks, and what comes back."""

import json
import os
import random
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import CaptureOutcome, MemoryBytes
from archive.digest import Digest
from archive.errors import InvalidQuery, SchemaMismatch, SearchUnavailable
from search.answering import opened
from search.answering.service import (
    ResultPage,
    SearchOptions,
    SearchService,
    Variants,
)
from search.engines import linked_folder as linked
from search.indexing.generations import find_current
from search.rows.captures import CaptureRows
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
FORMS = SearchOptions(variants=Variants.FORMS)
PEOPLE = {
    "be": ("Сёння Ціханоўская сустрэлася з назіральнікамі ў Вільні, паведамляе прэса."),
    "ru": "Сегодня сообщается о встрече Тихановской с наблюдателями, пишет пресса.",
    "pl": "Dzisiaj odbyło się spotkanie Cichanouskiej z obserwatorami, podaje prasa.",
    "be-Latn": "Sionnia Cichanoŭskaja sustrełasia z naziralnikami, paviedamlaje presa.",
    "uk": "Сьогодні відбулася зустріч із Тихановською та спостерігачами, пише преса.",
    "en": "Today the observers had a meeting with Tsikhanouskaya, the press reports.",
}


@pytest.fixture(scope="module")
def service(new_archive: Callable[[], ArchiveBox], article: Article) -> SearchService:
    archive = new_archive()
    archive.capture(
        *(
            archive.exchange(
                f"https://{code.lower()}.example/news",
                article(code, f"{text}\n{text}"),
                source_id=f"source-{code.lower()}",
            )
            for code, text in PEOPLE.items()
        ),
        archive.exchange("https://dead.example/results", outcome=CaptureOutcome.DNS),
        archive.exchange("https://slow.example/a", outcome=CaptureOutcome.TIMEOUT),
        archive.exchange(
            "https://en.example/old", article("x", "Removed page."), status=404
        ),
        archive.exchange(
            "https://en.example/list.pdf", b"%PDF-1.7", content_type="application/pdf"
        ),
    )
    archive.index()
    made: SearchService = archive.service()
    return made


def hosts(page: ResultPage) -> set[str]:
    return {hit.uri.split("/")[2].removesuffix(".example") for hit in page.hits}


@pytest.mark.parametrize(
    "query",
    [
        "Tsikhanouskaya",
        "Ціханоўская",
        "Тихановская",
        "Тихановською",
        "Cichanouska",
        "Cichanoŭskaja",
        "TIKHANOVSKAYA",
        "name:Tikhanovskaya",
        "Tsikhanouskaya\u200b's",
        "Ts\u00adikhanouskaya",
    ],
)
def test_a_name_in_any_script_finds_every_script(
    service: SearchService, query: str
) -> None:
    assert hosts(service.search(query)) == {"be", "ru", "pl", "be-latn", "uk", "en"}


def test_a_hit_shows_the_marked_passage(service: SearchService) -> None:
    (hit,) = service.search("Tsikhanouskaya lang:ru").hits
    (snippet, *_) = hit.snippets
    start, end = snippet.marks[0]
    assert snippet.text[start:end] == "Тихановской"
    assert (hit.title, hit.language, hit.source_id) == ("ru", "ru", "source-ru")
    assert len(hit.short_id) == 26


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Tsikhanouskaya lang:be", {"be"}),
        ("Tsikhanouskaya lang:BE,ru", {"be", "ru"}),
        ("source:source-pl", {"pl"}),
        ("source:SOURCE-PL OR source:source-uk", {"pl", "uk"}),
        ("host:en.example press", {"en"}),
        ("Tsikhanouskaya -lang:en -host:pl.example -Сёння -Sionnia", {"ru", "uk"}),
        ("status:404", {"en"}),
        ("status:4xx", {"en"}),
        ("outcome:dns", {"dead"}),
        ("dead.example", {"dead"}),
        ("dns failure", {"dead"}),
        ("results dns", {"dead"}),
        ("timeout", {"slow"}),
        ("type:pdf", {"en"}),
        ("type:application/pdf", {"en"}),
        ("list.pdf", {"en"}),
        ("type:failure -outcome:complete", {"dead", "slow"}),
        ('"meeting with Tsikhanouskaya"', {"en"}),
        ('"Tsikhanouskaya meeting"', set()),
        ('"meeting Tsikhanouskaya"~1', {"en"}),
        ("exact:Тихановской", {"ru"}),
        ("exact:Тихановская", set()),
        ("тиханов*", {"ru", "uk"}),
        ("(сообщается OR Dzisiaj) Tsikhanouskaya", {"ru", "pl"}),
        ("captured:2025-01-26 meeting", {"en"}),
        ("captured:2024 meeting", set()),
        ("captured:2025-02.. meeting", set()),
        ("lang:xx", set()),
        ("banana", set()),
    ],
)
def test_query_finds_what_it_says(
    service: SearchService, query: str, found: set[str]
) -> None:
    assert hosts(service.search(query, options=FORMS)) == found


def test_translations_are_found_and_can_be_switched_off(
    service: SearchService,
) -> None:
    assert hosts(service.search("observers")) >= {"en", "ru", "be", "uk"}
    assert hosts(service.search("observers", options=FORMS)) == {"en"}


def test_some_words_missing_is_a_tier_of_its_own(service: SearchService) -> None:
    page = service.search("meeting Tsikhanouskaya banana", options=FORMS)
    assert (page.total, page.hits) == (0, ())
    first, *others = page.some_missing
    assert first.uri == "https://en.example/news"
    assert first.missing == ("banana",)
    assert all(len(hit.missing) <= 1 for hit in others)


def test_required_words_forbid_what_lacks_them(service: SearchService) -> None:
    page = service.search("meeting Tsikhanouskaya +banana", options=FORMS)
    assert (page.total, page.some_missing) == (0, ())


def test_pages_partition_the_answer(service: SearchService) -> None:
    whole = service.search("Tsikhanouskaya", limit=10).hits
    parts = [
        hit
        for offset in range(0, 6, 2)
        for hit in service.search("Tsikhanouskaya", limit=2, offset=offset).hits
    ]
    assert tuple(parts) == whole


def test_second_tier_continues_over_pages(service: SearchService) -> None:
    query = "observers press Tsikhanouskaya banana"
    whole = service.search(query, limit=10)
    listed = [*whole.hits, *whole.some_missing]
    parts = []
    for offset in range(0, len(listed), 2):
        page = service.search(query, limit=2, offset=offset)
        parts += [*page.hits, *page.some_missing]
    assert [hit.uri for hit in parts] == [hit.uri for hit in listed]


def test_bad_query_is_an_error_of_ours(service: SearchService) -> None:
    with pytest.raises(InvalidQuery):
        service.search("-only")


def test_kept_text_of_a_capture(service: SearchService) -> None:
    (hit,) = service.search("Dzisiaj lang:pl").hits
    found = service.text_of(hit.capture_id)
    assert found is not None
    assert "spotkanie Cichanouskiej" in found.text[: found.main_end]
    assert (found.language, found.title, found.extractor) == ("pl", "pl", "html/8")
    assert service.text_of("0" * 64) is None


def test_no_index_yet_is_said(archive: ArchiveBox) -> None:
    service = archive.service()
    with pytest.raises(SearchUnavailable, match=r"evidence --archive .* index`"):
        service.search("a")


def test_new_captures_and_a_new_generation_are_noticed(
    archive: ArchiveBox, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "FRESH_SECONDS", 0.0)
    service = archive.service()
    for n, rebuild in enumerate((False, False, True, True, False), 1):
        archive.page(f"https://a.example/{n}", article("Вынікі", f"Яўка {n}."))
        archive.index(rebuild=rebuild)
        assert service.search("яўка").total == n
        assert service.upto()[service.search("яўка").hits[0].archive_id] == n + 1


def test_removed_generation_is_survived_within_the_second(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/", article("Вынікі", "Яўка."))
    archive.index()
    service = archive.service()
    assert service.search("яўка").total == 1
    archive.index(rebuild=True)
    archive.index(rebuild=True)
    archive.index()
    assert service.search("яўка").hits[0].captures == 1


def test_links_to_a_read_only_index_that_were_cleaned_away_are_made_again(
    archive: ArchiveBox, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(linked, "mkdtemp", lambda **_: str(make_links()))
    places: list[Path] = []

    def make_links() -> Path:
        places.append(archive.root.parent / f"links-{len(places)}")
        places[-1].mkdir()
        return places[-1]

    archive.page("https://a.example/", article("Вынікі", "Яўка."))
    archive.index()
    service = archive.service()
    assert service.search("яўка").total == 1
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    assert service.search("яўка").total == 1


def test_threads_share_one_service(service: SearchService) -> None:
    expected = service.search("Tsikhanouskaya").hits
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(5):
            found = service.search("Tsikhanouskaya").hits
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_was_captured_again_later_is_found_by_filter(
    archive: ArchiveBox, article: Article
) -> None:
    text = article("Вынікі", "Яўка 85.")
    archive.page("https://a.example/", text, source_id="one")
    archive.now[0] = archive.now[0].replace(month=3)
    archive.page("https://a.example/", text, source_id="one")
    archive.index()
    service = archive.service()
    for query in ("source:one", "captured:2025-01", "captured:2025-03"):
        assert service.search(f"яўка {query}").total == 1
    assert service.search("яўка captured:2025-02").total == 0
    assert service.search("яўка -captured:2025-03").total == 0


def test_hostile_queries_are_answered_or_refused(service: SearchService) -> None:
    rng = random.Random(11)
    pieces = [
        *"()\"-+*~:,._\\/^[]{}!?&|<>'`$%#@;= \n\t",
        *(
            "OR",
            "AND",
            "NOT",
            "exact:",
            "name:",
            "lang:",
            "captured:..",
            "captured:2025",
        ),
        *(
            "host:",
            "source:x",
            "type:\x00",
            "order:1",
            "_",
            "ab*",
            "*:*",
            "/a.*/",
            "a~2",
        ),
        *(
            "\u200b",
            "\ud800",
            "\x00",
            "\u202e",
            "\U0001f5f3",
            "\ufeff",
            "e\u0301\u0301",
        ),
        *("выбары", "Ціханоўская", "Łódź", "1,265", "9" * 40, "x" * 200, "<script>"),
    ]
    answered = 0
    for _ in range(600):
        text = "".join(rng.choices([*pieces, " "], k=rng.randint(1, 30)))
        try:
            page = service.search(text, limit=3)
        except InvalidQuery:
            continue
        answered += 1
        json.dumps(page.query, ensure_ascii=False).encode()
    assert answered > 100


def test_index_of_another_version_is_named(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/", article("Вынікі", "Яўка."))
    archive.index()
    current = find_current(archive.root)
    assert current is not None
    rows = CaptureRows.open(current.rows_path, writable=True)
    with rows.transaction():
        rows.set_progress("version", "0.0")
    rows.close()
    with pytest.raises(SchemaMismatch, match=r"evidence --archive .* index`"):
        archive.service().search("яўка")


def test_cut_reply_is_indexed_as_far_as_it_came(
    archive: ArchiveBox, article: Article
) -> None:
    exchange = archive.exchange("https://a.example/", article("Вынікі", "Яўка."))
    with exchange.response.open() as stream:
        cut = stream.read()[:-20]
    assert exchange.framing is not None
    body_bytes = exchange.framing.body_bytes - 20
    archive.capture(
        replace(
            exchange,
            response=MemoryBytes(cut),
            outcome=CaptureOutcome.DISCONNECT,
            wire_digest=Digest.of(cut),
            payload_digest=None,
            payload_bytes=None,
            framing=replace(exchange.framing, body_bytes=body_bytes),
        )
    )
    archive.index()
    (hit,) = archive.service().search("яўка outcome:disconnect").hits
    assert "truncated" in hit.warnings


def test_hidden_sources_are_neither_found_nor_counted(
    new_archive: Callable[[], ArchiveBox],
) -> None:
    box = new_archive()
    box.capture(
        box.exchange("https://a.example/1", "<p>яўка вырасла", source_id="open"),
        box.exchange("https://a.example/2", "<p>яўка ўпала", source_id="inside"),
    )
    box.index()
    service = box.service()
    hiding = SearchOptions(hidden_sources=frozenset({"inside"}))
    for query in ("яўка", "яўка | source:inside", "host:a.example", "source:inside"):
        open_total = service.search(query).total
        found = service.search(query, options=hiding)
        assert found.total == len(found.hits) == open_total - 1, query
        counts = service.counts(query, options=hiding)
        assert counts.total == found.total
        assert "inside" not in dict(counts.facets["source"].values)
