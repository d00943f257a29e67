"""Revisit records: when one is written, and that nothing of the message is lost."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.capture import CaptureOutcome, EarlierCapture, Exchange
from archive.digest import Digest
from archive.errors import MalformedRecord
from archive.warc.reading import read_records
from archive.warc.record import RecordHeader
from archive.warc.revisit import NOT_MODIFIED, SAME_PAYLOAD, check_revisit, is_text
from tests.support.archives.slices import Build

URI = "https://outlet.example/news"
BODY = b"%PDF" + bytes(70_000)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-TYPE: application/pdf\r\nX-Odd:  1\r\n"


def response(body: bytes = BODY, *, head: bytes = HEAD) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def earlier(**changes: Any) -> EarlierCapture:
    made = EarlierCapture(
        capture_id="e" * 64,
        record_id="urn:uuid:11111111-1111-4111-8111-111111111111",
        target_uri=URI,
        captured_at=datetime(2025, 1, 25, tzinfo=UTC),
        payload_digest=Digest.of(BODY),
    )
    return replace(made, **changes)


def records(data: bytes) -> list[Any]:
    found = list(read_records(io.BytesIO(data), keep=lambda _: 1 << 20))
    for record in found:
        record.check_digests()
    return found


def test_the_same_large_payload_is_written_as_its_exact_head(
    make_exchange: Callable[..., Exchange], build: Build
) -> None:
    wire = response()
    data, draft = build(make_exchange(wire, earlier=earlier()))
    revisit = records(data)[0]
    assert revisit.kept == wire[: -len(BODY)]
    assert dict(revisit.header.fields) | {
        "WARC-Type": "revisit",
        "WARC-Refers-To": "<urn:uuid:11111111-1111-4111-8111-111111111111>",
        "WARC-Refers-To-Target-URI": URI,
        "WARC-Refers-To-Date": "2025-01-25T00:00:00.000000Z",
        "WARC-Profile": SAME_PAYLOAD,
        "WARC-Truncated": "length",
        "WARC-Payload-Digest": str(Digest.of(BODY)),
    } == dict(revisit.header.fields)
    assert f'"sha256":"{Digest.of(wire)}"'.encode() in records(data)[-1].kept
    assert draft.refers_to is not None
    assert draft.refers_to.capture == "e" * 64
    assert draft.payload_digest == Digest.of(BODY)
    assert draft.block_digest == Digest.of(revisit.kept)
    assert len(data) < 5_000


def test_not_modified_keeps_the_whole_block(
    make_exchange: Callable[..., Exchange], build: Build
) -> None:
    wire = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\nunasked"
    exchange = make_exchange(wire, payload_digest=None, earlier=earlier())
    data, draft = build(exchange)
    revisit = records(data)[0]
    assert revisit.kept == wire
    assert revisit.header.find("WARC-Profile") == NOT_MODIFIED
    assert revisit.header.find("WARC-Truncated") is None
    assert revisit.header.payload_digest is None
    assert draft.refers_to is not None
    assert draft.refers_to.digest == Digest.of(BODY)


def test_without_a_condition_of_ours_a_304_is_a_response(
    make_exchange: Callable[..., Exchange], build: Build
) -> None:
    data, draft = build(make_exchange(b"HTTP/1.1 304 X\r\n\r\n", payload_digest=None))
    assert records(data)[0].header.type == "response"
    assert draft.refers_to is None


KEPT_WHOLE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "small": (response(b"%PDF"), {"earlier": earlier(payload_digest=Digest.of(b""))}),
    "at-64-KiB": (
        response(bytes(65_536)),
        {"earlier": earlier(payload_digest=Digest.of(bytes(65_536)))},
    ),
    "html": (response(head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), {}),
    "no-type": (response(head=b"HTTP/1.1 200 OK\r\n"), {}),
    "404": (response(head=HEAD.replace(b"200", b"404")), {}),
    "cut": (response(), {"outcome": CaptureOutcome.DISCONNECT}),
    "post": (response(), {"method": "POST"}),
    "other-address": (response(), {"earlier": earlier(target_uri=URI + "/2")}),
    "other-payload": (
        response(),
        {"earlier": earlier(payload_digest=Digest.of(b"other"))},
    ),
}


@pytest.mark.parametrize("name", KEPT_WHOLE)
def test_everything_else_is_kept_in_full(
    make_exchange: Callable[..., Exchange], build: Build, name: str
) -> None:
    wire, changes = KEPT_WHOLE[name]
    data, draft = build(make_exchange(wire, **{"earlier": earlier(), **changes}))
    assert records(data)[0].header.type == "response"
    assert records(data)[0].kept == wire
    assert draft.refers_to is None


def test_a_message_with_surplus_or_trailers_is_kept_in_full(
    make_exchange: Callable[..., Exchange], build: Build
) -> None:
    exchange = make_exchange(response(), earlier=earlier())
    assert exchange.framing is not None
    changes: list[dict[str, Any]] = [{"surplus_bytes": 1}, {"trailer_bytes": 20}]
    for change in changes:
        framing = replace(exchange.framing, **change)
        data, _ = build(replace(exchange, framing=framing))
        assert records(data)[0].header.type == "response"


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("text/css", True),
        ("application/xhtml+xml", True),
        ("image/svg+xml", True),
        ("application/ld+json", True),
        ("application/json", True),
        ("application/xml", True),
        (None, True),
        ("application/pdf", False),
        ("image/jpeg", False),
        ("application/octet-stream", False),
    ],
)
def test_text_is_what_people_read(media_type: str | None, text: bool) -> None:
    assert is_text(media_type) is text


FAULTS = {
    "WARC-Refers-To": None,
    "WARC-Refers-To-Date": "2099-01-01T00:00:00.000000Z",
    "WARC-Refers-To-Target-URI": "https://other.example/",
    "WARC-Profile": NOT_MODIFIED,
    "WARC-Payload-Digest": None,
}


@pytest.mark.parametrize("field", FAULTS)
def test_a_reference_that_is_not_ours_is_refused(
    make_exchange: Callable[..., Exchange], build: Build, field: str
) -> None:
    data, _ = build(make_exchange(response(), earlier=earlier()))
    header = records(data)[0].header
    check_revisit(header, digest=str(Digest.of(BODY)))
    fields = [(n, FAULTS[field] if n == field else v) for n, v in header.fields]
    broken = RecordHeader(tuple((n, v) for n, v in fields if v is not None))
    with pytest.raises(MalformedRecord, match="revisit"):
        check_revisit(broken, digest=str(Digest.of(BODY)))
    with pytest.raises(MalformedRecord, match="revisit"):
        check_revisit(header, digest=str(Digest.of(b"other")))
