"""The service that has each published checkpoint cosigned; see `store.keeper`.

All witnesses are asked at once, before anything is signed: a restored copy must not
sign a second history. Whoever does not answer is pending and is asked again. An answer
that contradicts our log is stated as an `incident`, and nothing is signed any more.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    WitnessContradicts,
    WitnessRefused,
)
from archive.log.checkpoint import Checkpoint
from archive.log.note import (
    SignedNote,
    VerifierKey,
    format_note,
    parse_note,
    parse_vkey,
)
from archive.settings import WitnessPeer
from archive.store.drafts import Draft
from archive.store.layout import ArchivePaths, read_identity
from archive.store.writing.keeper import Host
from archive.transport import Connect
from archive.witness.client import WitnessClient
from archive.witness.desk import contradiction_name
from archive.witness.stamped import StampedCheckpoint, find_stamped, has_line

REFUSED_PREFIX = "refused-"
"""Of the name of a checkpoint kept in `quarantine/`."""
NOBODY = ""
"""In place of the name of a witness."""


@dataclass(slots=True)
class Cosigning:
    """Asks the witnesses of the settings; `pending` says who did not, and why."""

    clients: Sequence[WitnessClient]
    tell: Callable[[str], None]
    pending: dict[str, str] = field(default_factory=dict)
    """Name of a witness, and why its line is missing on the newest checkpoint."""
    _told: dict[str, str] = field(default_factory=dict)

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
        stamped = self._find_stamped(host, log_key)
        with ThreadPoolExecutor(max_workers=len(asked)) as pool:
            futures = [
                pool.submit(self._ask, host, one, note, log_key, stamped)
                for one in asked
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
            self._say(client.name, f"pending: {problem}")

    def _ask(
        self,
        host: Host,
        client: WitnessClient,
        note: SignedNote,
        log_key: VerifierKey,
        stamped: StampedCheckpoint | None,
    ) -> EvidenceError | None:
        """Ask one and attach its line at once; others may take longer.

        Whatever goes wrong with one is given back: the others are heard all the same.
        """
        data = format_note(note)
        try:
            if stamped is not None:
                stamped.cosign(host, client)
            lines = client.ask(data, log_key=log_key, prove=host.log.prove_consistency)
            client.demand_known(host.log.size, log_key)
        except EvidenceError as error:
            return error
        if has_line(note, client.vkey):
            return None
        if not lines or not host.attach(note.body, lines):
            return WitnessRefused(f"{client.name} is at another size by now")
        return None

    def _find_stamped(
        self, host: Host, log_key: VerifierKey
    ) -> StampedCheckpoint | None:
        """The newest time-stamped checkpoint; a damaged one is told and left alone."""
        try:
            return find_stamped(host, log_key)
        except EvidenceError as error:
            self._say(
                NOBODY,
                f"the newest time-stamped checkpoint is damaged, and no witness "
                f"cosigns it ({error}); run `evidence verify`",
            )
            return None

    def _say(self, name: str, words: str) -> None:
        """Say a problem once, not at each try; `name` is a witness, or nobody."""
        if self._told.get(name) != words:
            self._told[name] = words
            self.tell(words)


def make_cosigning(
    witnesses: Sequence[WitnessPeer],
    tell: Callable[[str], None],
    connect: Connect | None = None,
) -> Cosigning:
    """The service for the witnesses of the settings; SettingsError for a bad key."""
    return Cosigning([WitnessClient.of(peer, connect) for peer in witnesses], tell)


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
