"""What a query finds, counted over some archives, beside other work.

Engines let other threads run while they look, so that one core may count what a query
finds while another ranks it and hits are shown.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from search.answering.opened import OpenIndex
from search.counting import Counts, add_up, make_facet
from search.engines.base import Clause, SearchReader, Tally
from search.engines.fields import CAPTURED_US, CLAIMED_US
from search.engines.planning import Plan
from search.rows.captures import CaptureRows

COUNTERS = 8
"""Threads that count, made when first needed: as many as pages that are made at once;
who finds none free counts without."""
BESIDE_ENTRIES = 200_000
"""With fewer entries of the logs most counts take a millisecond or two; handing them to
a thread costs half of one, and more where both cores are busy."""
FACET_FIELDS = (
    "source",
    "host",
    "lang",
    "type",
    "status",
    "outcome",
    "class",
    "warning",
)
"""What counts are made of, on request; a document may have several values of one."""

ARCHIVE = "archive"
"""What is counted besides, where several archives are asked: it is a filter, too."""

Asked = Sequence[tuple[OpenIndex, Plan]]

_POOL = ThreadPoolExecutor(COUNTERS, thread_name_prefix="count")


def count(asked: Asked) -> Counts:
    """Count all of the first tier of a query, as it is planned for each archive.

    By archive, too, where there are several.
    """
    tallies = [
        archive.use(partial(_tally, clause=plan.tier_one)) for archive, plan in asked
    ]
    facets = {
        name: make_facet(one.values[name] for one in tallies) for name in FACET_FIELDS
    }
    if len(asked) > 1:
        of_each = zip(asked, tallies, strict=True)
        totals = {one.archive_id: tally.total for (one, _), tally in of_each}
        facets = {ARCHIVE: make_facet([totals]), **facets}
    return Counts(
        total=sum(one.total for one in tallies),
        facets=facets,
        captured_days=add_up(one.days[CAPTURED_US] for one in tallies),
        claimed_days=add_up(one.days[CLAIMED_US] for one in tallies),
    )


def begin_to_count(asked: Asked, entries: int) -> Callable[[], Counts]:
    """Begin to count, where it is worth a thread; what comes back gives the counts.

    `entries`: of the logs of all these archives, as far as they are indexed. Where no
    thread is free by then, the caller itself counts. The call raises what `count` does.
    """
    if entries < BESIDE_ENTRIES:
        return partial(count, asked)
    begun = _POOL.submit(count, asked)

    def finish() -> Counts:
        return count(asked) if begun.cancel() else begun.result()

    return finish


def _tally(engine: SearchReader, _rows: CaptureRows, *, clause: Clause) -> Tally:
    return engine.tally(clause, FACET_FIELDS, (CAPTURED_US, CLAIMED_US))
