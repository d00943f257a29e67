"""Verb `mirror`: keep a copy of another archive that only grows."""

import sys

import click

from archive.attest.trust.folder import read_trust
from archive.cli.output import print_json, say, show_share
from archive.cli.reading import NOT_VERIFIED_EXIT, print_report
from archive.cli.root import CommandContext
from archive.errors import UnknownKey
from archive.mirror.pull import NotTaken, Pulled, PullRequest, pull, read_origin
from archive.mirror.source import Source, open_source
from archive.verify.reporting.report import Outcome


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def mirror(ctx: CommandContext, source: str, as_json: bool) -> None:
    """Bring the copy at --archive up to date with another archive, verified again.

    SOURCE is a folder, or the address of a static server. Only what verifies is taken,
    against your own trust folder and the checkpoint this copy had; a smaller or forked
    log is refused, and files of yours that were damaged are repaired.

    Exit codes: 0 the copy is VERIFIED, 2 wrong address, 3 it is not, 4 a file is not in
    its format, 6 the archive folder, 7 no answer, a smaller log or a fork.
    """
    opened = open_source(source, ctx.connect())
    try:
        done = _pull(ctx, opened)
    except NotTaken as error:
        say(str(error))
        print_report(error.report, as_json=as_json)
        sys.exit(NOT_VERIFIED_EXIT)
    finally:
        opened.close()
    if as_json:
        print_json(pulled_json(done))
    else:
        _print(done, ctx)
    if done.report.outcome is not Outcome.VERIFIED:
        sys.exit(NOT_VERIFIED_EXIT)


def _pull(ctx: CommandContext, source: Source) -> Pulled:
    listing = source.list_files()
    origin = read_origin(source, listing)
    trust = read_trust(ctx.trust(), origin)
    if trust is None:
        raise UnknownKey(
            f"nothing is known about {origin}; get its trust folder from its operator "
            "and take it over with `evidence trust add`"
        )
    with show_share("verify the copy") as show:
        request = PullRequest(
            target=ctx.archive,
            source=source,
            trust=trust,
            progress=lambda now: show(now.done_bytes, now.all_bytes),
        )
        return pull(request, listing)


def pulled_json(done: Pulled) -> dict[str, object]:
    """The stable JSON form."""
    return {
        "old_size": done.old_size,
        "new_size": done.new_size,
        "outcome": str(done.report.outcome),
        "repaired": list(done.repaired),
        "kept": [str(path) for path in done.kept],
    }


def _print(done: Pulled, ctx: CommandContext) -> None:
    if done.report.headline:
        click.echo(done.report.headline)
    click.echo(
        f"{done.report.outcome} {ctx.archive}: {done.new_size} entries, "
        f"{done.new_size - done.old_size} of them new"
    )
    for path in done.repaired:
        click.echo(f"repaired {path}")
    for kept in done.kept:
        click.echo(f"replaced or withdrawn by its operator; kept as {kept}")
    for step in done.report.not_checked:
        say(f"required but not checked: {step}")
