"""Verbs that hand evidence out: export bundle, wacz, warc, cdxj."""

from pathlib import Path

import click

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.trust.folder import read_trust
from archive.capture import Capture
from archive.cli.logexport import listing, log_command
from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.cli.subverbs import SubVerbs
from archive.errors import KeyProblem
from archive.export.bundle import (
    AGE_END,
    ZIP_END,
    BundleRequest,
    default_name,
    export_bundle,
)
from archive.export.locked import parse_recipients
from archive.export.selection import (
    index_archive,
    index_captures,
    with_parts,
    write_warc,
)
from archive.export.target import check_target, write_stream
from archive.export.wacz import WaczRequest, export_wacz
from archive.instant import format_instant
from archive.store.reading.reader import ArchiveReader
from archive.verify.packages.packagefiles import Packing
from archive.verify.reporting.report import Outcome
from archive.version import SOFTWARE

_OUT = click.Path(path_type=Path)


@click.group(cls=SubVerbs)
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


@export.command()
@click.argument("capture_ids", metavar="ID...", nargs=-1, required=True)
@click.option("-o", "--output", type=_OUT, required=True, help="NAME.wacz")
@click.pass_obj
def wacz(ctx: CommandContext, capture_ids: tuple[str, ...], output: Path) -> None:
    """Pack captures or pages for a replay program, their evidence inside.

    For display: the proof is in the package, not its signature.

    Exit codes: 0 written, 2 wrong use, 3 it does not verify and nothing was written, 4
    a file of the archive is not in its format, 6 no such capture or the place is taken,
    7 keys, or not logged yet.
    """
    reader = ctx.open_reader()
    identity = reader.identity
    keys = KeyFolder.load(ctx.keys_folder_of(identity.archive_id), identity)
    if keys.wacz is None:
        raise KeyProblem("the key of packages, wacz.pem, is not in the keys folder")
    request = WaczRequest(
        captures=_captures(reader, capture_ids, alone=False),
        out=output,
        key=keys.wacz,
        packing=Packing(
            created=format_instant(ctx.clock())[:19] + "Z", software=SOFTWARE
        ),
    )
    trust = read_trust(ctx.trust(), identity.origin)
    report = export_wacz(reader, request, trust=trust)
    click.echo(output)
    if report.outcome is not Outcome.VERIFIED:
        say(f"its evidence is {report.outcome}: `evidence verify wacz` says why")


@export.command()
@click.argument("capture_ids", metavar="ID...", nargs=-1, required=True)
@click.option("-o", "--output", type=_OUT, required=True, help="NAME.warc.gz")
@click.pass_obj
def warc(ctx: CommandContext, capture_ids: tuple[str, ...], output: Path) -> None:
    """Write captures, pages with their parts, and their statements as one WARC file.

    Exit codes: 0 written, 2 wrong use, 3 a capture is not what it was, 4 a file of the
    archive is not in its format, 6 no such capture or the place is taken.
    """
    reader = ctx.open_reader()
    check_target(output, ctx.archive)
    chosen = with_parts(reader, _captures(reader, capture_ids, alone=False))
    write_stream(output, lambda out: write_warc(reader, chosen, out))
    click.echo(output)


@export.command()
@click.argument("capture_ids", metavar="[ID...]", nargs=-1)
@click.option("-o", "--output", type=_OUT, help="File (default: standard output).")
@click.pass_obj
def cdxj(
    ctx: CommandContext, capture_ids: tuple[str, ...], output: Path | None
) -> None:
    """Index captures where they lie in the segments, for pywb and its like.

    Without an ID all of them.

    Exit codes: 0 written, 2 wrong use, 3 a capture is not what it was, 4 a file of the
    archive is not in its format, 6 no such capture or the place is taken.
    """
    reader = ctx.open_reader()
    if capture_ids:
        found = _captures(reader, capture_ids, alone=False)
        lines = index_captures(reader, with_parts(reader, found))
    else:
        lines = index_archive(reader)
    if output is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    check_target(output, ctx.archive)
    write_stream(
        output, lambda out: out.writelines(line.encode("ascii") for line in lines)
    )


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
