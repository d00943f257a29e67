"""A39: the time of a cosignature is a date, or shown as the number that it is."""

import pytest

from archive.cli.witness import format_time


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (1_737_900_000, "2025-01-26T14:00:00.000000Z"),
        (253_402_300_799, "9999-12-31T23:59:59.000000Z"),
        (253_402_300_800, "253402300800"),
        (1 << 60, "1152921504606846976"),
        ((1 << 64) - 1, "18446744073709551615"),
    ],
)
def test_A39_any_time_of_a_witness_can_be_shown(seconds: int, shown: str) -> None:
    assert format_time(seconds.to_bytes(8) + bytes(64)) == shown
