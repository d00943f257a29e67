"""The service that has each published checkpoint cosigned; see `store.keeper`.

All witnesses are asked at once, before anything is signed: a restored copy must not
sign a second history. Whoever does not answer is pending and is asked again. An answer
that contradicts our log is stated as an `incident`, and nothing is signed any more.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from archive.attest.keys import verify_ed25519
from archive.digest import Digest
from archive.errors import (
    BadSignature,
    LogError,
    PeerUnavailable,
    UnknownKey,
    WitnessContradicts,
    WitnessRefused,
)
from archive.log.checkpoint import Checkpoint
from archive.log.note import (
    MAX_NOTE_BYTES,
    SignedNote,
    VerifierKey,
    add_signatures,
    format_note,
    parse_note,
    parse_vkey,
    verify_note,
)
from archive.settings import WitnessPeer
from archive.store.anchors import CHECKPOINT_NAME, list_sizes
from archive.store.drafts import Draft
from archive.store.keeper import Host
from archive.store.layout import ArchivePaths, read_identity
from archive.transport import Connect
from archive.witness.client import WitnessClient
from archive.witness.desk import contradiction_name

REFUSED_PREFIX = "refused-"
"""Of the name of a checkpoint kept in `quarantine/`."""


@dataclass(slots=True)
class Cosigning:
    """Asks the witnesses of the settings; `pending` says who did not, and why."""

    clients: Sequence[WitnessClient]
    tell: Callable[[str], None]
    pending: dict[str, str] = field(default_factory=dict)
    """Name of a witness, and why its line is missing on the newest checkpoint."""
    _told: dict[str, str] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, host: Host) -> None:
        """Ask every witness about the stored checkpoint, before another is signed.

        Those too that cosigned it: they may have seen a larger log since.
        """
        note = _read_stored(host)
        if note is not None:
            self._cosign(host, note, self.clients)

    def published(self, host: Host, checkpoint: Checkpoint, *, is_last: bool) -> bool:
        """Have the stored checkpoint cosigned by those whose line it lacks."""
        note = _read_stored(host)
        if note is None:
            return False
        lacking = [one for one in self.clients if not has_line(note, one.vkey)]
        self._cosign(host, note, lacking)
        return bool(self.pending)

    def _cosign(
        self, host: Host, note: SignedNote, asked: Sequence[WitnessClient]
    ) -> None:
        self.pending = {one.name: "not asked yet" for one in asked}
        if not asked:
            return
        log_key = parse_vkey(read_identity(host.root).log_vkey)
        with ThreadPoolExecutor(max_workers=len(asked)) as pool:
            futures = [
                pool.submit(self._ask, host, one, note, log_key) for one in asked
            ]
            problems = [future.result() for future in futures]
        for client, problem in zip(asked, problems, strict=True):
            if problem is None:
                self.pending.pop(client.name)
                self._told.pop(client.name, None)
                continue
            self.pending[client.name] = str(problem)
            if isinstance(problem, WitnessContradicts):
                _stop(host, problem)
            self._say(client.name, str(problem))

    def _ask(
        self, host: Host, client: WitnessClient, note: SignedNote, log_key: VerifierKey
    ) -> LogError | None:
        """Ask one and attach its line at once; others may take longer."""
        data = format_note(note)
        try:
            self._cosign_stamped(host, client, log_key)
            lines = client.ask(data, log_key=log_key, prove=host.log.prove_consistency)
            client.demand_known(host.log.size, log_key)
        except (PeerUnavailable, WitnessRefused) as error:
            return error
        if has_line(note, client.vkey):
            return None
        if not lines or not host.attach(note.body, lines):
            return WitnessRefused(f"{client.name} is at another size by now")
        return None

    def _cosign_stamped(
        self, host: Host, client: WitnessClient, log_key: VerifierKey
    ) -> None:
        """Have the newest time-stamped checkpoint cosigned, if it lacks the line.

        It is older than the newest one; once a witness is beyond it, it is too late.
        Whoever cites needs time stamps and cosignatures of one checkpoint.
        """
        anchors = ArchivePaths(host.root).anchors
        size = max(list_sizes(anchors, host.files), default=0)
        path = anchors / str(size) / CHECKPOINT_NAME
        data = host.files.read(path, limit_bytes=MAX_NOTE_BYTES) if size else None
        if data is None or size <= client.size:
            return
        note = parse_note(data)
        if has_line(note, client.vkey):
            return
        lines = client.ask(data, log_key=log_key, prove=host.log.prove_consistency)
        with self._turn:
            now = parse_note(host.files.read(path, limit_bytes=MAX_NOTE_BYTES) or data)
            host.files.replace(path, format_note(add_signatures(now, lines)))

    def _say(self, name: str, problem: str) -> None:
        """Say a problem once, not at each try."""
        if self._told.get(name) != problem:
            self._told[name] = problem
            self.tell(f"pending: {problem}")


def make_cosigning(
    witnesses: Sequence[WitnessPeer],
    tell: Callable[[str], None],
    connect: Connect | None = None,
) -> Cosigning:
    """The service for the witnesses of the settings; SettingsError for a bad key."""
    return Cosigning([WitnessClient.of(peer, connect) for peer in witnesses], tell)


def has_line(note: SignedNote, vkey: VerifierKey) -> bool:
    """Whether a note carries a good signature of that key."""
    try:
        verify_note(note, vkey, verify_ed25519)
    except (UnknownKey, BadSignature):
        return False
    return True


def _read_stored(host: Host) -> SignedNote | None:
    data = host.log.read_checkpoint()
    return None if data is None else parse_note(data)


def _stop(host: Host, problem: WitnessContradicts) -> None:
    """Sign nothing any more, keep the contradicting checkpoint, state what happened."""
    if not host.stop_signing(str(problem)):
        return  # it is stated already
    file = digest = length = None
    if problem.evidence is not None:
        note = parse_note(problem.evidence)
        name = REFUSED_PREFIX + contradiction_name(note)
        host.files.write_once(
            ArchivePaths(host.root).quarantine / name, problem.evidence
        )
        file, length = f"quarantine/{name}", len(problem.evidence)
        digest = Digest.of(problem.evidence).hex
    host.state(
        Draft(
            kind="incident",
            slice=None,
            facts=None,
            predicate={
                "cause": "refused-checkpoint",
                "file": file,
                "offset": None,
                "length": length,
                "sha256": digest,
                "words": str(problem),
            },
        )
    )
