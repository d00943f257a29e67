"""Sightings: what the captures that count in an answer tell of documents (derived).

A document is in the index with its first capture alone; by which others it was seen,
and when, stands in the rows beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from search.captures import CaptureRow, CaptureRows
from search.items import PARTS, SHOWN, Place, shown

_SEEN_AGAIN = (
    "SELECT DISTINCT c.order_key FROM capture c JOIN capture f"  # noqa: S608  fixed
    f" ON f.leaf = c.order_key / {PARTS}"
    f" WHERE c.leaf <> c.order_key / {PARTS}"
    " AND c.captured_us >= ? AND c.captured_us < ?"
    " AND NOT (f.captured_us >= ? AND f.captured_us < ?)"
    f" AND {SHOWN}"
)
_FROM_SOURCE = (
    "SELECT DISTINCT c.order_key FROM capture c"  # noqa: S608  fixed
    " JOIN document d ON d.order_key = c.order_key"
    f" WHERE c.leaf <> c.order_key / {PARTS} AND lower(c.source_id) = ?"
    f" AND c.source_id IS NOT d.source_id AND {SHOWN}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """How often a document was captured, the latest time, and as what of its page."""

    captures: int
    latest: CaptureRow
    place: Place | None = None
    """None where the page has no items."""


class Seen:
    """Looks documents up by the captures that count, in one index generation.

    Those of `hidden_sources` do not, nor those that the rows leave out as removed.
    """

    def __init__(
        self, rows: CaptureRows, hidden_sources: frozenset[str] = frozenset()
    ) -> None:
        self._rows = rows
        self._counted = shown(hidden_sources, rows.removed)
        self._hidden = frozenset(source.lower() for source in hidden_sources)

    def of(self, order_key: int) -> Sightings | None:
        """How often a document was seen, and its latest capture; None if never."""
        if order_key % PARTS:
            return self._of_item(order_key)
        values = (order_key, *self._counted)
        where = f"order_key = ? AND {SHOWN} ORDER BY captured_us DESC, leaf DESC"
        latest = next(self._rows.captures(f"{where} LIMIT 1", values), None)
        if latest is None:
            return None
        count = self._rows.ask(
            f"SELECT count(*) FROM capture c WHERE order_key = ? AND {SHOWN}",  # noqa: S608  fixed
            values,
        )
        place = None
        if latest.division is not None:
            place = self._rows.items.place(latest.division, 0)
        ((captures,),) = count
        return Sightings(captures=_number(captures), latest=latest, place=place)

    def _of_item(self, order_key: int) -> Sightings | None:
        items = self._rows.items
        found = items.latest(order_key, self._counted)
        if found is None:
            return None
        capture_id, leaf, part = found
        latest = self._rows.find_capture(capture_id)
        if latest is None:
            raise AssertionError("a row that was joined is there")
        return Sightings(
            captures=items.count(order_key, self._counted),
            latest=latest,
            place=items.place(leaf, part),
        )

    def again(self, low: int | None, high: int | None) -> tuple[int, ...]:
        """Documents first captured outside `[low, high)` and captured again inside."""
        bounds = _bounds(low, high)
        rows = self._rows.ask(_SEEN_AGAIN, (*bounds, *bounds, *self._counted))
        found = {_number(order) for (order,) in rows}
        found.update(self._rows.items.seen_again(bounds, self._counted))
        return tuple(sorted(found))

    def from_sources(self, source_ids: Sequence[str]) -> tuple[int, ...]:
        """Documents that one of the sources captured, though another was first."""
        found: set[int] = set()
        for source_id in {one.lower() for one in source_ids} - self._hidden:
            rows = self._rows.ask(_FROM_SOURCE, (source_id, *self._counted))
            found.update(_number(order) for (order,) in rows)
            found.update(self._rows.items.from_source(source_id, self._counted))
        return tuple(sorted(found))


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise AssertionError("order keys and counts are numbers")
    return value


def _bounds(low: int | None, high: int | None) -> tuple[int, int]:
    """Open ends as the ends of SQLite's numbers."""
    return (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)
