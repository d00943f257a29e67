"""Services: what a view may use, handed in; small protocols, so tests hand in fakes.

The protocols name only what the pages read. `ArchiveReader` of
`archive.store.reading.reader` and `SearchService` of `search.answering.service` fit
them as they are.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from archive.capture import Capture
from archive.log.checkpoint import Checkpoint
from archive.log.reader import LogReader
from archive.store.catalog.addresses import AddressLookup
from archive.store.catalog.lookup import FIRST_PLACE, KeyedCapture, KeyPlace, KeySpan
from archive.store.layout import ArchiveIdentity
from archive.store.reading.jobs import JobReader
from archive.store.reading.recorded import PageView, Payload, RecordedExchange
from archive.store.tombstones import Tombstone
from archive.verify.captures.corroboration import Corroboration
from archive.verify.reporting.report import Report
from search.answering.options import EVERYTHING, SearchOptions
from search.answering.service import ExtractedText, Heading, ResultPage
from search.extract.dates import Claimed
from search.extract.previews.pictures import Preview


class ArchiveSource(Protocol):
    """What pages read from one archive; errors are those of `archive.errors`."""

    @property
    def identity(self) -> ArchiveIdentity:
        """Who the archive says it is."""
        ...

    @property
    def next_leaf(self) -> int:
        """The entry the catalog has not seen yet."""
        ...

    def catch_up(self) -> None:
        """Let the catalog follow what was captured since."""
        ...

    def get_capture(self, capture_id: str, /) -> Capture:
        """By hex or short id; CaptureNotFound."""
        ...

    def tombstones(self, capture_id: str | None = None, /) -> list[Tombstone]:
        """What was removed; or that of a hex or short id."""
        ...

    @property
    def addresses(self) -> AddressLookup:
        """Captures of one exact address."""
        ...

    def captures(self, since_leaf: int, /) -> Iterator[Capture]:
        """All captures from an entry on, in leaf order."""
        ...

    def captures_of_keys(
        self,
        span: KeySpan,
        /,
        *,
        behind: KeyPlace = FIRST_PLACE,
        limit: int,
        hidden_sources: Collection[str] = (),
    ) -> list[KeyedCapture]:
        """Captures of a stretch of address keys, by key, time and entry.

        Those of hidden sources are passed over and not counted.
        """
        ...

    def captures_until(
        self, urlkey: str, at: datetime, /, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key not later than a time, the latest first."""
        ...

    def captures_after(
        self, urlkey: str, at: datetime, /, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key later than a time, the earliest first."""
        ...

    def open_slice(self, capture: Capture, /) -> BinaryIO:
        """The slice, its digest checked."""
        ...

    def read_exchange(self, capture: Capture, /) -> RecordedExchange:
        """Read the records of a capture."""
        ...

    def original(self, capture: Capture, /) -> Capture:
        """The capture that holds the payload: itself, or what a revisit refers to."""
        ...

    def payload(self, capture: Capture, /, *, limit_bytes: int) -> Payload:
        """Read the entity body, content-decoded."""
        ...

    def read_page(self, page: Capture, main_id: str | None = None, /) -> PageView:
        """Read a page statement's parts list; `main_id` as `page_of` found it."""
        ...

    def artifact(self, page: Capture, name: str, /) -> bytes:
        """Read what a browser made of a page; CaptureNotFound."""
        ...

    def page_of(self, capture: Capture, /) -> Capture | None:
        """Find the newest page statement whose main capture this is."""
        ...

    @property
    def jobs(self) -> JobReader:
        """What was run for which source."""
        ...

    @property
    def log(self) -> LogReader:
        """The log: leaves, roots, proofs."""
        ...

    def checkpoint(self) -> tuple[bytes, Checkpoint]:
        """The stored checkpoint; LogMissing before there is one."""
        ...


class SearchSource(Protocol):
    """What pages ask of the index."""

    def upto(self) -> Mapping[str, int]:
        """Entries of each log that were searched, by archive id; SearchUnavailable."""
        ...

    def search(
        self,
        text: str,
        *,
        limit: int,
        offset: int,
        options: SearchOptions = EVERYTHING,
        counted: bool = False,
    ) -> ResultPage:
        """Answer a query, with counts if `counted`; InvalidQuery, SearchUnavailable."""
        ...

    def marks(self, query: str, text: ExtractedText) -> Sequence[tuple[int, int]]:
        """Where in a text the words of a query stand; InvalidQuery."""
        ...

    def claimed_of(self, capture_id: str) -> Claimed | None:
        """The date that the text of a capture claims; None where none was read."""
        ...

    def heading_of(self, capture_id: str) -> Heading | None:
        """What a capture is called; SearchUnavailable where there is no index."""
        ...

    def text_of(self, capture_id: str) -> ExtractedText | None:
        """The kept text of a capture; SearchUnavailable where there is no index."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustState:
    """The trust folder of this server, as far as pages print it."""

    fingerprint: str | None
    """Digest of the folder's files; None where nothing is known of the origin."""
    witnesses: int = 0
    tokens: int = 0


def _nothing() -> None:
    """Close nothing: what a service without children needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a view may use."""

    archive: ArchiveSource
    search: SearchSource
    verify: Callable[[Capture], Report]
    """Live check of one capture."""
    verify_archive: Callable[[], Report] | None
    """Check of the whole archive, run once in the background; None leaves it out."""
    bundle: Callable[[Capture], bytes] | None
    """Make the evidence bundle of a capture as a ZIP; LimitExceeded if it is too large.

    None: this server hands out no bundles.
    """
    trust: TrustState
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    compare: Callable[[Capture], Corroboration | None] | None = None
    """What other archives captured of the same; None: none were named to compare."""
    preview: Callable[[bytes, int], Preview | None] | None = None
    """Draw a picture, or page N (from 0) of a PDF, anew; None: nothing is drawn.

    It gives None where nothing can ever be drawn. WorkerFailed: this try failed;
    another ExtractionError: all who draw are busy.
    """
    restricted: Callable[[], frozenset[str]] = frozenset
    """Source ids that the archive's job records restrict, as of now."""
    close: Callable[[], None] = _nothing
    """End child processes and close the archives; with the server."""
