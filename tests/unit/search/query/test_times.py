"""Times in queries."""

from datetime import UTC, datetime

import pytest

from search.query.times import parse_range


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", at(2025, 1, 1), at(2026, 1, 1)),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1)),
        ("2024-12", at(2024, 12, 1), at(2025, 1, 1)),
        ("2025-01-26", at(2025, 1, 26), at(2025, 1, 27)),
        ("2025-01-26+03:00", at(2025, 1, 25, 21), at(2025, 1, 26, 21)),
        ("2025-01-26Z", at(2025, 1, 26), at(2025, 1, 27)),
        ("2025-01..2025-02-03", at(2025, 1, 1), at(2025, 2, 4)),
        ("2025..", at(2025, 1, 1), None),
        ("..2024", None, at(2025, 1, 1)),
    ],
)
def test_time_means_a_half_open_range(
    text: str, start: datetime | None, end: datetime | None
) -> None:
    assert parse_range(text) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "25",
        "2025-1",
        "2025-02-30",
        "2025-01-26+99:00",
        "9999",
        "٢٠٢٥",
        "a..b",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_range(text)
