"""The last head a log key signed, noted beside the key and not in the archive folder.

A folder that was put back from an older copy, or a second copy of it, holds an older
log than its key has signed, and could sign another head of a size that is taken. The
note is written durably before a head is signed, so a head that got out is always known
where the key lies. It is the text of that checkpoint, read by the same strict parser.
It does not help where the note itself was put back: only witnesses do then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.errors import (
    FormatError,
    InconsistentCheckpoint,
    KeyProblem,
    StoreError,
)
from archive.files import Files
from archive.locks import Patience, hold_folder
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.fields import format_base64

HEAD_FILE: Final = "log.head"
HEAD_LIMIT_BYTES: Final = 4096
"""Of a note: an origin, a number and a root; an origin has at most 200 letters."""
HOLD_PATIENCE: Final = Patience(tries=1500, pause_seconds=0.02)
"""Some 30 s for another process that notes a head: it needs some milliseconds."""


class HeadNote:
    """The note in one key folder; several archive folders may share that folder."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.path = folder / HEAD_FILE
        self._files = files

    def read(self, origin: str) -> Checkpoint | None:
        """The head that was signed last; None where nothing was noted yet.

        KeyProblem if the note is damaged or of another log, StoreError if unreadable.
        """
        try:
            data = self._files.read(self.path, limit_bytes=HEAD_LIMIT_BYTES)
            if data is None:
                return None
            checkpoint = parse_checkpoint(data.decode())
        except (UnicodeDecodeError, FormatError) as error:
            raise KeyProblem(
                f"{self.path} is damaged ({error}): restore it from your newest copy "
                "of the key folder, then run the command again; nothing was signed"
            ) from error
        if checkpoint.origin != origin:
            raise KeyProblem(
                f"{self.path} is the note of the log {checkpoint.origin}, not of"
                f" {origin}; put the right file there, or say with --keys DIR where"
                " this archive's keys are"
            )
        return checkpoint

    def write(self, checkpoint: Checkpoint) -> None:
        """Note a head durably; it may be signed when this has returned."""
        self._files.replace(self.path, format_checkpoint(checkpoint).encode())

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep others from noting a head meanwhile: compare and write inside of this.

        The lock of an archive is in its folder, so it does not keep two copies apart.
        """
        folder = self.path.parent
        taken = StoreError(
            f"another process keeps the key folder {folder} to itself; end it, then run"
            " the command again"
        )
        with hold_folder(folder, taken=taken, patience=HOLD_PATIENCE):
            yield

    def describe_missing(self, last: Checkpoint) -> str:
        """What to say where no note vouches for the stored checkpoint."""
        return (
            f"there is no note of the last signed head ({self.path}): that of"
            f" {last.size} entries is taken for it, and nothing here can tell whether"
            " this archive is the newest copy (docs/errors.md, an older copy)"
        )

    def describe_older(self, noted: Checkpoint, last: Checkpoint) -> str | None:
        """What to say where more is signed than was noted; None if it is the same."""
        if noted.size == last.size:
            return None
        return (
            f"{self.path} notes a head of {noted.size} entries, and the log is signed"
            f" up to {last.size}: the key folder is an older copy, or its key signs"
            " elsewhere too (docs/errors.md, an older copy)"
        )


def demand_length(noted: Checkpoint | None, size: int, *, place: Path) -> None:
    """InconsistentCheckpoint where a head would be shorter than the one noted."""
    if noted is not None and size < noted.size:
        raise InconsistentCheckpoint(
            f"{place} is an older copy: it holds {size} entries, and its log key has"
            f" signed {noted.size} ({format_base64(noted.root)}); nothing was signed:"
            " bring the newest copy back (docs/errors.md, an older copy)"
        )


def another_history(noted: Checkpoint, *, place: Path) -> InconsistentCheckpoint:
    """The archive at `place` is not a continuation of what its key signed."""
    return InconsistentCheckpoint(
        f"{place} is an older copy that went another way: it does not continue the head"
        f" of {noted.size} entries ({format_base64(noted.root)}) that its log key has"
        " signed; nothing was signed: bring the newest copy back (docs/errors.md, an"
        " older copy)"
    )
