"""T6: headlines of today beside an article of a year ago."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive.store.reading.reader import ArchiveReader
from search.extract.worker import Worker
from search.report.span.text_changes import Texts
from tests.support.archives.archives import make_archive, make_exchange

PUBLISHED = '<meta property="article:published_time" content="2025-02-03T10:00:00Z">'
BESIDE = "<ul><li>{day} февраля 2026: новый заголовок</li><li>Ещё один</li></ul>"


def page(article: Callable[..., str], day: int, text: str) -> str:
    return article(
        "Архивная статья",
        "3 февраля 2025",
        text,
        head=PUBLISHED,
        beside=BESIDE.format(day=day),
    )


def test_t6_the_date_is_that_of_the_article(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    made = extract(page(article, 27, "Слова статьи."))
    assert made.claimed is not None
    assert made.claimed.value.startswith("2025-02-03")
    assert "date_conflict" not in made.warnings


def test_t6_new_headlines_are_no_change_of_the_article(
    tmp_path: Path, article: Callable[..., str], worker: Worker
) -> None:
    made = make_archive(tmp_path)
    texts = [
        page(article, 27, "Слова статьи."),
        page(article, 28, "Слова статьи."),
        page(article, 28, "Другие слова статьи."),
    ]
    with made.open_writer() as writer:
        first, second, third = (
            writer.capture(
                make_exchange("http://a.example/89293", text.encode(), made)
            ).result()
            for text in texts
        )
    reader = ArchiveReader.open(made.root)
    looking = Texts(reader=reader, kept=lambda _id: None, worker=worker)
    assert looking.compare(first, second, False) is None
    change = looking.compare(second, third, False)
    assert change is not None
    assert any("Другие" in words for _, words in change.lines)
    reader.close()
