"""The verb `index`, and the part of `rebuild` that is the index."""

import json
import sys
from pathlib import Path

import click

from archive.cli.root import CommandContext
from archive.settings import ENGINES, Settings
from archive.store.reader import ArchiveReader
from search.engines.opening import Engines
from search.index import Indexer, IndexReport
from search.kept import state_texts

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
        engines = open_engines(ctx)
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


def open_engines(ctx: CommandContext) -> Engines:
    """The engines of a command's settings."""
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
