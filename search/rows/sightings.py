"""Sightings: what the captures that count in an answer tell of documents (derived).

A document is in the index with its first capture alone; how often it was captured, and
when, stands in the rows beside it.
"""

from dataclasses import dataclass

from search.rows.captures import CaptureRow, CaptureRows
from search.rows.items import PARTS, SHOWN, Place, Shown, shown
from search.times import EVER, Windows

_SEEN_AGAIN = (
    "SELECT DISTINCT c.order_key FROM capture c JOIN capture f"  # noqa: S608  fixed
    f" ON f.leaf = c.order_key / {PARTS}"
    f" WHERE c.leaf <> c.order_key / {PARTS}"
    " AND NOT (f.captured_us >= ? AND f.captured_us < ?)"
    f" AND {SHOWN}"
)
_COUNT = f"SELECT count(*) FROM capture c WHERE order_key = ? AND {SHOWN}"  # noqa: S608  fixed
_LATEST = f"order_key = ? AND {SHOWN} ORDER BY captured_us DESC, leaf DESC LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """How often a document was captured, the capture it is shown by, its place there.

    `place`: of an item, or of what items leave of the page; None if it has no items.
    """

    captures: int
    shown: CaptureRow
    place: Place | None = None


class Seen:
    """Looks documents up by the captures that count, in one index generation.

    Those at entries from `upto` on do not, nor those that the rows leave out as
    removed. `windows`: when a capture may lie that a document is shown by.
    """

    def __init__(
        self,
        rows: CaptureRows,
        *,
        upto: int | None = None,
        windows: Windows | None = None,
    ) -> None:
        self._rows = rows
        self._upto = upto
        self._windows = (EVER,) if windows is None else windows
        self._counted = shown(rows.removed, upto)

    def of(self, order_key: int) -> Sightings | None:
        """How often a document was seen, and its latest capture; None if never.

        The latest in the windows, as the question was for those; else of all.
        """
        for window in (*reversed(self._windows), EVER):
            found = self._latest(
                order_key, shown(self._rows.removed, self._upto, window)
            )
            if found is not None:
                return found
        return None

    def _latest(self, order_key: int, counted: Shown) -> Sightings | None:
        if order_key % PARTS:
            return self._latest_item(order_key, counted)
        latest = next(self._rows.captures(_LATEST, (order_key, *counted)), None)
        if latest is None:
            return None
        ((captures,),) = self._rows.ask(_COUNT, (order_key, *self._counted))
        place = None
        if latest.division is not None:
            place = self._rows.items.place(latest.division, 0)
        return Sightings(captures=_number(captures), shown=latest, place=place)

    def _latest_item(self, order_key: int, counted: Shown) -> Sightings | None:
        items = self._rows.items
        found = items.latest(order_key, counted)
        if found is None:
            return None
        capture_id, leaf, part = found
        latest = self._rows.find_capture(capture_id)
        if latest is None:
            raise AssertionError("a row that was joined is there")
        return Sightings(
            captures=items.count(order_key, self._counted),
            shown=latest,
            place=items.place(leaf, part),
        )

    def again(self, windows: Windows) -> tuple[int, ...]:
        """Documents captured in one of the windows, and first outside of that one."""
        found: set[int] = set()
        for window in windows:
            counted = shown(self._rows.removed, self._upto, window)
            rows = self._rows.ask(_SEEN_AGAIN, (*window, *counted))
            found.update(_number(order) for (order,) in rows)
            found.update(self._rows.items.seen_again(window, counted))
        return tuple(sorted(found))


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise AssertionError("order keys and counts are numbers")
    return value
