"""The verb `sign`: state what was captured while no key was at hand."""

import sys

import click

from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.errors import DigestMismatch, UsageProblem
from archive.lines import one_line
from archive.store.layout import read_identity
from archive.store.waiting.files import WaitingEntry
from archive.store.waiting.signing import Waiting, check_waiting, sign_waiting


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: you captured what is listed.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per entry."
)
@click.pass_obj
def sign(ctx: CommandContext, yes: bool, as_json: bool) -> None:
    """Sign what was captured while no key was at hand, after you looked at the list.

    Whoever can write into the archive folder can put something there: sign nothing that
    you did not capture. What waited and is damaged is kept in quarantine and stated as
    an incident.

    Exit codes: 0 signed, or nothing waits, 2 not confirmed, 3 what is whole was signed,
    and something was damaged; or, as 4, what waits is not of yours and nothing was
    signed, 6 archive folder, 7 keys.
    """
    read_identity(ctx.archive)
    waiting = check_waiting(ctx.archive)
    print_waiting(waiting, as_json=as_json)
    if not waiting.entries and not waiting.damage:
        say("nothing waits to be signed")
        return
    if not yes:
        _ask(len(waiting.entries))
    with ctx.open_writer(is_signing=True) as writer:
        count = sign_waiting(writer, ctx.clock, approved=waiting.entries)
    say(f"{count} entries signed")
    raise_if_damaged(waiting, "it lies in quarantine/, and an incident says so")


def print_waiting(waiting: Waiting, *, as_json: bool) -> None:
    """What waits on standard output, what of it is damaged on standard error."""
    for entry in waiting.entries:
        if as_json:
            print_json(waiting_json(entry))
        else:
            click.echo(waiting_line(entry))
    for piece in waiting.damage:
        say(f"spool/{piece.path.name}: {piece.words}")


def raise_if_damaged(waiting: Waiting, next_step: str) -> None:
    """DigestMismatch where something that was acknowledged cannot be signed."""
    count = sum(not piece.is_torn for piece in waiting.damage)
    if count:
        raise DigestMismatch(
            f"{count} places among what waits are damaged: {next_step}"
        )


def _ask(count: int) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageProblem(
            f"{count} entries wait; look at them and run `evidence sign --yes`"
        )
    if not click.confirm(f"Did you capture all {count} of them?", err=True):
        raise UsageProblem("nothing was signed")


def waiting_json(entry: WaitingEntry) -> dict[str, object]:
    """The stable JSON form of a draft that waits."""
    return {
        "id": entry.slice_sha256,
        "kind": entry.kind,
        "uri": entry.predicate.get("target_uri"),
        "captured_at": entry.predicate.get("captured_at"),
        "outcome": entry.predicate.get("outcome"),
        "job": entry.predicate.get("job"),
        "proof": "NOT CHECKED",
        "signed": None,
    }


def waiting_line(entry: WaitingEntry) -> str:
    """One draft in one line for people."""
    at = str(entry.predicate.get("captured_at") or "")[:19]
    what = entry.predicate.get("target_uri") or f"job {entry.predicate.get('job')}"
    words = " ".join(f"{at:<20} {entry.kind:<9} unsigned {what}".split())
    return one_line(words)
