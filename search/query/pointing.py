"""A query with a sign under the character that an error is about (pure)."""

import unicodedata

SHOWN_BEFORE, SHOWN_AFTER = 40, 20
"""Characters of a long query that are shown around the place."""


def point_at(text: str, column: int) -> str:
    """Two lines: the query, and a ^ under its character `column`, from 1.

    Control characters become blanks; wide letters and marks are counted as a terminal
    shows them. A column behind the end points behind it.
    """
    at = min(max(column - 1, 0), len(text))
    low, high = max(at - SHOWN_BEFORE, 0), min(at + SHOWN_AFTER, len(text))
    before = _plain(text[low:at])
    shown = f"{'…' if low else ''}{before}{_plain(text[at:high])}"
    shown += "…" if high < len(text) else ""
    room = (1 if low else 0) + sum(map(_cells, before))
    return f"  {shown}\n  {' ' * room}^"


def _plain(text: str) -> str:
    return "".join(
        sign if sign.isprintable() or unicodedata.combining(sign) else " "
        for sign in text
    )


def _cells(sign: str) -> int:
    """Columns of a terminal that a character takes."""
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
