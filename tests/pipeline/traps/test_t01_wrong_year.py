"""T1: a printed date with the year before: kept as printed, flagged, not corrected."""

from collections.abc import Callable
from typing import Any


def test_t1_a_wrong_year_is_kept_as_printed_and_flagged(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    made = extract(
        article(
            "PACE on the so-called elections",
            "Jan 31, 2024",
            "The so-called elections organised in Belarus on 26 January 2025 do not"
            " meet the minimum international standards.",
        )
    )
    assert made.claimed is not None
    assert (made.claimed.value, made.claimed.raw) == ("2024-01-31", "Jan 31, 2024")
    assert "date_conflict" in made.warnings
    assert "Jan 31, 2024" in made.text
    assert "Jan 31, 2025" not in made.text


def test_t1_a_right_year_between_wrong_ones_is_not_flagged(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    made = extract(
        article("A statement", "Jan 28, 2025", "The vote of 26 January 2025 is over.")
    )
    assert made.claimed is not None
    assert made.claimed.value == "2025-01-28"
    assert "date_conflict" not in made.warnings
