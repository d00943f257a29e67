"""A comparison as JSON, and as lines for a terminal, which text cannot steer."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from archive.instant import format_instant
from archive.lines import one_line
from search.report.comparing.changes import Changes, Kind, ParagraphChange, Piece, Place
from search.report.comparing.comparison import Comparison, Side

SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.MOVED: ">", Kind.CHANGED: "~"}
"""At the beginning of a line; what is the same is not printed."""
CONTEXT_SIGNS = 160
"""Of a long piece that stayed, so much is shown on each side of a change."""


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The stable form; `paragraphs` leaves out those that are the same."""
    changes = comparison.changes
    return {
        "before": _side_json(comparison.before),
        "after": _side_json(comparison.after),
        "equal": changes.equal,
        "complete": changes.complete,
        "notices": list(comparison.notices),
        "counts": {kind.value: count for kind, count in changes.counts.items()},
        "paragraphs": [
            _paragraph_json(one, comparison) for one in changes.first_numbers()
        ],
    }


def _side_json(side: Side) -> dict[str, Any]:
    capture = side.capture
    return {
        "id": capture.capture_id,
        "short_id": capture.short_id,
        "uri": capture.target_uri,
        "captured_at": format_instant(capture.captured_at),
        "outcome": capture.outcome.value,
        "http_status": capture.http_status,
        "title": side.text.title,
        "extractor": side.text.extractor,
        "text_digest": str(side.text.text_digest),
        "kept": side.kept,
    }


def _paragraph_json(one: ParagraphChange, comparison: Comparison) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "numbers": one.numbers,
        "main": is_main(one, comparison),
        "before": _place_json(one.before),
        "after": _place_json(one.after),
        "pieces": [{"kind": p.kind.value, "text": p.text} for p in one.pieces],
    }


def _place_json(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"start": place.start, "end": place.end, "text": place.text}


def is_main(one: ParagraphChange, comparison: Comparison) -> bool:
    """Whether it is in the main text of a side, not in what stands around it."""
    sides = ((one.before, comparison.before), (one.after, comparison.after))
    return any(
        place is not None and place.start < side.text.main_end for place, side in sides
    )


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Both captures, counts, then main text and surroundings, numbers first."""
    for name, side in (("before", comparison.before), ("after", comparison.after)):
        yield from _side_lines(name, side)
    titles = (comparison.before.text.title, comparison.after.text.title)
    if titles[0] != titles[1]:
        yield f"title   {_removed(titles[0] or '')} {_added(titles[1] or '')}"
    for notice in comparison.notices:
        yield f"note    {one_line(notice)}"
    yield _summary(comparison.changes)
    different = comparison.changes.first_numbers()
    main = [one for one in different if is_main(one, comparison)]
    around = [one for one in different if not is_main(one, comparison)]
    for title, found in (("Main text", main), ("Around the main text", around)):
        if found:
            yield f"\n{title}:"
            for one in found:
                yield f"{SIGNS[one.kind]} {_said(one)}"


def _side_lines(name: str, side: Side) -> Iterator[str]:
    capture = side.capture
    state = (
        capture.outcome.value
        if capture.http_status is None
        else f"HTTP {capture.http_status}"
    )
    yield f"{name:7} {capture.short_id}  {format_instant(capture.captured_at)}  {state}"
    yield f"        {one_line(capture.target_uri)}"


def _summary(changes: Changes) -> str:
    if changes.equal:
        return "\nThe texts are equal."
    counts = changes.counts
    said = ", ".join(f"{counts[kind]} {kind.value}" for kind in (*SIGNS, Kind.SAME))
    return f"\nparagraphs: {said}"


def _said(one: ParagraphChange) -> str:
    if one.pieces:
        last = len(one.pieces) - 1
        return "".join(
            _piece(piece, at == 0, at == last) for at, piece in enumerate(one.pieces)
        )
    if one.kind is Kind.CHANGED and one.before and one.after:
        return f"{_removed(one.before.text)} {_added(one.after.text)}"
    place = one.after or one.before
    return one_line(place.text.strip() if place else "")


def _piece(piece: Piece, first: bool, last: bool) -> str:
    if piece.kind is Kind.REMOVED:
        return _removed(piece.text)
    if piece.kind is Kind.ADDED:
        return _added(piece.text)
    text = one_line(piece.text)
    if first and len(text) > CONTEXT_SIGNS:
        return f"… {text[-CONTEXT_SIGNS:]}"
    if last and len(text) > CONTEXT_SIGNS:
        return f"{text[:CONTEXT_SIGNS]} …"
    if len(text) > 2 * CONTEXT_SIGNS:
        return f"{text[:CONTEXT_SIGNS]} … {text[-CONTEXT_SIGNS:]}"
    return text


def _removed(text: str) -> str:
    return click.style(
        f"[-{one_line(text)}-]", fg="red" if sys.stdout.isatty() else None
    )


def _added(text: str) -> str:
    return click.style(
        f"{{+{one_line(text)}+}}", fg="green" if sys.stdout.isatty() else None
    )
