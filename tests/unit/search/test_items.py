"""Items of a page are found one by one, counted once, with places in the whole text."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.store.reading.reader import ArchiveReader
from archive.store.tombstones import RemovalOrder
from search.answering.opened import OpenIndex
from search.answering.service import Hit, SearchService
from search.documents.document import PageText
from search.documents.parts import Divided, divide
from search.engines.opening import Engines
from search.extract.by_type import extract
from search.extract.parts import find_parts
from search.extract.result import Part
from search.indexing.reconcile import ALTERED, reconcile
from search.rows.captures import CaptureRows
from search.rows.sightings import Seen
from search.search_cli import search
from tests.support.archives import seeds
from tests.support.archives.search_archive import ArchiveBox, make_box

ITEMS = (
    ("Court in Homiel sentences a teacher", "Jan 26, 2025", "Agency One"),
    ("Observers leave the polling station", "Jan 25, 2025", "Agency Two"),
    ("Families ask about the prisoners", "Jan 24, 2024", "Agency One"),
    ("Commission counts behind closed doors", "Jan 23, 2025", "Agency Three"),
)
WORDS = ("aardvark", "bobolink", "capybara", "dormouse")
URI = "https://digest.example/all"


def digest(*numbers: int, foot: str = "Imprint zebra") -> str:
    """A page that collects articles; each holds one word that no other holds."""
    body = ""
    for number in numbers:
        title, day, source = ITEMS[number]
        body += (
            f"<h2>{title}</h2><p>{day}</p><p>The day began with a long queue, and the "
            f"{WORDS[number]} stood in it like everybody who came to see how it ends."
            f"</p><p>Nobody was told before the evening what had been decided.</p>"
            f"<p>Source: {source}</p>"
        )
    return (
        "<!doctype html><html><head><title>Digest of the week</title></head><body>"
        f"<main><h1>Digest of the week</h1>{body}</main><footer>{foot}</footer></body>"
    )


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> ArchiveBox:
    """A digest, the same again, and with a new item on top; one ordinary article."""
    made = make_box(tmp_path_factory.mktemp("items"))
    article = (
        "<h1>One article</h1><p>Jan 26, 2025</p><p>Only one text, and a wombat.</p>"
    )
    made.capture(
        made.exchange(URI, digest(1, 2, 3), source_id="one"),
        made.exchange(URI, digest(1, 2, 3), source_id="one"),
        made.exchange(URI, digest(0, 1, 2, 3), source_id="one"),
        made.exchange("https://digest.example/gone", digest(1, 2, 3), status=404),
        made.exchange("https://digest.example/one", article),
    )
    made.index(state=True)
    return made


@pytest.fixture(scope="module")
def service(box: ArchiveBox) -> SearchService:
    return box.service()


def only(service: SearchService, query: str) -> Hit:
    page = service.search(query)
    assert page.total == 1, (query, page.total)
    return page.hits[0]


def test_an_item_is_found_alone_with_its_own_title_date_and_source(
    service: SearchService,
) -> None:
    hit = only(service, "bobolink status:200")
    assert (hit.kind, hit.part, hit.parts) == ("item", 2, 4)
    assert hit.title == ITEMS[1][0]
    assert hit.attribution == "Agency Two"
    assert hit.claimed is not None
    assert (hit.claimed.value, hit.claimed.raw, hit.claimed.method) == (
        "2025-01-25",
        "Jan 25, 2025",
        "item",
    )


def test_an_item_counts_the_captures_that_hold_it_and_the_page_its_own(
    service: SearchService,
) -> None:
    assert only(service, "bobolink status:200").captures == 3
    assert only(service, "aardvark").captures == 1
    rest = only(service, "zebra status:200")
    assert (rest.part, rest.parts, rest.captures) == (0, 4, 3)
    assert only(service, "digest.example/all status:200").title == "Digest of the week"


def test_no_word_is_counted_twice_and_each_line_is_in_one_document(
    service: SearchService,
) -> None:
    counts = service.counts("host:digest.example status:200")
    assert counts.total == 4 + 1 + 1  # four items, what is left, one article
    types = dict(counts.facets["type"].values)
    assert (types["item"], types["page"]) == (4, 2)
    assert service.search("bobolink capybara status:200").total == 0


def test_places_of_passages_are_those_of_the_capture_that_is_shown(
    service: SearchService,
) -> None:
    for query in ("bobolink status:200", "dormouse status:200", "zebra status:200"):
        hit = only(service, query)
        kept = service.text_of(hit.capture_id)
        assert kept is not None
        for snippet in hit.snippets:
            for start, end in snippet.marks:
                low = snippet.start + start
                assert kept.text[low : low + end - start] in query


def test_a_date_that_its_list_contradicts_is_flagged_and_stays(
    service: SearchService,
) -> None:
    hit = only(service, "capybara status:200")
    assert hit.claimed is not None
    assert (hit.claimed.value, hit.claimed.confidence) == ("2024-01-24", 0.4)
    assert "date_conflict" in hit.warnings
    assert only(service, "claimed:2024 status:200").title == ITEMS[2][0]


def test_a_later_capture_finds_the_items_too(service: SearchService) -> None:
    last = only(service, "aardvark").captured_at
    assert only(service, f"dormouse status:200 captured:{last:%Y-%m-%d}").captures == 3


def test_a_page_of_an_error_and_an_article_are_one_document_each(
    service: SearchService,
) -> None:
    error = only(service, "dormouse status:404")
    assert (error.kind, error.part, error.parts) == ("failure", 0, 0)
    assert only(service, "wombat").parts == 0


def test_made_anew_the_index_gives_the_same_items(
    box: ArchiveBox, service: SearchService
) -> None:
    before = [(h.title, h.part, h.captures) for h in service.stream("type:item")]
    box.index(rebuild=True)
    after = box.service().stream("type:item")
    assert [(h.title, h.part, h.captures) for h in after] == before


def compare(box: ArchiveBox) -> list[str]:
    opened = OpenIndex(box.root, Engines())
    opened.refresh(now=0.0, force=True)
    reader = ArchiveReader.open(box.root)
    try:
        with opened.hold_whole() as (engine, rows):
            return [one.code for one in reconcile(reader, engine, rows).differences]
    finally:
        reader.close()


def test_the_check_of_the_index_reads_items_and_notices_another_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make_box(tmp_path)
    box.page(URI, digest(0, 1, 2, 3))
    monkeypatch.setattr("search.indexing.intake.divide", _altered)
    box.index(state=True)
    assert set(compare(box)) == {ALTERED}
    monkeypatch.undo()
    box.index(rebuild=True)
    assert compare(box) == []


def test_items_that_only_a_removed_page_had_are_not_found(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    box.page(URI, digest(1, 2, 3))
    gone = box.page(URI, digest(0, 1, 2, 3))
    box.index()
    assert only(box.service(), "bobolink").captures == 2
    with box.open_writer() as writer:
        writer.remove(gone, RemovalOrder(reason="names", authority="a court"))
    assert box.service().search("aardvark").total == 0
    assert only(box.service(), "bobolink").captures == 1


def _altered(page: PageText, parts: Sequence[Part]) -> Divided:
    """As if somebody had put another word into an item."""
    made = divide(page, parts)
    rest, first, *others = made.pages
    wrong = replace(first, text=first.text.replace("aardvark", "anteater"))
    return replace(made, pages=(rest, wrong, *others))


def test_the_command_says_which_item_of_the_page_it_is(
    box: ArchiveBox,
) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(search, words, obj=box.context)
        assert done.exit_code == 0, done.output
        return done.output

    said = run("dormouse", "status:200")
    assert "item 4 of 4 of this page; names as its source: Agency Three" in said
    assert "the item says it is from 2025-01-23" in said
    assert "this page without its 4 items" in run("zebra", "status:200")
    hit = json.loads(run("--json", "dormouse", "status:200"))["hits"][0]
    assert (hit["kind"], hit["part"], hit["parts"]) == ("item", 4, 4)


LINE = "A chronicle tells what happened on that day, and at some length at that."
UNDIVIDED = (
    f"Title\nJan 26, 2025\n{LINE}",
    f"It ended.\nJan 26, 2025\n{LINE}\nNobody came.\nJan 27, 2025\n{LINE}\n"
    f"All were there.\nJan 28, 2025\n{LINE}",
    "A\nJan 26, 2025\nB\nJan 27, 2025\nC\nJan 28, 2025\nD",
)


@pytest.mark.parametrize("text", UNDIVIDED, ids=["article", "chronicle", "calendar"])
def test_what_is_one_text_is_not_divided(text: str) -> None:
    assert find_parts(text) == ()


def test_an_article_beside_dated_teasers_of_others_is_one_document() -> None:
    teasers = "".join(
        f"<h3>{title}</h3><p>{day}</p><p>{LINE}</p>" for title, day, _ in ITEMS
    )
    article = (
        f"<article><h1>Long</h1>{f'<p>{LINE} {LINE} and so on.</p>' * 12}</article>"
    )
    for body in (article + teasers, teasers + article):
        page = f"<html><title>Long</title><body>{body}</body></html>"
        made = extract(page.encode(), media_type="text/html", charset="utf-8")
        assert made.parts == ()


@pytest.mark.corpus
def test_the_seed_digest_is_41_items_and_the_tag_page_8_teasers(
    tmp_path: Path, corpus_dir: Path
) -> None:
    box = make_box(tmp_path)
    text = seeds.seed_text(corpus_dir, seeds.DIGEST)
    tagged = seeds.tag_page(seeds.seed_text(corpus_dir, seeds.TAG_PAGE))
    box.page("https://a.example/digest", seeds.digest_page(text))
    box.page("https://a.example/tag", tagged)
    box.index()
    service = box.service()
    items = list(service.stream("type:item"))
    assert len(items) == 41
    assert sorted(hit.part for hit in items) == list(range(1, 42))
    doubted = [hit for hit in items if "date_conflict" in hit.warnings]
    assert len(doubted) >= 19
    assert sum(hit.attribution is not None for hit in items) == 40
    assert [hit.part for hit in service.stream("type:teaser")] == list(range(1, 9))


def test_documents_seen_again_in_a_window_are_found_by_an_index(
    tmp_path: Path,
) -> None:
    rows = CaptureRows.create(tmp_path / "captures.sqlite")
    asked: list[str] = []
    rows._db.set_trace_callback(asked.append)
    Seen(rows, upto=9).again(((1, 2),))
    rows._db.set_trace_callback(None)
    plans = [rows._db.execute(f"EXPLAIN QUERY PLAN {one}").fetchall() for one in asked]
    steps = [" ".join(str(step) for step in plan) for plan in plans]
    assert len(steps) == 2
    assert "repeat_by_time (captured_us>? AND captured_us<?)" in steps[0], steps
    assert "capture_by_division" in steps[1], steps
    rows.close()
