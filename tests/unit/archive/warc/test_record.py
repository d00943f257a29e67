"""Record headers: one form, and every departure from it refused."""

from datetime import UTC, datetime

import pytest

from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import MalformedRecord
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    Record,
    format_header,
    parse_header,
)

DIGEST = str(Digest.of(b"block"))
HEADER = (
    "WARC/1.1\r\n"
    "WARC-Type: response\r\n"
    "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
    "WARC-Date: 2025-01-26T08:00:00.123456Z\r\n"
    "WARC-Target-URI: https://outlet.example/news\r\n"
    "WARC-IP-Address: 203.0.113.7\r\n"
    "WARC-Protocol: http/1.1\r\n"
    "WARC-Protocol: tls/1.3\r\n"
    "WARC-Cipher-Suite: TLS_AES_256_GCM_SHA384\r\n"
    "WARC-Truncated: disconnect\r\n"
    f"WARC-Block-Digest: {DIGEST}\r\n"
    f"WARC-Payload-Digest: {DIGEST}\r\n"
    "Content-Type: application/http; msgtype=response\r\n"
    "Content-Length: 5\r\n"
    "\r\n"
)


def test_record_is_written_in_the_documented_order() -> None:
    record = Record(
        type="response",
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        date=datetime(2025, 1, 26, 8, 0, 0, 123456, tzinfo=UTC),
        target_uri="https://outlet.example/news",
        content_type="application/http; msgtype=response",
        block=MemoryBytes(b"block"),
        block_digest=Digest.of(b"block"),
        payload_digest=Digest.of(b"block"),
        ip_address="203.0.113.7",
        protocols=("http/1.1", "tls/1.3"),
        cipher_suite="TLS_AES_256_GCM_SHA384",
        truncated="disconnect",
    )
    assert format_header(record.header) == HEADER.encode()


def test_header_reads_back_what_was_written() -> None:
    header = parse_header(HEADER.encode())
    assert format_header(header) == HEADER.encode()
    assert header.type == "response"
    assert header.record_id == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert header.date == "2025-01-26T08:00:00.123456Z"
    assert header.target_uri == "https://outlet.example/news"
    assert header.content_length == 5
    assert header.block_digest == header.payload_digest == Digest.of(b"block")
    assert header.find_all("WARC-Protocol") == ("http/1.1", "tls/1.3")
    assert header.find("WARC-Refers-To") is None


@pytest.mark.parametrize(
    "name",
    [
        "WARC-Type",
        "WARC-Record-ID",
        "WARC-Date",
        "WARC-Target-URI",
        "WARC-Block-Digest",
        "Content-Type",
        "Content-Length",
    ],
)
def test_missing_field_is_refused(name: str) -> None:
    lines = [line for line in HEADER.split("\r\n") if not line.startswith(name + ":")]
    with pytest.raises(MalformedRecord, match=name):
        parse_header("\r\n".join(lines).encode())


@pytest.mark.parametrize("line", HEADER.split("\r\n")[1:-2])
def test_repeated_line_is_refused(line: str) -> None:
    repeated = HEADER.replace(line, f"{line}\r\n{line}")
    with pytest.raises(MalformedRecord, match="twice"):
        parse_header(repeated.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WARC/1.1", "WARC/1.0"),
        ("WARC/1.1\r\n", "WARC/1.1\n"),
        ("\r\n\r\n", "\r\n"),
        ("WARC-Type: response", "warc-type: response"),
        ("WARC-Type: response", "WARC-Type:response"),
        ("WARC-Type: response", "WARC-Type:  response"),
        ("WARC-Type: response", "WARC-Type: response "),
        ("WARC-Type: response", "WARC-Type: conversion"),
        ("WARC-Type: response", "WARC-Type: request"),
        ("WARC-Type: response", "WARC-Type: warcinfo"),
        ("WARC-Type: response", "WARC-Type: response\r\nX-Collector: me"),
        ("000000000001>", "00000000000A>"),
        ("<urn:uuid:", "urn:uuid:"),
        (".123456Z", "Z"),
        (".123456Z", ".123456+00:00"),
        ("2025-01-26", "2025-02-30"),
        ("/news", "/new s"),
        ("/news", "/news\x00"),
        ("/news", "/news\x7f"),
        ("/news", "/news\r"),
        ("/news", "/news\n"),
        ("/news", "/news\r\n folded"),
        ("/news", "/новости"),
        ("https://outlet.example/news", "<https://outlet.example/news>"),
        ("203.0.113.7", "203.0.113.700"),
        ("203.0.113.7", "203.0.113.07"),
        ("sha256:", "sha1:"),
        ("sha256:", "SHA256:"),
        ("Content-Length: 5", "Content-Length: 05"),
        ("Content-Length: 5", "Content-Length: +5"),
        ("Content-Length: 5", "Content-Length: -5"),
        ("Content-Length: 5", "Content-Length: 5_0"),
        ("Content-Length: 5", "Content-Length: ٥"),
        ("Content-Length: 5", "Content-Length: "),
        ("Content-Length: 5", "Content-Length: 1000000000000000"),
        ("disconnect", "lost"),
        ("http/1.1\r\nWARC-Protocol: tls/1.3", "tls/1.3\r\nWARC-Protocol: tls/1.3"),
    ],
)
def test_departure_from_the_form_is_refused(old: str, new: str) -> None:
    assert old in HEADER
    with pytest.raises(MalformedRecord):
        parse_header(HEADER.replace(old, new, 1).encode())


def test_fields_out_of_their_order_are_refused() -> None:
    lines = HEADER.split("\r\n")
    for at in range(1, len(lines) - 3):
        swapped = lines.copy()
        swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
        if lines[at].startswith("WARC-Protocol") and "Protocol" in lines[at + 1]:
            continue
        with pytest.raises(MalformedRecord, match="place"):
            parse_header("\r\n".join(swapped).encode())


def test_overlong_header_is_refused() -> None:
    long = HEADER.replace("/news", "/" + "a" * HEADER_LIMIT_BYTES)
    with pytest.raises(MalformedRecord, match="65536"):
        parse_header(long.encode())


@pytest.mark.parametrize(
    "uri", ["", "https://h/\r\nX: y", "https://h/\x00", "https://h/ü"]
)
def test_address_with_control_bytes_is_never_written(uri: str) -> None:
    record = Record(
        type="metadata",
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        date=datetime(2025, 1, 26, tzinfo=UTC),
        content_type="application/json",
        target_uri=uri,
        block=MemoryBytes(b"{}"),
        block_digest=Digest.of(b"{}"),
    )
    with pytest.raises(MalformedRecord, match="WARC-Target-URI"):
        _ = record.header
