"""What is the same for everything one process writes into an archive."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from archive.attest.job import JobClosing, JobOpening
from archive.attest.keyfolder import KeyFolder
from archive.capture import Capture, Exchange
from archive.files import Files
from archive.store.drafts import PageDraft
from archive.store.layout import ArchiveIdentity, ArchivePaths
from archive.store.ledger import Committed, LedgerTools
from archive.store.writing.keeper import CheckpointService
from archive.version import SOFTWARE
from archive.warc.member import Effort


class CaptureSink(Protocol):
    """Where a job puts what it captures: an archive with its key at hand, or not."""

    @property
    def spool_folder(self) -> Path:
        """Where the engine may keep raw spools while an exchange runs."""

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        """Take one exchange or failed attempt; done when it is on disk."""

    def page(self, page: PageDraft) -> "Future[Capture]":
        """Take which captures a page is made of."""

    def open_job(self, opening: JobOpening) -> "Future[Committed]":
        """Take what a job promises, before its first fetch."""

    def close_job(self, closing: JobClosing) -> "Future[Committed]":
        """Take how each promised seed ended."""

    def __enter__(self) -> Self:
        """Use it; it is open already."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what is queued."""


def _ignore(_line: str) -> None:
    """Nobody wants to hear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """What is the same for everything one process writes."""

    software: str = SOFTWARE
    """Stands in every record and statement."""
    effort: Effort | None = None
    """How hard slices are pressed; None lets each record's media type decide."""
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
