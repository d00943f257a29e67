"""Verbs that only read: list, show, verify."""

import sys
from itertools import islice
from pathlib import Path

import click

from archive.attest.trust import TrustSet, read_trust
from archive.capture import Capture
from archive.claim import CLAIM
from archive.cli.output import print_json, print_table, say, show_share
from archive.cli.root import CommandContext
from archive.digest import Digest
from archive.errors import EvidenceError, FormatError, SettingsError
from archive.files import DISK
from archive.instant import format_instant
from archive.log.note import MAX_NOTE_BYTES
from archive.store.layout import read_identity
from archive.store.reader import ArchiveReader
from archive.verify.bundle import verify_bundle
from archive.verify.capture import verify_capture
from archive.verify.folder import verify_archive
from archive.verify.policy import Wishes
from archive.verify.report import Outcome, Report
from archive.verify.steps import STEPS
from archive.verify.witnesses import LastSeen

NOT_VERIFIED_EXIT = 3
LISTS = ("records", "findings", "parts")
"""Keys of `show` that are lists: one line each, or left to `verify`."""
LIST_LIMIT = 1000
"""Lines of a table; JSON is for programs, which a cut list would mislead."""


@click.command(name="list")
@click.option("--uri", help="Only captures of exactly this address.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"Most captures; 0 = all.  [default: {LIST_LIMIT}, with --json all]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_captures(
    ctx: CommandContext, uri: str | None, limit: int | None, as_json: bool
) -> None:
    """List captures and page captures, oldest first.

    Exit codes: 0 done, 6 no archive.
    """
    reader = ctx.open_reader()
    found = reader.find_captures(uri) if uri else reader.captures()
    if as_json:
        for capture in islice(found, limit or None):
            print_json(capture_json(capture))
        return
    captures = iter(found)
    most = LIST_LIMIT if limit is None else limit
    print_table(
        ("captured at", "outcome", "status", "id", "address"),
        map(_list_row, islice(captures, most or None)),
    )
    if most and next(captures, None) is not None:
        say(f"only the oldest {most} are listed; --limit 0 lists all")


def _list_row(capture: Capture) -> tuple[str, ...]:
    return (
        format_instant(capture.captured_at)[:19] + "Z",
        str(capture.outcome),
        _status(capture),
        capture.short_id,
        capture.target_uri,
    )


def _status(capture: Capture) -> str:
    """The HTTP status; `page` for a page with its parts, `-` where nothing came."""
    return "page" if capture.kind == "page" else str(capture.http_status or "-")


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(ctx: CommandContext, capture_id: str, as_json: bool) -> None:
    """Show one capture: times, digests, records, proof state.

    Exit codes: 0 shown, 6 no such capture.
    """
    reader = ctx.open_reader()
    capture = reader.get_capture(capture_id)
    report = verify_capture(reader, capture, trust=_trust(ctx))
    value = _show_json(reader, capture, report)
    if as_json:
        print_json(value)
        return
    if report.headline:
        click.echo(report.headline)
    for key, shown in value.items():
        if key not in LISTS:
            click.echo(f"{key:15} {_cell(shown)}")
    for part in value.get("parts", ()):  # type: ignore[attr-defined]
        kept = part["capture"] or f"- ({part['outcome']})"
        click.echo(f"{'part':15} {part['kind']} {kept} {part['uri']}")
    for record in value["records"]:  # type: ignore[attr-defined]
        click.echo(f"{'record':15} {record['type']} {record['block']} {record['id']}")


_LAST_SEEN = click.option(
    "--last-seen",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A checkpoint of this log that you kept: the log must continue it.",
)


_STRICT = click.option(
    "--strict", is_flag=True, help="Demand revocation data of the authorities, too."
)


@click.group(invoke_without_command=True)
@_LAST_SEEN
@_STRICT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    ctx: click.Context, last_seen: Path | None, strict: bool, as_json: bool
) -> None:
    """Check the whole archive, or with `capture ID` one capture.

    Exit codes: 0 all that the policy requires is VERIFIED, 3 anything else, 6 no
    archive.
    """
    if ctx.invoked_subcommand is not None:
        return
    command: CommandContext = ctx.obj
    read_identity_or_damage(command)
