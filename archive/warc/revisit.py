"""When a response is written as a revisit of an earlier capture (pure).

Two cases (WARC 1.1, section 6.7, and its annex on revisit profiles): the server
answers 304 to our condition; or the payload is that of an earlier capture of the same
address, large, and no text. Everything else is kept in full.
"""

from typing import Final

from archive.capture import CaptureOutcome, Exchange
from archive.digest import Digest
from archive.errors import MalformedRecord
from archive.warc.head import HttpHead
from archive.warc.record import RecordHeader

NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_PAYLOAD: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
REVISIT_BYTES: Final = 64 * 1024
"""A payload up to this size is kept again: a whole record is worth more than 64 KiB."""
REDUCED: Final = "length"
"""WARC-Truncated of a block without the payload that another record holds."""
EMPTY_TRAILER: Final = 2
"""Bytes of the empty line behind the last chunk."""
RECORD_FIELD: Final = "WARC-Refers-To"
TARGET_URI_FIELD: Final = "WARC-Refers-To-Target-URI"
DATE_FIELD: Final = "WARC-Refers-To-Date"
_TEXT_TYPES: Final = frozenset({"application/json", "application/xml"})
_TEXT_ENDS: Final = ("html", "+json", "+xml", "json-seq", "ndjson")


def find_profile(
    exchange: Exchange, head: HttpHead | None, *, payload: Digest | None
) -> str | None:
    """The profile under which an exchange repeats its `earlier`; None = it does not.

    `payload` is the digest that the block alone gives again.
    """
    earlier = exchange.earlier
    whole = exchange.outcome is CaptureOutcome.COMPLETE and exchange.method == "GET"
    if earlier is None or head is None or not whole:
        return None
    if earlier.target_uri != exchange.target_uri:
        return None
    if head.status == 304:
        return NOT_MODIFIED
    same = payload is not None and payload == earlier.payload_digest
    return SAME_PAYLOAD if same and may_repeat(exchange, head) else None


def may_repeat(exchange: Exchange, head: HttpHead | None) -> bool:
    """Whether it is worth asking for an earlier capture with the same payload."""
    framing = exchange.framing
    if head is None or framing is None or head.status != 200:
        return False
    # Trailers and surplus are not in the payload: such a message is kept whole.
    bare = framing.trailer_bytes <= EMPTY_TRAILER and framing.surplus_bytes == 0
    large = (exchange.payload_bytes or 0) > REVISIT_BYTES
    return bare and large and not is_text(head.media_type)


def is_text(media_type: str | None) -> bool:
    """Whether a payload is HTML, JSON, XML or other text, or does not say."""
    if media_type is None or media_type in _TEXT_TYPES:
        return True
    return media_type.startswith("text/") or media_type.endswith(_TEXT_ENDS)


def check_revisit(header: RecordHeader, *, digest: str) -> None:
    """MalformedRecord unless a revisit record names an earlier capture as we do.

    `digest` is the payload digest of that capture, as the statement names it.
    """
    uri, date = header.find(TARGET_URI_FIELD), header.find(DATE_FIELD)
    if header.find(RECORD_FIELD) is None or uri is None or date is None:
        raise MalformedRecord("a revisit record that does not say of what")
    if uri != header.target_uri:
        raise MalformedRecord("a revisit of a capture of another address")
    if date > header.date:
        raise MalformedRecord("a revisit of a later capture")
    claimed = header.find("WARC-Payload-Digest")
    expected = {NOT_MODIFIED: None, SAME_PAYLOAD: digest}
    profile = header.find("WARC-Profile") or ""
    if profile not in expected or expected[profile] != claimed:
        raise MalformedRecord("a revisit record whose profile and payload disagree")
