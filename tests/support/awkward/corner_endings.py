"""Interim heads, odd hops, broken content codings and ends of connections."""

import gzip

import brotli
import zstandard

from archive.capture import CaptureOutcome as O
from tests.support.awkward.case import (
    CHUNKED,
    GZIPPED,
    HELLO,
    LATIN1,
    LEN5,
    NOISE,
    OK,
    UNKNOWN,
    Case,
    body,
    coded,
    head,
    reply,
)
from tests.support.awkward.lengths import PLAIN, RAW_DEFLATE

FRAMED = reply(OK, b"hello")
HOP = b"HTTP/1.1 302 F\r\n"


def zstd_frame(window_log: int) -> bytes:
    options = zstandard.ZstdCompressionParameters(window_log=window_log)
    return zstandard.ZstdCompressor(compression_params=options).compress(NOISE)


ENDINGS_BEYOND = [
    # interim heads
    Case("interim without a reason", (b"HTTP/1.1 100\r\n\r\n" + HELLO,)),
    Case("interim of http/1.0", (b"HTTP/1.0 100 C\r\n\r\n" + HELLO,)),
    Case(
        "interim behind blank lines",
        (b"\r\n\r\nHTTP/1.1 100 C\r\n\r\n\r\n" + HELLO,),
        flags=("blank-before-status",),
    ),
    Case(
        "interim with chunks announced",
        (b"HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n" + HELLO,),
    ),
    Case(
        "interim that says close",
        (b"HTTP/1.1 102 P\r\nConnection: close\r\n\r\n" + HELLO,),
    ),
    Case(
        "interim folded", (b"HTTP/1.1 103 E\r\nLink: <a>\r\n ; rel=x\r\n\r\n" + HELLO,)
    ),
    Case(
        "early hints, then a hop",
        (b"HTTP/1.1 103 E\r\nLocation: /c\r\n\r\n" + reply(HOP + b"Location: /b\r\n"),),
        status=302,
    ),
    head(
        "interim, then noise",
        b"HTTP/1.1 100 C\r\n\r\n\x00\x01\x02hello",
        outcome=O.NOT_HTTP,
        status=None,
    ),
    head(
        "101 with a length",
        b"HTTP/1.1 101 S\r\n" + LEN5 + b"\r\nhello",
        status=101,
        flags=("switching-protocols", "surplus"),
    ),
    # hops
    *(
        Case(
            f"location {where!r}",
            (reply(HOP + b"Location: " + where + b"\r\n", b"go"),),
            status=302,
        )
        for where in (
            b"",
            b"#top",
            b"?q",
            b"//",
            b"///x",
            b"//[::1",
            b"http://",
            b"http:///x",
            b"http:/b",
            b"http:b",
            b"HTTP://a.example:99999/",
            b"http://a.example:x/",
            b"http://user:pass@a.example/",
            b"\xd0\x94\xd0\xb0",
            LATIN1,
            b"/a b",
            b"/a\tb",
            b"/\x00",
            b"javascript:alert(1)",
            b"data:text/html,x",
            b"mailto:a@b",
            b"\\\\a.example\\b",
            b"/%zz",
            b"/" + b"a" * 9_000,
            b"http://2130706433/",
            b"http://a..b/",
            b"http://0x7f.1/",
            b"http://[fe80::1%25eth0]/",
            b"ftp://a/",
            b"..",
            b"/" + b"../" * 999,
        )
    ),
    Case("hop without location", (reply(HOP, b"go"),), status=302),
    Case("refresh header", (reply(OK + b"Refresh: 0; url=/b\r\n", b"go"),)),
    # content codings, never touched
    coded("gzip cut in the header", b"gzip", GZIPPED[:5]),
    coded("gzip cut in the data", b"gzip", GZIPPED[:-12]),
    coded("gzip cut in the checksum", b"gzip", GZIPPED[:-3]),
    coded("gzip member and half a one", b"gzip", GZIPPED + GZIPPED[:15]),
    coded(
        "gzip with a name and a comment",
        b"gzip",
        b"\x1f\x8b\x08\x1c"
        + bytes(6)
        + b"\x02\x00ab"
        + b"n\x00c\x00"
        + RAW_DEFLATE
        + GZIPPED[-8:],
    ),
    coded("gzip with reserved flags", b"gzip", b"\x1f\x8b\x08\xe0" + GZIPPED[4:]),
    coded("200 members of nothing", b"gzip", gzip.compress(b"", mtime=0) * 200),
    coded("coding of identity", b"identity", PLAIN),
    coded("gzip, identity", b"gzip, identity", GZIPPED),
    coded("nine codings", b"gzip, " * 8 + b"gzip", GZIPPED),
    coded("empty coding of content", b"", PLAIN),
    coded("gzip;q=1", b"gzip;q=1", GZIPPED),
    coded("br cut at once", b"br", brotli.compress(PLAIN)[:1]),
    coded("br with bytes behind", b"br", brotli.compress(PLAIN) + b"more"),
    coded("br of noise", b"br", NOISE[:999]),
    coded("two zstd frames", b"zstd", zstandard.compress(PLAIN) * 2),
    coded(
        "zstd skippable frame",
        b"zstd",
        b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard.compress(PLAIN),
    ),
    coded("zstd window of 8 MiB", b"zstd", zstd_frame(23)),
    coded("zstd window of 128 MiB", b"zstd", zstd_frame(27)),
    coded("zstd window of terabytes", b"zstd", b"\x28\xb5\x2f\xfd\x00\xff" + bytes(9)),
    coded(
        "deflate with a dictionary",
        b"deflate",
        b"\x78\xbb\x00\x00\x00\x01" + RAW_DEFLATE,
    ),
    body(
        "coding named twice",
        b"Content-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: %d"
        % len(GZIPPED),
        GZIPPED,
    ),
    # connection
    Case("reset with the last byte", (FRAMED, "reset")),
    Case(
        "half close in the chunks", (CHUNKED + b"5\r\nhe", "half-close"), O.DISCONNECT
    ),
    Case("body held back", (OK + LEN5 + b"\r\n", 0.3, b"hello")),
    Case(
        "status line held back",
        (
            b"HTTP/1.1 200",
            0.2,
            b" OK\r\nContent-Length: 5\r",
            0.1,
            b"\n\r",
            0.1,
            b"\nhello",
        ),
    ),
    head("three replies, one cut", HELLO + HELLO + HELLO[:20], flags=("surplus",)),
    head(
        "206 in parts",
        b'HTTP/1.1 206 P\r\nContent-Type: multipart/byteranges; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nx\r\n--b--\r\n",
        status=206,
        flags=UNKNOWN,
    ),
    *(
        Case(
            f"status {code}", (reply(b"HTTP/1.1 %d X\r\n" % code, b"no"),), status=code
        )
        for code in (
            201,
            202,
            203,
            207,
            208,
            226,
            301 + 5,
            402,
            405,
            407,
            408,
            418,
            421,
            425,
            431,
            505,
            520,
            599,
            700,
        )
    ),
]
