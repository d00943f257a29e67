"""Answers as lines for a person at a terminal; captured text cannot steer it."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import click

from archive.instant import format_instant
from archive.lines import one_line
from search.answering.looked_for import describe
from search.answering.opened import BEHIND_MAX
from search.answering.results import Alike, Hit, Mentions, ResultPage, UnknownValue
from search.counting import Counts, Facet
from search.output.answers import day_name
from search.query.parser import FIELDS

BAR_CELLS = 40
"""Length of the longest bar of a histogram."""
PERIODS_SHOWN = 31
"""A histogram with more days is one of months, with more months one of years."""
KNOWN_SAID = 12
"""Known values named where a value is unknown."""
_FIELDS = ", ".join(FIELDS)


Places = Mapping[str, str]
"""How an archive was named on the command line, by its id; nothing where one is asked,
which needs no name beside each hit."""


def page_lines(
    page: ResultPage, *, offset: int = 0, places: Places = MappingProxyType({})
) -> Iterator[str]:
    """How many, what was looked for, then the hits."""
    found = "1 document" if page.total == 1 else f"{page.total} documents"
    shown = len(page.hits)
    part = f", {offset + 1} to {offset + shown} shown" if shown < page.total else ""
    if not shown:
        part = f", none behind the first {offset}" if page.total and offset else ""
    yield f"{found} found in {page.took_ms} ms{part}"
    for one in page.searched:
        yield f"  looked for {one_line(describe(one))}"
    for archive_id, entries in page.upto.items():
        place = f" ({one_line(places[archive_id])})" if archive_id in places else ""
        yield f"  searched archive {archive_id}{place} up to entry {entries}"
        yield from _behind_lines(page.not_indexed.get(archive_id, 0))
    for unknown in page.unknown:
        yield _unknown_line(unknown)
    for name in page.no_fields:
        yield f"  {name}: is no field and was read as a word; fields are {_FIELDS}"
    for hit in page.hits:
        yield from _hit_lines(hit, places)
    if page.some_missing:
        yield "\nSome words missing:"
    for hit in page.some_missing:
        yield from _hit_lines(hit, places)


def _behind_lines(captures: int) -> Iterator[str]:
    """What was captured behind the entry and is in no answer yet."""
    if captures:
        many = f"{captures} or more" if captures == BEHIND_MAX else str(captures)
        yield f"    {many} captured later are not indexed yet: run `evidence index`"


def alike_lines(
    alike: Sequence[Alike], places: Places = MappingProxyType({})
) -> Iterator[str]:
    """Documents like another one, with the share of their words."""
    yield f"{len(alike)} like it" if alike else "nothing is like it"
    for one in alike:
        yield from _hit_lines(one.hit, places)
        yield f"  {one.shared:.1%} of the words in a row are the same"


def _unknown_line(unknown: UnknownValue) -> str:
    known = ", ".join(unknown.known[:KNOWN_SAID])
    more = ", …" if len(unknown.known) > KNOWN_SAID else ""
    there = f"there are {one_line(known)}{more}" if known else "there is none at all"
    return f"  nothing has {unknown.field}:{one_line(unknown.value)}; {there}"


def _hit_lines(hit: Hit, places: Places) -> Iterator[str]:
    yield f"\n{one_line(hit.title or hit.uri)}"
    state = hit.outcome if hit.http_status is None else f"HTTP {hit.http_status}"
    if hit.http_status is not None and hit.outcome != "complete":
        state += f" ({hit.outcome})"  # a 200 that was cut short is no 200
    done = "imported" if hit.is_imported else "captured"
    times = "" if hit.captures == 1 else f", {done} {hit.captures} times"
    if hit.is_imported:
        times += ", imported from a file of others"
    yield f"  {one_line(hit.uri)}"
    yield f"  {hit.short_id}  {format_instant(hit.captured_at)}  {state}{times}"
    if hit.archive_id in places:
        yield f"  in archive {one_line(places[hit.archive_id])}"
    if hit.parts:
        yield f"  {_place(hit)}"
    if hit.ocr_confidence is not None:
        yield f"  read by OCR, {hit.ocr_confidence:.0%} sure on average: see the page"
    if hit.alike:
        yield f"  and {hit.alike} like it, not shown (--no-group shows them)"
    if hit.claimed is not None:
        doubt = ", but see its dates" if "date_conflict" in hit.warnings else ""
        value = one_line(hit.claimed.value)
        what = "item" if hit.part else "page"
        yield f"  the {what} says it is from {value} ({hit.claimed.method}{doubt})"
    if hit.missing:
        yield f"  without: {one_line(', '.join(hit.missing))}"
    for snippet in hit.snippets:
        yield f"  … {_marked(snippet.text, snippet.marks)} …"


def _place(hit: Hit) -> str:
    """What a document is of a page of many texts."""
    if not hit.part:
        return f"this page without its {hit.parts} items, which are found alone"
    named = f"; names as its source: {one_line(hit.attribution or '')}"
    return f"{hit.kind} {hit.part} of {hit.parts} of this page" + (
        named if hit.attribution else ""
    )


def count_lines(counts: Counts) -> Iterator[str]:
    """Facets, then how many by the day of first capture and by the claimed day."""
    for name, facet in counts.facets.items():
        yield f"\n{name}: {_facet(facet)}"
    yield "\nfirst captured (UTC):"
    yield from _histogram(counts.captured_days)
    yield "\nclaimed by the page (as written):"
    yield from _histogram(counts.claimed_days)
    if counts.undated:
        yield f"  no date {counts.undated}"


def name_lines(names: Mentions) -> Iterator[str]:
    """Names in the documents read, each in all its spellings."""
    part = str(names.documents)
    if names.documents < names.total:
        part = f"the first {names.documents} of {names.total}"
    none = "" if names.found else " none"
    yield f"\nnames in {part} documents:{none}"
    for one in names.found:
        written = ", ".join(f"{word} {count}" for word, count in one.spellings)
        kind = f" ({one.kind})" if one.kind else ""
        yield f"  {one.documents:>4} {one_line(f'{one.name}{kind}: {written}')}"


def _facet(facet: Facet) -> str:
    shown = ", ".join(f"{one_line(value)} {n}" for value, n in facet.values)
    rest = f", {facet.rest} other values" if facet.rest else ""
    return f"{shown or 'none'}{rest}"


def _histogram(days: Mapping[int, int]) -> Iterator[str]:
    periods = _periods(days)
    if not periods:
        yield "  none"
        return
    most = max(periods.values())
    widest = max(len(str(count)) for count in periods.values())
    for name, count in periods.items():
        bar = "█" * max(1, round(BAR_CELLS * count / most))
        yield f"  {name} {count:>{widest}} {bar}"


def _periods(days: Mapping[int, int]) -> dict[str, int]:
    """By day, month or year, whichever is short enough."""
    for length in (len("2025-01-26"), len("2025-01"), len("2025")):
        periods: dict[str, int] = {}
        for day, count in days.items():
            name = day_name(day)[:length]
            periods[name] = periods.get(name, 0) + count
        if len(periods) <= PERIODS_SHOWN:
            break
    return periods


def _marked(text: str, marks: Iterable[tuple[int, int]]) -> str:
    """Marks as [ ] in plain text, in bold on a terminal."""
    parts, at = [], 0
    for start, end in marks:
        parts += [one_line(text[at:start]), _emphasis(one_line(text[start:end]))]
        at = end
    return "".join([*parts, one_line(text[at:])])


def _emphasis(text: str) -> str:
    return click.style(text, bold=True) if sys.stdout.isatty() else f"[{text}]"
