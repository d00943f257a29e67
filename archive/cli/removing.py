"""The verb `remove`: lawful takedown of one capture or page, by tombstone."""

import click

from archive.attest.values.forms import NAME, WORDS
from archive.capture import Capture
from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.errors import FormatError, UsageProblem
from archive.instant import format_instant
from archive.store.reading.reader import ArchiveReader
from archive.store.tombstones import RemovalOrder, Tombstone

TOMBSTONED = "tombstoned"
"""`access` of what was removed; of everything else it is `public`."""
PUBLIC = "public"


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option("--reason", required=True, help="Why; stands in the signed tombstone.")
@click.option("--authority", required=True, help="On whose order; signed, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def remove(
    ctx: CommandContext,
    capture_id: str,
    reason: str,
    authority: str,
    as_json: bool,
) -> None:
    """Remove one capture or page for ever; its place in the log and a reason stay.

    Exit codes: 0 removed, 2 a reason or authority that cannot be stated, 3 or 4 the
    segment is damaged and nothing was done, 6 no such capture or removed before, 7
    keys.
    """
    order = _order(reason, authority)
    reader = ctx.open_reader()
    capture = reader.get_capture(capture_id)
    others = reader.find_referring(capture.capture_id)
    with ctx.open_writer() as writer:
        done = writer.remove(capture, order)
    if as_json:
        print_json(tombstone_json(done.tombstone))
    else:
        click.echo(removal_line(done.tombstone))
    if done.texts:
        say(f"{done.texts} kept texts went with it")
    _say_what_stays(reader, others)


def _order(reason: str, authority: str) -> RemovalOrder:
    """The words of a tombstone, or a refusal that names the option."""
    try:
        WORDS(reason, "--reason")
        NAME(authority, "--authority")
    except FormatError as error:
        raise UsageProblem(f"{error}; give other words") from error
    return RemovalOrder(reason=reason, authority=authority)


def _say_what_stays(reader: ArchiveReader, others: list[Capture]) -> None:
    """Name what else is about the same content, and where else it may lie."""
    for other in others:
        what = "page" if other.kind == "page" else "revisit"
        say(f"still here: {what} {other.short_id} refers to it; remove it, too, if due")
    if reader.paths.index.exists():
        say("run `evidence index`: the search index is made anew without it")
    say("copies, mirrors and bundles made before still hold it")


def removal_line(tombstone: Tombstone) -> str:
    """One removal in one line for people."""
    return (
        f"removed {tombstone.short_id} (entry {tombstone.leaf}) on "
        f"{format_instant(tombstone.removed_at)[:19]}Z by order of "
        f"{tombstone.authority}: {tombstone.why}"
    )


def tombstone_json(tombstone: Tombstone) -> dict[str, object]:
    """The stable JSON form of a removal."""
    return {
        "id": tombstone.capture_id,
        "short_id": tombstone.short_id,
        "access": TOMBSTONED,
        "leaf": tombstone.leaf,
        "tombstone": tombstone.entry,
        "removed_at": format_instant(tombstone.removed_at),
        "reason": tombstone.reason,
        "authority": tombstone.authority,
    }
