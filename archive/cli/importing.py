"""The verb `import`: take in a WARC or WACZ that others made, stated as received."""

from pathlib import Path

import click

from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.errors import DigestMismatch, FormatError
from archive.instant import format_instant
from archive.store.foreign import ReceivedFile, examine, import_file
from archive.store.layout import ArchivePaths, read_identity
from archive.verify.packages.package import PACKAGE_STEP, verify_wacz
from archive.verify.reporting.report import Outcome
from archive.zipped import is_zip

ALTERED_CODES = ("package-altered", "package-signature-bad")
"""Findings about a package in its form, whose bytes are not those it names."""


@click.command(name="import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def import_command(ctx: CommandContext, path: Path, as_json: bool) -> None:
    """Take in a WARC or WACZ of others, stated as received as a file.

    It is never shown as captured by you.

    Exit codes: 0 taken in, or here before, 2 there is no file at FILE, 3 a record or
    the package is not what its digests say, 4 it is not in its format, or unpacks to
    too much, 6 the archive folder, 7 keys.
    """
    read_identity(ctx.archive)
    if is_zip(path):
        _check_package(path)
    received = examine(path, ArchivePaths(ctx.archive).spool)
    at = ctx.clock()
    with ctx.open_writer() as writer:
        reader = ctx.open_reader()
        done = import_file(path, received, writer=writer, reader=reader, at=at)
        reader.close()
    if as_json:
        print_json(
            {
                **_file_json(received),
                "received_at": format_instant(at),
                "stated": done.stated,
                "present": done.present,
            }
        )
        return
    click.echo(f"{received.name} {received.digest}")
    click.echo(f"{received.records} records, {done.stated} entries")
    if done.present:
        say(f"{done.present} entries of this file were here before")
    if received.payloads_differing:
        say(
            f"{received.payloads_differing} records name another payload digest than"
            " is found; their blocks are whole, and programs differ in what they hash"
        )


def _file_json(received: ReceivedFile) -> dict[str, object]:
    return {
        "file": received.name,
        "sha256": received.digest.hex,
        "length_bytes": received.length_bytes,
        "records": received.records,
        "payloads_differing": received.payloads_differing,
    }


def _check_package(path: Path) -> None:
    """A package that is not what it says of itself is not taken in.

    Who packed it does not matter here: nothing of it is stated but that it came.
    """
    report = verify_wacz(path, trust_of=lambda _origin: None)
    for finding in report.of(Outcome.FAILED):
        if finding.step == PACKAGE_STEP:
            problem = (
                f"{path}: {finding.subject} {finding.detail}; nothing was taken in"
            )
            is_other = finding.code in ALTERED_CODES
            raise DigestMismatch(problem) if is_other else FormatError(problem)
