"""Times as the index counts them: microseconds since 1970, and stretches of them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Window = tuple[int, int]
"""Microseconds since 1970, `[low, high)`."""
Windows = tuple[Window, ...]
"""Apart from each other and rising; none of them: no time at all."""
EVER: Window = (-(2**63), 2**63 - 1)
"""Open ends are those of SQLite's numbers."""


def microseconds_of(moment: datetime | None) -> int | None:
    """Microseconds since 1970 of an aware time; None stays None."""
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)
