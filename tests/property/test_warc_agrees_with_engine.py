"""Engine and archive, written apart, find the same entity body in the same bytes.

If they did not, a capture would go without its payload digest.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.warc.entity import EntityDecoder, decode_entity
from crawlers.engine.framing import ResponseFramer
from tests.support.judging.examples import examples

STATUS = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.0 404 Not Found",
    b"HTTP/1.1 999",
    b"HTTP/1.1 101 Switching",
    b"HTTP/2 200",
    b"http/1.1\t200  ok",
    b"ICY 200 OK",
    b"\r\n\nHTTP/1.1 200 OK",
]
FIELDS = [
    *(
        b"Content-Length: " + value
        for value in (b"5", b"0", b"5, 5", b"05", b"5,", b"")
    ),
    *(
        b"Content-Length: " + value
        for value in (b"+5", b"-5", b"x", b"6", b"5 ", b"5\0")
    ),
    b"Content-Length: 99999999999999999999",
    b"Content-Length : 5",
    *(
        b"Transfer-Encoding: " + value
        for value in (b"chunked", b"CHUNKED ", b"gzip", b"")
    ),
    *(b"Transfer-Encoding: " + value for value in (b"gzip, chunked", b"chunked, gzip")),
    *(b"Transfer-Encoding: " + value for value in (b"identity", b"chunked;q=1", b"x,")),
    b"A: b",
    b" folded",
    b"no colon",
]
BODIES = [
    *(
        size + b"\r\nhello\r\n"
        for size in (b"5", b"05", b" 5\t", b"5;x=y", b"5 x", b"0x5")
    ),
    *(b"5" + end + b"hello" + end for end in (b"\n", b"\r", b"\r\r\n", b"\r\n")),
    b"0" * 40 + b"5\r\nhello\r\n",
    b"F" * 40 + b"\r\n",
    b"A\r\n0123456789\r\n",
    b"0\r\n\r\n",
    b"0\r\nTrailer: x\r\n\r\n",
    b"0\r\n\r\r\n",
    b"5\r\nhel",
    b"5\r\nhelloX",
    b"z\r\n",
    b"\r\n",
    b"more",
]


@settings(max_examples=examples(5000), deadline=None)
@given(
    st.sampled_from(STATUS),
    st.sampled_from([b"\r\n", b"\n"]),
    st.lists(st.sampled_from(FIELDS), max_size=4),
    st.lists(st.sampled_from(BODIES), max_size=5),
)
def test_entity_body_is_the_same(
    status: bytes, end: bytes, fields: list[bytes], bodies: list[bytes]
) -> None:
    wire = end.join([status, *fields, b"", b""]) + b"".join(bodies)
    payload = bytearray()
    framer = ResponseFramer(
        "GET",
        limit_bytes=1 << 30,
        on_payload=payload.extend,
        on_head=lambda _head: None,
    )
    taken = framer.feed(wire)
    framer.close(clean=True)
    decoder = EntityDecoder()
    body = b"".join(decoder.feed(wire[:taken]))
    assert framer.head is not None
    assert decoder.head is not None
    whole = decode_entity(wire[:taken], limit_bytes=1 << 20)
    assert (whole.head, whole.body) == (decoder.head, body)
    assert whole.problem == decoder.problem
    assert decoder.head.status == framer.head.status
    assert decoder.head.length_bytes == framer.facts().head_bytes
    if framer.has_payload:
        assert body == payload
