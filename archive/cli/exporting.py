"""Verbs that hand evidence out: export bundle."""

from pathlib import Path

import click

from archive.attest.trust import read_trust
from archive.capture import Capture
from archive.cli.logexport import listing, log_command
from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.export.bundle import (
    AGE_END,
    ZIP_END,
    BundleRequest,
    default_name,
    export_bundle,
)
from archive.export.locked import parse_recipients
from archive.store.reader import ArchiveReader
from archive.verify.report import Outcome

_OUT = click.Path(path_type=Path)


@click.group()
def export() -> None:
    """Hand evidence out: bundles, and packages for other programs.

    Exit codes: those of the single verbs.
    """


export.add_command(log_command)
export.add_command(listing)


@export.command()
@click.argument("capture_ids", metavar="ID...", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=_OUT, help="Folder, or NAME.zip (default: bundle-SHORTID)."
)
@click.option("--alone", is_flag=True, help="A capture without the page it is of.")
@click.option("--certificate", is_flag=True, help="Add a draft under FRE 902(13)/(14).")
@click.option("--recipient", multiple=True, help="Encrypt for this age public key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def bundle(
    ctx: CommandContext,
    capture_ids: tuple[str, ...],
    output: Path | None,
    alone: bool,
    certificate: bool,
    recipient: tuple[str, ...],
    as_json: bool,
) -> None:
    """Export captures or pages so that a stranger can check them with openssl.

    Exit codes: 0 written, 2 wrong use, 3 it does not verify and nothing was written,
    4 a file of the archive is not in its format, 6 no such capture or the place is
    taken, 7 not logged yet.
    """
    keys = parse_recipients(recipient)
    reader = ctx.open_reader()
    captures = _captures(reader, capture_ids, alone=alone)
    end = ZIP_END + AGE_END if keys else ""
    request = BundleRequest(
        captures=captures,
        out=output or Path(default_name(captures) + end),
        certificate=certificate,
        recipients=keys,
    )
    trust = read_trust(ctx.trust(), reader.identity.origin)
    report = export_bundle(reader, request, trust=trust)
    if as_json:
        print_json({"path": str(request.out), "outcome": str(report.outcome)})
    else:
        click.echo(request.out)
    if report.outcome is not Outcome.VERIFIED:
        say(f"this bundle is {report.outcome}: `evidence verify bundle` says why")


def _captures(
    reader: ArchiveReader, ids: tuple[str, ...], *, alone: bool
) -> list[Capture]:
    """Each once; a capture that a page was made of stands for that page."""
    found = {}
    for capture_id in ids:
        capture = reader.get_capture(capture_id)
        page = None if alone else reader.page_of(capture)
        chosen = page or capture
        found[chosen.capture_id] = chosen
    return list(found.values())
