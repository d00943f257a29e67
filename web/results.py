"""Results: TOKEN -> what was asked, in memory only, so that no address holds a query.

A token is 128 random bits. Nothing is written to disk; the oldest entry goes when the
store is full, each goes after its time. Safe to use from several threads.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from archive.digest import format_short_id

ENTRY_LIMIT = 10_000
"""Queries kept; at 1,000 characters each about 10 MB."""
LIFE_SECONDS = 2 * 60 * 60
"""How long Back and paging work."""
NARROWINGS_MAX = 8
"""Filters added by links; there are no more facets."""
TOKEN_BYTES = 16
"""128 bits: nobody guesses another reader's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """One filter that a reader added by a link: `lang` is `be`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query as typed, and what was added to it by links."""

    query: str
    narrowings: tuple[Narrowing, ...] = ()
    sorting: str = "score"

    @property
    def text(self) -> str:
        """The whole query in the query language."""
        added = [f'{one.field}:"{one.value}"' for one in self.narrowings]
        return " ".join([f"({self.query})" if added else self.query, *added])

    def with_narrowing(self, one: Narrowing) -> "Asked":
        """The same with one more filter; a field has one filter at a time."""
        others = tuple(old for old in self.narrowings if old.field != one.field)
        kept = (*others, one)[-NARROWINGS_MAX:]
        return replace(self, narrowings=kept)


class QueryStore:
    """The queries of the last two hours."""

    def __init__(
        self, *, monotonic: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        """Both arguments are handed in, so tests need not wait."""
        self._monotonic = monotonic
        self._random_bytes = random_bytes
        self._entries: OrderedDict[str, tuple[float, Asked]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, asked: Asked) -> str:
        """Keep a query; the token names it."""
        token = format_short_id(self._random_bytes(TOKEN_BYTES))
        with self._lock:
            self._drop_old()
            while len(self._entries) >= ENTRY_LIMIT:
                self._entries.popitem(last=False)
            self._entries[token] = (self._monotonic(), asked)
        return token

    def find(self, token: str) -> Asked | None:
        """The query of a token; None when it is unknown or its time is over."""
        with self._lock:
            self._drop_old()
            entry = self._entries.get(token)
        return None if entry is None else entry[1]

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def _drop_old(self) -> None:
        limit = self._monotonic() - LIFE_SECONDS
        while self._entries:
            token, (born, _) = next(iter(self._entries.items()))
            if born > limit:
                return
            del self._entries[token]
