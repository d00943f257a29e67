"""What was lawfully removed is told to no reader, even before a new index is made."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner

from archive.capture import Capture
from archive.store.tombstones import RemovalOrder
from search.answering.service import SearchService
from search.search_cli import search
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
SECRET = "The witness Testname told the court about the secretword in Minsk and left."
OTHER = "Nothing about that, the commission in Minsk says today: quiet elections."


def remove(box: ArchiveBox, capture: Capture) -> None:
    with box.open_writer() as writer:
        writer.remove(capture, RemovalOrder(reason="names", authority="a court"))


@pytest.fixture
def box(archive: ArchiveBox, article: Article) -> ArchiveBox:
    """Two pages indexed; then the capture of the first one is removed, and no more."""
    gone = archive.page("https://a.example/1", article("First", SECRET))
    archive.page("https://a.example/2", article("Second", OTHER))
    archive.index(state=True)
    remove(archive, gone)
    return archive


@pytest.mark.parametrize(
    "query",
    [
        "secretword",
        '"told the court"',
        "testn*",
        'name:"Testname"',
        "host:a.example First",
    ],
)
def test_no_question_tells_of_a_removed_capture(box: ArchiveBox, query: str) -> None:
    service = box.service()
    found = service.search(query)
    assert (found.total, found.hits, found.some_missing) == (0, (), ())
    assert service.counts(query).total == 0
    assert not list(service.stream(query))


def test_names_and_known_values_are_those_of_what_is_kept(box: ArchiveBox) -> None:
    service = box.service()
    assert service.mentions("minsk").documents == 1
    assert service.search("minsk").total == 1
    assert service.counts("minsk").facets["host"].values == (("a.example", 1),)


def test_the_command_prints_no_word_of_it(box: ArchiveBox) -> None:
    done = CliRunner().invoke(search, ["secretword"], obj=box.context)
    assert done.exit_code == 0
    assert "court" not in done.output


def test_a_server_that_runs_learns_of_it_at_its_next_look(
    archive: ArchiveBox, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = archive.page("https://a.example/1", article("First", SECRET))
    archive.index()
    service: SearchService = archive.service()
    assert service.search("secretword").total == 1
    assert service.text_of(gone.capture_id) is not None
    remove(archive, gone)
    monkeypatch.setattr("search.answering.opened.FRESH_SECONDS", 0.0)
    assert service.search("secretword").total == 0
    assert service.text_of(gone.capture_id) is None
    assert service.claimed_of(gone.capture_id) is None
    assert service.alike(gone.capture_id) is None


def test_a_document_with_another_capture_shows_that_one(
    archive: ArchiveBox, article: Article
) -> None:
    kept = archive.page(
        "https://a.example/1", article("First", SECRET), source_id="one"
    )
    archive.now[0] += timedelta(days=1)
    gone = archive.page(
        "https://a.example/1", article("First", SECRET), source_id="two"
    )
    archive.index()
    day = f"captured:{gone.captured_at:%Y-%m-%d}"
    assert archive.service().search(f"secretword {day}").total == 1
    remove(archive, gone)
    service = archive.service()
    (hit,) = service.search("secretword").hits
    assert (hit.capture_id, hit.captures) == (kept.capture_id, 1)
    for filtered in (day, "source:two"):
        assert service.search(f"secretword {filtered}").total == 0


def test_a_document_first_captured_so_is_back_with_its_others_when_made_anew(
    archive: ArchiveBox, article: Article
) -> None:
    """Until then all that the index knows of its time and title is of what is gone."""
    gone = archive.page("https://a.example/1", article("First", SECRET))
    kept = archive.page("https://a.example/1", article("First", SECRET))
    archive.index()
    remove(archive, gone)
    assert archive.service().search("secretword").total == 0
    archive.index()
    (hit,) = archive.service().search("secretword").hits
    assert hit.capture_id == kept.capture_id
