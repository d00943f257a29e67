"""A found document as a hit: the capture it is shown by, its marks and passages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from archive.digest import Digest
from search.answering.highlight import Snippet, cut_snippets
from search.answering.marking import Marker
from search.answering.opened import OpenIndex
from search.answering.results import Hit
from search.answering.tiers import Found
from search.documents.parts import piece_of
from search.engines.base import EngineHit, SearchReader
from search.engines.planning import Plan
from search.extract.dates import Claimed
from search.rows.captures import CaptureRows
from search.rows.items import Pieces
from search.rows.sightings import Seen, Sightings
from search.times import EPOCH

Marked = set[tuple[int, str]]
"""Number of a leaf, and a text it was found as, in lower case."""


def sightings_of(
    found: Sequence[Found], asked: Sequence[tuple[OpenIndex, Plan]]
) -> dict[tuple[str, int], Sightings | None]:
    """What captures tell of hits, by archive and order key; each archive asked once.

    `asked`: the query as it is planned for each archive.
    """
    return {
        (archive.archive_id, order): seen
        for archive, plan in asked
        for order, seen in archive.use(
            partial(
                _seen,
                orders=[one.hit.order for one in found if one.archive is archive],
                plan=plan,
            )
        )
    }


def _seen(
    _engine: SearchReader, rows: CaptureRows, *, orders: Sequence[int], plan: Plan
) -> list[tuple[int, Sightings | None]]:
    counted = Seen(rows, upto=plan.upto, windows=plan.windows)
    return [(order, counted.of(order)) for order in orders]


def show(found: Found, marker: Marker, seen: Sightings | None) -> tuple[Hit, Marked]:
    """Make the hit of a document, and say what each leaf was found as in it.

    `marker`: of the query as it is planned for the document's archive.
    `seen`: what its captures tell, as far as they count.
    """
    stored = found.hit.stored
    text, language = str(stored["text"]), _text_or_none(stored["language"])
    marks = marker.find(text, language)
    hit = replace(
        list_hit(found.archive.archive_id, found.hit, seen),
        score=found.score,
        snippets=_placed(cut_snippets(text, marks), seen),
        missing=found.missing,
    )
    marked = {
        (mark.leaf, " ".join(text[mark.start : mark.end].lower().split()))
        for mark in marks
    }
    return hit, marked


def list_hit(archive_id: str, hit: EngineHit, seen: Sightings | None) -> Hit:
    """The hit of a document in a list of all: nothing is marked or ranked."""
    stored = hit.stored
    capture_id, captured_us, captures = _shown_by(stored, seen)
    status = stored["http_status"]
    place = seen.place if seen else None
    sure = stored.get("sure")
    return Hit(
        archive_id=archive_id,
        document_id=str(stored["id"]),
        capture_id=capture_id,
        short_id=Digest(capture_id).short_id,
        uri=str(stored["uri"]),
        title=_text_or_none(stored["title"]),
        language=_text_or_none(stored["language"]),
        captured_at=EPOCH + timedelta(microseconds=captured_us),
        captures=captures,
        score=0.0,
        snippets=(),
        source_id=_text_or_none(stored["source"]),
        outcome=str(stored["outcome"]),
        http_status=status if isinstance(status, int) else None,
        missing=(),
        warnings=_words(stored["warnings"]),
        claimed=claimed_in(stored["claimed"]),
        capture_class=str(stored["class"]),
        part=place.part if place else _number(stored.get("part")),
        parts=place.parts if place else _number(stored.get("parts")),
        kind=str(stored["kind"]),
        attribution=_text_or_none(stored.get("attribution")),
        ocr_confidence=sure if isinstance(sure, float) else None,
    )


def _placed(
    snippets: tuple[Snippet, ...], seen: Sightings | None
) -> tuple[Snippet, ...]:
    """Passages with their places in the text of the capture that is shown.

    What is left of a page has gaps; a passage ends at one, its words stood together.
    """
    if seen is None or seen.place is None:
        return snippets
    return tuple(_place_one(one, seen.place.pieces) for one in snippets)


def _place_one(one: Snippet, pieces: Pieces) -> Snippet:
    inside = one.start + (one.marks[0][0] if one.marks else 0)
    begins, start, ends = piece_of(pieces, inside)
    low = max(one.start, begins)
    high = one.start + len(one.text) if ends is None else ends
    text = one.text[low - one.start : high - one.start].rstrip()
    back = low - one.start
    marks = ((first - back, last - back) for first, last in one.marks)
    return Snippet(
        text=text,
        marks=tuple(span for span in marks if span[0] >= 0 and span[1] <= len(text)),
        start=start + low - begins,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def main_of(stored: Mapping[str, object]) -> tuple[str, str | None]:
    """Main text and language of a document."""
    end = stored["main_end"]
    text = str(stored["text"])
    language = _text_or_none(stored["language"])
    return (text[:end] if isinstance(end, int) else text), language


def _shown_by(
    stored: Mapping[str, object], seen: Sightings | None
) -> tuple[str, int, int]:
    """Id and time of the capture that is shown, and the number of captures.

    Between the engine's commit and that of the rows only the first one is known.
    """
    if seen is None:
        first = stored["captured_us"]
        if not isinstance(first, int):
            raise AssertionError("a stored time is a number")
        return str(stored["capture"]), first, 1
    return seen.shown.capture_id, seen.shown.captured_us, seen.captures


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def claimed_in(value: object) -> Claimed | None:
    """The claimed date as it is stored with a document."""
    return Claimed(**value) if isinstance(value, dict) else None


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
