"""Headers written in one go: those of the table of fields, and nothing gets in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import MalformedRecord
from archive.warc import headerlines
from archive.warc.headerlines import format_record_header
from archive.warc.record import Record, RecordHeader, format_header

BLOCK = MemoryBytes(b"block")
UUID = "urn:uuid:00000000-0000-4000-8000-00000000000"
MOMENT = datetime(2025, 1, 26, 8, 0, 0, 123456, tzinfo=UTC)
ADDRESS = "https://outlet.example/news"
RESPONSE = Record(
    type="response",
    record_id=f"{UUID}1",
    date=MOMENT,
    target_uri=ADDRESS,
    content_type="application/http; msgtype=response",
    block=BLOCK,
    block_digest=BLOCK.digest,
    payload_digest=Digest.of(b"payload"),
    ip_address="2001:db8::7",
    protocols=("http/1.1", "tls/1.3"),
    cipher_suite="TLS_AES_256_GCM_SHA384",
    truncated="disconnect",
)
BARE: dict[str, Any] = {
    "payload_digest": None,
    "ip_address": None,
    "protocols": (),
    "cipher_suite": None,
    "truncated": None,
}
GOOD = {
    "whole response": RESPONSE,
    "bare response": replace(RESPONSE, **BARE),
    "request": replace(
        RESPONSE,
        type="request",
        payload_digest=None,
        truncated=None,
        concurrent_to=f"{UUID}2",
    ),
    "revisit": replace(
        RESPONSE,
        type="revisit",
        refers_to=f"{UUID}3",
        refers_to_target_uri=ADDRESS,
        refers_to_date=MOMENT,
        profile="http://netpreserve.org/warc/1.1/revisit/server-not-modified",
    ),
    "metadata": replace(RESPONSE, type="metadata", refers_to=f"{UUID}4", **BARE),
    "warcinfo": replace(RESPONSE, type="warcinfo", target_uri=None, **BARE),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_header_is_written_as_its_fields_are(name: str) -> None:
    record = GOOD[name]
    assert format_record_header(record) == format_header(record.header)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_header_is_not_taken_apart(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_apart(_header: RecordHeader) -> bytes:
        raise AssertionError("made field by field")

    monkeypatch.setattr(headerlines, "format_header", take_apart)
    assert format_record_header(GOOD[name]).startswith(b"WARC/1.1\r\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "conversion"},
        {"type": "request"},
        {"type": "warcinfo"},
        {"target_uri": None},
        {"target_uri": ""},
        {"target_uri": f"{ADDRESS}\r\nWARC-Concurrent-To: <{UUID}9>"},
        {
            "target_uri": f"{ADDRESS}\r\nWARC-IP-Address: 203.0.113.9",
            "ip_address": None,
        },
        {"content_type": "text/html\r\nContent-Length: 5\r\n\r\n"},
        {"content_type": "text/html "},
        {"record_id": "urn:uuid:1"},
        {"ip_address": "203.0.113.700"},
        {"protocols": ("http/1.1", "http/1.1")},
        {"protocols": ("http/1.1\r\nWARC-Protocol: tls/1.3",)},
        {"cipher_suite": "tls"},
        {"truncated": "tired"},
        {"profile": "http://netpreserve.org/"},
        {"refers_to": f"{UUID}3"},
    ],
)
def test_what_a_field_forbids_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecord):
        format_record_header(replace(RESPONSE, **changes))
