"""HTTP heads as servers send them."""

import time

import pytest

from archive.warc.head import HEAD_LIMIT_BYTES, parse_http_head


@pytest.mark.parametrize(
    ("line", "version", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", b"HTTP/1.1", 200, b"OK"),
        (b"HTTP/1.0 404", b"HTTP/1.0", 404, b""),
        (b"HTTP/1.1 999 No  way ", b"HTTP/1.1", 999, b"No  way "),
        (b"HTTP/1.1  200\tOK", b"HTTP/1.1", 200, b"OK"),
        (b"HTTP/1.1 200OK", b"", None, b""),
        (b"HTTP 200 OK", b"", None, b""),
        (b"HTTP/2 200", b"HTTP/2", 200, b""),
        (b"ICY 200 OK", b"ICY", 200, b"OK"),
        (b"http/1.1 200 ok", b"http/1.1", 200, b"ok"),
        (b"HTTP/1.1 200 \xd0\x9e\xd0\x9a", b"HTTP/1.1", 200, b"\xd0\x9e\xd0\x9a"),
        (b"HTTP/1.1 20 OK", b"", None, b""),
        (b"HTTP/1.1 2000 OK", b"", None, b""),
        (b"HTTP/1.1 two hundred", b"", None, b""),
        (b"<html>", b"", None, b""),
        (b"SSH-2.0-x", b"", None, b""),
    ],
)
def test_status_lines(
    line: bytes, version: bytes, status: int | None, reason: bytes
) -> None:
    head = parse_http_head(line + b"\r\nA: b\r\n\r\nbody")
    assert (head.version, head.status, head.reason) == (version, status, reason)
    assert head.odd_lines == (() if status else (line,))
    assert head.headers == ((b"A", b"b"),)
    assert head.length_bytes == len(line) + 10


def test_line_feeds_alone_end_lines() -> None:
    head = parse_http_head(b"HTTP/1.1 200 OK\nA: 1\nB: 2\n\nbody\n\n")
    assert head.headers == ((b"A", b"1"), (b"B", b"2"))
    assert head.length_bytes == 27


def test_blank_lines_may_come_first() -> None:
    head = parse_http_head(b"\r\n\nHTTP/1.1 204 None\r\n\r\n")
    assert (head.status, head.length_bytes, head.complete) == (204, 24, True)


def test_odd_lines_are_kept() -> None:
    head = parse_http_head(
        b"HTTP/1.1 200 OK\r\nno colon here\r\nSet-Cookie: a\r\nset-cookie: b\r\n"
        b"X-Long: one\r\n\t two\r\nSpace : v\r\n:empty name\r\nE:\r\n"
        b"Nul: a\x00b\r\nodd\r\n folded\r\n\r\n"
    )
    assert head.odd_lines == (b"no colon here", b"odd folded")
    assert head.find_all("Set-Cookie") == (b"a", b"b")
    assert head.find("x-long") == b"one two"
    assert head.find("Space") == b"v"
    assert head.find("E") == b""
    assert head.find("Nul") == b"a\x00b"
    assert (b"", b"empty name") in head.headers
    assert head.find("Absent") is None


def test_a_whole_head_of_continuation_lines_is_read_in_a_moment() -> None:
    opening, fold = b"HTTP/1.1 200 OK\nX: a \n", b" b \n \n"
    folds = (HEAD_LIMIT_BYTES - len(opening)) // len(fold)
    began = time.process_time()
    head = parse_http_head(opening + fold * folds + b"\n")
    assert time.process_time() - began < 3
    assert head.headers == ((b"X", b"a" + b" b" * folds),)


def test_cut_head_says_so() -> None:
    head = parse_http_head(b"HTTP/1.1 200 OK\r\nContent-Ty")
    assert (head.complete, head.status, head.odd_lines) == (
        False,
        200,
        (b"Content-Ty",),
    )
    nothing = parse_http_head(b"")
    assert (nothing.complete, nothing.status, nothing.length_bytes) == (False, None, 0)


@pytest.mark.parametrize(
    ("value", "media_type", "charset"),
    [
        (b"text/html; charset=UTF-8", "text/html", "utf-8"),
        (b'Text/HTML;charset="windows-1251"', "text/html", "windows-1251"),
        (b"text/html;v=1; charset = koi8-r ;x", "text/html", "koi8-r"),
        (b"application/rss+xml", "application/rss+xml", None),
        (b"html", None, None),
        (b"; charset=utf-8", None, "utf-8"),
        (b"text/ht\xffml", None, None),
        (b"", None, None),
    ],
)
def test_media_types(value: bytes, media_type: str | None, charset: str | None) -> None:
    head = parse_http_head(b"HTTP/1.1 200 OK\r\nContent-Type: " + value + b"\r\n\r\n")
    assert (head.media_type, head.charset) == (media_type, charset)


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        (b"Content-Length: 5", 5),
        (b"Content-Length: 5\r\nContent-Length: 5", 5),
        (b"Content-Length: 5, 5", 5),
        (b"Content-Length: 5, 05", 5),
        (b"Content-Length: 5\r\nContent-Length: 6", None),
        (b"Content-Length: +5", None),
        (b"Content-Length: -5", None),
        (b"Content-Length: five", None),
        (b"Content-Length: 5 5", None),
        (b"Content-Length:", None),
        (b"Content-Length: 5,", 5),
        (b"Content-Length: 5\r\nContent-Length:", 5),
        (b"Content-Length: 5\r\n 0", None),
        (b"Content-Length: " + b"0" * 5000 + b"7", 7),
        (b"Content-Length: " + b"9" * 5000, 1 << 53),
        (b"Content-Length: 5\x00", None),
        (b"Content-Length: \xb2", None),
        (b"X: y", None),
    ],
)
def test_content_length_is_one_number_or_none(lines: bytes, length: int | None) -> None:
    head = parse_http_head(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\n")
    assert head.content_length == length


def test_codings_stand_in_the_order_they_were_applied() -> None:
    head = parse_http_head(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: GZIP, chunked\r\n"
        b"Content-Encoding: identity, deflate\r\nContent-Encoding: br\r\n\r\n"
    )
    assert head.transfer_codings == ("gzip", "chunked")
    assert head.content_encoding == "deflate, br, gzip"
    assert parse_http_head(b"HTTP/1.1 200 OK\r\n\r\n").content_encoding is None
