"""Documents like the one of a capture: equal and near-identical texts, by any address.

Candidates are found by their simhash, by a look at every row; how much two texts share
is then counted: rows of three words in both, of all there are in either.
"""

import heapq
from collections.abc import Sequence
from functools import partial

from search.analysis.likeness import ALIKE_BITS, ROW_WORDS
from search.analysis.tokens import exact_form, tokenize
from search.answering.opened import OpenIndex
from search.answering.results import Alike
from search.answering.showing import list_hit
from search.engines.base import EngineHit, OneOf, SearchReader
from search.engines.fields import ORDER
from search.rows.captures import CaptureRows
from search.rows.near import Likeness
from search.rows.sightings import Seen

ALIKE_MAX = 100
"""Documents compared word by word."""

Shingles = frozenset[tuple[str, ...]]


def find_alike(
    archives: Sequence[OpenIndex], capture_id: str, *, limit: int
) -> tuple[Alike, ...] | None:
    """The documents most like that of a capture (hex id), the likest first.

    Its own document is not among them. None where no index holds the capture, or its
    document has no text.
    """
    for archive in archives:
        own = archive.use(partial(_own, capture_id=capture_id))
        if own is not None:
            break
    else:
        return None
    found: list[Alike] = []
    for other in archives:
        near = partial(_near, archive_id=other.archive_id, own=own)
        skipped = own[0].order_key if other is archive else -1
        found += [one for one in other.use(near) if one.order != skipped]
    found.sort(key=lambda one: (-one.shared, one.hit.archive_id, one.order))
    return tuple(found[: min(limit, ALIKE_MAX)])


def _own(
    engine: SearchReader, rows: CaptureRows, *, capture_id: str
) -> tuple[Likeness, Shingles] | None:
    row = rows.find_capture(capture_id)
    likeness = rows.likenesses.of([row.order_key])[0] if row else None
    if likeness is None or likeness.fold is None:
        return None
    found = _hits(engine, [likeness.order_key])
    return (likeness, found[0][1]) if found else None


def _near(
    engine: SearchReader,
    rows: CaptureRows,
    *,
    archive_id: str,
    own: tuple[Likeness, Shingles],
) -> list[Alike]:
    likeness, mine = own
    nearest = heapq.nsmallest(ALIKE_MAX + 1, rows.likenesses.near(likeness, ALIKE_BITS))
    bits_of = {order: bits for bits, order in nearest}
    return [
        Alike(
            hit=list_hit(archive_id, hit, Seen(rows).of(hit.order)),
            order=hit.order,
            bits=bits_of[hit.order],
            shared=_shared(mine, theirs),
        )
        for hit, theirs in _hits(engine, list(bits_of))
    ]


def _hits(engine: SearchReader, orders: list[int]) -> list[tuple[EngineHit, Shingles]]:
    """Documents that may be shown, with what their main texts hold."""
    clause = OneOf(field=ORDER, values=tuple(orders))
    return [
        (hit, _shingles(str(hit.stored["text"]), hit.stored["main_end"]))
        for hit in engine.search(clause, limit=len(orders)).hits
    ]


def _shingles(text: str, main_end: object) -> Shingles:
    main = text[:main_end] if isinstance(main_end, int) else text
    words = [exact_form(token.word) for token in tokenize(main)]
    rows = range(max(1, len(words) - ROW_WORDS + 1))
    return frozenset(tuple(words[at : at + ROW_WORDS]) for at in rows)


def _shared(one: Shingles, other: Shingles) -> float:
    """Of all rows of words, those that are in both: 0 to 1."""
    return round(len(one & other) / (len(one | other) or 1), 3)
