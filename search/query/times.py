"""Times in queries: years, months, days and ranges of them as `[start, end)`."""

import re
from datetime import UTC, datetime, timedelta, timezone

_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?"
    r"(?P<offset>Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_DAY = timedelta(days=1)


class BadTime(ValueError):
    """Not a time; `at` is where in the text the wrong part begins, from 0."""

    def __init__(self, message: str, *, at: int) -> None:
        super().__init__(message)
        self.at = at


def parse_range(text: str) -> tuple[datetime | None, datetime | None]:
    """Read `2025`, `2025-01`, `2025-01-26+03:00`, `a..b`, `a..`, `..b`.

    Days are UTC unless an offset stands there; `b` is included whole. Raises
    BadTime where the text is none of these.
    """
    first, dots, last = text.partition("..")
    if not dots:
        return _span(text, 0)
    if not first and not last:
        raise BadTime("a range needs a beginning or an end", at=0)
    start = _span(first, 0)[0] if first else None
    behind = len(first) + len(dots)
    end = _span(last, behind)[1] if last else None
    if start is not None and end is not None and end <= start:
        raise BadTime("the range ends before it begins", at=behind)
    return start, end


def find_offset(text: str) -> int | None:
    """Where a range of times names an offset from UTC; None where it does not."""
    first, dots, last = text.partition("..")
    for part, at in ((first, 0), (last, len(first) + len(dots))):
        found = _MOMENT.fullmatch(part)
        if found is not None and found["offset"]:
            return at + found.start("offset")
    return None


def _span(text: str, at: int) -> tuple[datetime, datetime]:
    try:
        return _read(text)
    except (ValueError, OverflowError) as error:
        shown = text[:40]
        raise BadTime(
            f"{shown!r} is no time; write 2025, 2025-01, 2025-01-26 or a..b", at=at
        ) from error


def _read(text: str) -> tuple[datetime, datetime]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"not a year, month or day: {text!r}")
    zone = _zone(found["offset"])
    year, month, day = (int(found[part] or 0) for part in ("year", "month", "day"))
    start = datetime(year, month or 1, day or 1, tzinfo=zone)
    if day:
        end = start + _DAY
    elif month:
        end = (start.replace(day=28) + 4 * _DAY).replace(day=1)
    else:
        end = start.replace(year=year + 1)
    return start.astimezone(UTC), end.astimezone(UTC)


def _zone(written: str | None) -> timezone:
    if written in (None, "", "Z"):
        return UTC
    hours, minutes = int(str(written)[1:3]), int(str(written)[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("no such offset")
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if str(written)[0] == "-" else shift)
