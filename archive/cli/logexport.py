"""Verbs `export log` and `export listing`: what a static server hands on."""

from pathlib import Path

import click

from archive.cli.root import CommandContext
from archive.export.log import export_log
from archive.mirror.listing import write_listing
from archive.store.layout import read_identity


@click.command(name="log")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write, or one written so before: it is continued.",
)
@click.pass_obj
def log_command(ctx: CommandContext, output: Path) -> None:
    """Write a static copy of the log for any web server (C2SP tlog-tiles).

    It holds digests, signatures and the cosigned checkpoint: no address, no content.

    Exit codes: 0 written, 4 a file is not in its format, 6 the archive folder, 7
    nothing is published yet, or another log lies there.
    """
    read_identity(ctx.archive)
    head = export_log(ctx.archive, output)
    click.echo(f"{output}: {head.size} entries of {head.origin}")


@click.command()
@click.pass_obj
def listing(ctx: CommandContext) -> None:
    """List the files of the archive in files.txt, so that others can mirror it.

    Any static server over the archive folder will do then; write it again when
    something was captured.

    Exit codes: 0 written, 6 no archive, 7 nothing is published yet.
    """
    read_identity(ctx.archive)
    click.echo(write_listing(ctx.archive))
