"""What a hit says is true of the capture it names, and of one that was asked for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from archive.capture import Capture
from search.answering.options import EVERYTHING, SearchOptions
from search.answering.saved import SavedSearch
from search.answering.service import SearchService
from search.output.asking import Listing
from search.output.listed import captures_of
from search.output.streams import row_of
from tests.support.archives.search_archive import ArchiveBox
from tests.support.web.numbers import numbers_of
from tests.unit.search.test_items import digest

SAID = "<p>The election in Minsk was quiet, said the commission today.</p>"
PAGE = "https://a.example/1"


def article(said: str = SAID, title: str = "Results", head: str = "") -> str:
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head>"
        f"<body><article><h1>News</h1>{said}</article></body></html>"
    )


def dated(day: str) -> str:
    return f'<meta property="article:published_time" content="{day}T10:00:00Z">'


@pytest.fixture
def box(new_archive: Callable[[], ArchiveBox]) -> ArchiveBox:
    return new_archive()


def days_later(box: ArchiveBox, days: int, **options: Any) -> Capture:
    box.now[0] += timedelta(days=days)
    return box.page(PAGE, article(), **options)


def uptos(service: SearchService, entries: int) -> SearchOptions:
    return SearchOptions(upto={service.archive_ids[0]: entries})


def test_another_title_or_claimed_date_is_found_and_said_of_its_capture(
    box: ArchiveBox,
) -> None:
    first = box.page(PAGE, article(head=dated("2025-01-10")))
    second = box.page(PAGE, article(title="Results annulled", head=dated("2024-12-01")))
    box.index()
    service = box.service()
    for capture, title, day in (
        (first, "Results", "2025-01-10"),
        (second, "Results annulled", "2024-12-01"),
    ):
        text = service.text_of(capture.capture_id)
        claimed = service.claimed_of(capture.capture_id)
        assert text is not None
        assert claimed is not None
        assert (text.title, claimed.value[:10]) == (title, day)
    for query in ("annulled", "election claimed:2024-12"):
        (hit,) = service.search(query).hits
        assert (hit.capture_id, hit.title) == (second.capture_id, "Results annulled")


@pytest.mark.parametrize(
    "said",
    [
        SAID.replace("was quiet", "was NOT quiet").replace("NOT quiet", "QUIET"),
        SAID.replace("was quiet", "was&nbsp;&nbsp;&nbsp;quiet"),
    ],
    ids=["case", "spacing"],
)
def test_passages_are_the_letters_of_the_capture_that_is_shown(
    box: ArchiveBox, said: str
) -> None:
    box.page(PAGE, article())
    box.page(PAGE, article(said))
    box.index()
    service = box.service()
    hits = service.search("commission").hits
    assert len(hits) == 2
    for hit in hits:
        text = service.text_of(hit.capture_id)
        assert text is not None
        for one in hit.snippets:
            assert text.text.replace("\n", " ")[one.start :].startswith(one.text)


def test_a_row_states_the_address_type_and_warnings_of_its_own_capture(
    box: ArchiveBox,
) -> None:
    box.page(PAGE, article())
    box.page(PAGE.replace("https", "http"), article())
    box.page(PAGE, article(), content_type="application/xhtml+xml")
    box.index()
    service, reader = box.service(), box.open_reader()
    rows = [row_of(hit) for hit in service.stream("election")]
    assert len(rows) == 3
    for row in rows:
        assert row["uri"] == reader.get_capture(str(row["id"])).target_uri
    assert service.search("type:application/xhtml+xml").total == 1
    reader.close()


def test_a_capture_of_the_day_that_was_asked_for_is_handed_out(
    box: ArchiveBox,
) -> None:
    polling = box.page(PAGE, article())
    last = days_later(box, 20)
    days_later(box, 20)
    box.index()
    service = box.service()
    day = "captured:2025-01-26"
    for query in (f"election {day}", f"{day} OR captured:2024", f"{day} captured:2025"):
        (shown,) = service.search(query).hits
        (listed,) = service.stream(query)
        assert shown.capture_id == listed.capture_id == polling.capture_id
        assert (shown.captures, listed.captures) == (3, 3)
    reader = box.open_reader()
    (archive_id,) = service.archive_ids
    given = captures_of({archive_id: reader}, service.stream(f"election {day}"))
    assert [one.capture_id for _, one in given] == [polling.capture_id]
    reader.close()
    (hit,) = service.search("election captured:2025-02").hits
    assert hit.capture_id == last.capture_id


def test_times_of_one_question_are_asked_of_one_capture(box: ArchiveBox) -> None:
    box.page(PAGE, article())
    days_later(box, 20)
    box.index()
    service = box.service()
    assert service.search("captured:2025-01 captured:2025-02").total == 0
    assert service.search("election captured:2025-01.. captured:..2025-01").total == 1
    assert service.search("captured:2025-01 OR captured:2025-02").total == 1


def test_a_document_has_one_source_and_is_handed_out_by_it(box: ArchiveBox) -> None:
    one = box.page(PAGE, article(), source_id="one")
    two = days_later(box, 20, source_id="two")
    box.index()
    service = box.service()
    for source, capture in (("one", one), ("two", two)):
        (hit,) = service.search(f"election source:{source}").hits
        assert (hit.source_id, hit.capture_id) == (source, capture.capture_id)
    assert service.search("source:one captured:2025-02").total == 0


@pytest.mark.parametrize(
    "asked", ["captured:2025-02", "-captured:2025-02", "source:two", "-source:two", ""]
)
def test_the_same_question_up_to_the_same_entry_has_the_same_answer(
    box: ArchiveBox, asked: str
) -> None:
    box.page(PAGE, article(), source_id="one")
    box.index()
    options = uptos(box.service(), box.service().upto()[box.service().archive_ids[0]])
    listed = [SavedSearch(query=f"election {asked}", options=options)]

    def answer() -> tuple[Any, ...]:
        service = box.service()
        page = service.search(f"election {asked}", options=options)
        counts = service.counts(f"election {asked}", options=options)
        lines = tuple(Listing(service, listed).lines("csv"))
        # Rare words weigh by all that is there: the score may move, and nothing else.
        hits = [replace(hit, score=0.0) for hit in page.hits]
        return page.total, hits, counts, lines

    before = answer()
    days_later(box, 20, source_id="one")
    days_later(box, 1, source_id="two")
    box.index()
    assert answer() == before


def test_as_many_are_found_behind_a_number_as_it_counts(box: ArchiveBox) -> None:
    """A text captured again on a later day is counted on its first one alone."""
    first = box.page(PAGE, article(), source_id="one")
    days_later(box, 5, source_id="one")
    other = article(head=dated("2025-01-10"))
    box.page("https://b.example/", other, source_id="two")
    box.index()
    service = box.service()
    numbers = dict(numbers_of(service.counts("election")))
    for added, count in numbers.items():
        assert service.search(f"election {added}", limit=0).total == count, added
    days = [f"first:{one.captured_at:%Y-%m-%d}" for one in (first, box.captures[-1])]
    assert [numbers[day] for day in days] == [1, 1]
    assert service.search(f"captured:{days[1][6:]}").total == 2
    for day, capture in zip(days, (first, box.captures[-1]), strict=True):
        (hit,) = service.search(f"election {day}").hits
        assert hit.capture_id == capture.capture_id


def test_items_are_shown_by_the_capture_of_the_day_and_counted_up_to_the_entry(
    box: ArchiveBox,
) -> None:
    page = digest(1, 2, 3)
    first = box.page(PAGE, page)
    entries = first.leaf + 1
    box.now[0] += timedelta(days=20)
    box.page(PAGE, page)
    box.index()
    service = box.service()
    (hit,) = service.search("dormouse type:item captured:2025-01").hits
    assert (hit.capture_id, hit.captures) == (first.capture_id, 2)
    (hit,) = service.search("dormouse type:item", options=uptos(service, entries)).hits
    assert (hit.capture_id, hit.captures) == (first.capture_id, 1)
    late = service.search("dormouse captured:2025-02", options=uptos(service, entries))
    assert late.total == 0


def test_an_entry_of_a_feed_keeps_its_name_when_the_page_is_captured_again(
    box: ArchiveBox,
) -> None:
    def ids() -> list[str]:
        listing = Listing(
            box.service(), [SavedSearch(query="election", options=EVERYTHING)]
        )
        lines = "".join(listing.lines("atom")).splitlines()
        return [line for line in lines if line.startswith("<id>")]

    box.page(PAGE, article())
    box.index()
    before = ids()
    days_later(box, 20)
    box.index()
    assert ids() == before
