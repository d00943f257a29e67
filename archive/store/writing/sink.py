"""Where a job puts what it captures, whether or not a key is at hand."""

from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from archive.attest.records.job import JobClosing, JobOpening
from archive.capture import Capture, Exchange
from archive.store.drafts import PageDraft
from archive.store.ledger import Committed
from archive.store.space import SpoolRoom


class CaptureSink(Protocol):
    """Where a job puts what it captures: an archive with its key at hand, or not."""

    @property
    def spool_folder(self) -> Path:
        """Where the engine may keep raw spools while an exchange runs."""

    @property
    def spool_room(self) -> SpoolRoom:
        """How much may be spooled there, beside the reserve of the disk."""

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
