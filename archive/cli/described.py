"""The stable JSON forms of captures, as `list` and `show` print them."""

from collections.abc import Mapping
from typing import Any

from archive.capture import Capture
from archive.capture_class import ClassNote
from archive.cli.removing import PUBLIC
from archive.digest import Digest
from archive.errors import EvidenceError
from archive.instant import format_instant
from archive.store.reading.reader import ArchiveReader
from archive.store.reading.recorded import decode_exchange
from archive.store.segments.walk import SegmentEntry
from archive.warc.visitor import LOOKED_AT_BYTES, find_visitor_values


def capture_json(capture: Capture) -> dict[str, object]:
    """The stable JSON form of a capture in lists."""
    return {
        "id": capture.capture_id,
        "short_id": capture.short_id,
        "access": PUBLIC,
        "kind": capture.kind,
        "uri": capture.target_uri,
        "captured_at": format_instant(capture.captured_at),
        "outcome": str(capture.outcome),
        "http_status": capture.http_status,
        "media_type": capture.media_type,
        "source_id": capture.source_id,
        "job": capture.job_id,
        "role": capture.role,
        "leaf": capture.leaf,
        "payload_digest": _text(capture.payload_digest),
        "block_digest": _text(capture.block_digest),
        "refers_to": capture.refers_to,
        "override": capture.override,
        "segment": capture.location.segment,
        "offset": capture.location.offset_bytes,
        "length": capture.location.length_bytes,
    }


def class_json(note: ClassNote | None) -> dict[str, object]:
    """What a capture is, as the crawl judged it; nulls where it was not judged."""
    return {
        "capture_class": note.capture_class if note else None,
        "class_rule": note.rule if note else None,
        "class_found": note.found or None if note else None,
        "key": note.key if note else None,
    }


def attempt_json(reader: ArchiveReader, capture: Capture) -> dict[str, object]:
    """Why an attempt ended as it did, and what in it looks made for one visitor.

    None or nothing where it says nothing, or is damaged.
    """
    try:
        exchange = reader.read_exchange(capture)
        entity = decode_exchange(exchange, limit_bytes=LOOKED_AT_BYTES)
    except EvidenceError:  # the findings say what is wrong
        return {"detail": None, "visitor_values": []}
    found = find_visitor_values(capture.target_uri, exchange.head, entity.data)
    return {
        "detail": exchange.metadata.get("detail") or None,
        "visitor_values": [f"{one.place}:{one.name}" for one in found],
    }


def page_json(reader: ArchiveReader, page: Capture) -> dict[str, object]:
    """What a page is made of; nothing where it is damaged."""
    try:
        view = reader.read_page(page)
    except EvidenceError:  # the findings say what is wrong
        return {"main": None, "artifacts": [], "parts": []}
    return {
        "main": view.main_id,
        "artifacts": [one.name for one in view.artifacts],
        "parts": [
            {
                "kind": part.kind,
                "uri": part.uri,
                "capture": part.capture_id,
                "outcome": part.outcome,
            }
            for part in view.parts
        ],
    }


def _text(digest: Digest | None) -> str | None:
    return str(digest) if digest else None


def received_json(predicate: Mapping[str, Any]) -> dict[str, object]:
    """Of an import: the file it was found in, and when that was received."""
    if "received_at" not in predicate:
        return {}
    file = predicate["file"]
    return {
        "received_at": predicate["received_at"],
        "file": file["name"],
        "file_sha256": file["sha256"],
        "file_bytes": file["length_bytes"],
    }


def records_json(predicate: Mapping[str, Any], entry: SegmentEntry) -> list[Any]:
    """The signed record table; an import has none: then what is there."""
    if "records" in predicate:
        return list(predicate["records"])
    return [
        {
            "id": record.header.record_id,
            "type": record.header.type,
            "target_uri": record.header.target_uri,
            "block": str(record.block),
        }
        for record in entry.records
    ]
