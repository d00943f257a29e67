"""Counting goes on beside ranking, and never waits for a thread."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from search.answering import tallies
from search.answering.service import SearchService
from search.engines.tantivy_engine import TantivyEngine
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
SECONDS = 20


@pytest.fixture
def service(new_archive: Callable[[], ArchiveBox], article: Article) -> SearchService:
    archive = new_archive()
    archive.capture(
        *(
            archive.exchange(f"https://a.example/{n}", article("x", f"Observers {n}."))
            for n in range(3)
        )
    )
    archive.index()
    return archive.service()


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three entries are enough for a thread."""
    monkeypatch.setattr(tallies, "BESIDE_ENTRIES", 3)


@pytest.mark.usefixtures("large")
def test_a_page_is_ranked_while_it_is_counted(
    service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, ranked = threading.Event(), threading.Event()
    rank, tally = TantivyEngine.search, TantivyEngine.tally

    def ranks(self: TantivyEngine, *args: Any, **options: Any) -> Any:
        assert counting.wait(SECONDS)
        ranked.set()
        return rank(self, *args, **options)

    def counts(self: TantivyEngine, *args: Any, **options: Any) -> Any:
        counting.set()
        assert ranked.wait(SECONDS)
        return tally(self, *args, **options)

    monkeypatch.setattr(TantivyEngine, "search", ranks)
    monkeypatch.setattr(TantivyEngine, "tally", counts)
    page = service.search("observers", counted=True)
    assert page.counts is not None
    assert page.total == page.counts.total == 3


@pytest.fixture
def busy() -> Iterator[None]:
    """All threads that count wait for something else."""
    free = threading.Event()
    for _ in range(tallies.COUNTERS):
        tallies._POOL.submit(free.wait, SECONDS)
    yield
    free.set()


@pytest.mark.usefixtures("busy", "large")
def test_who_finds_no_thread_free_counts_without(service: SearchService) -> None:
    page = service.search("observers", counted=True)
    assert page.counts == service.counts("observers")
    assert page.total == 3


def test_a_small_archive_is_counted_without_a_thread(
    service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tallies, "_POOL")
    page = service.search("observers", counted=True)
    assert page.counts == service.counts("observers")
    monkeypatch.setattr(tallies, "BESIDE_ENTRIES", 3)
    with pytest.raises(NameError):
        service.search("observers", counted=True)
