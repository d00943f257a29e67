"""Verbs `timestamp` and `timestamp enrol`: have the newest checkpoint stamped."""

from pathlib import Path

import click

from archive.attest.tokens.authority import CHAIN_LIMIT_BYTES
from archive.attest.trust.enrol import enrol_authorities
from archive.cli.output import print_json
from archive.cli.root import CommandContext
from archive.errors import SettingsError, TimestampUnavailable
from archive.files import DISK, Files
from archive.instant import format_instant
from archive.stamping.client import Stamped
from archive.store.layout import read_identity


@click.group(invoke_without_command=True)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per time stamp."
)
@click.pass_context
def timestamp(ctx: click.Context, as_json: bool) -> None:
    """Have the newest checkpoint time-stamped by the authorities of your settings.

    Nothing is asked where nothing but time stamps is new.

    Exit codes: 0 stamped, or nothing new, 2 no authority is set, 6 archive folder, 7
    keys, or an authority did not answer: it is asked again with the next stamp.
    """
    if ctx.invoked_subcommand is not None:
        return
    command: CommandContext = ctx.obj
    if not command.settings.authorities:
        raise SettingsError(
            "no time-stamp authority is set; name two under [[time.authorities]] in "
            "your settings (docs/settings.md)"
        )
    services = list(command.stamping())
    with command.open_writer(services) as writer:
        writer.checkpoint()
    stamped = [found for service in services for found in service.stamped]
    for found in stamped:
        _print_stamp(found, as_json=as_json)
    missing = [name for service in services for name in service.silent]
    if missing or not services:
        names = ", ".join(missing) or "any authority: none is trusted"
        raise TimestampUnavailable(f"no time stamp from {names}")
    if not stamped and not as_json:
        click.echo("nothing new to stamp")


def _print_stamp(found: Stamped, *, as_json: bool) -> None:
    ends_at = format_instant(found.verified.path.ends_at)
    gen_time = format_instant(found.stated.gen_time)
    if as_json:
        print_json(
            {
                "authority": found.stated.authority,
                "gen_time": gen_time,
                "token": str(found.stated.token.digest),
                "policy": found.verified.policy,
                "chain_ends_at": ends_at,
            }
        )
        return
    click.echo(f"{gen_time} {found.stated.authority} (its chain ends {ends_at[:10]})")


@timestamp.command()
@click.argument(
    "roots",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option(
    "--quorum", type=click.IntRange(min=0), help="Time stamps you require from now on."
)
@click.pass_obj
def enrol(ctx: CommandContext, roots: tuple[Path, ...], quorum: int | None) -> None:
    """Believe the authorities under these root certificates (PEM), for this archive.

    It changes your trust folder alone. Compare each root with its authority's own word
    first.

    Exit codes: 0 done, 2 too few authorities for --quorum, 3 nothing is known about the
    log, 4 no root certificate, 6 no archive.
    """
    origin = read_identity(ctx.archive).origin
    pems = [DISK.read(path, limit_bytes=CHAIN_LIMIT_BYTES) or b"" for path in roots]
    count, asked = enrol_authorities(
        ctx.trust(), origin, pems, quorum=quorum, files=Files()
    )
    click.echo(f"{count} authorities are trusted; the policy asks for {asked}")
