"""What is told of one capture, and at what cost."""

from collections.abc import Callable

import pytest

from tests.support.archives.search_archive import ArchiveBox


def test_what_a_capture_is_called_is_told_without_its_text(
    new_archive: Callable[[], ArchiveBox], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = new_archive()
    page = box.page("https://a.example/", "<title>Вынікі</title><p>Лічылі ўсю ноч.")
    silent = box.page("https://a.example/2", b"\0\1", content_type="image/png")
    box.index()
    service = box.service()
    text = service.text_of(page.capture_id)
    monkeypatch.setattr("search.answering.told.find_text", None)
    heading = service.heading_of(page.capture_id)
    assert text is not None
    assert heading is not None
    assert (heading.title, heading.language) == ("Вынікі", text.language)
    assert service.heading_of(silent.capture_id) is None
    assert service.heading_of("0" * 64) is None


def test_the_words_of_a_query_are_marked_in_a_whole_text(
    new_archive: Callable[[], ArchiveBox],
) -> None:
    box = new_archive()
    said = "Яўка была нізкая 😀. Пра яўку маўчалі."
    page = box.page("https://a.example/", said, content_type="text/plain")
    box.index()
    service = box.service()
    text = service.text_of(page.capture_id)
    assert text is not None
    places = service.marks("яўка", text)
    assert [text.text[start:end] for start, end in places] == ["Яўка", "яўку"]
    assert service.marks("lang:be", text) == ()
