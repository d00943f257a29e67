"""T3: "Saturday", "next month", "Jan. 18": unresolved where no trusted date stands."""

from collections.abc import Callable
from typing import Any


def test_t3_relative_dates_alone_give_no_date(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    made = extract(
        article(
            "Ruler grants clemency to 20",
            "",
            "He has pardoned 20 individuals, as reported on the website on Saturday.",
            "The upcoming presidential elections are next month.",
            "His press office reported on Jan. 18.",
        )
    )
    assert made.claimed is None
    for words in ("on Saturday", "next month", "Jan. 18"):
        assert words in made.text, "kept as printed"


def test_t3_a_date_stated_for_machines_stands_beside_them(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    meta = (
        '<meta property="article:published_time" content="2024-12-28T14:03:00+00:00">'
    )
    made = extract(article("Clemency", "", "It was reported on Saturday.", head=meta))
    assert made.claimed is not None
    assert made.claimed.value.startswith("2024-12-28")
    assert made.claimed.method == "meta"
    assert "on Saturday" in made.text
