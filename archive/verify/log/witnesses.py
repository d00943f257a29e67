"""Checks 9 and 14: others saw this checkpoint, and it continues one seen before."""

from dataclasses import dataclass
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.attest.trust.folder import TrustSet
from archive.errors import (
    BadConsistencyProof,
    BadSignature,
    EvidenceError,
    FormatError,
    LogError,
    StoreError,
    UnknownKey,
    VerificationError,
)
from archive.log.checkpoint import Checkpoint, open_checkpoint
from archive.log.merkle import verify_consistency
from archive.log.note import SignedNote, VerifierKey, verify_note
from archive.log.reader import LogReader
from archive.verify.reporting.collector import Collector

CHECKPOINT_FILE = "log/checkpoint"
WITNESS_STEP = 9
LAST_SEEN_STEP = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeen:
    """A checkpoint that the reader kept: its bytes, and what he calls it."""

    name: str
    note: bytes


def asked_by(last_seen: LastSeen | None) -> frozenset[int]:
    """Whoever gives a checkpoint wants to know whether the log continues it."""
    return frozenset() if last_seen is None else frozenset({LAST_SEEN_STEP})


def count_witnesses(
    collector: Collector, note: SignedNote, trust: TrustSet, *, subject: str
) -> int:
    """How many trusted witnesses cosigned; a line that does not hold is FAILED."""
    return sum(
        _has_cosigned(collector, note, vkey, subject) for _name, vkey in trust.witnesses
    )


def check_witnesses(
    collector: Collector, note: SignedNote | None, trust: TrustSet | None
) -> None:
    """Check 9: as many witnesses as the policy asks for cosigned the checkpoint."""
    asked = trust.witness_quorum if trust else 0
    count = 0
    if note is not None and trust is not None:
        count = count_witnesses(collector, note, trust, subject=CHECKPOINT_FILE)
    if collector.has_failed(WITNESS_STEP):
        return
    if count and count >= asked:
        collector.passed(WITNESS_STEP, count)
        return
    collector.not_checked(
        WITNESS_STEP,
        "witnesses-none",
        CHECKPOINT_FILE,
        f"{count} witnesses; the policy asks for {asked}",
        asked=asked,
        found=count,
    )


def check_last_seen(
    collector: Collector,
    log_folder: Path,
    *,
    checkpoint: Checkpoint | None,
    last_seen: LastSeen | None,
    trust: TrustSet | None,
) -> None:
    """Check 14: the log is the one of the reader's checkpoint, gone on."""
    if last_seen is None:
        collector.not_checked(
            LAST_SEEN_STEP,
            "last-seen-none",
            CHECKPOINT_FILE,
            "no earlier checkpoint was given to compare with",
        )
        return
    seen = _open_last_seen(collector, last_seen, trust)
    if seen is None or checkpoint is None:
        return
    size = f"size {seen.size}, the log has {checkpoint.size}"
    if seen.size > checkpoint.size:
        collector.failed(
            LAST_SEEN_STEP,
            "last-seen-ahead",
            last_seen.name,
            f"the log was cut or rolled back: you saw {size}",
            seen=seen.size,
            found=checkpoint.size,
        )
        return
    _prove(collector, LogReader(log_folder), seen, checkpoint, name=last_seen.name)


def _open_last_seen(
    collector: Collector, last_seen: LastSeen, trust: TrustSet | None
) -> Checkpoint | None:
    """What the reader's own file says; one that is not genuine says nothing."""
    problem = "nothing is known about this log, so not whose checkpoint that is"
    if trust is not None:
        try:
            return open_checkpoint(last_seen.note, trust.log_vkey, verify_ed25519)
        except EvidenceError as error:
            problem = f"is no checkpoint of this log: {error}"
    collector.not_checked(LAST_SEEN_STEP, "last-seen-unusable", last_seen.name, problem)
    return None


def _prove(
    collector: Collector,
    log: LogReader,
    seen: Checkpoint,
    checkpoint: Checkpoint,
    *,
    name: str,
) -> None:
    if seen.size == checkpoint.size and seen.root != checkpoint.root:
        collector.failed(
            LAST_SEEN_STEP,
            "last-seen-fork",
            name,
            f"two signed roots of size {seen.size}: keep both checkpoints, together "
            "they prove that this log was forked",
            seen=seen.size,
            found=checkpoint.size,
        )
        return
    try:
        verify_consistency(
            old_size=seen.size,
            new_size=checkpoint.size,
            old_root=seen.root,
            new_root=checkpoint.root,
            proof=log.prove_consistency(seen.size, checkpoint.size),
        )
    except BadConsistencyProof as error:
        collector.failed(
            LAST_SEEN_STEP,
            "last-seen-fork",
            name,
            f"the log does not continue size {seen.size} that you saw ({error}): "
            "keep both checkpoints",
            seen=seen.size,
            found=checkpoint.size,
        )
    except (VerificationError, FormatError, LogError, StoreError) as error:
        collector.not_checked(
            LAST_SEEN_STEP, "last-seen-unproven", "log/tile", str(error)
        )
    else:
        collector.passed(LAST_SEEN_STEP)


def _has_cosigned(
    collector: Collector, note: SignedNote, vkey: VerifierKey, subject: str
) -> bool:
    try:
        verify_note(note, vkey, verify_ed25519)
    except UnknownKey:
        return False
    except BadSignature as error:
        collector.failed(
            WITNESS_STEP,
            "witness-bad",
            subject,
            f"the line of the witness {vkey.name} does not hold: {error}",
            witness=vkey.name,
        )
        return False
    return True
