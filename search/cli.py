"""The verbs `index` and `search`, and the part of `rebuild` that is the index."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from archive.cli.root import CommandContext
from archive.errors import InvalidQuery
from archive.settings import ENGINES, Settings
from archive.store.reader import ArchiveReader
from search.answers import counts_json, page_json
from search.engines.base import Sorting
from search.engines.opening import Engines
from search.index import Indexer, IndexReport
from search.kept import state_texts
from search.options import SearchOptions, Variants
from search.output import FORMATS
from search.printing import count_lines, page_lines
from search.query.grammar import help_text
from search.query.pointing import point_at
from search.service import SearchService

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


def _show_language(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(help_text())
        ctx.exit()


@click.command(epilog=EXIT_CODES)
@click.argument("query", nargs=-1)
@click.option(
    "--help-query",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_language,
    help="Explain the query language, and end.",
)
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
@click.option("--offset", type=click.IntRange(0), default=0, help="Hits left out.")
@click.option(
    "--upto",
    type=click.IntRange(0),
    help="Only entries of the log before this one: pages stay together while it grows.",
)
@click.option(
    "--expand/--no-expand",
    default=True,
    help="Also look for other names and translations (gazetteer).",
)
@click.option(
    "--variants/--no-variants",
    default=True,
    help="Look for any form and spelling, or only for words as written.",
)
@click.option(
    "--sort",
    type=click.Choice([sorting.value for sorting in Sorting]),
    default=Sorting.SCORE.value,
    show_default=True,
    help="Order of the hits; newest and oldest by the first capture of a text.",
)
@click.option(
    "--facets", "--counts", is_flag=True, help="Count by source, host, language, day."
)
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
    **choices: Any,
) -> None:
    """Search the archive's texts in any language and script.

    Words are found in any form, all of them together. "a b" in a row, -without,
    one OR other, begin*, name:, host:, source:, lang:, captured:2025-01-26 or a..b.
    """
    if (query_file is None) == (not query):
        raise click.UsageError("give one QUERY, or --from FILE")
    service = SearchService.open([ctx.archive], _engines(ctx))
    options = _options(service, choices)
    if query_file is not None:
        for line in _read_queries(query_file):
            click.echo(_answer_line(service, line, choices["limit"], options))
        return
    text = " ".join(query)
    with _pointing_at(text):
        if choices["all_as"] is not None:
            _print_all(service, text, choices["all_as"], options)
        else:
            _print_page(service, text, choices, options)


def _options(service: SearchService, choices: dict[str, Any]) -> SearchOptions:
    variants = Variants.ALL if choices["expand"] else Variants.FORMS
    upto = choices["upto"]
    return SearchOptions(
        variants=variants if choices["variants"] else Variants.NONE,
        sorting=Sorting(choices["sort"]),
        upto={} if upto is None else dict.fromkeys(service.archive_ids, upto),
    )


@contextmanager
def _pointing_at(text: str) -> Iterator[None]:
    """Show the character of the query that is wrong."""
    try:
        yield
    except InvalidQuery as error:
        shown = point_at(text, error.column)
        raise InvalidQuery(f"{error}\n{shown}", column=error.column) from error


def _print_page(
    service: SearchService, text: str, choices: dict[str, Any], options: SearchOptions
) -> None:
    offset = choices["offset"]
    page = service.search(text, limit=choices["limit"], offset=offset, options=options)
    counts = service.counts(text, options=options) if choices["facets"] else None
    if choices["as_json"]:
        answer = page_json(page) | ({} if counts is None else counts_json(counts))
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    lines = [*page_lines(page, offset=offset)]
    click.echo("\n".join(lines + ([] if counts is None else [*count_lines(counts)])))


def _print_all(
    service: SearchService, text: str, all_as: str, options: SearchOptions
) -> None:
    """The whole list as of now: what is indexed meanwhile is not in it."""
    upto = {**service.upto(), **options.upto}
    head = {"query": text, "variants": options.variants.value, "upto": upto}
    hits = service.stream(text, options=replace(options, upto=upto))
    for line in FORMATS[all_as](head, hits):
        click.echo(line, nl=False)


def _answer_line(
    service: SearchService, query: str, limit: int, options: SearchOptions
) -> str:
    """One JSON line; a query that cannot be asked says why and finds nothing."""
    try:
        page = service.search(query, limit=limit, options=options)
    except InvalidQuery as error:
        empty = {
            "query": query,
            "total": 0,
            "hits": [],
            "error": str(error),
            "column": error.column,
        }
        return json.dumps(empty, ensure_ascii=False)
    return json.dumps(page_json(page), ensure_ascii=False)


def _read_queries(path: Path) -> Iterator[str]:
    with click.open_file(str(path), encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(QUERY_LINE_BYTES):
            yield line.rstrip("\r\n")


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
