"""T5: 1970-01-01 is a machine's zero, a bare 1772191740 no date."""

from collections.abc import Callable
from typing import Any


def test_t5_the_epoch_is_no_date_and_the_published_one_stands(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    data = (
        '<script type="application/ld+json">{"@type": "NewsArticle", '
        '"datePublished": "2025-01-27T13:39:59+0300", '
        '"dateModified": "1970-01-01T03:00:00+0300"}</script>'
    )
    made = extract(article("Statement", "", "Observers on the vote.", head=data))
    assert made.claimed is not None
    assert made.claimed.value.startswith("2025-01-27")
    assert "1970" not in made.claimed.raw
    assert "date_conflict" not in made.warnings
    zero = data.replace("2025-01-27T13:39:59", "1970-01-01T03:00:00")
    assert extract(article("Statement", "", "Words.", head=zero)).claimed is None


def test_t5_a_number_of_seconds_is_read_as_no_time(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    printed = "27 февраля 2026 в 1772191740"
    made = extract(article("Заявление", printed, "Слова заявления."))
    assert printed in made.text
    assert made.claimed is None or made.claimed.value == "2026-02-27"
