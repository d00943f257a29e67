"""Exchange -> slice: its records as gzip members, with four digests for each.

Order: response, request, support resources (certificate chain, DNS answer) unless an
earlier capture carries them, metadata last. A record is there only if there is
something in it: nothing sent, no request; nothing received, no response. All records
of a slice have one WARC-Date, the instant the attempt began.

Blocks are the bytes of the wire. They are read twice, in pieces of 1 MiB: once to see
whether the payload digest can be found again from the block alone, once to write.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

from archive.capture import (
    TRUNCATED_REASONS,
    ByteSource,
    CaptureOutcome,
    Exchange,
    MemoryBytes,
)
from archive.digest import Digest
from archive.warc.entity import EntityDecoder, decode_entity, find_entity
from archive.warc.facts import (
    JSON_TYPE,
    CarriedBy,
    Support,
    Surroundings,
    find_chain,
    find_dns,
    format_metadata,
)
from archive.warc.head import HttpHead, parse_http_head
from archive.warc.member import Effort
from archive.warc.reading import (
    HTTP_RESPONSE_TYPE,
    ReadRecord,
    RecordRow,
    read_records,
    read_slice_rows,
)
from archive.warc.record import Record
from archive.warc.revisit import REDUCED, SAME_PAYLOAD, find_profile
from archive.warc.wire import find_address, find_cipher, list_protocols
from archive.warc.writing import RecordWriter, choose_effort, digest_of, read_pieces

__all__ = [
    "CarriedBy",
    "ReadRecord",
    "RecordRow",
    "ResourceBlock",
    "SliceDraft",
    "SliceMaterial",
    "build_resource_slice",
    "build_slice",
    "read_records",
    "read_slice_rows",
]

HTTP_REQUEST_TYPE: Final = "application/http; msgtype=request"
UNPARSED_TYPE: Final = "application/octet-stream"
HASHED_AGAIN_BYTES: Final = 8 * 1024
"""Up to this size a body is hashed again whatever the engine says: it costs little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceMaterial:
    """What a slice needs from outside the exchange."""

    record_ids: Callable[[], str]
    """Gives a new `urn:uuid:...`, version 4, from the given randomness."""
    software: str
    settings_digest: Digest | None
    carriers: Mapping[Digest, str]
    """Block digest of a support record -> capture id that carries it already."""
    effort: Effort | None = None
    """How hard to compress every record; None: each by what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDraft:
    """A slice as written; every digest is over the bytes that went out."""

    capture_id: str
    length_bytes: int
    members: int
    first_record_id: str | None
    """None for a slice without records."""
    rows: tuple[RecordRow, ...]
    payload_digest: Digest | None
    """As on the response record: only where its block gives this digest again."""
    block_digest: Digest | None
    """Of the response or revisit record; None where no byte came."""
    chain: CarriedBy | None
    dns: CarriedBy | None
    media_type: str | None
    http_status: int | None
    refers_to: CarriedBy | None = None
    """Payload digest and capture that a revisit refers to."""


NO_EXCHANGE: Final = dict.fromkeys(
    ("payload_digest", "block_digest", "chain", "dns", "media_type", "http_status")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceBlock:
    """A record that is not an exchange; `warcinfo` has no address."""

    type: str
    """`resource`, `metadata` or `warcinfo`."""
    target_uri: str | None
    content_type: str
    block: ByteSource


def build_slice(
    exchange: Exchange, out: BinaryIO, *, material: SliceMaterial
) -> SliceDraft:
    """Write an exchange's records into `out`.

    DigestMismatch if the spooled response is not the one that was received; what went
    into `out` is then worthless. MalformedRecord for an address with control bytes.
    """
    survey = _survey(exchange)
    chain = find_chain(exchange, material.carriers)
    dns = find_dns(exchange, material.carriers)
    request = MemoryBytes(exchange.request)
    around = Surroundings(
        chain=chain.carried if chain else None,
        dns=dns.carried if dns else None,
        payload_disputed=exchange.payload_digest != survey.payload_digest,
        request_digest=request.digest,
        software=material.software,
        settings_digest=material.settings_digest,
    )
    writer = _SliceWriter(out, material, exchange.started_at)
    profile = find_profile(exchange, survey.head, payload=survey.payload_digest)
    if profile is not None:
        writer.add_revisit(exchange, survey, profile=profile)
    elif exchange.response.length_bytes:
        writer.add_response(exchange, survey)
    if exchange.request:
        writer.add_request(exchange, request)
    for support in (chain, dns):
        if support is not None and support.carried.capture is None:
            writer.add(_support_block(support))
    writer.add(_metadata_block(exchange, around))
    row = writer.message_row
    return writer.draft(
        payload_digest=row.payload if row else None,
        block_digest=row.block if row else None,
        refers_to=_reference(exchange) if profile is not None else None,
        chain=around.chain,
        dns=around.dns,
        media_type=survey.head.media_type if survey.head else None,
        http_status=exchange.http_status,
    )


def build_resource_slice(
    records: Sequence[ResourceBlock],
    out: BinaryIO,
    *,
    material: SliceMaterial,
    warc_date: datetime,
) -> SliceDraft:
    """Write records that are no exchange (page, job, extract, warcinfo) into `out`."""
    writer = _SliceWriter(out, material, warc_date)
    for record in records:
        writer.add(record)
    return writer.draft()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    """What a first reading of the response shows."""

    head: HttpHead | None
    """None: the block is not an HTTP message."""
    payload_digest: Digest | None


def _survey(exchange: Exchange) -> _Survey:
    """Read the response as a later reader will, who has nothing but the block."""
    head, found = _hash_entity(exchange)
    parsed = exchange.framing is not None and exchange.framing.kind != "unparsed"
    is_http = parsed and exchange.outcome is not CaptureOutcome.NOT_HTTP
    if not is_http or head is None or head.status is None:
        return _Survey(head=None, payload_digest=None)
    agreed = found if found == exchange.payload_digest else None
    return _Survey(head=head, payload_digest=agreed)


def _hash_entity(exchange: Exchange) -> tuple[HttpHead | None, Digest | None]:
    """Head and digest of the entity body; only the head where nobody wants more."""
    source, wanted = exchange.response, exchange.payload_digest is not None
    if isinstance(source, MemoryBytes):
        head = _agreed_head(exchange, source)
        if head is not None:
            return head, exchange.payload_digest
        entity = decode_entity(source.data, limit_bytes=source.length_bytes)
        return entity.head, Digest.of(entity.body) if wanted else None
    decoder = EntityDecoder()
    running = hashlib.sha256()
    for piece in read_pieces(source):
        for part in decoder.feed(piece):
            running.update(part)
        if decoder.head is not None and not wanted:
            break
    return decoder.head, Digest.of_running(running) if wanted else None


def _agreed_head(exchange: Exchange, source: MemoryBytes) -> HttpHead | None:
    """The head of a long response, if the engine saw the same bytes as its body.

    They need not be hashed again then: the block's digest, which is compared, says that
    they are still those that the engine hashed while they came.
    """
    framing = exchange.framing
    if framing is None or source.length_bytes <= HASHED_AGAIN_BYTES:
        return None
    head = parse_http_head(source.data[: framing.head_bytes])
    span = find_entity(head, source.length_bytes)
    seen = (framing.head_bytes, framing.head_bytes + framing.body_bytes)
    length = framing.body_bytes
    if not head.complete or span != seen or exchange.payload_bytes != length:
        return None
    return head


class _SliceWriter:
    """Gives records their ids, common date and reference, and writes them."""

    def __init__(self, out: BinaryIO, material: SliceMaterial, date: datetime) -> None:
        self._records = RecordWriter(out)
        self._material = material
        self._date = date

    def add_response(self, exchange: Exchange, survey: _Survey) -> None:
        """Write the response as it came."""
        if exchange.wire_digest is None:
            raise AssertionError("a response without a wire digest")
        is_http = survey.head is not None
        coded = survey.head is not None and survey.head.content_encoding is not None
        record = Record(
            type="response",
            record_id=self._material.record_ids(),
            date=self._date,
            target_uri=exchange.target_uri,
            content_type=HTTP_RESPONSE_TYPE if is_http else UNPARSED_TYPE,
            block=exchange.response,
            block_digest=exchange.wire_digest,
            payload_digest=survey.payload_digest,
            ip_address=find_address(exchange.connection),
            protocols=list_protocols(exchange.connection, is_http=is_http),
            cipher_suite=find_cipher(exchange.connection),
            truncated=TRUNCATED_REASONS.get(exchange.outcome),
        )
        media_type = survey.head.media_type if survey.head else None
        self._write(record, choose_effort(media_type, coded=coded))

    def add_revisit(self, exchange: Exchange, survey: _Survey, *, profile: str) -> None:
        """Write what is new in a response that repeats an earlier capture."""
        earlier = exchange.earlier
        if earlier is None or survey.head is None:
            raise AssertionError("a revisit of nothing")
        block, payload, truncated = exchange.response, None, None
        if profile == SAME_PAYLOAD:
            with exchange.response.open() as stream:
                block = MemoryBytes(stream.read(survey.head.length_bytes))
            payload, truncated = survey.payload_digest, REDUCED
        record = Record(
            type="revisit",
            record_id=self._material.record_ids(),
            date=self._date,
            target_uri=exchange.target_uri,
            content_type=HTTP_RESPONSE_TYPE,
            block=block,
            block_digest=digest_of(block),
            payload_digest=payload,
            refers_to=earlier.record_id,
            refers_to_target_uri=earlier.target_uri,
            refers_to_date=earlier.captured_at,
            profile=profile,
            ip_address=find_address(exchange.connection),
            protocols=list_protocols(exchange.connection, is_http=True),
            cipher_suite=find_cipher(exchange.connection),
            truncated=truncated,
        )
        self._write(record, Effort.DENSE)

    def add_request(self, exchange: Exchange, request: MemoryBytes) -> None:
        """Write the request as it was sent."""
        record = Record(
            type="request",
            record_id=self._material.record_ids(),
            date=self._date,
            target_uri=exchange.target_uri,
            content_type=HTTP_REQUEST_TYPE,
            block=request,
            block_digest=request.digest,
            concurrent_to=self._first_id,
            ip_address=find_address(exchange.connection),
            protocols=list_protocols(exchange.connection, is_http=True),
            cipher_suite=find_cipher(exchange.connection),
        )
        self._write(record, Effort.DENSE)

    def add(self, block: ResourceBlock) -> None:
        """Write a record that is no message."""
        record = Record(
            type=block.type,
            record_id=self._material.record_ids(),
            date=self._date,
            target_uri=block.target_uri,
            content_type=block.content_type,
            block=block.block,
            block_digest=digest_of(block.block),
            concurrent_to=None if block.type == "warcinfo" else self._first_id,
        )
        self._write(record, choose_effort(block.content_type))

    @property
    def message_row(self) -> RecordRow | None:
        """The response or revisit record; None where no byte came."""
        rows = self._records.rows
        has_message = bool(rows) and rows[0].type in ("response", "revisit")
        return rows[0] if has_message else None

    def draft(self, **of_exchange: Any) -> SliceDraft:
        """Say what was written, and what is known of the exchange, if it is one."""
        rows = self._records.rows
        return SliceDraft(
            capture_id=self._records.digest.hex,
            length_bytes=self._records.length_bytes,
            members=len(rows),
            first_record_id=rows[0].id if rows else None,
            rows=rows,
            **{**NO_EXCHANGE, **of_exchange},
        )

    def _write(self, record: Record, effort: Effort) -> None:
        self._records.write(record, self._material.effort or effort)

    @property
    def _first_id(self) -> str | None:
        return self._records.rows[0].id if self._records.rows else None


def _reference(exchange: Exchange) -> CarriedBy | None:
    earlier = exchange.earlier
    if earlier is None:
        return None
    return CarriedBy(digest=earlier.payload_digest, capture=earlier.capture_id)


def _support_block(support: Support) -> ResourceBlock:
    return ResourceBlock(
        type="resource",
        target_uri=support.target_uri,
        content_type=support.content_type,
        block=MemoryBytes(support.block),
    )


def _metadata_block(exchange: Exchange, around: Surroundings) -> ResourceBlock:
    return ResourceBlock(
        type="metadata",
        target_uri=exchange.target_uri,
        content_type=JSON_TYPE,
        block=MemoryBytes(format_metadata(exchange, around)),
    )
