"""T4: "January 9" twice, a year apart: no year is invented, the two are not joined."""

from collections.abc import Callable
from typing import Any

from search.report.comparing.changes import compare_texts


def test_t4_a_dateline_without_a_year_gets_none_and_twins_stay_apart(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    first = extract(
        article(
            "Political prisoner dies",
            "January 9",
            "Vadzim Khrasko died of pneumonia in Viciebsk colony No. 3.",
        )
    )
    second = extract(
        article(
            "Observers on the campaign",
            "January 9",
            "Signature collection ended without incidents, observers say.",
        )
    )
    assert first.claimed is None
    assert second.claimed is None
    assert "January 9" in first.text
    texts = [made.text[: made.main_end] for made in (first, second)]
    assert not compare_texts(*texts).equal
