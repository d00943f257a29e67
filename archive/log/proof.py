"""Proof file (c2sp.org/tlog-proof@v1): index, inclusion proof, signed checkpoint.

The `extra` line that the specification allows is neither written nor read: nothing
signs it.
"""

from dataclasses import dataclass

from archive.errors import LimitExceeded, MalformedProof
from archive.log.checkpoint import parse_checkpoint
from archive.log.fields import format_base64, parse_base64, parse_decimal, quote
from archive.log.merkle import HASH_BYTES, MAX_PROOF_HASHES, MAX_TREE_SIZE
from archive.log.note import parse_note

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES = 65_536
"""Bytes of a proof file: its checkpoint is what may be long."""

_INDEX = "index "


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """What connects a leaf to a checkpoint; nothing of it is verified by reading it."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_TREE_SIZE:
            raise MalformedProof(f"index {self.index} is out of bounds")
        if len(self.hashes) > MAX_PROOF_HASHES:
            raise LimitExceeded(f"a proof of more than {MAX_PROOF_HASHES} hashes")
        if set(map(len, self.hashes)) - {HASH_BYTES}:
            raise MalformedProof(f"a proof holds a hash not of {HASH_BYTES} bytes")
        parse_checkpoint(parse_note(self.checkpoint_note).body)


def parse_proof(data: bytes) -> TlogProof:
    """Read a proof file; MalformedProof, -Note, -Checkpoint or LimitExceeded."""
    if len(data) > MAX_PROOF_BYTES:
        raise LimitExceeded(f"a proof of more than {MAX_PROOF_BYTES} bytes")
    head, blank_line, note = data.partition(b"\n\n")
    if not blank_line or not head.isascii():
        raise MalformedProof("a proof is ASCII lines, an empty line and a checkpoint")
    header, *lines = head.decode().split("\n")
    if header != PROOF_HEADER:
        raise MalformedProof(f"not a proof of {PROOF_HEADER}: {quote(header)}")
    index = lines.pop(0) if lines else ""
    if not index.startswith(_INDEX):
        raise MalformedProof(f"no index in the second line: {quote(index)}")
    return TlogProof(
        index=parse_decimal(index.removeprefix(_INDEX), MalformedProof),
        hashes=tuple(parse_base64(line, MalformedProof) for line in lines),
        checkpoint_note=note,
    )


def format_proof(proof: TlogProof) -> bytes:
    """Write a proof file; LimitExceeded if no reader would take it."""
    lines = [PROOF_HEADER, f"{_INDEX}{proof.index}", *map(format_base64, proof.hashes)]
    data = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint_note
    if len(data) > MAX_PROOF_BYTES:
        raise LimitExceeded(f"a proof of more than {MAX_PROOF_BYTES} bytes")
    return data
