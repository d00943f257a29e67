"""The sign under a query stands below the character it is about."""

import pytest

from search.query.pointing import point_at


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("a b", 1, "  a b\n  ^"),
        ("a b", 3, "  a b\n    ^"),
        ("a b", 4, "  a b\n     ^"),
        ("", 1, "  \n  ^"),
        ("е\u0301 b", 4, "  е\u0301 b\n    ^"),
        ("選挙 b", 4, "  選挙 b\n       ^"),
        ("a\x1b[31m b", 2, "  a [31m b\n   ^"),
    ],
)
def test_sign_stands_below_its_character(text: str, column: int, shown: str) -> None:
    assert point_at(text, column) == shown


def test_only_the_part_around_the_place_is_shown_of_a_long_query() -> None:
    shown, sign = point_at("x" * 500 + "!" + "y" * 400, 501).split("\n")
    assert shown[sign.index("^")] == "!"
    assert shown.startswith("  …x")
    assert shown.endswith("y…")
    assert len(shown) < 70
