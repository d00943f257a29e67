"""Results: TOKEN -> what was asked, in memory only, so that no address holds a query.

A token is 128 random bits. Nothing is written to disk; the oldest entry goes when the
store is full, each goes after its time. Safe to use from several threads.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from archive.digest import format_short_id
from search.query.nodes import And, format_query
from search.query.parser import parse_query
from web.bounds import Bounds, held

ENTRY_LIMIT = 10_000
"""Queries kept; at 1,000 characters each about 10 MB."""
LIFE_SECONDS = 2 * 60 * 60
"""How long Back and paging work."""
NARROWINGS_MAX = 8
"""Filters added by links; there are no more facets."""
OFFERED_MAX = 2_000
"""Values and bars that were shown for one query, while the index grew."""
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
    grouped: bool = False
    """Equal and near-identical texts once, with their number."""
    wanted: Bounds = ()
    """Bounds that a link to a search names."""
    upto: Bounds = ()
    """Bounds of its answers, from the first one on."""

    @property
    def beyond(self) -> Bounds:
        """What a link names and is not searched here."""
        here = dict(self.upto)
        return tuple(pair for pair in self.wanted if pair[1] > here.get(pair[0], 0))

    @property
    def text(self) -> str:
        """The whole query in the query language; InvalidQuery if it was none.

        Put together as it was understood: a stray sign that was typed means nothing
        to what was added.
        """
        if not self.narrowings:
            return self.query
        typed = parse_query(self.query)
        items = typed.items if isinstance(typed, And) else (typed,)
        added = (parse_query(f'{one.field}:"{one.value}"') for one in self.narrowings)
        return format_query(And(items=(*items, *added)))

    def with_narrowing(self, one: Narrowing) -> "Asked":
        """The same with one more filter; a field has one filter at a time."""
        others = tuple(old for old in self.narrowings if old.field != one.field)
        kept = (*others, one)[-NARROWINGS_MAX:]
        return replace(self, narrowings=kept)


@dataclass(slots=True)
class _Entry:
    born: float
    asked: Asked
    offered: list[Narrowing] = field(default_factory=list)
    """Narrowings by the numbers that links name them by; none ever means another."""


class QueryStore:
    """The queries of the last two hours."""

    def __init__(
        self, *, monotonic: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        """Both arguments are handed in, so tests need not wait."""
        self._monotonic = monotonic
        self._random_bytes = random_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, asked: Asked) -> str:
        """Keep a query; the token names it."""
        token = format_short_id(self._random_bytes(TOKEN_BYTES))
        with self._lock:
            self._drop_old()
            while len(self._entries) >= ENTRY_LIMIT:
                self._entries.popitem(last=False)
            self._entries[token] = _Entry(self._monotonic(), asked)
        return token

    def find(self, token: str) -> Asked | None:
        """The query of a token; None when it is unknown or its time is over."""
        entry = self._entry(token)
        return None if entry is None else entry.asked

    def hold(self, token: str, seen: Mapping[str, int]) -> Asked | None:
        """The query, with the bounds of its answers: now those seen, if it has none."""
        entry = self._entry(token)
        if entry is None:
            return None
        with self._lock:
            asked = entry.asked
            if not asked.upto:
                entry.asked = replace(asked, upto=held(asked.wanted, seen))
            return entry.asked

    def offer(self, token: str, one: Narrowing) -> int:
        """The number that links of this token name a narrowing by, now and later."""
        entry = self._entry(token)
        with self._lock:
            if entry is None:
                return OFFERED_MAX
            if one not in entry.offered and len(entry.offered) < OFFERED_MAX:
                entry.offered.append(one)
            return entry.offered.index(one) if one in entry.offered else OFFERED_MAX

    def offered(self, token: str, number: int) -> Narrowing | None:
        """What a link was offered for; None where none has this number."""
        entry = self._entry(token)
        if entry is None or not 0 <= number < len(entry.offered):
            return None
        return entry.offered[number]

    def _entry(self, token: str) -> _Entry | None:
        with self._lock:
            self._drop_old()
            return self._entries.get(token)

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def _drop_old(self) -> None:
        limit = self._monotonic() - LIFE_SECONDS
        while self._entries:
            token, entry = next(iter(self._entries.items()))
            if entry.born > limit:
                return
            del self._entries[token]
