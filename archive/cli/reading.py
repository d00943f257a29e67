"""Verbs that only read: list, show, verify."""

import sys
from itertools import islice
from pathlib import Path

import click

from archive.attest.trust.folder import TrustSet, read_trust
from archive.capture import Capture
from archive.capture_class import ClassNote
from archive.claim import CLAIM, IMPORT_CLAIM
from archive.cli.described import (
    attempt_json,
    capture_json,
    class_json,
    page_json,
    received_json,
    records_json,
)
from archive.cli.output import print_json, print_table, say, show_share
from archive.cli.removing import tombstone_json
from archive.cli.root import CommandContext
from archive.cli.signing import print_waiting, raise_if_damaged
from archive.errors import FormatError, SettingsError, UsageProblem
from archive.files import DISK
from archive.instant import format_instant
from archive.lines import one_line
from archive.log.note import MAX_NOTE_BYTES
from archive.store.catalog.follow import IMPORT_KIND
from archive.store.layout import read_identity
from archive.store.reading.classes import CaptureClasses
from archive.store.reading.reader import ArchiveReader
from archive.store.tombstones import Tombstone
from archive.store.waiting.files import list_waiting
from archive.store.waiting.signing import check_waiting
from archive.verify.bundles.bundle import verify_bundle
from archive.verify.captures.capture import verify_capture
from archive.verify.log.witnesses import LastSeen
from archive.verify.packages.package import verify_wacz
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Outcome, Report
from archive.verify.reporting.steps import STEPS
from archive.verify.whole.folder import verify_archive

NOT_VERIFIED_EXIT = 3
IMPORTED = "imported"
"""In place of an outcome: nobody here saw how the exchange went."""
LISTS = ("records", "findings", "parts")
"""Keys of `show` that are lists: one line each, or left to `verify`."""
LIST_LIMIT = 1000
"""Lines of a table; JSON is for programs, which a cut list would mislead."""


@click.command(name="list")
@click.option("--uri", help="Only captures of exactly this address.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"At most so many captures; 0: all.  [default: {LIST_LIMIT}, with --json all]",
)
@click.option("--removed", is_flag=True, help="What was removed, and why, instead.")
@click.option("--waiting", is_flag=True, help="What waits unsigned, instead.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per capture."
)
@click.pass_obj
def list_captures(
    ctx: CommandContext,
    /,
    uri: str | None,
    limit: int | None,
    as_json: bool,
    **instead: bool,
) -> None:
    """List captures and page captures, oldest first.

    Exit codes: 0 done, 2 wrong use, 3 what waits is damaged, 6 no archive.
    """
    reader = ctx.open_reader()
    if instead["waiting"]:
        _list_waiting(ctx.archive, as_json=as_json)
        return
    if instead["removed"]:
        if uri is not None:
            raise UsageProblem("what was removed has no address: leave out --uri")
        _list_removed(reader.tombstones()[: limit or None], as_json=as_json)
        return
    found = reader.find_captures(uri) if uri else reader.captures()
    classes = CaptureClasses(reader)
    if as_json:
        for capture in islice(found, limit or None):
            print_json({**capture_json(capture), **class_json(classes.find(capture))})
        return
    captures = iter(found)
    most = LIST_LIMIT if limit is None else limit
    print_table(
        ("captured at", "outcome", "status", "class", "id", "address"),
        (_list_row(one, classes.find(one)) for one in islice(captures, most or None)),
    )
    if most and next(captures, None) is not None:
        say(f"only the oldest {most} are listed; --limit 0 lists all")
    if gone := len(reader.tombstones()):
        say(f"{gone} captures were removed; --removed names them")
    if list_waiting(reader.paths.spool):
        say("captures wait unsigned for a key; --waiting names them")


def _list_waiting(archive: Path, *, as_json: bool) -> None:
    """What was captured without a key: unsigned, and in no log."""
    waiting = check_waiting(archive)
    print_waiting(waiting, as_json=as_json)
    raise_if_damaged(waiting, "`evidence sign` states the others and what is damaged")


def _list_removed(tombstones: list[Tombstone], *, as_json: bool) -> None:
    if as_json:
        for tombstone in tombstones:
            print_json(tombstone_json(tombstone))
        return
    print_table(
        ("removed at", "entry", "id", "authority", "reason"),
        (
            (
                format_instant(tombstone.removed_at)[:19] + "Z",
                str(tombstone.leaf),
                tombstone.short_id,
                tombstone.authority,
                tombstone.why,
            )
            for tombstone in tombstones
        ),
    )


def _list_row(capture: Capture, note: ClassNote | None) -> tuple[str, ...]:
    return (
        format_instant(capture.captured_at)[:19] + "Z",
        IMPORTED if capture.kind == IMPORT_KIND else str(capture.outcome),
        _status(capture),
        note.capture_class if note else "-",
        capture.short_id,
        capture.target_uri,
    )


def _status(capture: Capture) -> str:
    """The HTTP status; `page` for a page with its parts, `-` where there is none."""
    return "page" if capture.kind == "page" else str(capture.http_status or "-")


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(ctx: CommandContext, capture_id: str, as_json: bool) -> None:
    """Show one capture: times, digests, records, proof state; or why it is gone.

    Exit codes: 0 shown, 6 no such capture.
    """
    reader = ctx.open_reader()
    for tombstone in reader.tombstones(capture_id):
        _show_removed(tombstone, as_json=as_json)
        return
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
            click.echo(one_line(f"{key:15} {_cell(shown)}"))
    for part in value.get("parts", ()):  # type: ignore[attr-defined]
        kept = part["capture"] or f"- ({part['outcome']})"
        line = f"{'part':15} {part['kind']} {kept} {part['uri']}"
        click.echo(one_line(line))
    for record in value["records"]:  # type: ignore[attr-defined]
        click.echo(f"{'record':15} {record['type']} {record['block']} {record['id']}")


def _show_removed(tombstone: Tombstone, *, as_json: bool) -> None:
    value = tombstone_json(tombstone)
    if as_json:
        print_json(value)
        return
    for key, shown in value.items():
        click.echo(one_line(f"{key:15} {shown}"))


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
    """Check the whole archive, or one capture, bundle or package.

    Exit codes: 0 all that the policy requires is VERIFIED, 3 anything else, 6 no
    archive.
    """
    if ctx.invoked_subcommand is not None:
        return
    command: CommandContext = ctx.obj
    read_identity_or_damage(command)
    with show_share("verify") as show:
        report = verify_archive(
            command.archive,
            trust=_trust(command),
            last_seen=_last_seen(last_seen),
            wishes=Wishes(strict=strict, now=command.clock(), side_by_side=True),
            progress=lambda now: show(now.done_bytes, now.all_bytes),
        )
    print_report(report, as_json=as_json)


@verify.command(name="capture")
@click.argument("capture_id", metavar="ID")
@_LAST_SEEN
@_STRICT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify_one(
    ctx: CommandContext,
    capture_id: str,
    last_seen: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Check one capture.

    Exit codes: 0 all that the policy requires is VERIFIED, 3 anything else, 6 unknown.
    """
    reader = ctx.open_reader()
    report = verify_capture(
        reader,
        reader.get_capture(capture_id),
        trust=_trust(ctx),
        last_seen=_last_seen(last_seen),
        wishes=Wishes(strict=strict, now=ctx.clock()),
    )
    print_report(report, as_json=as_json)


@verify.command(name="bundle")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify_package(ctx: CommandContext, path: Path, as_json: bool) -> None:
    """Check an evidence bundle, a folder or zip, against your trust folder.

    Needs no archive.

    Exit codes: 0 all that the policy requires is VERIFIED, 2 there is nothing at PATH,
    3 anything else, 4 no bundle.
    """
    folder = ctx.trust()
    report = verify_bundle(path, trust_of=lambda origin: read_trust(folder, origin))
    print_report(report, as_json=as_json)


@verify.command(name="wacz")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify_wacz_package(ctx: CommandContext, path: Path, as_json: bool) -> None:
    """Check a WACZ: whole, and proven by the evidence inside; other people's never is.

    Needs no archive.

    Exit codes: 0 all that the policy requires is VERIFIED, 2 there is no file at PATH,
    3 anything else.
    """
    folder = ctx.trust()
    report = verify_wacz(path, trust_of=lambda origin: read_trust(folder, origin))
    print_report(report, as_json=as_json)


def read_identity_or_damage(ctx: CommandContext) -> None:
    """ArchiveMissing where there is no archive; a damaged one goes into the report."""
    try:
        read_identity(ctx.archive)
    except FormatError:
        return


def _last_seen(path: Path | None) -> LastSeen | None:
    """Read the checkpoint the reader kept; SettingsError if there is none."""
    if path is None:
        return None
    note = DISK.read(path, limit_bytes=MAX_NOTE_BYTES)
    if note is None:
        raise SettingsError(f"there is no {path}; give a checkpoint you kept")
    return LastSeen(name=path.name, note=note)


def _trust(ctx: CommandContext) -> TrustSet | None:
    """What the reader believes about this archive's log; None = nothing."""
    try:
        identity = read_identity(ctx.archive)
    except FormatError:
        return None
    return read_trust(ctx.trust(), identity.origin)


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a report; the process ends with 3 unless it is VERIFIED."""
    if as_json:
        print_json(report.as_json())
    else:
        for line in _first_lines(report):
            click.echo(one_line(line))
        for finding in report.findings:
            line = f"{finding.step:2} {finding.outcome:11} {finding.subject}: "
            if finding.outcome is Outcome.NOT_CHECKED:
                line += f"whether {STEPS[finding.step].title}: "
            click.echo(one_line(f"{line}{finding.detail} [{finding.code}]"))
        for notice in report.notices:
            click.echo(one_line(f"   note        {notice}"))
        if report.not_checked:
            steps = ", ".join(str(step) for step in report.not_checked)
            say(f"required but not checked: {steps}")
    if report.outcome is not Outcome.VERIFIED:
        sys.exit(NOT_VERIFIED_EXIT)


def _first_lines(report: Report) -> list[str]:
    """Who vouches for which time, then the verdict; of what FAILED the verdict first.

    A time above it would be read as the time of what failed.
    """
    verdict = f"{report.outcome} {report.subject}"
    if not report.headline:
        return [verdict]
    if report.outcome is Outcome.FAILED:
        return [verdict, f"of what holds: {report.headline}"]
    return [report.headline, verdict]


def _show_json(
    reader: ArchiveReader, capture: Capture, report: Report
) -> dict[str, object]:
    entry, statement = reader.entry(capture)
    return {
        **capture_json(capture),
        **class_json(CaptureClasses(reader).find(capture)),
        **(page_json if capture.kind == "page" else attempt_json)(reader, capture),
        "claim": IMPORT_CLAIM if capture.kind == IMPORT_KIND else CLAIM,
        **received_json(statement.predicate),
        "proof": str(report.outcome),
        **report.bracket.as_json(),
        "signed": statement.predicate["signed"],
        "statement": str(statement.digest),
        "records": records_json(statement.predicate, entry),
        "findings": [finding.as_json() for finding in report.findings],
    }


def _cell(value: object) -> object:
    """A value of `show` on its line."""
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else value
