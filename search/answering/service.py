"""Search over the indexes of some archives; what the shell and the web both use.

Opens nothing for writing and has no side effects. Several threads may use one service.
A newer index generation or commit is noticed at most once a second.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.answering.alike import find_alike
from search.answering.grouping import grouped_tier
from search.answering.highlight import Snippet
from search.answering.looked_for import make_searched
from search.answering.marking import Marker
from search.answering.mentions import find_mentions
from search.answering.opened import OpenIndex, open_indexes
from search.answering.options import EVERYTHING, SearchOptions, Variants
from search.answering.results import (
    Alike,
    ExtractedText,
    Heading,
    Hit,
    Mentions,
    ResultPage,
)
from search.answering.showing import (
    Marked,
    list_hit,
    main_of,
    show,
    sightings_of,
)
from search.answering.tallies import begin_to_count, count
from search.answering.tiers import (
    Found,
    Window,
    comparable,
    first_tier,
    ordered,
    second_tier,
    within,
)
from search.answering.told import claimed_of, heading_of, text_of
from search.answering.unknown_values import find_unknown
from search.counting import Counts
from search.engines.base import SearchReader, Sorting
from search.engines.opening import Engines
from search.engines.planning import Plan, Planner
from search.extract.dates import Claimed
from search.query.nodes import And, Filter, Node, Not
from search.query.parser import no_fields_of, parse_query
from search.rows.captures import CaptureRows
from search.rows.sightings import Seen, Sightings

__all__ = [
    "Alike",
    "ExtractedText",
    "Heading",
    "Hit",
    "ResultPage",
    "SearchOptions",
    "SearchService",
    "Snippet",
    "Sorting",
    "Variants",
]

FIRST_TIER_ENOUGH = 10
"""With so many documents that have all words, none with some missing is shown."""
MENTIONS_DOCUMENTS = 500
"""Documents read for the names in them: some seconds."""
T = TypeVar("T")
LIMIT_MAX = 1_000
"""Hits of one page."""


class SearchService:
    """Answers queries over one or more archives."""

    def __init__(self, archives: Sequence[OpenIndex]) -> None:
        self._archives = tuple(archives)

    @classmethod
    def open(
        cls, archive_roots: Sequence[Path], engines: Engines | None = None
    ) -> "SearchService":
        """Open archives by folder; an index that is not there yet may come later.

        UsageProblem where two folders hold one archive: all would be found twice.
        """
        service = cls(open_indexes(archive_roots, engines or Engines()))
        service.catch_up()
        return service

    @property
    def archive_ids(self) -> tuple[str, ...]:
        """Ids of the archives that are searched."""
        return tuple(archive.archive_id for archive in self._archives)

    @property
    def roots(self) -> dict[str, Path]:
        """Folders of the archives that are searched, by id."""
        return {archive.archive_id: archive.root for archive in self._archives}

    def catch_up(self) -> None:
        """See newer index data, if the last look is a second old."""
        now = time.monotonic()
        for archive in self._archives:
            archive.refresh(now=now)

    def upto(self) -> dict[str, int]:
        """How many log entries the indexes have seen, by archive id."""
        self.catch_up()
        return {
            archive.archive_id: archive.use(_next_leaf) for archive in self._archives
        }

    def not_indexed(self, upto: Mapping[str, int]) -> dict[str, int]:
        """Captures behind these entries, by archive id: no search finds them yet.

        At most `BEHIND_MAX` of each are counted.
        """
        return {
            one.archive_id: one.count_behind(upto[one.archive_id])
            for one in self._archives
        }

    def search(
        self,
        text: str,
        *,
        limit: int = 10,
        offset: int = 0,
        options: SearchOptions = EVERYTHING,
        counted: bool = False,
    ) -> ResultPage:
        """Answer a query with the hits `[offset, offset + limit)` of its first tier.

        Where that has fewer than ten documents, those with some words missing follow,
        in `some_missing`. `counted`: with the `counts`. Raises InvalidQuery or
        SearchUnavailable.
        """
        began = time.monotonic()
        window = Window(limit=min(max(limit, 0), LIMIT_MAX), offset=max(offset, 0))
        text = _clean(text)
        tree = parse_query(text)
        upto = self.upto()  # before it is asked: nothing in the answer is behind it
        asked = self._plan(tree, options)
        counting = begin_to_count(asked, sum(upto.values())) if counted else None
        total, hits, missing, alike = _answer(asked, window, options)
        leaves = asked[0][1].leaves if asked else ()
        markers = {one.archive_id: Marker(plan.leaves) for one, plan in asked}
        seen = sightings_of((*hits, *missing), asked)
        shown = [
            _show(found, markers, seen, alike.get(number, 0))
            for number, found in enumerate((*hits, *missing))
        ]
        counts = counting() if counting else None
        return ResultPage(
            query=text,
            total=total,
            hits=tuple(hit for hit, _ in shown[: len(hits)]),
            some_missing=tuple(hit for hit, _ in shown[len(hits) :]),
            searched=make_searched(leaves, (marked for _, marked in shown)),
            took_ms=round((time.monotonic() - began) * 1000),
            upto=upto,
            unknown=()
            if total
            else find_unknown(tree, self._archives, options.hidden_sources),
            no_fields=() if total else no_fields_of(text),
            counts=counts,
        )

    def counts(self, text: str, *, options: SearchOptions = EVERYTHING) -> Counts:
        """Count what a query finds: all of its first tier, whatever page is shown.

        By value of each filter field, by day of first capture, by claimed day.
        """
        return count(self._plan(parse_query(_clean(text)), options))

    def marks(
        self, query: str, text: ExtractedText, *, options: SearchOptions = EVERYTHING
    ) -> tuple[tuple[int, int], ...]:
        """Where in a kept text the words of a query stand: `[start, end)`, rising.

        In code points of the whole text. Raises InvalidQuery or SearchUnavailable.
        """
        asked = self._plan(parse_query(_clean(query)), options)
        marker = Marker(asked[0][1].leaves if asked else ())
        found = marker.find(text.text, text.language)
        return tuple(dict.fromkeys((mark.start, mark.end) for mark in found))

    def mentions(self, text: str, *, options: SearchOptions = EVERYTHING) -> Mentions:
        """Whom and what the best documents of a query mention, in any spelling."""
        asked = self._plan(parse_query(_clean(text)), options)
        window = Window(limit=MENTIONS_DOCUMENTS)
        total, hits = _first_hits(asked, window, options.sorting)
        texts = (main_of(found.hit.stored) for found in hits)
        return Mentions(
            found=find_mentions(texts, load_gazetteer()),
            documents=len(hits),
            total=total,
        )

    def stream(
        self, text: str, *, options: SearchOptions = EVERYTHING
    ) -> Iterator[Hit]:
        """Everything a query finds in the order of the logs, without a limit.

        All of it is as of now; hits carry no snippets and no score.
        """
        for archive, plan in self._plan(parse_query(_clean(text)), options):
            with archive.hold() as (engine, rows):
                seen = Seen(rows, upto=plan.upto, windows=plan.windows)
                for hit in engine.stream(plan.tier_one):
                    yield list_hit(archive.archive_id, hit, seen.of(hit.order))

    def _plan(self, tree: Node, options: SearchOptions) -> list[tuple[OpenIndex, Plan]]:
        self.catch_up()
        tree = _without(tree, options.hidden_sources)
        made = []
        for one in self._archives:
            since = options.since.get(one.archive_id)
            upto = options.upto.get(one.archive_id)
            plan = one.use(partial(_plan, tree=tree, options=options, upto=upto))
            made.append((one, within(plan, since, upto)))
        return made

    def alike(self, capture_id: str, *, limit: int = 20) -> tuple[Alike, ...] | None:
        """Documents like that of a capture (hex id), the likest first, without it.

        None where no index holds the capture, or where it has no text.
        """
        self.catch_up()
        return find_alike(self._archives, capture_id, limit=limit)

    def text_of(self, capture_id: str) -> ExtractedText | None:
        """The kept text of a capture by hex id; None where there is none."""
        return self._first(text_of, capture_id)

    def heading_of(self, capture_id: str) -> Heading | None:
        """What a capture is called; hex id. None where it has no text.

        Its text is not read: a list needs no more of each of its rows.
        """
        return self._first(heading_of, capture_id)

    def claimed_of(self, capture_id: str) -> Claimed | None:
        """The date that the text of a capture claims; hex id. None: none was read."""
        return self._first(claimed_of, capture_id)

    def _first(self, find: Callable[..., T | None], capture_id: str) -> T | None:
        """What the first archive has that has it."""
        self.catch_up()
        for archive in self._archives:
            asked = partial(find, root=archive.root, capture_id=capture_id)
            found = archive.use(asked)
            if found is not None:
                return found
        return None


def _clean(text: str) -> str:
    """Half a surrogate pair (a shell may pass one) is no character anywhere below."""
    return text.encode("utf-8", "replace").decode()


def _show(
    found: Found,
    markers: Mapping[str, Marker],
    seen: Mapping[tuple[str, int], Sightings | None],
    alike: int,
) -> tuple[Hit, Marked]:
    archive = found.archive.archive_id
    hit, marked = show(found, markers[archive], seen[archive, found.hit.order])
    return replace(hit, alike=alike), marked


def _answer(
    asked: Sequence[tuple[OpenIndex, Plan]], window: Window, options: SearchOptions
) -> tuple[int, list[Found], list[Found], dict[int, int]]:
    """The exact total, the hits of both tiers on the page, how many each stands for."""
    limit, offset = window.limit, window.offset
    alike: dict[int, int] = {}
    if options.grouped:
        total, first, groups = grouped_tier(
            asked, limit=limit, offset=offset, sorting=options.sorting
        )
        shown = [group.found for group in groups]
        alike = {number: group.alike for number, group in enumerate(groups)}
    else:
        total, shown = _first_hits(asked, window, options.sorting)
        first = total
    if total >= FIRST_TIER_ENOUGH:
        return total, shown, [], alike
    tiers = [second_tier(one, plan) for one, plan in asked]
    if len(asked) > 1:
        tiers = [*map(comparable, tiers)]
    second = [found for tier in tiers for found in tier]
    skipped = max(0, offset - first)  # what earlier pages showed of the second
    room = limit - len(shown)
    return total, shown, ordered(second)[skipped : skipped + room], alike


def _first_hits(
    asked: Sequence[tuple[OpenIndex, Plan]], window: Window, sorting: Sorting
) -> tuple[int, list[Found]]:
    limit, offset = window.limit, window.offset
    alone = len(asked) == 1
    first: list[Found] = []
    total = 0
    for archive, plan in asked:
        # Of several archives any may hold the whole page.
        part = window if alone else Window(limit=offset + limit)
        page = first_tier(archive, plan, part, sorting)
        total += page.total
        found = [Found(archive, hit, hit.score, ()) for hit in page.hits]
        first += found if alone else comparable(found)
    return total, ordered(first, sorting)[0 if alone else offset :][:limit]


def _next_leaf(_engine: SearchReader, rows: CaptureRows) -> int:
    return int(rows.get_progress("next_leaf") or 0)


def _without(tree: Node, sources: frozenset[str]) -> Node:
    """The query as if its writer had added `-source:` of these."""
    if not sources:
        return tree
    hidden = Not(item=Filter(field="source", values=tuple(sorted(sources))))
    items = tree.items if isinstance(tree, And) else (tree,)
    return And(items=(*items, hidden))


def _plan(
    _engine: SearchReader,
    rows: CaptureRows,
    *,
    tree: Node,
    options: SearchOptions,
    upto: int | None,
) -> Plan:
    variants = options.variants
    planner = Planner(
        gazetteer=load_gazetteer() if variants is Variants.ALL else None,
        stop_words=load_stop_words(),
        seen_again=Seen(rows, upto=upto).again,
        as_written=variants is Variants.NONE,
    )
    return planner.plan(tree)
