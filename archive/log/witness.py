"""Witness protocol (c2sp.org/tlog-witness): the request, the rules, the cosignature.

Pure: bytes in, values and answers out. A witness that follows these rules signs one
history of each log. docs/witness.md says the same in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.errors import (
    BadConsistencyProof,
    BadSignature,
    FormatError,
    LimitExceeded,
    MalformedNote,
    MalformedProof,
    UnknownKey,
)
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.fields import format_base64, parse_base64, parse_decimal, quote
from archive.log.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_PROOF_HASHES,
    verify_consistency,
)
from archive.log.note import (
    COSIGNATURE,
    MAX_NOTE_BYTES,
    MAX_TIME,
    TIME_BYTES,
    Ed25519Verify,
    NoteSignature,
    NoteSigner,
    SignedNote,
    VerifierKey,
    format_note,
    parse_note,
    verify_note,
)

ADD_CHECKPOINT = "add-checkpoint"
"""The path behind the submission prefix."""
LAST_DATE = 253_402_300_799
"""POSIX time of the last second that is a date, in the year 9999. No witness of now
signs then; our own clock may be wrong, and is no measure."""
SIZE_TYPE = "text/x.tlog.size"
"""Media type of an answer that says which size the witness has."""
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 4096
"""Bytes of a request: a note, 63 hashes of 45 bytes in base64, the size line."""
MAX_ANSWER_BYTES = 16 * 1024
"""Bytes of an answer: a few cosignature lines; one of ML-DSA-44 has 3.3 KB."""

_OLD = "old "


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """What a log sends: the size it believes the witness has, a proof, a checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer without a cosignature: HTTP status, what is said, for 409 the size."""

    status: int
    reason: str
    size: int | None = None
    contradiction: SignedNote | None = None
    """A signed checkpoint that, with the one cosigned last, proves misconduct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What is to be stored, and only then cosigned."""

    note: SignedNote
    """The checkpoint with the signature lines of the log's own key alone."""
    checkpoint: Checkpoint


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Read the body of a request; FormatError for anything but its written form."""
    if len(data) > MAX_REQUEST_BYTES:
        raise LimitExceeded(f"a request of more than {MAX_REQUEST_BYTES} bytes")
    head, blank_line, note = data.partition(b"\n\n")
    if not blank_line or not head.isascii():
        raise MalformedProof("not size and proof lines, an empty line, a checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    if not first.startswith(_OLD):
        raise MalformedProof(f"the first line is no old size: {quote(first)}")
    old_size = parse_decimal(first.removeprefix(_OLD), MalformedProof)
    if len(lines) > MAX_PROOF_HASHES:
        raise MalformedProof(f"more than {MAX_PROOF_HASHES} proof lines")
    proof = tuple(parse_base64(line, MalformedProof) for line in lines)
    if any(len(item) != HASH_BYTES for item in proof):
        raise MalformedProof(f"a proof line that is no hash of {HASH_BYTES} bytes")
    return AddCheckpoint(old_size=old_size, proof=proof, note=note)


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """Write the body of a request."""
    lines = [f"{_OLD}{request.old_size}", *map(format_base64, request.proof)]
    return "\n".join(lines).encode("ascii") + b"\n\n" + request.note


def read_origin(note: SignedNote) -> str:
    """The log a note claims to be of: its first line, nothing of it verified."""
    return note.body.partition("\n")[0]


def judge(
    request: AddCheckpoint,
    *,
    log_key: VerifierKey,
    last: Checkpoint | None,
    verify: Ed25519Verify,
) -> Accepted | Refusal:
    """Apply the rules to a request for a known log; `last` is what was cosigned last.

    The caller has found `log_key` by the origin, and keeps everybody else from changing
    `last` until an accepted checkpoint is stored.
    """
    try:
        note = parse_note(request.note)
        checkpoint = parse_checkpoint(note.body)
    except FormatError as error:
        return Refusal(status=400, reason=str(error))
    try:
        verify_note(note, log_key, verify)
    except (BadSignature, UnknownKey) as error:
        return Refusal(status=403, reason=str(error))
    if checkpoint.origin != log_key.name:
        raise AssertionError("the key of another log")
    own = SignedNote(body=note.body, signatures=lines_of(note.signatures, log_key)[:1])
    forked = own if is_fork(checkpoint, last) else None
    if request.old_size > checkpoint.size:
        return Refusal(status=400, reason="the old size is above the new one")
    size = last.size if last else 0
    if request.old_size != size:
        reason = f"this witness is at size {size}"
        return Refusal(status=409, reason=reason, size=size, contradiction=forked)
    problem = _find_inconsistency(request, checkpoint, last)
    if problem is not None:
        return Refusal(status=422, reason=problem, contradiction=forked)
    return Accepted(note=own, checkpoint=checkpoint)


def lines_of(
    lines: Sequence[NoteSignature], key: VerifierKey
) -> tuple[NoteSignature, ...]:
    """The signature lines of one key."""
    wanted = (key.name, key.key_hash)
    return tuple(line for line in lines if (line.name, line.key_hash) == wanted)


def is_fork(new: Checkpoint, last: Checkpoint | None) -> bool:
    """Whether two signed checkpoints prove misconduct: one size, two roots."""
    return last is not None and new.size == last.size and new.root != last.root


def cosign(note: SignedNote, signer: NoteSigner, *, seconds: int) -> NoteSignature:
    """Cosign a checkpoint (c2sp.org/tlog-cosignature) as seen at a POSIX time."""
    if signer.vkey.algorithm != COSIGNATURE or not 0 < seconds <= MAX_TIME:
        raise AssertionError("a witness cosigns, at some time")
    message = f"cosignature/v1\ntime {seconds}\n{note.body}".encode()
    return NoteSignature(
        name=signer.vkey.name,
        key_hash=signer.vkey.key_hash,
        signature=seconds.to_bytes(TIME_BYTES, "big") + signer.sign(message),
    )


def format_lines(lines: Sequence[NoteSignature]) -> bytes:
    """Write signature lines as an answer carries them."""
    return format_note(SignedNote(body="\n", signatures=tuple(lines)))[2:]


def read_cosignatures(
    body: str, answer: bytes, *, witness_key: VerifierKey, verify: Ed25519Verify
) -> tuple[NoteSignature, ...]:
    """Read the answer to an accepted request; give the lines of the key asked for.

    Lines of other keys are ignored. FormatError, UnknownKey without such a line,
    BadSignature if one does not hold or states no time.
    """
    try:
        note = parse_note(f"{body}\n".encode() + answer)
    except LimitExceeded as error:
        raise MalformedNote(str(error)) from error
    if note.body != body:
        raise MalformedNote("the answer holds more than signature lines")
    verify_note(note, witness_key, verify)
    lines = lines_of(note.signatures, witness_key)
    for line in lines:
        seconds = int.from_bytes(line.signature[:TIME_BYTES])
        if not 0 < seconds <= LAST_DATE:
            raise BadSignature(
                f"the cosignature of {witness_key.name} states no time: {seconds}"
            )
    return lines[:1]


def read_size(answer: bytes) -> int:
    """Read which size a witness says it has; FormatError for any other form."""
    text = answer.decode("ascii", errors="replace")
    if not text.endswith("\n"):
        raise MalformedProof(f"not a size and a line feed: {quote(text)}")
    return parse_decimal(text[:-1], MalformedProof)


def format_size(size: int) -> bytes:
    """Write the size this witness has."""
    return f"{size}\n".encode("ascii")


def _find_inconsistency(
    request: AddCheckpoint, new: Checkpoint, last: Checkpoint | None
) -> str | None:
    """Say why the new checkpoint does not continue the last one; None if it does."""
    if new.size == 0 and new.root != EMPTY_ROOT:
        return "a tree without leaves has one root only"
    if is_fork(new, last):
        return "this witness cosigned another root of that size"
    try:
        verify_consistency(
            old_size=request.old_size,
            new_size=new.size,
            old_root=last.root if last else EMPTY_ROOT,
            new_root=new.root,
            proof=request.proof,
        )
    except BadConsistencyProof as error:
        return str(error)
    return None
