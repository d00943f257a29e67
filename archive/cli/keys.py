"""Verbs `keys new`, `keys rotate`, `keys revoke`: change the operator key."""

from collections.abc import Callable

import click

from archive.attest.keys.keyfolder import sealing
from archive.attest.trust.folder import put_back_trust, read_trust, replace_trust
from archive.attest.trust.trustset import TrustSet
from archive.cli.output import say
from archive.cli.root import CommandContext
from archive.errors import UnknownKey
from archive.files import Files
from archive.store.keychange import KeyChanger
from archive.store.layout import ArchivePaths, read_identity
from archive.store.ledger import LedgerTools
from archive.version import SOFTWARE

ASK_READERS = (
    "hand your trust folder on to your readers again: it is their word that counts"
)


@click.group()
def keys() -> None:
    """Bring in a new operator key, or cut one off, by statements in the log.

    Exit codes: those of the single verbs.
    """


@keys.command()
@click.pass_obj
def rotate(ctx: CommandContext) -> None:
    """Let a new operator key take over from the present one.

    The old key announces it, the new one accepts; each is valid for its own entries.
    Run again, it finishes a change that was interrupted.

    Exit codes: 0 done, 3 nothing is known about the log, 6 the archive folder, 7 log or
    keys.
    """
    _change(ctx, lambda changer: changer.rotate())


@keys.command()
@click.pass_obj
def new(ctx: CommandContext) -> None:
    """Let the root key state a new operator key in place of the present one.

    Needs root.pem in the key folder. Run again, it finishes a change that was
    interrupted.

    Exit codes: 0 done, 3 nothing is known about the log, 6 the archive folder, 7 log or
    keys.
    """
    _change(ctx, lambda changer: changer.renew())


@keys.command()
@click.argument("key_id", metavar="KEYID")
@click.option(
    "--from",
    "end_leaf",
    type=click.IntRange(min=0),
    help="First entry at which it is no longer believed (default: the next one).",
)
@click.pass_obj
def revoke(ctx: CommandContext, key_id: str, end_leaf: int | None) -> None:
    """Cut an operator key off: what it signed from an entry on is not believed.

    Earlier entries stay good. Needs root.pem in the key folder; where it is the key in
    use, a new one takes its place.

    Exit codes: 0 done, 2 no such entry, 3 the key or the log is not known, 6 the
    archive folder, 7 log or keys.
    """
    _change(ctx, lambda changer: changer.revoke(key_id, end_leaf=end_leaf))


def _change(ctx: CommandContext, act: Callable[[KeyChanger], TrustSet]) -> None:
    identity = read_identity(ctx.archive)
    put_back_trust(ctx.trust(), identity.origin)
    trust = read_trust(ctx.trust(), identity.origin)
    if trust is None:
        raise UnknownKey(
            f"your trust folder knows nothing about {identity.origin}; bring back the "
            "one that `init` made"
        )
    folder = ctx.keys_folder_of(identity.archive_id)
    tools = LedgerTools(
        paths=ArchivePaths(ctx.archive),
        identity=identity,
        keys=ctx.load_keys(changing=True),
        clock=ctx.clock,
        random_bytes=ctx.random_bytes,
        software=SOFTWARE,
        tell=say,
    )
    changer = KeyChanger(
        tools=tools,
        folder=folder,
        trust=trust,
        seal=sealing(ctx.passphrase(), ctx.random_bytes),
        keep=lambda changed: replace_trust(ctx.trust(), changed, Files()),
    )
    changed = act(changer)
    for operator in changed.operators:
        end = "" if operator.is_open else operator.end_leaf
        click.echo(f"{operator.key_id} entries {operator.first_leaf} to {end}")
    click.echo(ASK_READERS)
    with ctx.open_writer() as writer:
        writer.checkpoint()
