"""Slices: which records an exchange leaves, and what they say."""

import base64
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest

from archive.capture import (
    TRUNCATED_REASONS,
    CaptureOutcome,
    Exchange,
    Framing,
    InterimHead,
    MemoryBytes,
    Phase,
)
from archive.digest import Digest
from archive.errors import DigestMismatch, MalformedRecord
from archive.warc.entity import EntityDecoder
from archive.warc.member import Effort
from archive.warc.reading import ReadRecord, read_records, read_slice_rows
from archive.warc.slice import (
    HASHED_AGAIN_BYTES,
    CarriedBy,
    ResourceBlock,
    SliceDraft,
    SliceMaterial,
    build_resource_slice,
    build_slice,
)

Build = Callable[..., tuple[bytes, SliceDraft]]
Make = Callable[..., Exchange]
CAPTURE = "ab" * 32


def _records(data: bytes) -> list[ReadRecord]:
    return list(read_records(io.BytesIO(data), keep=lambda _header: 1 << 20))


def _metadata(data: bytes) -> Any:
    return json.loads(_records(data)[-1].kept)


def test_slice_holds_response_request_support_and_metadata(
    build: Build, make_exchange: Make
) -> None:
    exchange = make_exchange()
    data, draft = build(exchange)
    response, request, chain, dns, metadata = _records(data)
    assert response.kept == exchange.response.open().read()
    assert request.kept == exchange.request
    assert exchange.connection is not None
    assert exchange.connection.tls is not None
    assert chain.kept == exchange.connection.tls.chain_pem
    assert [record.header.type for record in _records(data)] == [
        "response",
        "request",
        "resource",
        "resource",
        "metadata",
    ]
    assert chain.header.target_uri == f"urn:evidence:tls-chain:{chain.block.hex}"
    assert dns.header.target_uri == "dns:outlet.example"
    assert dns.kept == (
        b"outlet.example. 300 IN A 203.0.113.7\r\n"
        b"outlet.example. 300 IN AAAA 2001:db8::7\r\n"
        b"; answer " + base64.b64encode(b"\x12\x34raw answer") + b"\r\n"
    )
    assert metadata.header.target_uri == exchange.target_uri
    assert draft.capture_id == Digest.of(data).hex
    assert (draft.length_bytes, draft.members) == (len(data), 5)
    assert draft.first_record_id == draft.rows[0].id == response.header.record_id
    assert (draft.media_type, draft.http_status) == ("text/html", 200)
    assert draft.block_digest == exchange.wire_digest
    assert draft.payload_digest == exchange.payload_digest == draft.rows[0].payload


def test_records_of_an_attempt_share_their_date_and_name_the_first(
    build: Build, make_exchange: Make
) -> None:
    data, _draft = build(make_exchange())
    first, *others = _records(data)
    assert first.header.find("WARC-Concurrent-To") is None
    for record in others:
        assert record.header.find("WARC-Concurrent-To") == f"<{first.header.record_id}>"
        assert record.header.date == first.header.date == "2025-01-26T08:00:00.123456Z"


def test_response_header_says_how_it_came(build: Build, make_exchange: Make) -> None:
    data, _draft = build(make_exchange())
    response, request, *others = (record.header for record in _records(data))
    for header in (response, request):
        assert header.find("WARC-IP-Address") == "203.0.113.7"
        assert header.find_all("WARC-Protocol") == ("http/1.1", "tls/1.3")
        assert header.find("WARC-Cipher-Suite") == "TLS_AES_256_GCM_SHA384"
    assert response.content_type == "application/http; msgtype=response"
    assert request.content_type == "application/http; msgtype=request"
    for header in others:
        assert header.find("WARC-IP-Address") is None


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("203.0.113.9:8080", "203.0.113.9"),
        (None, None),
    ],
)
def test_address_stands_only_where_the_peer_is_known(
    build: Build, make_exchange: Make, peer: str | None, address: str | None
) -> None:
    exchange = make_exchange()
    assert exchange.connection is not None
    connection = replace(exchange.connection, peer=peer, tls=None)
    data, _draft = build(replace(exchange, connection=connection))
    header = _records(data)[0].header
    assert header.find("WARC-IP-Address") == address
    assert header.find_all("WARC-Protocol") == ("http/1.1",)
    assert header.find("WARC-Cipher-Suite") is None


@pytest.mark.parametrize("outcome", CaptureOutcome)
def test_truncation_stands_on_the_response_only(
    build: Build, make_exchange: Make, outcome: CaptureOutcome
) -> None:
    data, _draft = build(make_exchange(outcome=outcome))
    response, *others = _records(data)
    reason = TRUNCATED_REASONS.get(outcome)
    assert response.header.find("WARC-Truncated") == reason
    assert all(record.header.find("WARC-Truncated") is None for record in others)


@pytest.mark.parametrize(
    ("outcome", "request_bytes", "types"),
    [
        (
            CaptureOutcome.NO_RESPONSE,
            b"GET / HTTP/1.1\r\n\r\n",
            ["request", "metadata"],
        ),
        (CaptureOutcome.DNS, b"", ["metadata"]),
        (CaptureOutcome.REFUSED, b"", ["metadata"]),
        (CaptureOutcome.POLICY, b"", ["metadata"]),
    ],
)
def test_failed_attempt_leaves_what_there_was(
    build: Build,
    make_exchange: Make,
    outcome: CaptureOutcome,
    request_bytes: bytes,
    types: list[str],
) -> None:
    exchange = make_exchange(
        b"",
        outcome=outcome,
        phase=Phase.TCP,
        detail="connection refused",
        request=request_bytes,
        framing=None,
        connection=None,
    )
    data, draft = build(exchange)
    assert [record.header.type for record in _records(data)] == types
    assert (draft.block_digest, draft.payload_digest, draft.media_type) == (None,) * 3
    metadata = _metadata(data)
    assert metadata["outcome"] == outcome
    assert (metadata["phase"], metadata["detail"]) == ("tcp", "connection refused")
    assert metadata["received"] == {"bytes": 0, "sha256": None}
    assert metadata["connection"] is None


def test_failed_name_keeps_the_answer(build: Build, make_exchange: Make) -> None:
    exchange = make_exchange(b"", outcome=CaptureOutcome.DNS, request=b"", framing=None)
    assert exchange.connection is not None
    assert exchange.connection.dns is not None
    dns = replace(exchange.connection.dns, addresses=(), ttl_seconds=None)
    connection = replace(exchange.connection, peer=None, tls=None, dns=dns)
    data, draft = build(replace(exchange, connection=connection))
    resource, metadata = _records(data)
    assert resource.header.target_uri == "dns:outlet.example"
    assert resource.kept.startswith(b"; answer ")
    assert draft.dns == CarriedBy(digest=resource.block, capture=None)
    assert metadata.header.type == "metadata"


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": CaptureOutcome.NOT_HTTP},
        {"framing": None, "outcome": CaptureOutcome.TIMEOUT, "phase": Phase.HEAD},
        {
            "framing": Framing(
                kind="unparsed",
                declared_length=None,
                head_bytes=0,
                body_bytes=0,
                trailer_bytes=0,
                surplus_bytes=0,
            )
        },
    ],
)
@pytest.mark.parametrize("response", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nCont"])
def test_unparsable_response_is_plain_bytes(
    build: Build, make_exchange: Make, response: bytes, changes: dict[str, Any]
) -> None:
    data, draft = build(make_exchange(response, **changes))
    record = _records(data)[0]
    assert record.header.content_type == "application/octet-stream"
    assert record.kept == response
    assert record.header.payload_digest is None
    assert (draft.payload_digest, draft.media_type) == (None, None)
    assert draft.block_digest == Digest.of(response)


def test_metadata_says_all_that_was_seen(build: Build, make_exchange: Make) -> None:
    early = InterimHead(offset_bytes=0, head=b"HTTP/1.1 103 Early Hints\r\n\r\n")
    exchange = make_exchange(
        interim=(early,),
        flags=("surplus",),
        as_given="https://Outlet.example/Навіны\udcff",
    )
    data, draft = build(exchange)
    value = _metadata(data)
    assert sorted(value) == [
        "as_given",
        "connection",
        "context",
        "detail",
        "flags",
        "framing",
        "http_status",
        "interim",
        "method",
        "outcome",
        "payload",
        "phase",
        "received",
        "sent",
        "settings",
        "software",
        "timings",
    ]
    assert value["as_given"] == "https://Outlet.example/Навіны\udcff"
    assert "Навіны".encode() in _records(data)[-1].kept
    assert value["interim"] == [
        {"head": base64.b64encode(early.head).decode(), "offset_bytes": 0}
    ]
    assert value["sent"] == {
        "bytes": len(exchange.request),
        "sha256": str(Digest.of(exchange.request)),
    }
    assert value["received"] == {
        "bytes": exchange.response.length_bytes,
        "sha256": str(exchange.wire_digest),
    }
    assert value["payload"] == {
        "bytes": 13,
        "disputed": False,
        "sha256": str(exchange.payload_digest),
    }
    connection = value["connection"]
    assert connection["override"] is False
    assert connection["tls"]["chain"] == {
        "capture": None,
        "digest": str(draft.rows[2].block),
    }
    assert connection["tls"]["verdict"] == "VERIFIED"
    assert connection["dns"]["record"] == {
        "capture": None,
        "digest": str(draft.rows[3].block),
    }
    assert value["context"]["source_id"] == "outlet"
    assert value["timings"]["connected_us"] == 20
    assert value["timings"]["tls_us"] is None
    assert value["settings"] == str(Digest.of(b"settings"))


@pytest.mark.parametrize("field", ["connect_to", "allow_network"])
def test_test_set_up_is_called_an_override(
    build: Build, make_exchange: Make, field: str
) -> None:
    exchange = make_exchange()
    assert exchange.connection is not None
    changed: Any = {field: "outlet.example:443=127.0.0.1:9"}
    connection = replace(exchange.connection, **changed)
    data, _draft = build(replace(exchange, connection=connection))
    assert _metadata(data)["connection"]["override"] is True


def test_support_carried_elsewhere_is_named_and_not_repeated(
    build: Build, make_exchange: Make
) -> None:
    _data, first = build(make_exchange())
    assert first.chain is not None
    assert first.dns is not None
    assert (first.chain.capture, first.dns.capture) == (None, None)
    carriers = {first.chain.digest: CAPTURE, first.dns.digest: CAPTURE}
    data, second = build(make_exchange(), carriers=carriers)
    assert [row.type for row in second.rows] == ["response", "request", "metadata"]
    assert second.chain == CarriedBy(digest=first.chain.digest, capture=CAPTURE)
    assert second.dns == CarriedBy(digest=first.dns.digest, capture=CAPTURE)
    chain = _metadata(data)["connection"]["tls"]["chain"]
    assert chain == {"capture": CAPTURE, "digest": str(first.chain.digest)}


def test_cached_answer_is_one_block_whatever_its_age(
    build: Build, make_exchange: Make
) -> None:
    exchange = make_exchange()
    assert exchange.connection is not None
    assert exchange.connection.dns is not None
    later = replace(exchange.connection.dns, age_seconds=59)
    connection = replace(exchange.connection, dns=later)
    _data, first = build(exchange)
    _data, second = build(replace(exchange, connection=connection))
    assert first.dns == second.dns


@pytest.mark.parametrize("origin", ["literal", "hosts", "connect_to"])
def test_no_answer_record_where_no_server_was_asked(
    build: Build, make_exchange: Make, origin: str
) -> None:
    exchange = make_exchange()
    assert exchange.connection is not None
    assert exchange.connection.dns is not None
    dns = replace(exchange.connection.dns, origin=origin, answer=None)
    connection = replace(exchange.connection, dns=dns)
    data, draft = build(replace(exchange, connection=connection))
    assert draft.dns is None
    assert _metadata(data)["connection"]["dns"]["record"] is None
    assert _metadata(data)["connection"]["dns"]["origin"] == origin


def test_payload_digest_stands_only_where_the_block_gives_it_again(
    build: Build, make_exchange: Make
) -> None:
    claimed = Digest.of(b"what the engine made of it")
    data, draft = build(make_exchange(payload_digest=claimed, payload_bytes=26))
    assert draft.payload_digest is None
    assert _records(data)[0].header.payload_digest is None
    assert _metadata(data)["payload"] == {
        "bytes": 26,
        "disputed": True,
        "sha256": str(claimed),
    }
    assert read_slice_rows(io.BytesIO(data)) == draft.rows


def test_long_body_is_hashed_again_only_where_its_place_is_disputed(
    build: Build, make_exchange: Make
) -> None:
    body = bytes(HASHED_AGAIN_BYTES)
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    data, draft = build(make_exchange(response))
    assert draft.payload_digest == Digest.of(body)
    assert read_slice_rows(io.BytesIO(data)) == draft.rows
    claimed = Digest.of(b"of another place")
    shorter = make_exchange(response, payload_digest=claimed, payload_bytes=1)
    assert build(shorter)[1].payload_digest is None
    framing = replace(make_exchange(response).framing, head_bytes=9)
    elsewhere = make_exchange(response, payload_digest=claimed, framing=framing)
    assert build(elsewhere)[1].payload_digest is None


def test_payload_of_a_chunked_reply_is_without_chunk_framing(
    build: Build, make_exchange: Make
) -> None:
    response = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Encoding: gzip\r\n\r\n4\r\n\x1f\x8b\x08\x00\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    data, draft = build(make_exchange(response))
    assert draft.payload_digest == Digest.of(b"\x1f\x8b\x08\x00abc")
    assert _records(data)[0].kept == response
    assert read_slice_rows(io.BytesIO(data)) == draft.rows


def test_changed_spool_is_never_stated(build: Build, make_exchange: Make) -> None:
    exchange = make_exchange()
    changed = exchange.response.open().read().replace(b"Voted", b"v0ted")
    with pytest.raises(DigestMismatch, match="capture it again"):
        build(replace(exchange, response=MemoryBytes(changed)))
    with pytest.raises(DigestMismatch):
        build(replace(exchange, response=_Lying(changed)))


class _Lying(MemoryBytes):
    """Says that it is longer than it is."""

    @property
    def length_bytes(self) -> int:
        return len(self.data) + 1


@pytest.mark.parametrize("uri", ["https://h/\r\nX: 1", "https://h/\x00", "https://h/ä"])
def test_address_with_control_bytes_is_refused(
    build: Build, make_exchange: Make, uri: str
) -> None:
    with pytest.raises(MalformedRecord):
        build(make_exchange(target_uri=uri, connection=None))


def test_writing_the_same_twice_gives_the_same_bytes(
    build: Build, make_exchange: Make
) -> None:
    assert build(make_exchange()) == build(make_exchange())


def test_stored_slices_do_not_depend_on_the_compressor(
    make_exchange: Make,
    make_material: Callable[..., SliceMaterial],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for _ in range(2):
        out = io.BytesIO()
        material = replace(make_material(), effort=Effort.STORED)
        build_slice(make_exchange(), out, material=material)
        made.append(out.getvalue())
        monkeypatch.setattr("archive.warc.member._isal", None)
    assert made[0] == made[1]


def test_resource_slice_holds_its_records_in_order(
    make_material: Callable[..., SliceMaterial],
) -> None:
    moment = datetime(2025, 1, 26, 9, tzinfo=UTC)
    blocks = [
        ResourceBlock(
            type="resource",
            target_uri="urn:view:https://outlet.example/",
            content_type="image/png",
            block=MemoryBytes(b"\x89PNG"),
        ),
        ResourceBlock(
            type="metadata",
            target_uri="urn:pageinfo:https://outlet.example/",
            content_type="application/json",
            block=MemoryBytes(b"{}"),
        ),
    ]
    out = io.BytesIO()
    draft = build_resource_slice(
        blocks, out, material=make_material(), warc_date=moment
    )
    assert read_slice_rows(io.BytesIO(out.getvalue())) == draft.rows
    assert [record.kept for record in _records(out.getvalue())] == [b"\x89PNG", b"{}"]
    assert (draft.chain, draft.dns, draft.block_digest, draft.http_status) == (
        None,
    ) * 4


def test_warcinfo_slice_and_empty_slice(
    make_material: Callable[..., SliceMaterial],
) -> None:
    moment = datetime(2025, 1, 26, 9, tzinfo=UTC)
    info = ResourceBlock(
        type="warcinfo",
        target_uri=None,
        content_type="application/warc-fields",
        block=MemoryBytes(b"format: WARC File Format 1.1\r\n"),
    )
    out = io.BytesIO()
    build_resource_slice([info], out, material=make_material(), warc_date=moment)
    (record,) = _records(out.getvalue())
    assert record.header.type == "warcinfo"
    nothing = io.BytesIO()
    draft = build_resource_slice(
        [], nothing, material=make_material(), warc_date=moment
    )
    assert (draft.capture_id, draft.members) == (Digest.of(b"").hex, 0)
    assert (draft.first_record_id, draft.rows) == (None, ())


def test_member_headers_name_neither_time_nor_system(
    build: Build, make_exchange: Make
) -> None:
    data, draft = build(make_exchange())
    for row in draft.rows:
        header = data[row.offset : row.offset + 10]
        assert header == bytes.fromhex("1f8b08000000000000ff")


class _Zeros:
    """A body of many zeros that is never in memory whole."""

    def __init__(self, head: bytes, length: int) -> None:
        self._head = head
        self.length_bytes = len(head) + length

    def open(self) -> BinaryIO:
        return _ZeroStream(self._head, self.length_bytes)

    def close(self) -> None:
        pass


class _ZeroStream(io.BytesIO):
    def __init__(self, head: bytes, length: int) -> None:
        super().__init__(head)
        self._left = length

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        size = min(size, self._left)
        self._left -= size
        return super().read(size).ljust(size, b"\0")


class _Sink(io.BytesIO):
    """Counts what is written and forgets it."""

    def write(self, data: Any, /) -> int:
        return len(data)


@pytest.mark.parametrize(
    "length", [50_000_000, pytest.param(500_000_000, marks=pytest.mark.slow)]
)
def test_large_body_is_written_in_bounded_memory(
    make_exchange: Make, make_material: Callable[..., SliceMaterial], length: int
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    source = _Zeros(head, length)
    with source.open() as stream:
        wire = Digest.of_stream(stream)
    decoder, payload = EntityDecoder(), Digest.of_chunks
    with source.open() as stream:
        pieces = iter(lambda: stream.read(1 << 20), b"")
        body = payload(part for piece in pieces for part in decoder.feed(piece))
    exchange = make_exchange(response=head, http_status=200)
    exchange = replace(exchange, response=source, wire_digest=wire, payload_digest=body)
    tracemalloc.start()
    try:
        draft = build_slice(exchange, _Sink(), material=make_material())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert draft.payload_digest == body
    assert peak < 16_000_000
