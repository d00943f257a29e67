"""T2: the text tells of months after its printed date: both are shown, flagged."""

from collections.abc import Callable
from typing import Any


def test_t2_a_text_that_knows_the_future_of_its_date_is_in_conflict(
    extract: Callable[[str], Any], article: Callable[..., str]
) -> None:
    made = extract(
        article(
            "Security service lists a comedian",
            "Feb 04, 2024",
            "The decision was made on February 4 following a trial in absentia.",
            "In December 2024, Kamisaranka was convicted of defamation.",
        )
    )
    assert "date_conflict" in made.warnings
    assert made.claimed is not None
    assert made.claimed.value == "2024-02-04", "the printed one, not a better guess"
    for words in ("Feb 04, 2024", "In December 2024", "on February 4"):
        assert words in made.text
