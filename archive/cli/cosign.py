"""Verb `cosign`: vouch for another operator's statement; take such an approval in."""

from pathlib import Path

import click

from archive.attest.approval import (
    APPROVAL_LIMIT_BYTES,
    format_approval,
    make_approval,
    parse_approval,
)
from archive.attest.keys.keyfile import read_key_file
from archive.attest.keys.signing import P256Signer
from archive.attest.trust.folder import read_trust
from archive.cli.output import say
from archive.cli.root import CommandContext
from archive.errors import StoreError, UsageProblem, VerificationError
from archive.files import DISK
from archive.store.drafts import Draft
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("capture_id", metavar="[ID]", required=False)
@click.option("--key", type=_FILE, help="Your own operator key: an operator.pem.")
@click.option("--name", help="Who you are.")
@click.option("--role", help="What you are in this: observer, newsroom, notary.")
@click.option("--words", help="What you vouch for, in your words.")
@click.option("-o", "--output", type=_FILE, help="File for the approval you sign.")
@click.option("--take", type=_FILE, help="State an approval that you were sent.")
@click.pass_obj
def cosign(
    ctx: CommandContext,
    capture_id: str | None,
    key: Path | None,
    name: str | None,
    role: str | None,
    words: str | None,
    output: Path | None,
    take: Path | None,
) -> None:
    """Vouch for a capture of another operator, or take such an approval in.

    With ID, --key, --name, --role, --words and -o: verify the capture in your copy of
    the archive and sign for its statement. With --take FILE: its operator states the
    approval in the log.

    Exit codes: 0 done, 2 wrong use, 3 the capture does not verify, or the signature
    does not hold, 4 not an approval, 6 archive folder, 7 keys.
    """
    if take is not None:
        _take(ctx, take)
        return
    if None in (capture_id, key, name, role, words, output):
        raise UsageProblem(
            "to vouch, give ID, --key, --name, --role, --words and -o; to take an "
            "approval in, --take FILE"
        )
    given = {"name": str(name), "role": str(role), "words": str(words)}
    _vouch(ctx, str(capture_id), Path(str(key)), Path(str(output)), given)


def _vouch(
    ctx: CommandContext, capture_id: str, key: Path, output: Path, given: dict[str, str]
) -> None:
    if output.exists():
        raise StoreError(f"{output} is there already; give another name with -o")
    reader = ctx.open_reader()
    capture = reader.get_capture(capture_id)
    trust = read_trust(ctx.trust(), reader.identity.origin)
    report = verify_capture(reader, capture, trust=trust)
    if report.outcome is not Outcome.VERIFIED:
        raise VerificationError(
            f"capture {capture.short_id} is {report.outcome}, and you would vouch for "
            f"it; look at `evidence verify capture {capture.short_id}` first"
        )
    signer = P256Signer.from_pem(read_key_file(key), key)
    statement = reader.entry(capture)[1].digest
    DISK.replace(output, format_approval(make_approval(signer, statement, **given)))
    say(f"send {output} to the operator of {reader.identity.origin}")


def _take(ctx: CommandContext, path: Path) -> None:
    data = DISK.read(path, limit_bytes=APPROVAL_LIMIT_BYTES)
    if data is None:
        raise UsageProblem(f"there is no {path}; give an approval you were sent")
    predicate = parse_approval(data)
    draft = Draft(kind="cosign", slice=None, facts=None, predicate=predicate)
    with ctx.open_writer() as writer:
        done = writer.state(draft).result()
    click.echo(f"entry {done.leaf}: {predicate['name']} vouches for")
    click.echo(predicate["statement"])
