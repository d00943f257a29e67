"""What Scrapy is handed of a captured response, whatever its head holds."""

import time
from types import SimpleNamespace
from typing import cast

import pytest
from scrapy.http import Request

from archive.capture import CaptureOutcome
from archive.warc.head import CODINGS_LIMIT, parse_http_head
from crawlers.crawl.capturing.recorder import Recorded
from crawlers.crawl.seam.response import BODY_ELSEWHERE, make_response, read_headers


def recorded(head: bytes, body: bytes) -> Recorded:
    exchange = SimpleNamespace(
        flags=(), outcome=CaptureOutcome.COMPLETE, http_status=200, connection=None
    )
    made = SimpleNamespace(exchange=exchange, head=parse_http_head(head), body=body)
    return cast("Recorded", made)


def test_headers_are_kept_in_their_order_under_one_spelling() -> None:
    head = b"HTTP/1.1 200 OK\r\nx-a: 1\r\nB: 2\r\nX-A: 3\r\nx-A: \xff\r\n\r\n"
    headers = read_headers(parse_http_head(head))
    assert list(headers.items()) == [(b"X-A", [b"1", b"3", b"\xff"]), (b"B", [b"2"])]
    assert dict(read_headers(None)) == {}


def test_a_head_of_200_000_lines_is_read_in_a_moment() -> None:
    """One by one it was half an hour, in which nothing else was captured."""
    parsed = parse_http_head(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 200_000 + b"\r\n")
    before = time.process_time()
    assert len(read_headers(parsed).getlist("a")) == 200_000
    assert time.process_time() - before < 20, "on any machine"


@pytest.mark.parametrize("line", [b"Content-Encoding: gzip\r\n", b""])
def test_more_codings_than_we_undo_are_not_undone_by_scrapy(line: bytes) -> None:
    one = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b"gzip, " * (CODINGS_LIMIT - 1)
    request = Request("http://a.example/")
    fit = make_response(recorded(one + b"gzip\r\n\r\n", b"body"), request)
    assert fit.body == b"body"
    assert b"Content-Encoding" in fit.headers
    over = b"gzip\r\n" + line + b"\r\n" if line else b"gzip,gzip\r\n\r\n"
    response = make_response(recorded(one + over, b"body"), request)
    assert response.body == b""
    assert BODY_ELSEWHERE in response.flags
    assert b"Content-Encoding" not in response.headers
