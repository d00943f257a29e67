"""Slices: which records an exchange leaves, and what they say."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.capture import (
    TRUNCATED_REASONS,
    CaptureOutcome,
    Framing,
    InterimHead,
    MemoryBytes,
    Phase,
)
from archive.digest import Digest
from archive.warc.reading import read_slice_rows
from archive.warc.slice import (
    CarriedBy,
    ResourceBlock,
    SliceMaterial,
    build_resource_slice,
)
from tests.support.archives.slices import Build, Make, metadata_of, records_of

CAPTURE = "ab" * 32


def test_slice_holds_response_request_support_and_metadata(
    build: Build, make_exchange: Make
) -> None:
    exchange = make_exchange()
    data, draft = build(exchange)
    response, request, chain, dns, metadata = records_of(data)
    assert response.kept == exchange.response.open().read()
    assert request.kept == exchange.request
    assert exchange.connection is not None
    assert exchange.connection.tls is not None
    assert chain.kept == exchange.connection.tls.chain_pem
    assert [record.header.type for record in records_of(data)] == [
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
    first, *others = records_of(data)
    assert first.header.find("WARC-Concurrent-To") is None
    for record in others:
        assert record.header.find("WARC-Concurrent-To") == f"<{first.header.record_id}>"
        assert record.header.date == first.header.date == "2025-01-26T08:00:00.123456Z"


def test_response_header_says_how_it_came(build: Build, make_exchange: Make) -> None:
    data, _draft = build(make_exchange())
    response, request, *others = (record.header for record in records_of(data))
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
    header = records_of(data)[0].header
    assert header.find("WARC-IP-Address") == address
    assert header.find_all("WARC-Protocol") == ("http/1.1",)
    assert header.find("WARC-Cipher-Suite") is None


@pytest.mark.parametrize("outcome", CaptureOutcome)
def test_truncation_stands_on_the_response_only(
    build: Build, make_exchange: Make, outcome: CaptureOutcome
) -> None:
    data, _draft = build(make_exchange(outcome=outcome))
    response, *others = records_of(data)
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
    assert [record.header.type for record in records_of(data)] == types
    assert (draft.block_digest, draft.payload_digest, draft.media_type) == (None,) * 3
    metadata = metadata_of(data)
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
    resource, metadata = records_of(data)
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
    record = records_of(data)[0]
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
    value = metadata_of(data)
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
    assert "Навіны".encode() in records_of(data)[-1].kept
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
    assert metadata_of(data)["connection"]["override"] is True


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
    chain = metadata_of(data)["connection"]["tls"]["chain"]
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
    assert metadata_of(data)["connection"]["dns"]["record"] is None
    assert metadata_of(data)["connection"]["dns"]["origin"] == origin


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
    assert [record.kept for record in records_of(out.getvalue())] == [b"\x89PNG", b"{}"]
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
    (record,) = records_of(out.getvalue())
    assert record.header.type == "warcinfo"
    nothing = io.BytesIO()
    draft = build_resource_slice(
        [], nothing, material=make_material(), warc_date=moment
    )
    assert (draft.capture_id, draft.members) == (Digest.of(b"").hex, 0)
    assert (draft.first_record_id, draft.rows) == (None, ())
