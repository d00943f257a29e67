"""Two tiers of an answer: documents with all words, then those with some missing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from search.answering.opened import OpenIndex
from search.engines.base import (
    AllOf,
    AnyOf,
    Between,
    Clause,
    EngineHit,
    EnginePage,
    OneOf,
    Sorting,
)
from search.engines.fields import ORDER
from search.engines.planning import Leaf, Plan
from search.engines.ranking import RANKS
from search.rows.items import order_of

LEAST_SHARE = (2, 5)
"""Share of the words that a document of the second tier has at least."""
SECOND_TIER_POOL = 200
"""Documents with some words missing that are ranked by how many they have."""


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's hit, the archive it is from, and the words it lacks."""

    archive: OpenIndex
    hit: EngineHit
    score: float
    missing: tuple[str, ...]


def within(plan: Plan, since: int | None, upto: int | None) -> Plan:
    """The plan, for documents first captured at the entries `[since, upto)`."""
    plan = replace(plan, upto=upto)
    if since is None and upto is None:
        return plan
    window = Between(
        field=ORDER,
        low=None if since is None else order_of(since),
        high=None if upto is None else order_of(upto),
    )
    rest = replace(plan.rest, wanted=(*plan.rest.wanted, window))
    return replace(plan, tier_one=AllOf(wanted=(plan.tier_one, window)), rest=rest)


def _search(archive: OpenIndex, clause: Clause, limit: int) -> EnginePage:
    return archive.use(lambda engine, _: engine.search(clause, limit=limit))


def _having(archive: OpenIndex, clause: Clause, orders: Clause) -> set[int]:
    """Which of the documents `orders` a clause finds."""
    both = AllOf(wanted=(orders, clause))
    page = archive.use(
        lambda engine, _: engine.search(both, limit=SECOND_TIER_POOL, bare=True)
    )
    return {hit.order for hit in page.hits}


def comparable(found: list[Found]) -> list[Found]:
    """The best hits of one archive of several, scores as percent of the best of them.

    Each archive weighs a word by how rare it is in its own texts: by scores as they are
    all hits of an archive that often has the word stand behind all those of another.
    """
    best = max((one.score for one in found), default=0.0) or 1.0
    return [replace(one, score=100 * one.score / best) for one in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the ranked hits that is asked for: `[offset, offset + limit)`."""

    limit: int
    offset: int = 0
    bare: bool = False
    """Without what a hit shows."""


def first_tier(
    archive: OpenIndex, plan: Plan, window: Window, sorting: Sorting = Sorting.SCORE
) -> EnginePage:
    """Documents that have everything the query asks for, and how many there are."""
    return archive.use(
        lambda engine, _: engine.search(
            plan.tier_one,
            limit=window.limit,
            offset=window.offset,
            sorting=sorting,
            bare=window.bare,
        )
    )


def second_tier(archive: OpenIndex, plan: Plan) -> list[Found]:
    """Documents with at least two of five words, the share weighing in the score."""
    words = plan.words
    if len(words) < 2:
        return []
    weights = _weights(archive, words)
    some = AnyOf(clauses=tuple(word.clause for word in words), least=_least(len(words)))
    clause = AllOf(
        wanted=(*plan.rest.wanted, some),
        unwanted=(*plan.rest.unwanted, plan.tier_one),
    )
    pool = _search(archive, clause, SECOND_TIER_POOL).hits
    if not pool:
        return []
    orders = OneOf(field=ORDER, values=tuple(hit.order for hit in pool))
    having = [_having(archive, word.clause, orders) for word in words]
    found = []
    for hit in pool:
        missing = tuple(
            word.label
            for word, orders_with in zip(words, having, strict=True)
            if hit.order not in orders_with
        )
        share = sum(
            weight
            for weight, orders_with in zip(weights, having, strict=True)
            if hit.order in orders_with
        )
        found.append(Found(archive, hit, round(hit.score * share, 3), missing))
    return found


def _least(words: int) -> int:
    """How many of the words a document must have: two in five, rounded up."""
    return -(-words * LEAST_SHARE[0] // LEAST_SHARE[1])


def _weights(archive: OpenIndex, words: tuple[Leaf, ...]) -> list[float]:
    """What each word counts for, one altogether: rare words tell more."""
    everything = archive.use(lambda engine, _: engine.count())
    rarity = [
        math.log(1 + everything / (1 + _search(archive, word.clause, 0).total))
        for word in words
    ]
    total = sum(rarity) or 1.0
    return [one / total for one in rarity]


def _key(one: Found, sorting: Sorting) -> float | None:
    """What hits are ranked by, as the engine knows it; None where there is none."""
    if sorting is Sorting.SCORE:
        return one.score
    stored = one.hit.stored
    if sorting in (Sorting.NEWEST, Sorting.OLDEST):
        return float(str(stored["captured_us"]))
    claimed = stored["claimed"]
    if not isinstance(claimed, Mapping):
        return None
    return float(date.fromisoformat(str(claimed["value"])[:10]).toordinal())


def ordered(found: list[Found], sorting: Sorting = Sorting.SCORE) -> list[Found]:
    """As asked for; equal ones in the order of the archives' logs."""

    def rank(one: Found) -> tuple[float, str, int]:
        return RANKS[sorting](_key(one, sorting)), one.archive.archive_id, one.hit.order

    return sorted(found, key=rank)
