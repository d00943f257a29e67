"""What the writer hands back once a statement is on disk: captures by their place."""

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.store.drafts import Draft, PageDraft
from archive.store.ledger import Committed
from archive.warc.slice import SliceDraft


def captured(exchange: Exchange, draft: Draft, committed: Committed) -> Capture:
    """The capture of an exchange."""
    facts = draft.facts
    if facts is None:
        raise AssertionError("an exchange always has a slice")
    return Capture(
        capture_id=facts.capture_id,
        kind="capture",
        leaf=committed.leaf,
        target_uri=exchange.target_uri,
        captured_at=exchange.started_at,
        outcome=exchange.outcome,
        http_status=exchange.http_status,
        media_type=facts.media_type,
        source_id=exchange.context.source_id,
        job_id=exchange.context.job_id,
        payload_digest=facts.payload_digest,
        block_digest=facts.block_digest,
        refers_to=facts.refers_to.capture if facts.refers_to else None,
        role=exchange.context.role,
        override=_override(exchange),
        location=committed.location,
        record_id=_response_id(exchange, facts),
    )


def _response_id(exchange: Exchange, facts: SliceDraft) -> str | None:
    """The response comes first in its slice, where there is one."""
    return facts.first_record_id if exchange.http_status is not None else None


def _override(exchange: Exchange) -> str | None:
    if exchange.connection is None:
        return None
    return exchange.connection.connect_to or exchange.connection.allow_network


def paged(page: PageDraft, draft: Draft, committed: Committed) -> Capture:
    """The page capture over captures that are on disk already."""
    facts = draft.facts
    if facts is None:
        raise AssertionError("a page always has a slice")
    return Capture(
        capture_id=facts.capture_id,
        kind="page",
        leaf=committed.leaf,
        target_uri=page.target_uri,
        captured_at=page.main.captured_at,
        outcome=CaptureOutcome.COMPLETE,
        http_status=None,
        media_type=None,
        source_id=page.source_id,
        job_id=page.job_id,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=committed.location,
    )
