"""Replies are exactly the bytes their shape says."""

import gzip

import pytest

from crawlers.demo.replies import CHUNK_BYTES, Framing, Shape, build_reply

BODY = bytes(range(256)) * 3


def test_a_plain_reply_names_length_and_charset() -> None:
    reply = build_reply(b"<p>", shape=Shape())
    assert reply.data == (
        b"HTTP/1.1 200 OK\r\nServer: demonstration\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\n\r\n<p>"
    )
    assert not reply.closes


def test_a_chunked_reply_has_several_chunks_and_a_last_one() -> None:
    data = build_reply(BODY, shape=Shape(framing=Framing.CHUNKED)).data
    body = data.partition(b"\r\n\r\n")[2]
    first = b"%x\r\n%s\r\n" % (CHUNK_BYTES, BODY[:CHUNK_BYTES])
    rest = b"%x\r\n%s\r\n" % (len(BODY) - CHUNK_BYTES, BODY[CHUNK_BYTES:])
    assert body == first + rest + b"0\r\n\r\n"


def test_gzip_comes_out_the_same_each_time() -> None:
    replies = {build_reply(BODY, shape=Shape(coding="gzip")).data for _ in range(2)}
    (data,) = replies
    assert gzip.decompress(data.partition(b"\r\n\r\n")[2]) == BODY


def test_a_cut_reply_announces_all_sends_less_and_closes() -> None:
    reply = build_reply(BODY, shape=Shape(cut_bytes=100))
    head, _, body = reply.data.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(BODY)}".encode() in head
    assert body == BODY[:-100]
    assert reply.closes


def test_a_reply_that_ends_with_the_connection_names_no_length() -> None:
    reply = build_reply(BODY, shape=Shape(framing=Framing.CLOSE))
    assert b"Content-Length" not in reply.data
    assert reply.closes


@pytest.mark.parametrize("label", ["", "utf-8"])
def test_pictures_get_no_charset(label: str) -> None:
    data = build_reply(b"", shape=Shape(label=label), media_type="image/png").data
    assert b"Content-Type: image/png\r\n" in data
