"""Verbs that make an archive or make its derived parts again: init, rebuild."""

from functools import partial
from importlib.metadata import entry_points

import click

from archive.attest.keys.keyfolder import KeyFolder, sealing
from archive.cli.opening import find_token_key
from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.store.create import CreateRequest, create_archive
from archive.store.rebuild import rebuild_catalog
from archive.version import SOFTWARE

DERIVED_GROUP = "evidence.derived"


@click.command()
@click.option("--name", required=True, help="Who keeps it; stands in every statement.")
@click.option("--origin", help="Name of its log (default: made from a random id).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def init(ctx: CommandContext, name: str, origin: str | None, as_json: bool) -> None:
    """Create an archive: keys, log, archive.toml, and your trust in them.

    Exit codes: 0 made, 2 a name that cannot be stated, 6 the folder is not empty or
    cannot be written, 7 keys.
    """
    token = find_token_key(ctx.settings, ctx.secret)
    passphrase = ctx.passphrase()
    identity = create_archive(
        CreateRequest(
            root=ctx.archive,
            name=name,
            keys_folder=ctx.keys_folder_of,
            trust_folder=ctx.trust(),
            software=SOFTWARE,
            clock=ctx.clock,
            random_bytes=ctx.random_bytes,
            origin=origin,
            seal=sealing(passphrase, ctx.random_bytes),
            keys=None if token is None else partial(KeyFolder.with_operator, token),
        )
    )
    keys = ctx.keys_folder_of(identity.archive_id)
    if as_json:
        print_json({"archive_id": identity.archive_id, "origin": identity.origin})
        return
    click.echo(f"archive  {ctx.archive}")
    click.echo(f"id       {identity.archive_id}")
    click.echo(f"origin   {identity.origin}")
    click.echo(f"keys     {keys}")
    click.echo(f"trust    {ctx.trust()}")
    if passphrase is not None:
        say("The private keys are under your passphrase. Move root.pem offline.")
        return
    say(
        "The private keys have no passphrase: whoever reads that folder can sign as "
        "you. Keep it on an encrypted disk, and move root.pem offline."
    )


@click.command()
@click.pass_obj
def rebuild(ctx: CommandContext) -> None:
    """Throw catalog and index away and make them again from segments and log.

    Exit codes: 0 made, 4 or 6 the segments cannot be read, 6 also a disk that is full
    or cannot be written.
    """
    click.echo(f"catalog: {rebuild_catalog(ctx.archive)} captures")
    for point in sorted(entry_points(group=DERIVED_GROUP), key=lambda p: p.name):
        click.echo(f"{point.name}: {point.load()(ctx.archive, ctx.settings)}")
