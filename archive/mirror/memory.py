"""What a mirror remembers beside its copy: the newest head, and proof of misconduct.

NAME-mirror/head            the newest checkpoint that was verified with all its files
NAME-mirror/misconduct/     checkpoints that contradict it, each signed by the log
NAME-mirror/kept/           files that their operator replaced or took away
NAME-mirror/lock            held by the process that pulls
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.errors import ArchiveLocked, FormatError, InconsistentCheckpoint
from archive.files import DISK
from archive.locks import hold_file
from archive.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from archive.log.note import MAX_NOTE_BYTES, VerifierKey, parse_note

HEAD_FILE = "head"
MISCONDUCT_FOLDER = "misconduct"
KEPT_FOLDER = "kept"
LOCK_FILE = "lock"
SHORT_DIGITS = 16


class Memory:
    """The folder beside a copy."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folder = target.with_name(f"{target.name}-mirror")

    def read_head(self, log_key: VerifierKey) -> bytes | None:
        """The checkpoint that was verified last; FormatError if it was damaged.

        BadSignature, UnknownKey: it is not of that log.
        """
        note = DISK.read(self._folder / HEAD_FILE, limit_bytes=MAX_NOTE_BYTES)
        if note is not None:
            open_checkpoint(note, log_key, verify_ed25519)
        return note

    def write_head(self, note: bytes) -> None:
        """Remember a checkpoint whose files were all verified."""
        DISK.make_folder(self._folder)
        DISK.replace(self._folder / HEAD_FILE, note)

    def keep_misconduct(self, *notes: bytes) -> Path:
        """Keep checkpoints that cannot be of one log; give the folder."""
        folder = self._folder / MISCONDUCT_FOLDER
        DISK.make_folder(folder)
        for note in notes:
            size = parse_checkpoint(parse_note(note).body).size
            digest = hashlib.sha256(note).hexdigest()[:SHORT_DIGITS]
            DISK.write_once(folder / f"{size}-{digest}.note", note)
        return folder

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the one process that pulls this copy, or raise ArchiveLocked."""
        DISK.make_folder(self._folder)
        taken = ArchiveLocked(
            f"another process brings {self._target} up to date; let it end"
        )
        with hold_file(self._folder / LOCK_FILE, make=True, taken=taken):
            yield

    def keep_file(self, path: Path) -> Path:
        """Keep a file that its operator replaced, under a name of its bytes."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        folder = self._folder / KEPT_FOLDER
        DISK.make_folder(folder)
        target = folder / f"{digest[:SHORT_DIGITS]}-{path.name}"
        link_or_copy(path, target)
        DISK.sync_names(folder)
        return target


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the disk has no links."""
    if target.exists():
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target)


def demand_growth(
    seen: bytes | None, offered: bytes, *, log_key: VerifierKey, memory: Memory
) -> Checkpoint:
    """Open what is offered; InconsistentCheckpoint if it is smaller, or a fork.

    Two signed roots of one size are kept: they prove misconduct to anybody.
    """
    new = open_checkpoint(offered, log_key, verify_ed25519)
    if seen is None:
        return new
    old = parse_checkpoint(parse_note(seen).body)
    if new.size < old.size:
        raise InconsistentCheckpoint(
            f"the other copy has {new.size} entries and this one {old.size}: it was "
            "rolled back, or is older; nothing was changed"
        )
    if new.size == old.size and new.root != old.root:
        raise forked(memory, seen, offered)
    return new


def forked(memory: Memory, *notes: bytes) -> InconsistentCheckpoint:
    """Keep what proves that the log was forked; give the error that says so."""
    try:
        folder = memory.keep_misconduct(*notes)
    except FormatError as error:
        raise AssertionError("both were opened") from error
    return InconsistentCheckpoint(
        "the log was forked: it signed two histories. Nothing was changed; both "
        f"checkpoints are kept in {folder}, together they are proof"
    )
