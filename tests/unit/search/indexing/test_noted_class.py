"""`class:` finds what the crawl noted when it closed, else what the head says."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.attest.records.job import JobClosing, SeedOutcome
from archive.capture_class import ClassNote
from archive.digest import format_short_id
from search.answering.service import SearchService
from tests.support.archives.search_archive import ArchiveBox
from tests.support.archives.values import opening_of

Article = Callable[[str, str], str]
JOB = format_short_id(b"j" * 16)
URIS = ("https://a.example/blocked", "https://a.example/news")


@pytest.fixture(scope="module")
def service(new_archive: Callable[[], ArchiveBox], article: Article) -> SearchService:
    archive = new_archive()
    exchanges = [
        replace(one, context=replace(one.context, job_id=JOB))
        for uri in URIS
        for one in [archive.exchange(uri, article("Title", f"Text of {uri}."))]
    ]
    with archive.open_writer() as writer:
        writer.open_job(opening_of(URIS, job_id=JOB, opened_at=archive.now[0])).result(
            30
        )
        made = [writer.capture(one).result(30) for one in exchanges]
        writer.close_job(
            JobClosing(
                job_id=JOB,
                closed_at=archive.now[0],
                outcomes=tuple(
                    SeedOutcome(
                        n=n, state="captured", captures=(one.capture_id,), reason=""
                    )
                    for n, one in enumerate(made)
                ),
                signals={},
                expectations=(),
                classes={
                    made[0].capture_id: ClassNote(capture_class="block-page", rule="x"),
                    made[1].capture_id: ClassNote(capture_class="listing", rule="y"),
                },
            )
        ).result(30)
    archive.page("https://b.example/feed", "<rss/>", content_type="application/rss+xml")
    archive.page("https://b.example/list", b"x", content_type="application/pdf")
    archive.page("https://b.example/moved", "", status=301)
    archive.page("https://b.example/gone", "gone", status=410)
    archive.page("https://b.example/empty", "<html><body></body></html>")
    archive.page("https://b.example/page", article("Title", "Text of a page."))
    archive.index()
    made_service: SearchService = archive.service()
    return made_service


@pytest.mark.parametrize(
    ("capture_class", "path"),
    [
        ("block-page", "blocked"),
        ("listing", "news"),
        ("feed", "feed"),
        ("file", "list"),
        ("unknown", "moved"),
        ("error", "gone"),
        ("empty", "empty"),
        ("page", "page"),
    ],
)
def test_class_is_found(service: SearchService, capture_class: str, path: str) -> None:
    (hit,) = service.search(f"class:{capture_class}").hits
    assert hit.uri.endswith(f"/{path}")
    assert hit.capture_class == capture_class


def test_classes_are_counted(service: SearchService) -> None:
    facet = service.counts("host:a.example,b.example").facets["class"]
    assert len(facet.values) == 8
    assert {count for _, count in facet.values} == {1}
