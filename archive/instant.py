"""Instants: aware UTC times and their one written form, always six digits."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from archive.errors import FormatError

INSTANTS_KEPT = 64
"""Times read or written a moment ago; at most a few captures are looked at at once."""
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


@lru_cache(maxsize=INSTANTS_KEPT)
def format_instant(moment: datetime) -> str:
    """Write `YYYY-MM-DDTHH:MM:SS.ffffffZ`; a naive time is a broken invariant."""
    if moment.tzinfo is None:
        raise AssertionError("naive time")
    # Not strftime: it writes the year 999 with three digits.
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(timespec="microseconds") + "Z"


@lru_cache(maxsize=INSTANTS_KEPT)
def parse_instant(text: str) -> datetime:
    """Read the one form; FormatError for any other.

    One instant stands in every record of a slice and in every row about them.
    """
    if _FORM.fullmatch(text) is None:
        raise FormatError(
            f"not a time of the form 2025-01-26T08:00:00.000000Z: {text[:40]!r}"
        )
    try:
        return datetime.fromisoformat(text)  # ten times as fast as strptime
    except ValueError as error:
        raise FormatError(f"no such instant: {text!r}") from error
