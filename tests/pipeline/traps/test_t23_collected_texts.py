"""Traps T1, T2, T7, T10 to T13 and T23 of the sources: the five seed texts as pages.

Served, crawled, read as any page; no text of them is kept in this repository.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.extract.listing import Flag, Items, split_items
from search.extract.worker import Worker
from search.report.kinship.copies import judge_copy
from search.report.kinship.mirrors import Sighting, State, find_copies
from tests.support.archives import seeds
from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

pytestmark = pytest.mark.corpus
AGENCY = """Belarus leader pardons 20 more, but rights advocates see no end of crackdown
TALLINN, Estonia (AP) - Belarus President Alexander Lukashenko on Saturday freed 20
people whom activists consider political prisoners, his website said. All of the 20 were
sentenced for crimes of an extremist nature. There are 11 women among them, and 14 have
chronic diseases, the office of Lukashenko said. It did not give their names.
It was the eighth time since July that Lukashenko signed such pardons, and the group
Viasna counts 207 people set free in this way. About 1,250 stay behind bars, said
Viasna, whose founder, Nobel laureate Ales Bialiatski, is one of them. Also in prison
are Siarhei Tsikhanouski and Viktar Babaryka, who wanted to run against Lukashenko.
"He is sending signals to the West while putting many more in jail," said Pavel Sapelka.
"""
"""The agency's story told anew for this test, with the facts that it stated."""


@dataclass(frozen=True)
class Read:
    """A seed as a page, extracted as every capture is."""

    text: str
    items: Items


@pytest.fixture(scope="module")
def read(corpus_dir: Path) -> Iterator[Callable[..., Read]]:
    with Worker() as worker:

        def run(html: str, *, is_list: bool = False) -> Read:
            data = html.encode()
            made = worker.shown(data, media_type="text/html", charset="utf-8")
            return Read(text=made.text, items=split_items(made.text, is_list=is_list))

        yield run


@pytest.fixture(scope="module")
def digest(corpus_dir: Path, read: Callable[..., Read]) -> Read:
    return read(seeds.digest_page(seeds.seed_text(corpus_dir, seeds.DIGEST)))


def test_T23_the_digest_is_41_items_each_with_its_own_source(digest: Read) -> None:
    items = digest.items.items
    assert len(items) == 41
    assert all(item.title and item.printed_date for item in items)
    named = Counter(item.source for item in items)
    assert sorted(named.values(), reverse=True) == [21, 11, 3, 3, 1, 1, 1]
    assert items[-1].source is None
    assert all(item.source for item in items[:-1])


def test_T1_a_wrong_year_stays_as_printed_and_is_flagged_by_the_order(
    digest: Read,
) -> None:
    items = digest.items.items
    flagged = [item for item in items if Flag.DATE_ORDER in item.flags]
    assert len(flagged) == 19
    assert {item.day.year for item in flagged if item.day} == {2024}
    assert all(item.printed_date and "2024" in item.printed_date for item in flagged)
    right = [item for item in items if item.day and item.day.year == 2025]
    assert len(right) == 1
    assert right[0].flags == ()


def test_T2_an_item_that_names_a_day_long_after_its_own_is_in_conflict(
    digest: Read,
) -> None:
    first = digest.items.items[0]
    assert first.printed_date == "Feb 04, 2024"
    assert Flag.DATE_CONFLICT in first.flags
    conflicts = [i for i in digest.items.items if Flag.DATE_CONFLICT in i.flags]
    assert all(Flag.DATE_ORDER in item.flags for item in conflicts)


def test_T7_a_list_that_is_announced_and_missing_is_an_alarm(digest: Read) -> None:
    titles = {
        item.title or ""
        for item in digest.items.items
        if Flag.LIST_MISSING in item.flags
    }
    for words in ("in Belarus in 2024", "December 2024", "November 2024", "pardoning"):
        assert any(words in title for title in titles), words


def test_T12_the_tag_page_is_8_teasers_and_alt_text_is_no_title(
    corpus_dir: Path, read: Callable[..., Read]
) -> None:
    text = seeds.seed_text(corpus_dir, seeds.TAG_PAGE)
    found = read(seeds.tag_page(text)).items.items
    lines = seeds.lines_of(text)
    titles = [lines[place + 1] for place, line in enumerate(lines) if line == "0"]
    assert [item.kind for item in found] == ["teaser"] * 8
    assert [item.title for item in found] == titles


def test_T13_the_listing_is_its_paragraphs_without_doubles_and_no_document(
    corpus_dir: Path, read: Callable[..., Read]
) -> None:
    text = seeds.seed_text(corpus_dir, seeds.LISTING)
    found = read(seeds.listing_page(text), is_list=True).items
    assert (len(found.items), found.doubles) == (36, 2)
    assert {item.kind for item in found.items} == {"paragraph"}
    assert all(item.day is None and item.title is None for item in found.items)


def test_T10_the_copy_on_a_hijacked_domain_is_called_unattributed(
    corpus_dir: Path, read: Callable[..., Read]
) -> None:
    hijacked = read(seeds.article_page(seeds.seed_text(corpus_dir, seeds.HIJACKED)))
    note = judge_copy(hijacked.text)
    assert note is not None
    assert note.code == "unattributed-copy"
    for number in (seeds.DIGEST, seeds.TAG_PAGE, seeds.LISTING, seeds.SPUN):
        assert judge_copy(seeds.seed_text(corpus_dir, number)) is None


def test_T11_the_spun_copy_is_linked_by_its_facts_to_the_agency_text(
    corpus_dir: Path, digest: Read
) -> None:
    spun = seeds.seed_text(corpus_dir, seeds.SPUN)
    others = [digest.text[item.start : item.end] for item in digest.items.items]
    texts = {"copy:spun": spun, "agency:1": AGENCY}
    texts |= {f"digest:{number}": text for number, text in enumerate(others)}
    sightings = [
        Sighting(
            capture_id="0" * 64, uri=f"https://h.example/{key}", key=key, text=text
        )
        for key, text in texts.items()
    ]
    linked = [
        one for one in find_copies(sightings).found if one.members[0].key == "copy:spun"
    ]
    assert [(one.state, one.members[1].key) for one in linked] == [
        (State.SAME_FACTS, "agency:1")
    ]
    assert {"11", "14", "20", "207", "1250"} <= set(linked[0].shared)


SOURCE = (
    host_tables()
    + seed_table("http://a.example/tag", "listing", 'item = "article"', 'title = "h3"')
    + seed_table("http://a.example/list", "listing", 'item = "p"', "paragraphs = true")
    + seed_table("http://a.example/digest")
    + ALL_FETCHED
)


def test_T12_T13_T23_crawled_the_pages_give_their_items(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
    corpus_dir: Path,
) -> None:
    text = seeds.seed_text(corpus_dir, seeds.TAG_PAGE)
    site.serve("/tag", seeds.tag_page(text))
    for number in range(8):
        site.serve(f"/teased-{number}/", seeds.page(f"T{number}", "<p>Another text."))
    listing = seeds.listing_page(seeds.seed_text(corpus_dir, seeds.LISTING))
    site.serve("/list", listing)
    digest = seeds.digest_page(seeds.seed_text(corpus_dir, seeds.DIGEST))
    site.serve("/digest", digest)
    folder = sources("outlet", 'parts = "none"', SOURCE)
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    assert code == 0
    assert result["items"] == 8 + 36
    assert result["signals"] == {"item-adjacent-double": 2}
    rows = {row["uri"]: row for row in evidence.rows("list", "--json")[1]}
    counts = {}
    for path in ("tag", "list", "digest"):
        row = rows[f"http://a.example/{path}"]
        value = json.loads(evidence.run("items", row["id"], "--json").stdout)
        counts[path] = (len(value["items"]), value["doubles"], row["capture_class"])
    assert counts == {
        "tag": (8, 0, "listing"),
        "list": (36, 2, "listing"),
        "digest": (41, 0, "page"),
    }
