"""The only importer of fastwarc and warcio: what two foreign readers see in a file.

For cross-checks in tests and exports, never for evidence: warcio reads a cut record in
silence, and neither says where a record lies.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.digest import READ_BYTES, Digest
from archive.errors import MalformedRecord

HEADER_LENGTH: Final = 1024 * 1024
"""Bytes of a record or HTTP head that FastWARC may read: its default is less than the
engine keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRecord:
    """A record as a foreign library reads it."""

    type: str
    record_id: str
    """`urn:uuid:...`, no angle brackets."""
    length_bytes: int
    """Block bytes read, not the ones declared."""
    block: Digest


def read_with_warcio(path: Path) -> list[LibraryRecord]:
    """Read all records with warcio, blocks raw; MalformedRecord if it cannot."""
    records = []
    with path.open("rb") as stream:
        try:
            for record in WarcioIterator(stream, no_record_parse=True):
                name = record.rec_headers.get_header("WARC-Record-ID")
                length, block = _drain(record.raw_stream)
                records.append(
                    LibraryRecord(
                        type=record.rec_type,
                        record_id=name.strip("<>"),
                        length_bytes=length,
                        block=block,
                    )
                )
        except ArchiveLoadFailed as error:
            raise MalformedRecord(f"warcio cannot read {path.name}: {error}") from error
    return records


def read_with_fastwarc(path: Path) -> list[LibraryRecord]:
    """Read all records with FastWARC, blocks raw; MalformedRecord if it cannot."""
    records = []
    with path.open("rb") as stream:
        try:
            record: Any
            for record in FastIterator(stream, parse_http=False):
                length, block = _drain(record.reader)
                records.append(
                    LibraryRecord(
                        type=record.headers["WARC-Type"],
                        record_id=record.record_id.removeprefix("<").removesuffix(">"),
                        length_bytes=length,
                        block=block,
                    )
                )
        except OSError as error:
            raise MalformedRecord(f"fastwarc cannot read {path.name}") from error
    return records


def check_with_fastwarc(path: Path) -> list[str]:
    """Ids of the records whose digests FastWARC does not find again.

    Payload digests are compared with transfer decoding, as ISO 28500 means them;
    `fastwarc check --verify-payloads` (2.0.1) does not undo chunks and so differs.
    Chunks it cannot undo (2.0.1: those with an extension) are a MalformedRecord,
    for its iterator does not go on behind them.
    """
    failed = []
    with path.open("rb") as stream:
        record: Any
        for record in FastIterator(stream, parse_http=False):
            holds = record.verify_block_digest(False)
            if holds and "WARC-Payload-Digest" in record.headers:
                holds = _finds_payload(record, path)
            if not holds:
                failed.append(record.record_id)
    return failed


def _finds_payload(record: Any, path: Path) -> bool:
    """Whether FastWARC finds a payload digest again, its own transfer decoding on."""
    try:
        record.parse_http(auto_decode="transfer", max_header_len=HEADER_LENGTH)
        return bool(record.verify_payload_digest(True))
    except OSError as error:
        raise MalformedRecord(
            f"fastwarc cannot decode {record.record_id} in {path.name}: {error}"
        ) from error


def _drain(stream: Any) -> tuple[int, Digest]:
    """Read a library's stream to its end in pieces."""
    length = 0
    running = hashlib.sha256()
    for piece in iter(lambda: stream.read(READ_BYTES), b""):
        length += len(piece)
        running.update(piece)
    return length, Digest(running.hexdigest())
