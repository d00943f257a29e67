"""Foreign WARC files, read strictly: 1.0 or 1.1, packed record by record or not.

Any field in any order is kept as found. Nothing is repaired: a file that is cut, a
header that is none, a block that is not the one its header names ends the reading, with
the record and its offset. Offsets count in the unpacked file. Memory stays at one
piece: a larger block lies in a temporary file. Specification: ISO 28500, 4 to 6.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from archive.capture import ByteSource
from archive.digest import Digest
from archive.errors import (
    DigestMismatch,
    FormatError,
    LimitExceeded,
    MalformedRecord,
)
from archive.instant import parse_instant
from archive.warc.foreignblock import HTTP_TYPE, BlockReading
from archive.warc.member import (
    CHUNK_BYTES,
    GZIP_MAGIC,
    MEMBER_LIMIT_BYTES,
    MemberWalk,
)
from archive.warc.record import HEADER_LIMIT_BYTES, RECORD_END

BLOCK_LIMIT_BYTES: Final = 2 << 30
"""Bytes of one foreign block: the largest body that a capture may have."""
RATIO_LIMIT: Final = 200
"""Unpacked to packed bytes of a whole file: pages of text come to 20."""
RATIO_FREE_BYTES: Final = 64 << 20
"""So much may come out of any file, however small it is."""
RECORDS_LIMIT: Final = 1_000_000
"""Records of one file; those of crawlers are cut at a gigabyte, some 100,000."""
_VERSION: Final = re.compile(rb"WARC/1\.[01]\r\n")
_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x1f\x7f]*)")
_DATE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z", re.ASCII
)
_LENGTH: Final = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_ONCE: Final = (
    "warc-type",
    "warc-record-id",
    "warc-date",
    "content-length",
    "warc-target-uri",
    "warc-block-digest",
    "warc-payload-digest",
    "content-type",
)
"""Fields of which two would leave open what is meant."""
_REQUIRED: Final = _ONCE[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRecord:
    """A record of a foreign file; `block` is there until `close`."""

    number: int
    """From 0."""
    offset_bytes: int
    """Where it begins in the unpacked file."""
    head: bytes
    """Version, field lines and the empty line, as found."""
    fields: tuple[tuple[str, str], ...]
    date: datetime
    block: ByteSource
    block_digest: Digest
    payload_digest: Digest | None
    """Over the entity of an HTTP response; None for all else."""
    payload_verdict: str | None
    """What came of the digest the record claims; None if it claims none."""

    def find(self, name: str) -> str | None:
        """The first value of a field, its name in any case."""
        wanted = name.lower()
        return next((text for key, text in self.fields if key.lower() == wanted), None)

    @property
    def type(self) -> str:
        """WARC-Type, lower case."""
        return (self.find("WARC-Type") or "").lower()

    @property
    def target_uri(self) -> str | None:
        """WARC-Target-URI; some writers of 1.0 put it in angle brackets."""
        text = self.find("WARC-Target-URI")
        bracketed = text is not None and text[:1] == "<" and text[-1:] == ">"
        return text[1:-1] if text and bracketed else text

    @property
    def is_http(self) -> bool:
        """Whether its block is an HTTP response."""
        content_type = self.find("Content-Type") or ""
        return self.type == "response" and bool(HTTP_TYPE.fullmatch(content_type))

    def close(self) -> None:
        """Give the block back."""
        self.block.close()


def read_foreign(
    stream: BinaryIO, *, length_bytes: int, folder: Path
) -> Iterator[ForeignRecord]:
    """Read all records to the very end of a stream of that length.

    MalformedRecord, TornMember, LimitExceeded or DigestMismatch says what is wrong
    with it. Large blocks lie in `folder`. The caller closes each record.
    """
    buffered: io.BufferedReader[Any] = io.BufferedReader(cast("Any", stream))
    source = _Source(_unpack(buffered), length_bytes)
    number = 0
    try:
        while (record := _read_record(source, number, folder)) is not None:
            if number == RECORDS_LIMIT:
                record.close()
                raise LimitExceeded(f"more than {RECORDS_LIMIT} records in one file")
            yield record
            number += 1
    finally:
        buffered.detach()  # else it would close a stream that is the caller's
    if number == 0:
        raise MalformedRecord("no record in it: it is empty")


def _read_record(source: "_Source", number: int, folder: Path) -> ForeignRecord | None:
    begin = source.at
    try:
        head = source.take_head()
        return None if head is None else _assemble(source, number, head, folder)
    except (MalformedRecord, DigestMismatch) as error:
        raise type(error)(f"record {number} at offset {begin}: {error}") from error


def _assemble(
    source: "_Source", number: int, head: bytes, folder: Path
) -> ForeignRecord:
    begin = source.at - len(head)
    fields = _parse_fields(head)
    values = {name.lower(): value for name, value in reversed(fields)}
    date = _parse_date(values["warc-date"])
    reading = BlockReading(values, folder)
    length = int(values["content-length"])
    if length > BLOCK_LIMIT_BYTES:
        raise LimitExceeded(
            f"record {number} at offset {begin}: a block of {length} bytes; "
            f"{BLOCK_LIMIT_BYTES} are the most"
        )
    try:
        for piece in source.take(length):
            reading.feed(piece)
        if b"".join(source.take(len(RECORD_END))) != RECORD_END:
            raise MalformedRecord("the block does not end where Content-Length says")
        reading.check_block(values.get("warc-block-digest"))
    except BaseException:
        reading.block.close()
        raise
    return ForeignRecord(
        number=number,
        offset_bytes=begin,
        head=head,
        fields=fields,
        date=date,
        block=reading.block,
        block_digest=Digest.of_running(reading.running),
        payload_digest=reading.payload_digest,
        payload_verdict=reading.judge_payload(values.get("warc-payload-digest")),
    )


def _parse_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """The field lines; what is needed is there once, and in its form."""
    version = _VERSION.match(head)
    if version is None:
        raise MalformedRecord(f"no WARC/1.0 or WARC/1.1 record: {head[:20]!r}")
    try:
        text = head[version.end() : -len(RECORD_END)].decode()
    except UnicodeDecodeError as error:
        raise MalformedRecord("a record header that is not UTF-8") from error
    fields = []
    for line in text.split("\r\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            raise MalformedRecord(f"not a header line `Name: value`: {line[:80]!r}")
        fields.append((match[1], match[2].rstrip(" \t")))
    names = [name.lower() for name, _ in fields]
    for name in _ONCE:
        if names.count(name) > 1:
            raise MalformedRecord(f"{name} stands twice")
    for name in _REQUIRED:
        if name not in names:
            raise MalformedRecord(f"a record without {name}")
    length = next(value for name, value in fields if name.lower() == "content-length")
    if _LENGTH.fullmatch(length) is None:
        raise MalformedRecord(f"Content-Length has the value {length[:40]!r}")
    return tuple(fields)


def _parse_date(text: str) -> datetime:
    """WARC-Date to the second or finer; what is finer than a microsecond is cut."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise MalformedRecord(f"WARC-Date has the value {text[:40]!r}")
    digits = (match[2] or "").ljust(6, "0")[:6]
    try:
        return parse_instant(f"{match[1]}.{digits}Z")
    except FormatError as error:
        raise MalformedRecord(f"WARC-Date: {error}") from error


class _Source:
    """The unpacked file: heads and blocks are taken from its front."""

    def __init__(self, chunks: Iterator[bytes], packed_bytes: int) -> None:
        self._chunks = chunks
        self._buffer = bytearray()
        self._limit = max(RATIO_FREE_BYTES, packed_bytes * RATIO_LIMIT)
        self._total = 0
        self.at = 0

    def take_head(self) -> bytes | None:
        """Everything to the first empty line; None at the end of the file."""
        while (end := self._buffer.find(RECORD_END)) < 0:
            if len(self._buffer) > HEADER_LIMIT_BYTES:
                raise MalformedRecord(f"no record header in {HEADER_LIMIT_BYTES} bytes")
            if not self._fill():
                if not self._buffer:
                    return None
                raise MalformedRecord("the file ends inside a record header")
        if end > HEADER_LIMIT_BYTES:
            raise MalformedRecord(f"no record header in {HEADER_LIMIT_BYTES} bytes")
        return self._cut(end + len(RECORD_END))

    def take(self, length: int) -> Iterator[bytes]:
        """The next bytes, piece by piece; MalformedRecord if there are fewer."""
        while length:
            if not self._buffer and not self._fill():
                raise MalformedRecord("the file ends inside a record")
            piece = self._cut(min(length, len(self._buffer)))
            length -= len(piece)
            yield piece

    def _fill(self) -> bool:
        chunk = next(self._chunks, b"")
        self._total += len(chunk)
        if self._total > self._limit:
            raise LimitExceeded(
                f"it unpacks to over {self._limit} bytes, {RATIO_LIMIT} times its size"
            )
        self._buffer += chunk
        return bool(chunk)

    def _cut(self, length: int) -> bytes:
        piece = bytes(self._buffer[:length])
        del self._buffer[:length]
        self.at += length
        return piece


def _unpack(stream: "io.BufferedReader[Any]") -> Iterator[bytes]:
    """The content of a gzip file, of any number of members, or the file itself."""
    if stream.peek(2)[:2] != GZIP_MAGIC:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")
        return
    walk = MemberWalk(stream)
    limit = RECORDS_LIMIT * MEMBER_LIMIT_BYTES  # the whole is bounded by its ratio
    while not walk.at_end:
        yield from walk.inflate(limit_bytes=limit)
