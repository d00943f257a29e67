"""Being a witness: one folder, one key, the newest checkpoint of each log it knows.

    key.pem, vkey       the private key (0600), and what others need to know of it
    logs                a verifier key a line: whose checkpoints are cosigned
    state/HASH/checkpoint     what was cosigned last of the log with that origin hash
    state/HASH/misconduct/    signed checkpoints that contradict each other

A checkpoint is on disk, synced, before its cosignature is given out; comparing it with
the last one and storing it is one step that nobody else gets into.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.attest.keys.keyfile import (
    check_key_folder,
    make_key_folder,
    read_key_file,
    write_key_file,
)
from archive.attest.keys.signing import WitnessSigner, verify_ed25519
from archive.errors import (
    ArchiveLocked,
    FormatError,
    KeyProblem,
    LogError,
    SettingsError,
    StoreError,
    UnknownAlgorithm,
    UsageProblem,
)
from archive.files import DISK, Files
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.note import (
    ED25519,
    MAX_NOTE_BYTES,
    SignedNote,
    VerifierKey,
    add_signatures,
    format_note,
    format_vkey,
    is_key_name,
    parse_note,
    parse_vkey,
)
from archive.log.witness import (
    SIZE_TYPE,
    Accepted,
    Refusal,
    cosign,
    format_lines,
    format_size,
    judge,
    parse_add_checkpoint,
    read_origin,
)
from archive.store.layout import hold_lock

KEY_FILE, VKEY_FILE, LOGS_FILE, STATE_FOLDER = "key.pem", "vkey", "logs", "state"
MISCONDUCT_FOLDER = "misconduct"
LOGS_FILE_BYTES = 256 << 10
"""A thousand logs; a larger file is something else."""
MISCONDUCT_KEPT = 16
"""Contradicting checkpoints kept of one log: two are proof, more say nothing new."""
NAME_LIMIT = 200
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: HTTP status, media type, body."""

    status: int
    body: bytes
    content_type: str = TEXT


def create_witness(folder: Path, name: str) -> str:
    """Make a witness with a new key in a folder of its own; give its verifier key."""
    if len(name) > NAME_LIMIT or not name.isprintable() or not is_key_name(name):
        raise UsageProblem(
            f"the name of a witness is 1 to {NAME_LIMIT} printable characters without "
            "space or plus sign, such as witness.example/w1; give it with --name"
        )
    make_key_folder(folder)
    signer = WitnessSigner.generate(name=name)
    write_key_file(folder / KEY_FILE, signer.private_pem)
    vkey = format_vkey(signer.vkey)
    DISK.replace(folder / VKEY_FILE, f"{vkey}\n".encode())
    DISK.replace(folder / LOGS_FILE, b"")
    return vkey


def add_log(folder: Path, text: str) -> VerifierKey:
    """Add a log to those that are cosigned; one that is there already is left alone."""
    try:
        vkey = parse_vkey(text)
    except (FormatError, UnknownAlgorithm) as error:
        raise UsageProblem(f"{error}; give the verifier key that `init` wrote") from (
            error
        )
    known = read_logs(folder)
    if vkey.algorithm != ED25519:
        raise UsageProblem("that is the key of a witness, not of a log")
    if known.get(vkey.name, vkey) != vkey:
        raise UsageProblem(f"another key of the log {vkey.name} is known already")
    known[vkey.name] = vkey
    lines = "".join(f"{format_vkey(key)}\n" for key in known.values())
    DISK.replace(folder / LOGS_FILE, lines.encode())
    return vkey


def read_logs(folder: Path) -> dict[str, VerifierKey]:
    """The logs that are cosigned, by origin; SettingsError names a bad line."""
    data = DISK.read(folder / LOGS_FILE, limit_bytes=LOGS_FILE_BYTES)
    if data is None:
        raise SettingsError(
            f"{folder} is no witness: there is no file {LOGS_FILE} in it; make one "
            "with `evidence witness new`"
        )
    found: dict[str, VerifierKey] = {}
    for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        place = f"{folder / LOGS_FILE}, line {number}"
        try:
            vkey = parse_vkey(line)
        except (FormatError, UnknownAlgorithm) as error:
            raise SettingsError(f"{place}: {error}") from error
        if vkey.algorithm != ED25519 or vkey.name in found:
            raise SettingsError(f"{place}: no log key, or a second one of its log")
        found[vkey.name] = vkey
    return found


def origin_hash(origin: str) -> str:
    """How a log is named in paths: SHA-256 of its origin in hex."""
    return hashlib.sha256(origin.encode()).hexdigest()


class Desk:
    """Answers requests; thread-safe. One process at a time (`open_desk`)."""

    def __init__(
        self,
        folder: Path,
        signer: WitnessSigner,
        *,
        clock: Callable[[], datetime],
        files: Files = DISK,
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._files = files
        self._turn = threading.Lock()

    @property
    def vkey(self) -> VerifierKey:
        """What others need to know of this witness."""
        return self._signer.vkey

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer a request to cosign."""
        try:
            request = parse_add_checkpoint(body)
            note = parse_note(request.note)
        except FormatError as error:
            return _refuse(400, str(error))
        log_key = read_logs(self._folder).get(read_origin(note))
        if log_key is None:
            return _refuse(404, "this witness does not know that log")
        with self._turn:
            last = self._read_last(log_key.name)
            found = judge(
                request,
                log_key=log_key,
                last=parse_checkpoint(last.body) if last else None,
                verify=verify_ed25519,
            )
            if isinstance(found, Refusal):
                if found.contradiction is not None and last is not None:
                    self._keep(log_key.name, last, found.contradiction)
                return _reply_refusal(found)
            return self._accept(found)

    def read_checkpoint(self, name: str) -> bytes | None:
        """The newest cosigned checkpoint of the log of that origin hash, or None."""
        for origin in read_logs(self._folder):
            if origin_hash(origin) == name:
                note = self._read_last(origin)
                return None if note is None else format_note(note)
        return None

    def _accept(self, found: Accepted) -> Reply:
        seconds = int(self._clock().timestamp())
        line = cosign(found.note, self._signer, seconds=seconds)
        path = self._state(found.checkpoint) / "checkpoint"
        self._files.make_folder(path.parent)
        data = format_note(add_signatures(found.note, [line]))
        self._files.replace(path, data)
        # Only now: what was given out before it was stored could be forgotten.
        return Reply(status=200, body=format_lines([line]))

    def _state(self, checkpoint: Checkpoint) -> Path:
        return self._folder / STATE_FOLDER / origin_hash(checkpoint.origin)

    def _read_last(self, origin: str) -> SignedNote | None:
        path = self._folder / STATE_FOLDER / origin_hash(origin) / "checkpoint"
        data = self._files.read(path, limit_bytes=MAX_NOTE_BYTES)
        if data is None:
            return None
        note = parse_note(data)
        if parse_checkpoint(note.body).origin != origin:
            raise StoreError(f"{path} is of another log; restore the folder")
        return note

    def _keep(self, origin: str, *notes: SignedNote) -> None:
        """Keep two signed checkpoints that cannot both be of one log."""
        folder = self._folder / STATE_FOLDER / origin_hash(origin) / MISCONDUCT_FOLDER
        self._files.make_folder(folder)
        kept = set(self._files.list_names(folder))
        for note in notes:
            name = contradiction_name(note)
            if name not in kept and len(kept) < MISCONDUCT_KEPT:
                kept.add(name)
                self._files.write_once(folder / name, format_note(note))


def contradiction_name(note: SignedNote) -> str:
    """The name of a kept checkpoint: its size, and the beginning of its digest."""
    size = parse_checkpoint(note.body).size
    return f"{size}-{hashlib.sha256(note.body.encode()).hexdigest()[:16]}.note"


@contextmanager
def open_desk(
    folder: Path, *, clock: Callable[[], datetime], files: Files = DISK
) -> Iterator[Desk]:
    """Open the witness in a folder; LogError if another process serves it."""
    check_key_folder(folder)
    path = folder / KEY_FILE
    data = DISK.read(folder / VKEY_FILE, limit_bytes=LOGS_FILE_BYTES)
    if data is None:
        raise KeyProblem(
            f"{folder} is no witness: there is no file {VKEY_FILE} in it; make one "
            "with `evidence witness new`"
        )
    try:
        vkey = parse_vkey(data.decode(errors="replace").removesuffix("\n"))
    except (FormatError, UnknownAlgorithm) as error:
        raise KeyProblem(f"{folder / VKEY_FILE}: {error}") from error
    signer = WitnessSigner.from_pem(read_key_file(path), path, name=vkey.name)
    if signer.vkey != vkey:
        raise KeyProblem(f"{path} is not the key of {VKEY_FILE}; restore the folder")
    read_logs(folder)
    try:
        with hold_lock(folder):
            yield Desk(folder, signer, clock=clock, files=files)
    except ArchiveLocked as error:
        raise LogError(f"another process serves the witness in {folder}") from error


def _refuse(status: int, reason: str) -> Reply:
    return Reply(status=status, body=f"{reason}\n".encode())


def _reply_refusal(found: Refusal) -> Reply:
    if found.size is None:
        return _refuse(found.status, found.reason)
    return Reply(
        status=found.status, body=format_size(found.size), content_type=SIZE_TYPE
    )
