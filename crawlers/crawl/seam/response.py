"""A recorded attempt as Scrapy's response, and as the `warc` entry of its meta."""

import ipaddress
import re
from functools import lru_cache
from typing import Any

from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.digest import Digest
from archive.instant import format_instant
from archive.warc.head import CODINGS_LIMIT, HttpHead
from crawlers.crawl.capturing.memory import Content
from crawlers.crawl.capturing.recorder import Recorded

BODY_ELSEWHERE = "body_in_warc_only"
"""Flag of a response whose body is too long to be handed to a parser."""

GONE_WITH_CODINGS = ("Content-Encoding", "Transfer-Encoding", "Content-Length")
"""They describe the body as it was on the wire."""
PEERS_KEPT = 1024
"""Addresses kept after reading: every response of a site comes from the same few."""
DECLARED_BYTES = 4096
"""Within so many a body may name its charset."""


def read_headers(head: HttpHead | None) -> Headers:
    """Headers as Scrapy keeps them, made in one go.

    Added one by one, each copies all before it of its name, and a head may hold 200,000
    of them: that would take the crawl half an hour.
    """
    return Headers(head.headers if head else ())


def make_response(recorded: Recorded, request: Request) -> Response:
    """Scrapy's response: transfer-decoded body, headers in order of arrival."""
    exchange, headers = recorded.exchange, read_headers(recorded.head)
    flags, body = list(exchange.flags), recorded.body
    if _count_codings(headers) > CODINGS_LIMIT:
        # Scrapy would undo them all, each over the whole body.
        headers.pop("Content-Encoding", None)
        body = None
    if body is None:
        flags.append(BODY_ELSEWHERE)
    if exchange.outcome is CaptureOutcome.DISCONNECT:
        flags.append("dataloss")
    body = body or b""
    kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
    return _readable(
        kind(
            url=request.url,
            status=exchange.http_status or 0,
            headers=headers,
            body=body,
            flags=flags,
            ip_address=_peer_address(exchange),
            protocol="HTTP/1.1",
        )
    )


def _count_codings(headers: Headers) -> int:
    values = headers.getlist("Content-Encoding")
    return len(values) + sum(value.count(b",") for value in values)


def make_archived(content: Content, request: Request, *, flag: str) -> Response:
    """The response that a capture stands for; codings are undone already."""
    headers = read_headers(content.head)
    for name in GONE_WITH_CODINGS:
        headers.pop(name, None)
    body = content.body or b""
    kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
    flags = [flag] if content.body is not None else [flag, BODY_ELSEWHERE]
    return _readable(
        kind(
            url=request.url,
            status=content.head.status or 0,
            headers=headers,
            body=body,
            flags=flags,
            request=request,
            protocol="HTTP/1.1",
        )
    )


def _readable(made: Response) -> Response:
    """The same; where it names a charset no text can be in, it is read as UTF-8.

    `charset=hex` is a codec to Python, and would end whatever reads the text.
    """
    if not isinstance(made, TextResponse):
        return made
    named = (made.headers.get("Content-Type") or b"") + made.body[:DECLARED_BYTES]
    if not re.search(rb"(?i)charset|encoding", named):
        return made
    try:
        b"a".decode(made.encoding, "replace")  # for b"" Python looks up nothing
    except (LookupError, UnicodeError):
        return made.replace(encoding="utf-8")
    return made


def describe_capture(capture: Capture) -> dict[str, Any]:
    """`meta["warc"]`: which capture this is, where it lies, digests of what came."""
    return {
        "capture_id": capture.capture_id,
        "short_id": capture.short_id,
        "record_id": capture.record_id,
        "segment": capture.location.segment,
        "offset": capture.location.offset_bytes,
        "length": capture.location.length_bytes,
        "captured_at": format_instant(capture.captured_at),
        "outcome": str(capture.outcome),
        "block_digest": _text(capture.block_digest),
        "payload_digest": _text(capture.payload_digest),
    }


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


def _peer_address(
    exchange: Exchange,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    peer = exchange.connection.peer if exchange.connection else None
    if peer is None:
        return None
    return _address_of(peer)


@lru_cache(maxsize=PEERS_KEPT)
def _address_of(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(peer.rpartition(":")[0].strip("[]"))
