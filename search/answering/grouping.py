"""Equal and near-identical texts shown once, so that copies cannot bury what is rare.

The ranked documents are read from the best one on until the page is full; each joins
the first one shown that it is like. Nothing is taken away: totals, counts and whole
lists know every document.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from search.analysis.likeness import ALIKE_BITS, differing_bits
from search.answering.opened import OpenIndex
from search.answering.tiers import Found, Window, comparable, first_tier, ordered
from search.engines.base import AllOf, OneOf, SearchReader, Sorting
from search.engines.fields import ORDER
from search.engines.planning import Plan
from search.rows.captures import CaptureRows
from search.rows.near import Likeness

POOL_STEPS = (100, 1_000, 5_000, 20_000)
"""Documents read before the page counts as full of what there is."""
GROUPS_MAX = 500
"""Groups told apart: pages beyond them are empty; the whole list has everything."""

Asked = Sequence[tuple[OpenIndex, Plan]]


@dataclass(slots=True)
class Group:
    """The best document of a group, and how many like it were met."""

    found: Found
    likeness: Likeness | None
    alike: int = 0


@dataclass(slots=True)
class _Groups:
    """Groups in the order of their best documents."""

    wanted: int
    made: list[Group] = field(default_factory=list)
    by_fold: dict[int, Group] = field(default_factory=dict)

    def take(self, found: Found, likeness: Likeness | None) -> None:
        """Let a document join a group, or begin one while there is room."""
        group = self._find(likeness)
        if group is not None:
            group.alike += 1
        elif len(self.made) < self.wanted:
            made = Group(found, likeness)
            self.made.append(made)
            if likeness is not None and likeness.fold is not None:
                self.by_fold[likeness.fold] = made

    def _find(self, likeness: Likeness | None) -> Group | None:
        if likeness is None or likeness.fold is None:
            return None
        equal = self.by_fold.get(likeness.fold)
        if equal is not None or likeness.simhash is None:
            return equal
        mine = likeness.simhash
        for group in self.made:
            other = group.likeness
            if other is None or other.simhash is None:
                continue
            if differing_bits(mine, other.simhash) <= ALIKE_BITS:
                return group
        return None


def grouped_tier(
    asked: Asked, *, limit: int, offset: int, sorting: Sorting
) -> tuple[int, int, list[Group]]:
    """The exact total of documents, how many groups there are up to `offset + limit`,
    and the groups `[offset, offset + limit)`.
    """
    wanted = min(offset + limit, GROUPS_MAX)
    for step in POOL_STEPS:
        total, pool = _pool(asked, step, sorting)
        groups = _Groups(wanted)
        likenesses = _likenesses(asked, pool)
        for found in pool:
            key = (found.archive.archive_id, found.hit.order)
            groups.take(found, likenesses.get(key))
        if len(groups.made) >= wanted or len(pool) >= total:
            break
    shown = groups.made[offset : offset + limit]
    return total, len(groups.made), _with_stored(asked, shown)


def _pool(asked: Asked, size: int, sorting: Sorting) -> tuple[int, list[Found]]:
    """The best documents, in order; of a single archive without what a hit shows."""
    alone = len(asked) == 1
    total = 0
    pool: list[Found] = []
    for archive, plan in asked:
        page = first_tier(archive, plan, Window(limit=size, bare=alone), sorting)
        total += page.total
        found = [Found(archive, hit, hit.score, ()) for hit in page.hits]
        pool += found if alone else comparable(found)
    return total, pool if alone else ordered(pool, sorting)[:size]


def _likenesses(asked: Asked, pool: list[Found]) -> dict[tuple[str, int], Likeness]:
    made = {}
    for archive, _ in asked:
        orders = [one.hit.order for one in pool if one.archive is archive]
        for likeness in archive.use(partial(_likeness_of, orders=orders)):
            made[archive.archive_id, likeness.order_key] = likeness
    return made


def _likeness_of(
    _engine: SearchReader, rows: CaptureRows, *, orders: list[int]
) -> list[Likeness]:
    return rows.likenesses.of(orders)


def _with_stored(asked: Asked, groups: list[Group]) -> list[Group]:
    """Read what the hits show, for those that are shown."""
    for archive, plan in asked:
        bare = [
            g for g in groups if g.found.archive is archive and not g.found.hit.stored
        ]
        orders = OneOf(field=ORDER, values=tuple(g.found.hit.order for g in bare))
        chosen = replace(plan, tier_one=AllOf(wanted=(plan.tier_one, orders)))
        hits = first_tier(archive, chosen, Window(limit=len(bare))).hits if bare else ()
        whole = {hit.order: hit for hit in hits}
        for group in bare:
            found = group.found
            hit = replace(whole[found.hit.order], score=found.score)
            group.found = Found(archive, hit, found.score, ())
    return groups
