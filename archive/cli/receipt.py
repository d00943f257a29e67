"""Verb `receipt`: the proof file of one capture."""

import sys
from pathlib import Path

import click

from archive.cli.output import say
from archive.cli.root import CommandContext
from archive.errors import StoreError, Truncated
from archive.files import DISK
from archive.log.proof import format_proof


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write (default: standard output).",
)
@click.pass_obj
def receipt(ctx: CommandContext, capture_id: str, output: Path | None) -> None:
    """Write the proof that a capture is in the log (C2SP tlog-proof).

    It holds the index of its entry, the hashes that lead to the root, and the newest
    checkpoint with all its cosignatures.

    Exit codes: 0 written, 3 not logged yet, 6 no such capture, or the file is there
    already.
    """
    reader = ctx.open_reader()
    capture = reader.get_capture(capture_id)
    proof = reader.find_proof(capture)
    if proof is None:
        raise Truncated(
            f"capture {capture.short_id} is not logged yet; run `evidence checkpoint`"
        )
    data = format_proof(proof)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    if output.exists():
        raise StoreError(f"{output} is there already; give another name with -o")
    DISK.replace(output, data)
    say(f"{output}: {len(data)} bytes")
