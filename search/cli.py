"""The verbs `index` and `search`, and the part of `rebuild` that is the index."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from archive.cli.root import CommandContext
from archive.errors import InvalidQuery
from archive.instant import format_instant
from archive.settings import ENGINES, Settings
from archive.store.reader import ArchiveReader
from search.counting import Counts
from search.engines.base import Sorting
from search.engines.opening import Engines
from search.engines.planning import EPOCH
from search.index import Indexer, IndexReport
from search.kept import state_texts
from search.output import FORMATS
from search.service import Hit, ResultPage, SearchService

QUERY_LINE_BYTES = 64 * 1024
"""Longest line of a file of queries; the parser's own bound is far below."""
EXIT_CODES = (
    "Exit codes: 0 done, 2 wrong use, 6 the archive folder, 7 log or keys, 9 search."
)


@click.command(epilog=EXIT_CODES)
@click.option("--rebuild", is_flag=True, help="Make the index anew from the archive.")
@click.option(
    "--no-statement",
    is_flag=True,
    help="Do not sign the list of new texts in this run (needs no keys).",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="Where the index lies (default: where it is, else as the settings say).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def index(
    ctx: CommandContext,
    rebuild: bool,
    no_statement: bool,
    engine: str | None,
    as_json: bool,
) -> None:
    """Bring the search index up to date with the archive."""
    stated: list[str] = []
    reader = ArchiveReader.open(ctx.archive)
    try:
        engines = _engines(ctx)
        report = Indexer(reader, engines=engines, progress=_progress).run(
            rebuild=rebuild,
            engine=engine,
            afterwards=None
            if no_statement
            else lambda rows: stated.append(state_texts(ctx.archive, rows, ctx)),
        )
    finally:
        reader.close()
    if as_json:
        click.echo(json.dumps(_report(report)))
        return
    click.echo("; ".join([f"index: {_counts(report)}", *stated]))


def _engines(ctx: CommandContext) -> Engines:
    return Engines(settings=ctx.settings.search, random_bytes=ctx.random_bytes)


def rebuild_index(archive_root: Path, settings: Settings) -> str:
    """Throw the index away and make it again; needs no keys and states nothing.

    Returns what was done, without the name `index`: the caller writes it in front.
    """
    reader = ArchiveReader.open(archive_root)
    try:
        engines = Engines(settings=settings.search)
        report = Indexer(reader, engines=engines).run(rebuild=True)
    finally:
        reader.close()
    return _counts(report)


@click.command(epilog=EXIT_CODES)
@click.argument("query", nargs=-1)
@click.option(
    "--from",
    "query_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
    help="File with one query a line; one JSON line each, in the same order.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line a query.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Most hits shown.",
)
@click.option(
    "--expand/--no-expand",
    default=True,
    help="Also look for other names and translations (gazetteer).",
)
@click.option(
    "--offset", type=click.IntRange(0, 10_000), default=0, help="Hits left out."
)
@click.option(
    "--sort",
    type=click.Choice([sorting.value for sorting in Sorting]),
    default=Sorting.SCORE.value,
    show_default=True,
    help="Order of the hits; newest and oldest by the first capture of a text.",
)
@click.option("--counts", is_flag=True, help="Count by source, host, language, day.")
@click.option(
    "--all",
    "all_as",
    type=click.Choice(sorted(FORMATS)),
    help="Print everything found, without a limit, in the order of the log.",
)
@click.pass_obj
def search(
    ctx: CommandContext,
    /,
    query: tuple[str, ...],
    query_file: Path | None,
    **options: Any,
) -> None:
    """Search the archive's texts in any language and script.

    Words are found in any form, all of them together. "a b" in a row, -without,
    one OR other, begin*, name:, host:, source:, lang:, captured:2025-01-26 or a..b.
    """
    if (query_file is None) == (not query):
        raise click.UsageError("give one QUERY, or --from FILE")
    service = SearchService.open([ctx.archive], _engines(ctx))
    limit, expand = options["limit"], options["expand"]
    if query_file is not None:
        for line in _read_queries(query_file):
            click.echo(_answer_line(service, line, limit=limit, expand=expand))
        return
    text = " ".join(query)
    if options["all_as"] is not None:
        _print_all(service, text, options)
        return
    page = service.search(
        text,
        limit=limit,
        offset=options["offset"],
        expand=expand,
        sorting=Sorting(options["sort"]),
    )
    counts = service.counts(text, expand=expand) if options["counts"] else None
    if options["as_json"]:
        answer = page_json(page) | ({} if counts is None else counts_json(counts))
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo("\n".join([*_page_lines(page), *_count_lines(counts)]))


def _print_all(service: SearchService, text: str, options: dict[str, Any]) -> None:
    head = {"query": text, "expand": options["expand"], "upto": service.upto()}
    hits = service.stream(text, expand=options["expand"])
    for line in FORMATS[options["all_as"]](head, hits):
        click.echo(line, nl=False)


def counts_json(counts: Counts) -> dict[str, Any]:
    """Facets by field, each value with its count, and documents by day."""
    return {
        "facets": {
            name: {"values": dict(facet.values), "rest": facet.rest}
            for name, facet in counts.facets.items()
        },
        "captured_days": {_day(day): count for day, count in counts.days.items()},
    }


def _count_lines(counts: Counts | None) -> Iterable[str]:
    if counts is None:
        return
    for name, facet in counts.facets.items():
        shown = ", ".join(f"{_line(value)} {n}" for value, n in facet.values)
        rest = f", {facet.rest} others" if facet.rest else ""
        yield f"\n{name}: {shown or 'none'}{rest}"
    days = ", ".join(f"{_day(day)} {n}" for day, n in counts.days.items())
    yield f"\nfirst captured (UTC): {days or 'none'}"


def _day(number: int) -> str:
    return (EPOCH + timedelta(days=number)).date().isoformat()


def page_json(page: ResultPage) -> dict[str, Any]:
    """The stable JSON form; hits with words missing follow those that have all."""
    return {
        "query": page.query,
        "total": page.total,
        "hits": [_hit_json(hit) for hit in (*page.hits, *page.some_missing)],
        "upto": dict(page.upto),
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.capture_id,
        "short_id": hit.short_id,
        "uri": hit.uri,
        "title": hit.title,
        "language": hit.language,
        "captured_at": format_instant(hit.captured_at),
        "captures": hit.captures,
        "outcome": hit.outcome,
        "http_status": hit.http_status,
        "source_id": hit.source_id,
        "score": hit.score,
        "missing": list(hit.missing),
        "snippets": [
            {
                "text": snippet.text,
                "marks": [list(mark) for mark in snippet.marks],
                "start": snippet.start,
            }
            for snippet in hit.snippets
        ],
    }


def _answer_line(
    service: SearchService, query: str, *, limit: int, expand: bool
) -> str:
    """One JSON line; a query that cannot be asked says why and finds nothing."""
    try:
        page = service.search(query, limit=limit, expand=expand)
    except InvalidQuery as error:
        empty = {"query": query, "total": 0, "hits": [], "error": str(error)}
        return json.dumps(empty, ensure_ascii=False)
    return json.dumps(page_json(page), ensure_ascii=False)


def _read_queries(path: Path) -> Iterator[str]:
    with click.open_file(str(path), encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(QUERY_LINE_BYTES):
            yield line.rstrip("\r\n")


def _page_lines(page: ResultPage) -> Iterable[str]:
    found = "1 document" if page.total == 1 else f"{page.total} documents"
    yield f"{found} found"
    for hit in page.hits:
        yield from _hit_lines(hit)
    if page.some_missing:
        yield "\nSome words missing:"
    for hit in page.some_missing:
        yield from _hit_lines(hit)


def _hit_lines(hit: Hit) -> Iterable[str]:
    yield f"\n{_line(hit.title or hit.uri)}"
    state = hit.outcome if hit.http_status is None else f"HTTP {hit.http_status}"
    times = "" if hit.captures == 1 else f", captured {hit.captures} times"
    yield f"  {_line(hit.uri)}"
    yield f"  {hit.short_id}  {format_instant(hit.captured_at)}  {state}{times}"
    if hit.missing:
        yield f"  without: {_line(', '.join(hit.missing))}"
    for snippet in hit.snippets:
        yield f"  … {_marked(snippet.text, snippet.marks)} …"


def _marked(text: str, marks: Iterable[tuple[int, int]]) -> str:
    """Marks as [ ] in plain text, in bold on a terminal."""
    parts, at = [], 0
    for start, end in marks:
        parts += [_line(text[at:start]), _emphasis(_line(text[start:end]))]
        at = end
    return "".join([*parts, _line(text[at:])])


def _emphasis(text: str) -> str:
    return click.style(text, bold=True) if sys.stdout.isatty() else f"[{text}]"


def _line(text: str) -> str:
    """Captured text on one line, without control characters: it may be hostile."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _progress(count: int) -> None:
    if count % 100 == 0 and sys.stderr.isatty():
        click.echo(f"\r{count} captures read", nl=False, err=True)


def _report(report: IndexReport) -> dict[str, object]:
    return {
        "captures_added": report.captures_added,
        "documents_added": report.documents_added,
        "captures": report.captures,
        "documents": report.documents,
        "next_leaf": report.next_leaf,
        "rebuilt": report.rebuilt,
        "rejected": report.rejected,
    }


def _counts(report: IndexReport) -> str:
    refused = f"; {report.rejected} documents refused" if report.rejected else ""
    return (
        f"{report.captures_added} captures added; now {report.documents} "
        f"documents for {report.captures} captures, up to entry {report.next_leaf}"
        f"{refused}"
    )
