"""The verb `changes`."""

import json
from pathlib import Path

import click

from archive.cli.root import CommandContext
from archive.errors import SearchUnavailable
from archive.store.reading.reader import ArchiveReader
from search.answering.service import SearchService
from search.cli import open_engines
from search.engines.opening import Engines
from search.report.comparing.comparison import TextOf, compare_captures
from search.report.comparing.showing import comparison_json, comparison_lines


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def changes(ctx: CommandContext, before: str, after: str, as_json: bool) -> None:
    """Compare the texts of two captures, A the earlier one: paragraphs, then words.

    + added, - removed, > moved, ~ changed: [-old words-] {+new words+}. Paragraphs with
    changed numbers come first.

    Exit codes: 0 compared, 4 a file of the archive is not in its format, 6 no such
    capture.
    """
    reader = ArchiveReader.open(ctx.archive)
    try:
        made = compare_captures(
            reader,
            kept_texts(ctx.archive, open_engines(ctx)),
            reader.get_capture(before),
            reader.get_capture(after),
        )
    finally:
        reader.close()
    if as_json:
        click.echo(json.dumps(comparison_json(made), ensure_ascii=False))
    else:
        click.echo("\n".join(comparison_lines(made)))


def kept_texts(archive: Path, engines: Engines) -> TextOf:
    """The texts kept beside the index; none where there is no index."""
    try:
        return SearchService.open([archive], engines).text_of
    except SearchUnavailable:
        return lambda _capture_id: None
