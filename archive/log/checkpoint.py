"""Checkpoint (c2sp.org/tlog-checkpoint): origin, size and root of a log.

Exactly three lines. The extension lines that the specification allows are refused: no
log of ours writes them, and no monitor could check them.
"""

from dataclasses import dataclass

from archive.errors import MalformedCheckpoint, UnknownKey
from archive.log.fields import format_base64, parse_base64, parse_decimal, quote
from archive.log.merkle import HASH_BYTES, MAX_TREE_SIZE
from archive.log.note import Ed25519Verify, VerifierKey, is_key_name, open_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The first `size` leaves of the log `origin` have this root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        # The log key is called like the log, so its name has to be a key name.
        if not is_key_name(self.origin):
            raise MalformedCheckpoint(f"not an origin: {quote(self.origin)}")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise MalformedCheckpoint(f"size {self.size} is out of bounds")
        if len(self.root) != HASH_BYTES:
            raise MalformedCheckpoint(f"a root of {len(self.root)} bytes")


def parse_checkpoint(body: str) -> Checkpoint:
    """Read the text of a note as checkpoint; MalformedCheckpoint."""
    lines = body.split("\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedCheckpoint("a checkpoint is origin, size and root, a line each")
    return Checkpoint(
        origin=lines[0],
        size=parse_decimal(lines[1], MalformedCheckpoint),
        root=parse_base64(lines[2], MalformedCheckpoint),
    )


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Write the text that is signed."""
    root = format_base64(checkpoint.root)
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"


def open_checkpoint(
    data: bytes, log_key: VerifierKey, verify: Ed25519Verify
) -> Checkpoint:
    """Read a checkpoint signed by the key of its own log.

    FormatError, BadSignature, or UnknownKey when the key is another log's. It proves
    nothing about other checkpoints that the same key may have signed.
    """
    checkpoint = parse_checkpoint(open_note(data, log_key, verify).body)
    if checkpoint.origin != log_key.name:
        raise UnknownKey(
            f"a checkpoint of {checkpoint.origin}, signed by the log {log_key.name}"
        )
    return checkpoint
