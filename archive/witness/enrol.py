"""First contact with a witness: it cosigns, and the reader's trust takes its key in."""

from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.trust.folder import TrustSet, replace_trust
from archive.errors import LogMissing, UsageProblem, WitnessRefused
from archive.files import DISK
from archive.log.checkpoint import parse_checkpoint
from archive.log.log import TiledLog
from archive.log.note import parse_note
from archive.settings import WitnessPeer, check_peer
from archive.store.layout import ArchivePaths, hold_lock
from archive.transport import Connect
from archive.witness.client import WitnessClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Who is to watch over which log, and how many witnesses are required then."""

    archive: Path
    trust_folder: Path
    trust: TrustSet
    """What is believed about the archive's log so far."""
    peer: WitnessPeer
    quorum: int | None = None
    """None: as many as before, at least one."""
    connect: Connect | None = None
    """The only way to other machines; None connects directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The new policy, and what the witness cosigned."""

    witness: str
    size: int
    quorum: int
    witnesses: int


def enrol(request: Enrolment) -> Enrolled:
    """Have the newest checkpoint cosigned; then, and only then, believe the witness.

    PeerUnavailable, WitnessRefused: nothing was changed. The archive must not be
    written to meanwhile (ArchiveLocked).
    """
    check_peer(request.peer)
    client = WitnessClient.of(request.peer, request.connect)
    trust, added = _with_witness(request, client)
    with hold_lock(request.archive):
        log = TiledLog(ArchivePaths(request.archive).log, DISK)
        note = log.read_checkpoint()
        if note is None:
            raise LogMissing("there is no checkpoint yet; run `evidence checkpoint`")
        lines = client.ask(note, log_key=trust.log_vkey, prove=log.prove_consistency)
        body = parse_note(note).body
        if not lines:
            raise WitnessRefused(
                f"{request.peer.name} has seen a larger log of this name: this may be "
                "a restored copy (docs/witness.md); nothing was changed"
            )
        log.attach(body, lines)
    if added:
        replace_trust(request.trust_folder, trust)
    return Enrolled(
        witness=client.vkey.name,
        size=parse_checkpoint(body).size,
        quorum=trust.witness_quorum,
        witnesses=len(trust.witnesses),
    )


def _with_witness(request: Enrolment, client: WitnessClient) -> tuple[TrustSet, bool]:
    """The trust with the witness in it, and whether that is a change."""
    known = request.trust.witnesses
    if any(name == request.peer.name and vkey != client.vkey for name, vkey in known):
        raise UsageProblem(
            f"your trust folder knows another witness {request.peer.name}; take "
            "another name for this one"
        )
    witnesses = known
    if client.vkey not in [vkey for _name, vkey in known]:
        witnesses = (*known, (request.peer.name, client.vkey))
    quorum = request.quorum
    if quorum is None:
        quorum = max(1, request.trust.witness_quorum)
    if not 0 <= quorum <= len(witnesses):
        raise UsageProblem(f"--quorum {quorum}: there are {len(witnesses)} witnesses")
    wanted = replace(request.trust, witnesses=witnesses, witness_quorum=quorum)
    return wanted, wanted != request.trust
