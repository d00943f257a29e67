"""An index as readers may ask it: public documents only, and none that was removed.

What guards stands inside each question that the engine gets, so that no total, count or
page can tell of the others.
"""

from collections.abc import Iterator, Sequence

from search.engines.base import (
    AllOf,
    Clause,
    EngineHit,
    EnginePage,
    OneOf,
    SearchReader,
    Sorting,
    Tally,
)
from search.engines.fields import ORDER

_PUBLIC = OneOf(field="access", values=("public",))


def guarded(clause: Clause, removed: Sequence[int] = ()) -> Clause:
    """The clause, of public documents only; `removed`: order keys of those gone."""
    gone = OneOf(field=ORDER, values=tuple(removed))
    return AllOf(wanted=(_PUBLIC, clause), unwanted=(gone,) if removed else ())


class Guarded:
    """A search reader over another one."""

    def __init__(self, engine: SearchReader, removed: Sequence[int] = ()) -> None:
        """`removed`: order keys of documents that are not found any more."""
        self._engine = engine
        self._removed = tuple(removed)

    def search(
        self,
        clause: Clause,
        *,
        limit: int,
        offset: int = 0,
        sorting: Sorting = Sorting.SCORE,
        bare: bool = False,
    ) -> EnginePage:
        """Find documents; `limit` 0 only counts, `bare` leaves `stored` empty."""
        return self._engine.search(
            guarded(clause, self._removed),
            limit=limit,
            offset=offset,
            sorting=sorting,
            bare=bare,
        )

    def tally(
        self, clause: Clause, fields: Sequence[str], times: Sequence[str] = ()
    ) -> Tally:
        """Count the documents of a clause by values of filter fields and by day."""
        return self._engine.tally(guarded(clause, self._removed), fields, times)

    def stream(self, clause: Clause) -> Iterator[EngineHit]:
        """All documents of a clause in order-key order, as of now, without a limit."""
        return self._engine.stream(guarded(clause, self._removed))

    def count(self) -> int:
        """How many documents the index holds, those that are not found among them."""
        return self._engine.count()
