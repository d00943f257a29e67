"""What is about to be stated: a slice, and the predicate that is not yet signed.

Each function turns one thing (an exchange, a page, a job) into a `Draft`; the ledger
adds the common fields (`seq`, `prev`, `salt`, `signed`, `slice`) and signs.
"""

import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from archive.attest.keys.keyfolder import StatementSigner
from archive.attest.records.extract import ExtractRun, format_extract
from archive.attest.records.job import (
    JobClosing,
    JobOpening,
    format_job_close,
    format_job_open,
)
from archive.attest.values.canonical import dump_canonical
from archive.attest.values.forms import host_of
from archive.capture import Capture, Exchange, MemoryBytes
from archive.digest import Digest
from archive.instant import format_instant
from archive.warc.slice import (
    CarriedBy,
    RecordRow,
    ResourceBlock,
    SliceDraft,
    SliceMaterial,
    build_resource_slice,
    build_slice,
)

MEMORY_SLICE_BYTES = 4 * 1024 * 1024
"""A slice up to this size is built in memory, a larger one in a file."""
JSON_TYPE = "application/json"
Predicate = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDraft:
    """A page and the captures it is made of, main capture first."""

    target_uri: str
    main: Capture
    captures: tuple[Capture, ...]
    rendering: str
    page_info: Mapping[str, object]
    """Goes into the metadata record: `parts` with their state."""
    job_id: str | None
    source_id: str | None
    resources: tuple[ResourceBlock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One statement to come; `slice` is a stream at its first byte, or None = empty."""

    kind: str
    slice: BinaryIO | None
    facts: SliceDraft | None
    predicate: Predicate
    subjects: tuple[tuple[str, str], ...] = ()
    """Beyond the slice: names and hex digests."""
    signer: StatementSigner | None = None
    """Who signs, where that is not the operator key of the day: `key` statements."""
    salt: str | None = None
    """Of a draft that waited for its key; None: a new one."""


def new_slice_file(folder: Path, *, content_bytes: int | None = None) -> BinaryIO:
    """Make the temporary file a slice is built in; gone when closed.

    `content_bytes`: how much goes into it at most, but for headers; None: not known.
    """
    if content_bytes is not None and content_bytes <= MEMORY_SLICE_BYTES // 2:
        return io.BytesIO()
    out: object = tempfile.SpooledTemporaryFile(  # noqa: SIM115  the caller closes it
        max_size=MEMORY_SLICE_BYTES, dir=str(folder)
    )
    return cast("BinaryIO", out)


def draft_exchange(
    exchange: Exchange,
    out: BinaryIO,
    *,
    material: SliceMaterial,
    not_before: Predicate | None = None,
) -> Draft:
    """Write an exchange's slice into `out` and say what the statement will.

    `not_before`: the newest token that was known when the exchange began.
    """
    facts = build_slice(exchange, out, material=material)
    out.seek(0)
    predicate = _capture_predicate(facts, exchange.target_uri)
    predicate |= {
        "captured_at": format_instant(exchange.started_at),
        "not_before": not_before,
        "job": exchange.context.job_id,
        "source_id": exchange.context.source_id,
        "outcome": str(exchange.outcome),
        "connection": _connection(exchange),
        "chain": _carried(facts.chain),
        "dns": _carried(facts.dns),
        "refers_to": _carried(facts.refers_to),
    }
    subjects: tuple[tuple[str, str], ...] = ()
    if facts.payload_digest is not None:
        subjects = (("payload", facts.payload_digest.hex),)
    return Draft(
        kind="capture",
        slice=out,
        facts=facts,
        predicate=predicate,
        subjects=subjects,
    )


def draft_page(
    page: PageDraft,
    out: BinaryIO,
    *,
    material: SliceMaterial,
    not_before: Predicate | None = None,
) -> Draft:
    """Write a page's slice: its resources, then the page information as metadata."""
    info = dump_canonical(page.page_info)
    block = ResourceBlock(
        type="metadata",
        target_uri=f"urn:pageinfo:{page.target_uri}",
        content_type=JSON_TYPE,
        block=MemoryBytes(info),
    )
    facts = build_resource_slice(
        (*page.resources, block),
        out,
        material=material,
        warc_date=page.main.captured_at,
    )
    out.seek(0)
    predicate = _capture_predicate(facts, page.target_uri)
    predicate |= {
        "captured_at": format_instant(page.main.captured_at),
        "not_before": not_before,
        "job": page.job_id,
        "source_id": page.source_id,
        "outcome": "complete",
        "connection": None,
        "chain": None,
        "dns": None,
        "rendering": page.rendering,
        "main": page.main.capture_id,
        "captures": [used.capture_id for used in page.captures],
    }
    subjects = tuple(
        (f"captures/{used.short_id}/capture.warc.gz", used.capture_id)
        for used in page.captures
    )
    return Draft(
        kind="page", slice=out, facts=facts, predicate=predicate, subjects=subjects
    )


def draft_job_open(
    opening: JobOpening, out: BinaryIO, *, material: SliceMaterial, salts: Sequence[str]
) -> Draft:
    """Write the promise of a job: its salted seeds, before the first fetch."""
    block = ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:job:{opening.job_id}:open",
        content_type=JSON_TYPE,
        block=MemoryBytes(format_job_open(opening, salts=salts)),
    )
    facts = build_resource_slice(
        (block,), out, material=material, warc_date=opening.opened_at
    )
    out.seek(0)
    predicate: Predicate = {
        "job": opening.job_id,
        "source_id": opening.source_id,
        "count": len(opening.seeds),
    }
    return Draft(kind="job-open", slice=out, facts=facts, predicate=predicate)


def draft_job_close(
    closing: JobClosing, out: BinaryIO, *, material: SliceMaterial
) -> Draft:
    """Write how each promised seed of a job ended."""
    block = ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:job:{closing.job_id}:close",
        content_type=JSON_TYPE,
        block=MemoryBytes(format_job_close(closing)),
    )
    facts = build_resource_slice(
        (block,), out, material=material, warc_date=closing.closed_at
    )
    out.seek(0)
    return Draft(
        kind="job-close",
        slice=out,
        facts=facts,
        predicate={"job": closing.job_id, "counts": closing.counts},
    )


def draft_extract(run: ExtractRun, out: BinaryIO, *, material: SliceMaterial) -> Draft:
    """Write which texts a run of the indexer kept."""
    block = ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:extract:{run.run_id}",
        content_type="application/x-ndjson",
        block=MemoryBytes(format_extract(run.lines)),
    )
    facts = build_resource_slice(
        (block,), out, material=material, warc_date=run.finished_at
    )
    out.seek(0)
    predicate: Predicate = {
        "run": run.run_id,
        "extractor": run.extractor,
        "captures": run.captures,
        "texts": run.texts,
    }
    return Draft(kind="extract", slice=out, facts=facts, predicate=predicate)


def _capture_predicate(facts: SliceDraft, target_uri: str) -> Predicate:
    return {
        "target_uri": target_uri,
        "host_alabel": host_of(target_uri),
        "refers_to": None,
        "records": format_rows(facts.rows),
    }


def format_rows(rows: Sequence[RecordRow]) -> list[dict[str, object]]:
    """The record table of a statement."""
    return [_row(row) for row in rows]


def _row(row: RecordRow) -> dict[str, object]:
    return {
        "id": row.id,
        "type": row.type,
        "target_uri": row.target_uri,
        "date": row.date,
        "offset": row.offset,
        "length": row.length,
        "member": str(row.member),
        "record": str(row.record),
        "block": str(row.block),
        "payload": str(row.payload) if row.payload else None,
    }


def _connection(exchange: Exchange) -> dict[str, object] | None:
    facts = exchange.connection
    if facts is None:
        return None
    return {
        "allow_network": facts.allow_network,
        "connect_to": facts.connect_to,
        "peer": facts.peer,
        "tls": str(facts.tls.verdict) if facts.tls else None,
    }


def _carried(carried: CarriedBy | None) -> dict[str, object] | None:
    if carried is None:
        return None
    return {"digest": str(carried.digest), "capture": carried.capture}


def slice_facts(facts: SliceDraft | None) -> tuple[dict[str, object], str]:
    """The `slice` field of a statement, and the hex digest that names the slice."""
    if facts is None:
        empty = Digest.of(b"").hex
        return {
            "sha256": empty,
            "length_bytes": 0,
            "members": 0,
            "first_record_id": None,
        }, empty
    return {
        "sha256": facts.capture_id,
        "length_bytes": facts.length_bytes,
        "members": facts.members,
        "first_record_id": facts.first_record_id,
    }, facts.capture_id
