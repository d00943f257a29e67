"""The same archive in either engine gives the same answers to written queries.

Made-up pages in six languages are indexed twice, embedded and in a real server. Every
query below is asked of both: hits of both tiers, totals, marks, missing words must be
the same; for some the answer is written down too.
"""

import random
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.errors import InvalidQuery
from archive.settings import SearchSettings
from archive.store.reading.reader import ArchiveReader
from search.answering.service import (
    Hit,
    ResultPage,
    SearchOptions,
    SearchService,
    Sorting,
    Variants,
)
from search.engines.opening import CLUSTERED, Engines
from search.indexing.index import Indexer
from tests.support.archives.many_languages import SENTENCES, fill_box
from tests.support.archives.search_archive import ArchiveBox, make_box
from tests.support.servers.elastic_server import Server
from tests.support.web.numbers import numbers_of

pytestmark = pytest.mark.timeout(420)
WRITTEN = (
    "Tsikhanouskaya", "Ціханоўская", "Тихановской", "Cichanouskiej", "Тихановською",
    "name:Tikhanovskaya", 'name:"Ales Bialiatski"', "name:Бяляцкі", "exact:выбараў",
    'exact:"in Minsk"', "commission Minsk", "Minsk commission results",
    '"election results"', '"results election"', '"the observers"~3',
    '"observers Vilnius"~2', '"commission announced results"~4',
    "elec*", "выбор*", "вын*", "obs*", "zzz*", "1265", "1,265", '"1 265"', "prison*",
    "election -Minsk", "election -(Minsk OR Vilnius)", "Minsk OR Vilnius",
    "(Minsk OR Vilnius) lang:en", "lang:be", "lang:be,ru выбараў", "lang:xx",
    "source:source-pl", "source:SOURCE-PL,source-uk", "host:en.example",
    "host:en.example,ru.example election", "status:404", "status:4xx", "status:200",
    "outcome:dns", "outcome:complete election", "type:failure", "type:html lang:lt",
    "captured:2025", "captured:2025-01-26", "captured:2024", "captured:2025-01-26..",
    "captured:..2025-01-26", "captured:2025-01-26..2025-01-27",
    "date:2025-01 election", "dead.example", "dns failure", "results dns", "timeout",
    "political prisoners December", "политзаключённых освободили", "палітвязняў",
    "więźniów politycznych", "rinkimų rezultatus", "results of the election in Minsk",
    "+results +Minsk", "observers +Minsk", "FREEДОМ", "Vilnius's", "Viln\u00adius",
    "Mińsk", "Мінск", "Минск", "Minske", "президент", "прэзідэнт", "a", "the", "і",
    'exact:"Тихановская встретилась"', '"Cichanouska spotkała"', "spotkał*",
    "archive:nothing", "class:page", "class:page,error election", "class:error",
    "class:soft-404", "-class:page outcome:complete", "warning:date_conflict",
    "claimed:2025", "claimed:2025-01-26", "claimed:2024..2025-01-20 lang:be,en",
    "claimed:2025-01-20..", "claimed:..2024", "election -claimed:2025",
    "first:2025-01-26", "first:2025-01-26..2025-01-27 election", "-first:2024 Minsk",
    "first:2025-01 captured:2025-01-27", "first:2025 OR name:Bialiatski",
    "claimed:2025-01 captured:2025-01 Minsk", "claimed:1900..1999",
    "type:item", "type:item election", "type:teaser", "type:page,item commission",
    "claimed:2025-01-21 type:item", "lang:en type:item observers", "type:item -Minsk",
    "warning:date_conflict type:item", "digest zebra", "name:Bialiatski type:item",
    "-lang:en election", "election OR rinkimų OR выбараў",
    '"met the observers" OR "announced the election"', "((election))", "CEC", "ЦИК",
)  # fmt: skip
REFUSED = (
    *("", "-election", "   ", "captured:yesterday", "(" * 12 + "a", "claimed:x"),
    *(
        "first:yesterday",
        "claimed:2025-02..2025-01",
        "claimed:2025-01-26+03:00",
        "-class:page",
    ),
)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> ArchiveBox:
    made = make_box(tmp_path_factory.mktemp("contract"), seed="queries")
    fill_box(made)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The two services over the same captures."""

    embedded: SearchService
    clustered: SearchService


@pytest.fixture(scope="module")
def both(box: ArchiveBox, server: Server) -> Both:
    """Index the archive, and a copy of it in the cluster."""
    copy = box.root.parent / f"copy-{server.url.rpartition(':')[2]}"
    shutil.copytree(box.root, copy)
    engines = Engines(settings=SearchSettings(url=server.url))
    _index(box.root, Engines(), None)
    _index(copy, engines, CLUSTERED)
    return Both(
        embedded=SearchService.open([box.root]),
        clustered=SearchService.open([copy], engines),
    )


def _index(root: Path, engines: Engines, kind: str | None) -> None:
    reader = ArchiveReader.open(root)
    try:
        Indexer(reader, engines=engines, workers=1).run(engine=kind)
    finally:
        reader.close()


def _queries() -> list[str]:
    """The written ones, and as many again of random words and signs."""
    rng = random.Random(2025)
    words = [
        word.strip(".,")
        for lines in SENTENCES.values()
        for line in lines
        for word in line.split()
    ]
    made: list[str] = []
    for _ in range(len(WRITTEN)):
        first, second, third = rng.sample(words, k=3)
        made.append(
            rng.choice(
                (
                    f"{first} {second}",
                    f'"{first} {second}"',
                    f'"{first} {second}"~{rng.randint(1, 5)}',
                    f"{first} -{second}",
                    f"{first} OR {second} OR {third}",
                    f"{first} {second} {third} lang:{rng.choice(list(SENTENCES))}",
                    f"{first[:4]}* {second}",
                    f"name:{first}",
                    f"({first} OR {second}) -{third}",
                )
            )
        )
    return [*WRITTEN, *made]


def _comparable(hits: tuple[Hit, ...]) -> dict[str, Hit]:
    return {f"{hit.capture_id} {hit.part}": replace(hit, score=0.0) for hit in hits}


def test_at_least_150_queries_have_the_same_answer_in_both(both: Both) -> None:
    queries = _queries()
    assert len(queries) >= 150
    empty = 0
    for query in queries:
        pages = [
            one.search(query, limit=200) for one in (both.embedded, both.clustered)
        ]
        first, second = pages
        assert first.total == second.total == len(first.hits), query
        assert _comparable(first.hits) == _comparable(second.hits), query
        assert _comparable(first.some_missing) == _comparable(second.some_missing), (
            query
        )
        assert first.searched == second.searched
        assert first.unknown == second.unknown
        empty += first.total == 0
    assert empty < len(queries) / 3


def hosts(page: ResultPage) -> set[str]:
    return {hit.uri.split("/")[2].removesuffix(".example") for hit in page.hits}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Tsikhanouskaya", {"be", "ru", "uk", "pl", "lt", "en"}),
        ("name:Тихановская", {"be", "ru", "uk", "pl", "lt", "en"}),
        ("exact:Tsikhanouskaya", {"en"}),
        ('"met the observers"', {"en"}),
        ('"Vilnius observers"~1', {"en"}),
        ("1265", {"be", "ru", "en"}),
        ("outcome:dns", {"dead"}),
        ("type:failure outcome:timeout", {"slow"}),
        ("lang:lt", {"lt"}),
        ("elect* lang:en", {"en"}),
        ("class:error -status:404", {"dead", "slow"}),
    ],
)
def test_written_answers_hold_in_both(both: Both, query: str, found: set[str]) -> None:
    for service in (both.embedded, both.clustered):
        assert hosts(service.search(query, limit=200)) == found


@pytest.mark.parametrize("variants", Variants)
@pytest.mark.parametrize("query", ["elections Minsk", '"у Мінску"', "name:Бяляцкі"])
def test_both_find_the_same_with_variants_off(
    both: Both, query: str, variants: Variants
) -> None:
    options = SearchOptions(variants=variants)
    pages = [
        service.search(query, limit=200, options=options)
        for service in (both.embedded, both.clustered)
    ]
    assert _comparable(pages[0].hits) == _comparable(pages[1].hits)
    assert pages[0].searched == pages[1].searched


@pytest.mark.parametrize("sorting", Sorting)
def test_both_show_the_same_pages_in_every_order(both: Both, sorting: Sorting) -> None:
    options = SearchOptions(sorting=sorting)
    for service in (both.embedded, both.clustered):
        whole = service.search("lang:be,en,ru", limit=200, options=options).hits
        parts = [
            hit
            for at in range(0, len(whole), 7)
            for hit in service.search(
                "lang:be,en,ru", limit=7, offset=at, options=options
            ).hits
        ]
        assert parts == list(whole)
        if sorting is Sorting.CLAIMED_OLDEST:
            days = [hit.claimed.value if hit.claimed else "9" for hit in whole]
            assert days == sorted(days)
            assert days[0] < "2025" < days[-1] == "9"
    if sorting is not Sorting.SCORE:
        orders = [
            [hit.capture_id for hit in service.search("Minsk", options=options).hits]
            for service in (both.embedded, both.clustered)
        ]
        assert orders[0] == orders[1]


def test_both_group_alike_texts_alike(both: Both) -> None:
    options = SearchOptions(grouped=True, sorting=Sorting.OLDEST)
    pages = [
        service.search("Minsk OR Vilnius", limit=200, options=options)
        for service in (both.embedded, both.clustered)
    ]
    assert _comparable(pages[0].hits) == _comparable(pages[1].hits)
    assert sum(hit.alike + 1 for hit in pages[0].hits) == pages[0].total
    assert len(pages[0].hits) < pages[0].total
    first = pages[0].hits[0].capture_id
    alike = [service.alike(first) for service in (both.embedded, both.clustered)]
    assert alike[0] == alike[1]
    assert alike[0]


def test_both_name_what_no_document_has(both: Both) -> None:
    for service in (both.embedded, both.clustered):
        page = service.search("election lang:be,xx class:soft-404")
        assert [(one.field, one.value) for one in page.unknown] == [
            ("lang", "xx"),
            ("class", "soft-404"),
        ]
        assert set(page.unknown[0].known) >= {"be", "ru", "en"}
        assert page.unknown[1].known == ("page", "error")


@pytest.mark.parametrize("query", ["election", "Minsk OR выбараў", "lang:be,ru", "zzz"])
def test_both_count_and_list_the_same(both: Both, query: str) -> None:
    first, second = (
        service.counts(query) for service in (both.embedded, both.clustered)
    )
    assert first == second
    listed = [
        list(service.stream(query)) for service in (both.embedded, both.clustered)
    ]
    assert listed[0] == listed[1]
    assert len(listed[0]) == first.total == sum(first.captured_days.values())
    dated = sum(hit.claimed is not None for hit in listed[0])
    assert sum(first.claimed_days.values()) == dated == first.total - first.undated
    options = SearchOptions(sorting=Sorting.OLDEST)
    page = both.embedded.search(query, limit=200, options=options)
    assert {hit.capture_id for hit in page.hits} == {
        hit.capture_id for hit in listed[0]
    }


@pytest.mark.parametrize("query", ["election", "lang:be,ru", "type:item OR Minsk"])
def test_as_many_are_found_behind_a_number_as_it_counts(both: Both, query: str) -> None:
    for service in (both.embedded, both.clustered):
        for filters, count in numbers_of(service.counts(query)):
            found = service.search(f"({query}) {filters}", limit=0)
            assert found.total == count, filters


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_cannot_be_asked_is_refused_by_both(
    both: Both, query: str
) -> None:
    for service in (both.embedded, both.clustered):
        with pytest.raises(InvalidQuery):
            service.search(query)


def test_an_index_in_the_cluster_catches_up_and_is_made_anew(
    both: Both, server: Server, box: ArchiveBox, tmp_path: Path
) -> None:
    del both
    root = tmp_path / "copy"
    shutil.copytree(box.root, root, ignore=shutil.ignore_patterns("index"))
    engines = Engines(settings=SearchSettings(url=server.url, engine=CLUSTERED))
    _index(root, engines, None)
    service = SearchService.open([root], engines)
    before = service.search("election OR выбараў", limit=200)
    reader = ArchiveReader.open(root)
    report = Indexer(reader, engines=engines, workers=1).run()
    assert (report.captures_added, report.rebuilt) == (0, False)
    report = Indexer(reader, engines=engines, workers=1).run(rebuild=True)
    reader.close()
    assert report.rebuilt
    again = SearchService.open([root], engines).search("election OR выбараў", limit=200)
    assert [hit.capture_id for hit in again.hits] == [
        hit.capture_id for hit in before.hits
    ]


def test_which_engine_an_index_lies_in_is_remembered(
    box: ArchiveBox, server: Server, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(box.root, root, ignore=shutil.ignore_patterns("index"))
    engines = Engines(settings=SearchSettings(url=server.url))
    _index(root, engines, CLUSTERED)
    assert not list(root.glob("index/g*/engine"))
    _index(root, engines, None)
    assert not list(root.glob("index/g*/engine"))
    _index(root, engines, "tantivy")
    assert list(root.glob("index/g*/engine"))
