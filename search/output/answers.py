"""Answers as JSON values: keys stay, more may be added (docs/commands.md, JSON)."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from archive.instant import format_instant
from search.answering.results import Alike, Hit, Mentions, ResultPage, Searched
from search.counting import Counts
from search.times import EPOCH


def page_json(page: ResultPage) -> dict[str, Any]:
    """A page of results; hits with words missing follow those that have all."""
    made: dict[str, Any] = {
        "query": page.query,
        "total": page.total,
        "hits": [hit_json(hit) for hit in (*page.hits, *page.some_missing)],
        "upto": dict(page.upto),
        "not_indexed": dict(page.not_indexed),
        "took_ms": page.took_ms,
        "searched": [_searched_json(one) for one in page.searched],
    }
    if page.unknown:
        made["unknown"] = [
            {"field": one.field, "value": one.value, "known": list(one.known)}
            for one in page.unknown
        ]
    if page.no_fields:
        made["no_fields"] = list(page.no_fields)
    return made


def alike_json(alike: Alike) -> dict[str, Any]:
    """A document that is like another one: how much they share, 0 to 1."""
    return {**hit_json(alike.hit), "shared": alike.shared, "bits": alike.bits}


def _searched_json(searched: Searched) -> dict[str, Any]:
    return {
        "written": searched.written,
        "base_forms": list(searched.base_forms),
        "any_spelling": searched.any_spelling,
        "other_words": list(searched.other_words),
        "found_as": list(searched.found_as),
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One document by the capture it is shown by, with its passages."""
    return {
        "id": hit.capture_id,
        "short_id": hit.short_id,
        "archive": hit.archive_id,
        "uri": hit.uri,
        "title": hit.title,
        "language": hit.language,
        "captured_at": format_instant(hit.captured_at),
        "claimed": asdict(hit.claimed) if hit.claimed else None,
        "captures": hit.captures,
        "alike": hit.alike,
        "outcome": hit.outcome,
        "http_status": hit.http_status,
        "capture_class": hit.capture_class,
        "kind": hit.kind,
        "part": hit.part,
        "parts": hit.parts,
        "attribution": hit.attribution,
        "ocr_confidence": hit.ocr_confidence,
        "source_id": hit.source_id,
        "score": hit.score,
        "missing": list(hit.missing),
        "warnings": list(hit.warnings),
        "snippets": [
            {
                "text": snippet.text,
                "marks": [list(mark) for mark in snippet.marks],
                "start": snippet.start,
            }
            for snippet in hit.snippets
        ],
    }


def names_json(names: Mentions) -> dict[str, Any]:
    """Names in the best documents: `names_documents` were read of all there are."""
    return {
        "names": [
            {
                "name": one.name,
                "kind": one.kind,
                "documents": one.documents,
                "spellings": dict(one.spellings),
            }
            for one in names.found
        ],
        "names_documents": names.documents,
    }


def counts_json(counts: Counts) -> dict[str, Any]:
    """Facets by field, each value with its count, and documents by day.

    `captured_days`: by day of first capture, UTC. `claimed_days`: by the day that a
    page claims, as it writes it; `undated` claim none.
    """
    return {
        "facets": {
            name: {"values": dict(facet.values), "rest": facet.rest}
            for name, facet in counts.facets.items()
        },
        "captured_days": {
            day_name(day): count for day, count in counts.captured_days.items()
        },
        "claimed_days": {
            day_name(day): count for day, count in counts.claimed_days.items()
        },
        "undated": counts.undated,
    }


def day_name(number: int) -> str:
    """A day since 1970 as `2025-01-26`."""
    return (EPOCH + timedelta(days=number)).date().isoformat()
