"""Witnesses and time-stamp authorities of the demonstration, on this machine.

They are real: other keys, HTTP, state on disk. And they are worth nothing, as whoever
runs the demonstration runs them too; so they are named after it, and said to be so.
Their keys are thrown away at the end: nothing can be cosigned or stamped by them later.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from archive.attest.trust.enrol import enrol_authorities
from archive.attest.trust.folder import read_trust
from archive.cli.root import CommandContext
from archive.errors import UnknownKey
from archive.files import DISK
from archive.log.note import format_vkey
from archive.settings import Authority, Settings, WitnessPeer
from archive.store.layout import ArchiveIdentity, read_identity
from archive.witness.desk import add_log, create_witness, open_desk
from archive.witness.enrol import Enrolment, enrol
from archive.witness.server import WitnessServer, serving
from crawlers.demo.authorities import has_openssl, run_authorities

WITNESSES = ("witness-1", "witness-2")
LABEL = (
    "2 witnesses and 2 time-stamp authorities, all of this demonstration and on this"
    " machine: they show how it works and vouch for nothing"
)
WITHOUT_OPENSSL = (
    "openssl is not installed, so the demonstration runs without witnesses and"
    " time-stamp authorities (the policy asks for 0 and 0)"
)


@contextmanager
def run_vouchers(context: CommandContext) -> Iterator[CommandContext]:
    """Run them while the body does; give a context whose checkpoints they vouch for.

    The trust folder of the context asks for two of each from now on. Without openssl
    nothing runs, and nothing is asked for.
    """
    if not has_openssl():
        yield context
        return
    identity = read_identity(context.archive)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        peers = [
            stack.enter_context(_running(folder / name, name, identity, context))
            for name in WITNESSES
        ]
        authorities = stack.enter_context(run_authorities(folder / "authorities"))
        for number, peer in enumerate(peers, start=1):
            _enrol(context, identity, peer, quorum=number)
        enrol_authorities(
            context.trust(),
            identity.origin,
            [one.root_pem for one in authorities],
            quorum=len(authorities),
            files=DISK,
        )
        settings = Settings(
            reserve_bytes=context.settings.reserve_bytes,
            authorities=tuple(
                Authority(name=one.name, url=one.url) for one in authorities
            ),
            witnesses=tuple(peers),
        )
        yield replace(context, settings=settings)


@contextmanager
def _running(
    folder: Path, name: str, identity: ArchiveIdentity, context: CommandContext
) -> Iterator[WitnessPeer]:
    """Make a witness that knows this log, and serve it on a port of loopback."""
    create_witness(folder, f"demonstration.example/{name}")
    add_log(folder, identity.log_vkey)
    with (
        open_desk(folder, clock=context.clock) as desk,
        serving(WitnessServer(desk)) as server,
    ):
        url, vkey = server.bound.url, format_vkey(desk.vkey)
        yield WitnessPeer(name=name, url=url, vkey=vkey)


def _enrol(
    context: CommandContext, identity: ArchiveIdentity, peer: WitnessPeer, quorum: int
) -> None:
    trust = read_trust(context.trust(), identity.origin)
    if trust is None:
        raise UnknownKey(f"nothing is known about {identity.origin}")
    enrol(
        Enrolment(
            archive=context.archive,
            trust_folder=context.trust(),
            trust=trust,
            peer=peer,
            quorum=quorum,
        )
    )
