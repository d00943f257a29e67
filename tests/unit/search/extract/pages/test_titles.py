"""Titles of several places: cut ones give way, misprints are doubted, others not."""

import pytest

from search.extract.pages.titles import choose_title

WHOLE = "Record number of families prosecuted"


@pytest.mark.parametrize(
    ("titles", "title", "doubtful"),
    [
        ((), None, False),
        ((WHOLE,), WHOLE, False),
        ((f"{WHOLE} | Some paper", WHOLE), f"{WHOLE} | Some paper", False),
        ((f"{WHOLE}r", WHOLE), f"{WHOLE}r", True),
        (("Record number of fam…", WHOLE), WHOLE, False),
        (("Record number of ...", "Other words", WHOLE), WHOLE, False),
        (("Something else ...", WHOLE), "Something else ...", False),
        ((WHOLE, "Latest news of the day here"), WHOLE, False),
        (("Two words", "Two wordz"), "Two words", False),
        (("...", WHOLE), "...", False),
        ((WHOLE, "Record count of families prosecuted"), WHOLE, False),
        ((WHOLE, "Record number of familise prosecuted | Paper"), WHOLE, True),
        ((WHOLE, f"{WHOLE}r | {WHOLE}"), WHOLE, True),
    ],
)
def test_the_first_title_stands_unless_it_is_cut(
    titles: tuple[str, ...], title: str | None, doubtful: bool
) -> None:
    assert choose_title(titles) == (title, doubtful)
