"""What was archived, read back: exchange, payload, page, job; bounded and checked."""

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from archive.capture import Capture
from archive.errors import LimitExceeded, MalformedRecord
from archive.store.segments.walk import MEMBERS_LIMIT
from archive.warc.entity import read_entity
from archive.warc.head import HttpHead, parse_http_head
from archive.warc.payload import decode_payload
from archive.warc.reading import ReadRecord, read_records
from archive.warc.record import RecordHeader

BLOCK_LIMIT_BYTES = 64 * 1024 * 1024
"""Bytes of one block held in memory; a larger one is cut and says so."""
SLICE_LIMIT_BYTES = 2 * BLOCK_LIMIT_BYTES
"""Bytes of all blocks of a slice held in memory: a small file may hold thousands of
large blocks of zeros."""
CODING_BYTES = 1 << 20
"""Room for the head of a response, and for what chunks add to its body."""
_ARTIFACT_URI = re.compile(r"urn:(view|pdf|dom|text):")
"""Target of a record that keeps how a browser showed a page, docs/format.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedExchange:
    """The records of a capture's slice; `response` may be cut at 64 MiB.

    `response` is the block of the response or revisit record.
    """

    records: tuple[ReadRecord, ...]
    request: bytes
    response: bytes | None
    response_cut: bool
    head: HttpHead | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The entity of a response, decoded from its transfer and content codings."""

    data: bytes
    media_type: str | None
    charset: str | None
    """As declared in Content-Type; not believed here."""
    problem: str | None
    """Why `data` is not whole, None if it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """One part a page asked for; `capture_id` is None where there is a gap."""

    uri: str
    as_given: str
    kind: str
    """`style`, `image`, `font`, `icon`, `media`; what the page used it as."""
    capture_id: str | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArtifact:
    """What a browser made of a page: `view` (picture), `pdf`, `dom` or `text`."""

    name: str
    media_type: str
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page capture: its main capture and every part it asked for."""

    page: Capture
    main_id: str
    parts: tuple[PagePart, ...]
    artifacts: tuple[PageArtifact, ...] = ()
    """Empty unless a browser showed the page."""


def read_exchange_slice(
    stream: BinaryIO, *, block_bytes: int | None = None
) -> RecordedExchange:
    """Read a capture's slice; digests of the records are checked.

    Blocks are kept up to `block_bytes`, our own JSON always whole.
    """
    records = _read_slice(stream, block_bytes=block_bytes)
    for record in records:
        record.check_digests()
    response = _first(records, "response") or _first(records, "revisit")
    head = None
    if response and response.header.content_type.startswith("application/http"):
        head = parse_http_head(response.kept)
    request = _first(records, "request")
    return RecordedExchange(
        records=records,
        request=request.kept if request else b"",
        response=response.kept if response else None,
        response_cut=bool(
            response and response.header.content_length > len(response.kept)
        ),
        head=head,
        metadata=read_json_block(records[-1]),
    )


def decode_slice(stream: BinaryIO, *, limit_bytes: int) -> Payload:
    """The entity of a capture's slice; see `decode_exchange`.

    Of the response twice the limit is kept: chunks and codings may take some of it.
    """
    kept = min(2 * limit_bytes + CODING_BYTES, BLOCK_LIMIT_BYTES)
    exchange = read_exchange_slice(stream, block_bytes=kept)
    return decode_exchange(exchange, limit_bytes=limit_bytes)


def decode_exchange(exchange: RecordedExchange, *, limit_bytes: int) -> Payload:
    """Undo transfer and content coding within bounds; nothing received gives b''."""
    method = str(exchange.metadata.get("method", "GET"))
    if exchange.response is None:
        return Payload(
            data=b"", media_type=None, charset=None, problem="no response was received"
        )
    if exchange.head is None:
        return Payload(
            data=exchange.response, media_type=None, charset=None, problem="not HTTP"
        )
    entity = read_entity(
        io.BytesIO(exchange.response), limit_bytes=limit_bytes, method=method
    )
    decoded = decode_payload(
        entity.body, exchange.head.content_encoding, limit_bytes=limit_bytes
    )
    problem = entity.problem or decoded.problem
    if problem is None and exchange.response_cut:
        return Payload(
            data=decoded.data,
            media_type=exchange.head.media_type,
            charset=exchange.head.charset,
            problem=f"only the first {len(exchange.response)} bytes were read",
        )
    return Payload(
        data=decoded.data,
        media_type=exchange.head.media_type,
        charset=exchange.head.charset,
        problem=str(problem) if problem else None,
    )


def read_page_slice(page: Capture, stream: BinaryIO, main_id: str) -> PageView:
    """Read the page information of a page capture's slice; pictures are left out."""
    records = _read_slice(stream, wanted=_is_json)
    info = read_json_block(records[-1])
    parts = tuple(
        PagePart(
            uri=str(part["uri"]),
            as_given=str(part["as_given"]),
            kind=str(part["kind"]),
            capture_id=part["capture"],
            outcome=str(part["outcome"]),
            reason=str(part["reason"]),
        )
        for part in info.get("parts", ())
    )
    artifacts = tuple(
        PageArtifact(
            name=name,
            media_type=record.header.content_type.partition(";")[0],
            length_bytes=record.header.content_length,
        )
        for record in records
        if (name := _artifact_name(record.header)) is not None
    )
    return PageView(page=page, main_id=main_id, parts=parts, artifacts=artifacts)


def find_artifact(stream: BinaryIO, name: str) -> bytes | None:
    """The block of that artifact in a page capture's slice; None if there is none.

    LimitExceeded for one that was not read whole.
    """
    records = _read_slice(stream, wanted=lambda head: _artifact_name(head) == name)
    for record in records:
        if _artifact_name(record.header) == name:
            if len(record.kept) < record.header.content_length:
                raise LimitExceeded(f"{name} has over {BLOCK_LIMIT_BYTES} bytes")
            return record.kept
    return None


def _artifact_name(header: RecordHeader) -> str | None:
    found = _ARTIFACT_URI.match(header.target_uri or "")
    return found[1] if found and header.type == "resource" else None


def _is_json(header: RecordHeader) -> bool:
    return header.content_type == "application/json"


def read_json_block(record: ReadRecord) -> dict[str, Any]:
    """The JSON object of a record's block; empty where it is none."""
    if not _is_json(record.header):
        return {}
    try:
        value = json.loads(record.kept)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _read_slice(
    stream: BinaryIO,
    *,
    wanted: Callable[[RecordHeader], bool] = lambda _: True,
    block_bytes: int | None = None,
) -> tuple[ReadRecord, ...]:
    """All records of a slice, with the blocks that are wanted.

    MalformedRecord if there is none, or one of no slice.
    """
    room = SLICE_LIMIT_BYTES

    def keep(header: RecordHeader) -> int:
        nonlocal room
        if not wanted(header):
            return 0
        given = min(BLOCK_LIMIT_BYTES, room)
        if block_bytes is not None and not _is_json(header):
            given = min(given, block_bytes)
        room -= min(given, header.content_length)
        return given

    records: list[ReadRecord] = []
    for record in read_records(stream, keep=keep):
        if len(records) == MEMBERS_LIMIT:
            raise LimitExceeded(f"a slice of more than {MEMBERS_LIMIT} members")
        records.append(record)
    if not records:
        raise MalformedRecord("an empty slice holds no capture")
    return tuple(records)


def _first(records: tuple[ReadRecord, ...], kind: str) -> ReadRecord | None:
    return next((record for record in records if record.header.type == kind), None)
