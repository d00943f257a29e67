"""The newest time-stamped checkpoint, to be cosigned too; where it is damaged, said so.

Whoever cites needs time stamps and cosignatures of one checkpoint. It is older than the
newest one: once a witness is beyond it, it is too late.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.errors import (
    BadSignature,
    FormatError,
    InconsistentCheckpoint,
    UnknownKey,
    VerificationError,
)
from archive.files import Files
from archive.log.checkpoint import open_checkpoint
from archive.log.note import (
    MAX_NOTE_BYTES,
    SignedNote,
    VerifierKey,
    add_signatures,
    format_note,
    parse_note,
    verify_note,
)
from archive.store.anchors.folder import CHECKPOINT_NAME, list_sizes
from archive.store.layout import ArchivePaths
from archive.store.writing.keeper import Host
from archive.witness.client import WitnessClient


@dataclass(slots=True, kw_only=True)
class StampedCheckpoint:
    """One in its file below `anchors/`; its text is that of our log. Thread-safe."""

    size: int
    path: Path
    data: bytes
    log_key: VerifierKey
    files: Files
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def cosign(self, host: Host, client: WitnessClient) -> None:
        """Have it cosigned if it lacks the line; errors as `WitnessClient.ask`."""
        if self.size <= client.size or has_line(parse_note(self.data), client.vkey):
            return
        lines = client.ask(
            self.data, log_key=self.log_key, prove=host.log.prove_consistency
        )
        with self._turn:
            note = add_signatures(parse_note(self.data), lines)
            self.data = format_note(note)
            self.files.replace(self.path, self.data)


def has_line(note: SignedNote, vkey: VerifierKey) -> bool:
    """Whether a note carries a good signature of that key."""
    try:
        verify_note(note, vkey, verify_ed25519)
    except (UnknownKey, BadSignature):
        return False
    return True


def find_stamped(host: Host, log_key: VerifierKey) -> StampedCheckpoint | None:
    """The newest one; None without any.

    InconsistentCheckpoint names the file if it is not one of our log, FormatError if it
    is too long: no witness is to be asked about damage of ours.
    """
    anchors = ArchivePaths(host.root).anchors
    size = max(list_sizes(anchors, host.files), default=0)
    path = anchors / str(size) / CHECKPOINT_NAME
    data = host.files.read(path, limit_bytes=MAX_NOTE_BYTES) if size else None
    if data is None:
        return None
    name = f"anchors/{size}/{CHECKPOINT_NAME}"
    try:
        checkpoint = open_checkpoint(data, log_key, verify_ed25519)
    except (FormatError, VerificationError) as error:
        raise InconsistentCheckpoint(f"{name}: {error}") from error
    if checkpoint.size != size or size > host.log.size:
        raise InconsistentCheckpoint(f"{name} is of a size that our log never had so")
    return StampedCheckpoint(
        size=size, path=path, data=data, log_key=log_key, files=host.files
    )
