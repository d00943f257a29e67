"""Verbs `checkpoint` and `witness`: be cosigned, and cosign the logs of others."""

import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from archive.attest.trust.folder import read_trust
from archive.cli.output import print_json, say
from archive.cli.root import CommandContext
from archive.errors import UsageProblem
from archive.instant import format_instant
from archive.log.checkpoint import parse_checkpoint
from archive.log.fields import format_base64
from archive.log.note import TIME_BYTES, parse_note, parse_vkey
from archive.log.reader import LogReader
from archive.log.witness import lines_of
from archive.settings import WitnessPeer
from archive.store.layout import ArchivePaths, read_identity
from archive.witness.desk import add_log, create_witness, open_desk
from archive.witness.enrol import Enrolment, enrol
from archive.witness.server import WitnessServer, check_bind, serving

DEFAULT_PORT = 8002


@click.command()
@click.option(
    "--despite-refusal",
    is_flag=True,
    help="Sign although a witness contradicted; you have found it wrong.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def checkpoint(ctx: CommandContext, despite_refusal: bool, as_json: bool) -> None:
    """Sign a new checkpoint over all that was captured, and have it cosigned.

    Every writing verb does so by itself; this one recovers, and asks again those
    witnesses that did not answer.

    Exit codes: 0 published, 2 wrong settings, 6 the archive folder, 7 log or keys; a
    witness contradicts.
    """
    replace(ctx, despite_refusal=despite_refusal).open_writer().close()
    value = head_json(ctx.archive, ctx.settings.witnesses)
    if as_json:
        print_json(value)
        return
    click.echo(f"origin   {value['origin']}")
    click.echo(f"size     {value['size']}")
    click.echo(f"root     {value['root']}")
    for name, seen in value["witnesses"].items():  # type: ignore[attr-defined]
        click.echo(f"witness  {name}: {f'cosigned {seen}' if seen else 'pending'}")


def head_json(archive: Path, witnesses: tuple[WitnessPeer, ...]) -> dict[str, object]:
    """The stored checkpoint, and when which witness of the settings cosigned it."""
    data = LogReader(ArchivePaths(archive).log).read_checkpoint()
    if data is None:
        raise AssertionError("a writer leaves a checkpoint")
    note = parse_note(data)
    head = parse_checkpoint(note.body)
    seen: dict[str, str | None] = {}
    for peer in witnesses:
        lines = lines_of(note.signatures, parse_vkey(peer.vkey))
        seen[peer.name] = format_time(lines[0].signature) if lines else None
    return {
        "origin": head.origin,
        "size": head.size,
        "root": format_base64(head.root),
        "witnesses": seen,
    }


def format_time(signature: bytes) -> str:
    """When a witness says it signed; the bare number where that is no date."""
    seconds = int.from_bytes(signature[:TIME_BYTES])
    try:
        return format_instant(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return str(seconds)


@click.group()
def witness() -> None:
    """Be a witness for other archives, or let one watch over yours.

    Exit codes: those of the single verbs.
    """


@witness.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", required=True, help="As witness.example/w1; in each signature.")
def new(folder: Path, name: str) -> None:
    """Make a witness: a folder with a key of its own. Print its verifier key.

    Exit codes: 0 made, 2 a name no witness can have, 7 the folder is not empty.
    """
    click.echo(create_witness(folder, name))
    say("Give that line to the archives you watch over, by a channel they trust.")


@witness.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("vkey", metavar="VKEY")
def add(folder: Path, vkey: str) -> None:
    """Add a log to those that the witness in FOLDER cosigns, by its verifier key.

    Exit codes: 0 added, 2 no key of a log, or another key of a known one.
    """
    click.echo(f"cosigns {add_log(folder, vkey).name}")


@witness.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 takes any.",
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="IP to listen on.")
@click.option("--allow-public", is_flag=True, help="Let --bind leave this machine.")
@click.pass_obj
def serve(
    ctx: CommandContext, folder: Path, port: int, bind: str, allow_public: bool
) -> None:
    """Cosign checkpoints of the logs that the witness in FOLDER knows, until stopped.

    Nobody who asks is logged.

    Exit codes: 0 stopped, 2 unsafe or impossible settings, 7 no witness there, or it is
    served already.
    """
    check_bind(bind, allow_public=allow_public)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with (
        open_desk(folder, clock=ctx.clock) as desk,
        serving(WitnessServer(desk, address=bind, port=port)) as server,
    ):
        click.echo(f"{desk.vkey.name} at {server.bound.url}")
        stop.wait()


@witness.command(name="enrol")
@click.argument("name", metavar="NAME")
@click.option("--url", help="Its submission prefix; else that of your settings.")
@click.option("--vkey", help="Its verifier key; else that of your settings.")
@click.option("--quorum", type=int, help="Witnesses you will require from now on.")
@click.pass_obj
def enrol_at(
    ctx: CommandContext,
    name: str,
    url: str | None,
    vkey: str | None,
    quorum: int | None,
) -> None:
    """Let a witness begin to watch over this log; believe it from now on.

    Its operator must have added the log key of this archive. The witness cosigns the
    newest checkpoint, your trust folder takes its key in, your settings its address.

    Exit codes: 0 enrolled, 2 wrong use, 4 the trust folder, 6 the archive folder, 7 no
    answer, or the witness refuses.
    """
    ctx.open_writer().close()
    identity = read_identity(ctx.archive)
    trust = read_trust(ctx.trust(), identity.origin)
    if trust is None:
        raise UsageProblem(
            f"your trust folder knows nothing of {identity.origin}; "
            "`evidence trust add` takes it in"
        )
    peer = _peer(ctx, name, url, vkey)
    done = enrol(
        Enrolment(
            archive=ctx.archive,
            trust_folder=ctx.trust(),
            trust=trust,
            peer=peer,
            quorum=quorum,
            connect=ctx.connect(),
        )
    )
    click.echo(f"{done.witness} cosigned size {done.size}")
    click.echo(f"your policy asks for {done.quorum} of {done.witnesses} witnesses")
    if peer not in ctx.settings.witnesses:
        say("Add to your settings, so that it is asked from now on:")
        click.echo(f"\n[[witness.witnesses]]\nname = {name!r}".replace("'", '"'))
        click.echo(f'url = "{peer.url}"\nvkey = "{peer.vkey}"')


def _peer(
    ctx: CommandContext, name: str, url: str | None, vkey: str | None
) -> WitnessPeer:
    """The witness as the options say it, else as the settings do."""
    known = {peer.name: peer for peer in ctx.settings.witnesses}.get(name)
    url = url or (known.url if known else None)
    vkey = vkey or (known.vkey if known else None)
    if url is None or vkey is None:
        raise UsageProblem(
            f"your settings know no witness {name}; give --url and --vkey"
        )
    return WitnessPeer(name=name, url=url, vkey=vkey)
