"""Search over the indexes of some archives; what the shell and the web both use.

Opens nothing for writing and has no side effects. Several threads may use one service.
A newer index generation or commit is noticed at most once a second.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive.digest import Digest
from archive.store.texts import find_text
from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.captures import CaptureRows
from search.counting import Counts, add_up, make_facet
from search.engines.base import Clause, SearchEngine, Sorting
from search.engines.fields import CAPTURED_US
from search.engines.opening import Engines
from search.engines.planning import Plan, Planner, microseconds_of
from search.extract.result import main_end_of
from search.highlight import Snippet
from search.opened import OpenIndex
from search.query.nodes import Captured, Filter, Node
from search.query.parser import parse_query
from search.results import ExtractedText, Hit, ResultPage
from search.showing import list_hit, show
from search.tiers import Found, first_tier, guarded, ordered, second_tier

__all__ = ["ExtractedText", "Hit", "ResultPage", "SearchService", "Snippet"]

FIRST_TIER_ENOUGH = 10
"""With so many documents that have all words, none with some missing is shown."""
LIMIT_MAX = 1_000
"""Hits of one page."""
FACET_FIELDS = ("source", "host", "lang", "type", "status", "outcome")
"""What counts are made of, on request."""
OFFSET_MAX = 10_000
"""Hits skipped; who needs more exports."""


class SearchService:
    """Answers queries over one or more archives."""

    def __init__(self, archives: Sequence[OpenIndex]) -> None:
        self._archives = tuple(archives)

    @classmethod
    def open(
        cls, archive_roots: Sequence[Path], engines: Engines | None = None
    ) -> "SearchService":
        """Open archives by folder; an index that is not there yet may come later."""
        used = engines or Engines()
        service = cls([OpenIndex(root, used) for root in archive_roots])
        service.catch_up()
        return service

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

    def search(
        self,
        text: str,
        *,
        limit: int = 10,
        offset: int = 0,
        expand: bool = True,
        sorting: Sorting = Sorting.SCORE,
    ) -> ResultPage:
        """Answer a query; raises InvalidQuery or SearchUnavailable.

        `expand` adds other names and translations from the gazetteer.
        """
        began = time.monotonic()
        limit, offset = min(max(limit, 0), LIMIT_MAX), min(max(offset, 0), OFFSET_MAX)
        text = _clean(text)
        asked = self._plan(text, expand=expand)
        plans = {one.archive_id: plan for one, plan in asked}
        window = Window(limit=limit, offset=offset, sorting=sorting)
        total, hits, missing = _answer(asked, window)
        return ResultPage(
            query=text,
            total=total,
            hits=tuple(show(found, plans[found.archive.archive_id]) for found in hits),
            some_missing=tuple(
                show(found, plans[found.archive.archive_id]) for found in missing
            ),
            searched=tuple(
                dict.fromkeys(leaf.label for _, plan in asked for leaf in plan.leaves)
            ),
            took_ms=round((time.monotonic() - began) * 1000),
            upto=self.upto(),
        )

    def counts(self, text: str, *, expand: bool = True) -> Counts:
        """Count what a query finds, by value of each filter field and by day."""
        parts = [
            (
                archive.use(partial(_total, clause=guarded(plan.tier_one))),
                archive.use(partial(_facets, clause=guarded(plan.tier_one))),
                archive.use(partial(_days, clause=guarded(plan.tier_one))),
            )
            for archive, plan in self._plan(_clean(text), expand=expand)
        ]
        return Counts(
            total=sum(total for total, _, _ in parts),
            facets={
                name: make_facet(facets[name] for _, facets, _ in parts)
                for name in FACET_FIELDS
            },
            days=add_up(days for _, _, days in parts),
        )

    def stream(self, text: str, *, expand: bool = True) -> Iterator[Hit]:
        """Everything a query finds in the order of the logs, without a limit.

        All of it is as of now; hits carry no snippets and no score.
        """
        for archive, plan in self._plan(_clean(text), expand=expand):
            with archive.hold() as (engine, rows):
                for hit in engine.stream(guarded(plan.tier_one)):
                    yield list_hit(archive.archive_id, hit, rows.sightings(hit.order))

    def _plan(self, text: str, *, expand: bool) -> list[tuple[OpenIndex, Plan]]:
        tree = parse_query(text)
        self.catch_up()
        return [
            (one, one.use(lambda _, rows: _plan(tree, rows, expand=expand)))
            for one in self._archives
        ]

    def text_of(self, capture_id: str) -> ExtractedText | None:
        """The kept text of a capture by hex id; None where there is none."""
        self.catch_up()
        for archive in self._archives:
            found = archive.use(
                partial(_text_of, root=archive.root, capture_id=capture_id)
            )
            if found is not None:
                return found
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the ranked hits that is asked for: `[offset, offset + limit)`."""

    limit: int
    offset: int
    sorting: Sorting


def _clean(text: str) -> str:
    """Half a surrogate pair (a shell may pass one) is no character anywhere below."""
    return text.encode("utf-8", "replace").decode()


def _total(engine: SearchEngine, _rows: CaptureRows, *, clause: Clause) -> int:
    return engine.search(clause, limit=0, bare=True).total


def _facets(
    engine: SearchEngine, _rows: CaptureRows, *, clause: Clause
) -> Mapping[str, Mapping[str, int]]:
    return engine.facets(clause, FACET_FIELDS)


def _days(
    engine: SearchEngine, _rows: CaptureRows, *, clause: Clause
) -> Mapping[int, int]:
    return engine.histogram(clause, CAPTURED_US)


def _answer(
    asked: Sequence[tuple[OpenIndex, Plan]], window: Window
) -> tuple[int, list[Found], list[Found]]:
    """The exact total, and the hits of both tiers on the page asked for."""
    limit, offset, sorting = window.limit, window.offset, window.sorting
    first: list[Found] = []
    total = 0
    for archive, plan in asked:
        page = first_tier(archive, plan, limit=offset + limit, sorting=sorting)
        total += page.total
        first += [Found(archive, hit, hit.score, ()) for hit in page.hits]
    shown = ordered(first, sorting)[offset : offset + limit]
    if total >= FIRST_TIER_ENOUGH:
        return total, shown, []
    second = [found for one, plan in asked for found in second_tier(one, plan)]
    skipped = max(0, offset - total)
    room = limit - len(shown)
    return total, shown, ordered(second)[skipped : skipped + room]


def _next_leaf(_engine: SearchEngine, rows: CaptureRows) -> int:
    return int(rows.get_progress("next_leaf") or 0)


def _plan(tree: Node, rows: CaptureRows, *, expand: bool) -> Plan:
    def seen_again(node: Node) -> tuple[int, ...]:
        if isinstance(node, Captured):
            return rows.seen_again(
                microseconds_of(node.start), microseconds_of(node.end)
            )
        if isinstance(node, Filter) and node.field == "source":
            return rows.from_sources([value.lower() for value in node.values])
        return ()

    planner = Planner(
        gazetteer=load_gazetteer() if expand else None,
        stop_words=load_stop_words(),
        seen_again=seen_again,
    )
    return planner.plan(tree)


def _text_of(
    _engine: SearchEngine, rows: CaptureRows, *, root: Path, capture_id: str
) -> ExtractedText | None:
    row = rows.find_capture(capture_id)
    if row is None or row.text_digest is None:
        return None
    digest = Digest(row.text_digest)
    text = find_text(root, digest)
    if text is None:
        return None
    document = rows.document_of(row.order_key)
    return ExtractedText(
        text=text,
        main_end=main_end_of(text),
        title=document.title if document else None,
        extractor=row.extractor,
        text_digest=digest,
        charset=row.charset,
        declared_charset=row.declared_charset,
        language=document.language if document else None,
    )
