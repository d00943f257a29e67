"""The captures of a whole result, as a WARC file of it holds them: one by one."""

from collections.abc import Iterable, Iterator

from archive.capture import Capture
from archive.export.selection import with_parts
from archive.store.reading.reader import ArchiveReader
from search.answering.results import Hit


def captures_of(reader: ArchiveReader, hits: Iterable[Hit]) -> Iterator[Capture]:
    """The capture each hit is shown by, its page with parts, and what it refers to.

    Each once. In memory are digests alone, 32 bytes a capture.
    """
    given: set[bytes] = set()
    for hit in hits:
        capture = reader.get_capture(hit.capture_id)
        page = reader.page_of(capture)
        for one in with_parts(reader, [page or capture]):
            digest = bytes.fromhex(one.capture_id)
            if digest not in given:
                given.add(digest)
                yield one
