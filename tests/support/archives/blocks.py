"""Every exchange of an archive as it was on the wire, by our reader and by another."""

import base64
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from archive.store.reading.reader import ArchiveReader
from tests.support.capturing.wire import Served

Exchanges = Counter[tuple[bytes, bytes]]
"""Request and response, interim heads first; the same twice counts twice."""


def archived(root: Path) -> Exchanges:
    """What the archive holds of exchanges in which something was sent."""
    found: Exchanges = Counter()
    reader = ArchiveReader.open(root)
    try:
        for capture in reader.captures():
            if capture.kind != "capture":
                continue
            recorded = reader.read_exchange(capture)
            interim = b"".join(
                base64.b64decode(head["head"]) for head in recorded.metadata["interim"]
            )
            if recorded.request:
                found[recorded.request, interim + (recorded.response or b"")] += 1
    finally:
        reader.close()
    return found


def served(log: Iterable[Served]) -> Exchanges:
    """What the server logged."""
    return Counter((one.received, one.sent) for one in log)


def read_by_another(root: Path) -> Counter[bytes]:
    """Blocks of all request and response records, as FastWARC reads them."""
    wanted = WarcRecordType.request | WarcRecordType.response
    found: Counter[bytes] = Counter()
    for path in sorted((root / "segments").rglob("*.warc.gz*")):
        with path.open("rb") as stream:
            records = ArchiveIterator(stream, record_types=wanted, parse_http=False)
            for record in records:
                found[record.reader.read()] += 1
    return found
