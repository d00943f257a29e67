"""What the checks look at: folders, settings, environment and clock, all given."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from archive.doctor.finding import Finding
from archive.errors import EvidenceError
from archive.settings import Settings
from archive.store.layout import ArchiveIdentity, ArchivePaths, is_locked, read_identity


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine as one command sees it."""

    archive: Path
    keys_folder_of: Callable[[str], Path]
    """From the archive id to the folder of its private keys."""
    trust: Callable[[], Path]
    clock: Callable[[], datetime]
    settings: Settings = field(default_factory=Settings)
    settings_problem: str | None = None
    """Why settings or environment are refused; then all settings are the usual ones."""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> ArchivePaths:
        """The places of the archive."""
        return ArchivePaths(self.archive)

    @cached_property
    def identity(self) -> ArchiveIdentity | None:
        """Of the archive; None where there is none that can be read."""
        try:
            return read_identity(self.archive)
        except EvidenceError:
            return None

    @property
    def keys_folder(self) -> Path | None:
        """Where the private keys should lie; None where nobody can say."""
        if self.identity is None:
            return None
        try:
            return self.keys_folder_of(self.identity.archive_id)
        except EvidenceError:
            return None

    @staticmethod
    def can_list(folder: Path) -> bool:
        """Whether the names in a folder can be read: else nothing in it is told."""
        return os.access(folder, os.R_OK | os.X_OK)

    @property
    def is_written(self) -> bool:
        """Whether another process writes to the archive right now."""
        try:
            return is_locked(self.archive)
        except EvidenceError:
            return False


Check = Callable[[Machine], Iterable[Finding]]
