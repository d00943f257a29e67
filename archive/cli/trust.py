"""Verbs `trust add`, `list`, `show`: whom the reader believes about which log."""

from pathlib import Path

import click

from archive.attest.trust.folder import (
    TrustFolder,
    list_origins,
    read_trust,
    read_trust_folder,
    take_over_trust,
    trust_path,
)
from archive.cli.output import print_json, print_table
from archive.cli.root import CommandContext
from archive.errors import UnknownKey, UsageProblem
from archive.log.note import format_vkey
from archive.store.layout import read_identity


@click.group()
def trust() -> None:
    """Whose keys and witnesses you believe. Never what an archive says of itself.

    Exit codes: those of the single verbs.
    """


@trust.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--fingerprint", "known", help="What its operator told you; then nothing is asked."
)
@click.pass_obj
def add(ctx: CommandContext, folder: Path, known: str | None) -> None:
    """Take over the trust folder of a log, after you compared its fingerprint.

    FOLDER holds the files of one origin. Get the fingerprint from the operator by
    another channel than the folder.

    Exit codes: 0 added or there already, 2 not confirmed, 3 another fingerprint, 4 no
    trust folder, 6 you believe something else.
    """
    found = read_trust_folder(folder)
    if known is None:
        _describe(found, folder)
        if not click.confirm(
            "Is that the fingerprint its operator told you?", err=True
        ):
            raise UsageProblem("nothing was added")
    elif known.strip().lower() != found.fingerprint:
        raise UnknownKey(
            f"{folder} has the fingerprint {found.fingerprint}, not the one given; ask "
            "its operator by another channel. Nothing was added"
        )
    path = take_over_trust(found, ctx.trust())
    click.echo(f"{found.trust.origin} is believed as {path} says")


@trust.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per log.")
@click.pass_obj
def list_trusted(ctx: CommandContext, as_json: bool) -> None:
    """Every log you know something about, and how much your policy asks for.

    Exit codes: 0 done, 4 a trust folder is not in its form.
    """
    known = list_origins(ctx.trust())
    if as_json:
        for one in known:
            print_json(trust_json(one, trust_path(ctx.trust(), one.trust.origin)))
        return
    print_table(
        ("origin", "witnesses", "time stamps", "folder"),
        [
            (
                found.origin,
                f"{found.witness_quorum} of {len(found.witnesses)}",
                f"{found.token_quorum} of {len(found.authorities)}",
                str(trust_path(ctx.trust(), found.origin)),
            )
            for found in (one.trust for one in known)
        ],
    )


@trust.command()
@click.argument("origin", metavar="[ORIGIN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(ctx: CommandContext, origin: str | None, as_json: bool) -> None:
    """What you believe about one log: that of --archive, or the ORIGIN given.

    The folder it names is what you hand to others; tell them the fingerprint by another
    channel.

    Exit codes: 0 shown, 3 nothing is known, 4 the folder is not in its form, 6 no
    archive.
    """
    origin = origin or read_identity(ctx.archive).origin
    if read_trust(ctx.trust(), origin) is None:
        raise UnknownKey(
            f"nothing is known about {origin} in {ctx.trust()}; take its trust folder "
            "over with `evidence trust add`"
        )
    path = trust_path(ctx.trust(), origin)
    found = read_trust_folder(path)
    if as_json:
        print_json(trust_json(found, path))
    else:
        _describe(found, path)


def trust_json(folder: TrustFolder, path: Path) -> dict[str, object]:
    """The stable JSON form."""
    found = folder.trust
    return {
        "origin": found.origin,
        "folder": str(path),
        "fingerprint": folder.fingerprint,
        "log_vkey": format_vkey(found.log_vkey),
        "operators": [
            {
                "key_id": one.key_id,
                "first_leaf": one.first_leaf,
                "end_leaf": one.end_leaf,
            }
            for one in found.operators
        ],
        "witnesses": {name: format_vkey(vkey) for name, vkey in found.witnesses},
        "authorities": len(found.authorities),
        "witness_quorum": found.witness_quorum,
        "token_quorum": found.token_quorum,
    }


def _describe(folder: TrustFolder, path: Path) -> None:
    found = folder.trust
    click.echo(f"origin       {found.origin}")
    click.echo(f"folder       {path}")
    click.echo(f"log key      {format_vkey(found.log_vkey)}")
    for one in found.operators:
        click.echo(f"operator     {one.key_id} from entry {one.first_leaf}")
    for name, vkey in found.witnesses:
        click.echo(f"witness      {name} {format_vkey(vkey)}")
    click.echo(
        f"required     {found.witness_quorum} of {len(found.witnesses)} witnesses, "
        f"{found.token_quorum} of {len(found.authorities)} time-stamp authorities"
    )
    click.echo(f"fingerprint  {folder.fingerprint}")
