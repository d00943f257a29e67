"""What is the same for everything one process writes into an archive."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.attest.keys.keyfolder import KeyFolder
from archive.files import Files
from archive.store.layout import ArchiveIdentity, ArchivePaths
from archive.store.ledger import LedgerTools
from archive.store.writing.keeper import CheckpointService
from archive.version import SOFTWARE
from archive.warc.member import Effort


def _ignore(_line: str) -> None:
    """Nobody wants to hear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """What is the same for everything one process writes."""

    software: str = SOFTWARE
    """Stands in every record and statement."""
    effort: Effort | None = None
    """How hard slices are compressed; None lets each record's media type decide."""
    reserve_bytes: int | None = None
    """Free space below which nothing is acknowledged; None: 5 % of the disk."""
    files: Files = field(default_factory=Files)
    """How the disk is written; tests hand in one that fails."""
    services: tuple[CheckpointService, ...] = ()
    """What others do about checkpoints, in this order: cosignatures, time stamps."""
    despite_refusal: bool = False
    """Sign although a witness contradicted: the operator has decided so."""
    tell: Callable[[str], None] = _ignore
    """Hears what a service could not do, while the writer works on."""

    def tools(
        self,
        root: Path,
        identity: ArchiveIdentity,
        *,
        keys: KeyFolder,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> LedgerTools:
        """What the ledger of an archive is given."""
        return LedgerTools(
            paths=ArchivePaths(root),
            identity=identity,
            keys=keys,
            clock=clock,
            random_bytes=random_bytes,
            software=self.software,
            effort=self.effort,
            files=self.files,
            tell=self.tell,
        )


DEFAULT_SETTINGS = WriterSettings()
