"""What a reader learns of sources that are kept but not published: nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from archive.capture import Exchange
from search.answering.service import SearchOptions, SearchService
from tests.support.archives.search_archive import START, ArchiveBox

HIDING = SearchOptions(hidden_sources=frozenset({"inside"}))


@pytest.fixture(scope="module")
def service(new_archive: Callable[[], ArchiveBox]) -> SearchService:
    box = new_archive()
    box.capture(
        box.exchange("https://a.example/1", "<p>яўка вырасла", source_id="open"),
        box.exchange("https://secret.example/2", "<p>яўка ўпала", source_id="inside"),
    )
    box.index()
    made: SearchService = box.service()
    return made


@pytest.fixture(scope="module")
def shared(new_archive: Callable[[], ArchiveBox]) -> SearchService:
    """One text of two sources, each of them first once; and a page of their own."""
    box = new_archive()

    def a_day_later(path: str, source_id: str) -> Exchange:
        box.now[0] += timedelta(days=1)
        uri = f"https://a.example/{path}"
        made: Exchange = box.exchange(uri, "<p>яўка вырасла", source_id=source_id)
        return made

    box.capture(
        a_day_later("1", "open"),
        a_day_later("1", "open"),
        a_day_later("1", "inside"),
        a_day_later("2", "inside"),
        a_day_later("2", "open"),
    )
    box.index()
    made: SearchService = box.service()
    return made


def day(number: int) -> str:
    return f"captured:{START + timedelta(days=number):%Y-%m-%d}"


def test_a_public_document_stays_whoever_captured_its_text_first(
    shared: SearchService,
) -> None:
    whole = shared.search("яўка host:a.example")
    assert [(hit.uri[-1], hit.captures, hit.source_id) for hit in whole.hits] == [
        ("1", 2, "open"),
        ("1", 1, "inside"),
        ("2", 1, "inside"),
        ("2", 1, "open"),
    ]
    told = shared.search("яўка", options=HIDING)
    listed = tuple(shared.stream("яўка", options=HIDING))
    assert told.total == shared.counts("яўка", options=HIDING).total == 2
    for hits in (told.hits, listed):
        assert [(hit.uri[-1], hit.captures, hit.source_id) for hit in hits] == [
            ("1", 2, "open"),
            ("2", 1, "open"),
        ]
        assert hits[0].captured_at.day == (START + timedelta(days=2)).day


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("source:inside", 0),
        ("-source:inside", 2),
        ("source:open", 2),
        (day(2), 1),
        (day(3), 0),
    ],
)
def test_no_filter_sees_a_capture_that_is_hidden(
    shared: SearchService, query: str, total: int
) -> None:
    assert shared.search(f"яўка {query}", options=HIDING).total == total
    assert shared.search(f"яўка {day(3)}").total == 1


@pytest.mark.parametrize(
    ("hidden", "nowhere"),
    [
        ("source:inside", "source:nosuch"),
        ("source:INSIDE", "source:NOSUCH"),
        ("host:secret.example", "host:nosuch"),
    ],
)
def test_a_hidden_value_is_answered_as_one_that_is_not_there(
    service: SearchService, hidden: str, nowhere: str
) -> None:
    (told,) = service.search(hidden, options=HIDING).unknown
    (other,) = service.search(nowhere, options=HIDING).unknown
    assert replace(told, value="") == replace(other, value="")
    assert told.known == (("open",) if "source" in hidden else ("a.example",))
    assert not service.search(hidden).unknown
