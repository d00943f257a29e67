"""Check 17: no file of an archive is unknown, by its name and by what it is."""

import re
from collections.abc import Iterator
from pathlib import Path

from archive.files import is_temporary
from archive.store.layout import DERIVED_NAMES, EVIDENCE_NAMES, FOLDERS, ArchivePaths
from archive.verify.looking import list_entries, walk_entries
from archive.verify.reporting.collector import Collector

_SPOOL = re.compile(
    r"\d{8}\.batch|raw-[a-z0-9]+|extract-[a-z2-7]{26}\.jsonl"
    r"|waiting-\d{8}(-\d{1,15})?\.drafts|stuck-[a-z2-7]{26}|visit-[0-9a-f]{16}",
    re.ASCII,
)
_QUARANTINE = re.compile(
    r"\d{8}-[a-z2-7]{8}\.warc\.gz\.\d{1,15}\.torn|raw-[a-z0-9]+"
    r"|refused-\d{1,15}-[0-9a-f]{16}\.note",
    re.ASCII,
)
_TEXT = re.compile(r"[0-9a-f]{64}\.gz")
_SEGMENT = re.compile(r"\d{4}/\d{2}/\d{8}-[a-z2-7]{8}\.warc\.gz(\.open)?", re.ASCII)
_MONTH = re.compile(r"\d{4}(/\d{2})?", re.ASCII)


def check_names(collector: Collector, paths: ArchivePaths) -> None:
    """Name all that is no part of an archive, wherever it lies; and a full `lock`."""
    _Names(collector, paths).check()


class _Names:
    """Looks through one archive folder."""

    def __init__(self, collector: Collector, paths: ArchivePaths) -> None:
        self._collector = collector
        self._paths = paths

    def check(self) -> None:
        """Unknown names in their order, then the lock."""
        unknown = [*self._unknown_in_root(), *self._unknown_segments()]
        for folder, pattern in (
            (self._paths.spool, _SPOOL),
            (self._paths.quarantine, _QUARANTINE),
            (self._paths.texts, _TEXT),
        ):
            unknown += self._others(folder, pattern)
        for path in sorted(set(unknown)):
            name = path.relative_to(self._paths.root).as_posix()
            self._collector.failed(17, "file-unknown", name, "is no part of an archive")
        lock = self._paths.lock
        if lock.exists() and (not lock.is_file() or lock.stat().st_size):
            self._collector.failed(
                17, "lock-not-empty", "lock", "must be an empty file"
            )

    def _unknown_in_root(self) -> Iterator[Path]:
        """Foreign names, and known names at something of another kind."""
        for entry in list_entries(self._paths.root, self._unreadable):
            name = entry.name
            is_right = name in DERIVED_NAMES
            if name in EVIDENCE_NAMES:
                is_right = (
                    entry.is_dir(follow_symlinks=False)
                    if name in FOLDERS
                    else entry.is_file(follow_symlinks=False)
                )
            if not is_right:
                yield Path(entry.path)

    def _unknown_segments(self) -> Iterator[Path]:
        """All but months and the regular files in them."""
        folder = self._paths.segments
        if folder.is_symlink():
            return  # named as no part of an archive, as `_others` does
        for entry in walk_entries(folder, self._unreadable):
            below = Path(entry.path).relative_to(folder).as_posix()
            is_month = entry.is_dir(follow_symlinks=False) and _MONTH.fullmatch(below)
            is_file = entry.is_file(follow_symlinks=False)
            if not is_month and not (is_file and _SEGMENT.fullmatch(below)):
                yield Path(entry.path)

    def _others(self, folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
        """What is no regular file of a folder's own names.

        What an interrupted write left is named so, holds nothing that was promised,
        and goes when the name is written again.
        """
        if folder.is_symlink():
            return
        for entry in list_entries(folder, self._unreadable):
            is_file = entry.is_file(follow_symlinks=False)
            is_known = pattern.fullmatch(entry.name) or is_temporary(entry.name)
            if not is_file or not is_known:
                yield Path(entry.path)

    def _unreadable(self, folder: Path, reason: str) -> None:
        name = folder.relative_to(self._paths.root).as_posix()
        self._collector.not_checked(17, "folder-unreadable", name, reason)
