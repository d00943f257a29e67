"""What the archive knows already, for one job: for conditions, revisits and resuming.

Reads the catalog as it was when the job began; what the job itself adds is not seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from archive.capture import Capture, EarlierCapture
from archive.digest import Digest
from archive.store.catalog.earlier import Validators
from archive.store.reading.reader import ArchiveReader
from archive.store.reading.recorded import Payload
from archive.warc.payload import HttpHead, Problem
from crawlers.crawl.capturing.recorder import MEMORY_BODY_BYTES

ONE_DAY = timedelta(hours=24)
FULL_FETCH_EVERY = timedelta(hours=24)
"""Each address is fetched in full at least once a day, whatever the server says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a capture stands for: of a revisit, what it refers to."""

    head: HttpHead
    body: bytes | None
    """Content-decoded; None where it is too long for a parser of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMemory:
    """One archive, open for reading beside its writer."""

    reader: ArchiveReader
    clock: Callable[[], datetime]
    overrides: bool
    """Captures of test set-ups count: only a job that is one itself may say so."""
    _origins: dict[str, bool] = field(default_factory=dict)
    """Scheme and host: whether anything of it was there when the job began."""

    def of_job(self) -> "ArchiveMemory":
        """The same for one job that begins now, and a look of its own at each host.

        What is crawled for the first time is asked for once, not address by address.
        """
        return replace(self, _origins={})

    def _holds(self, target_uri: str) -> bool:
        origin = "/".join(target_uri.split("/", 3)[:3])
        found = self._origins.get(origin)
        if found is None:
            earlier = self.reader.earlier(overrides=self.overrides)
            found = self._origins[origin] = earlier.holds_origin(origin)
        return found

    def with_payload(
        self, target_uri: str, payload: Digest, source_id: str | None
    ) -> EarlierCapture | None:
        """The capture of that address and source that holds this payload."""
        if not self._holds(target_uri):
            return None
        earlier = self.reader.earlier(overrides=self.overrides)
        return earlier.with_payload(
            target_uri, payload, source_id=source_id, until=self.clock()
        )

    def newest(self, target_uri: str, *, before: datetime) -> EarlierCapture | None:
        """The newest content of an address from before then, of whatever job."""
        if not self._holds(target_uri):
            return None
        earlier = self.reader.earlier(overrides=self.overrides)
        return earlier.newest(target_uri, before=before)

    def validators(self, target_uri: str, source_id: str) -> Validators | None:
        """By which its server may say "not modified"; None = fetch it in full."""
        if not self._holds(target_uri):
            return None
        earlier = self.reader.earlier(overrides=self.overrides)
        now = self.clock()
        return earlier.validators(
            target_uri, source_id=source_id, since=now - FULL_FETCH_EVERY, until=now
        )

    def bytes_of_day(self, source_id: str) -> int:
        """Bytes stored of what was captured of a source in the last 24 hours."""
        earlier = self.reader.earlier(overrides=self.overrides)
        return earlier.bytes_since(source_id, self.clock() - ONE_DAY)

    def original(self, capture: Capture) -> Capture:
        """The capture that holds the payload: itself, or what a revisit refers to."""
        if capture.refers_to is None:
            return capture
        return self.reader.get_capture(capture.refers_to)

    def content(self, capture: Capture) -> Content | None:
        """What that capture stands for; None where no response can be read."""
        original = self.original(capture)
        head = self.reader.read_exchange(original).head
        if head is None:
            return None
        payload = self.reader.payload(original, limit_bytes=MEMORY_BODY_BYTES)
        return Content(head=head, body=_whole(payload))


def _whole(payload: Payload) -> bytes | None:
    return None if payload.problem == Problem.LIMIT else payload.data


@contextmanager
def open_memory(
    archive: Path, *, clock: Callable[[], datetime], overrides: bool
) -> Iterator[ArchiveMemory]:
    """Open the archive for looking back; closes it at the end."""
    reader = ArchiveReader.open(archive)
    try:
        yield ArchiveMemory(reader=reader, clock=clock, overrides=overrides)
    finally:
        reader.close()
