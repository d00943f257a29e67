"""Content codings undone within bounds, and nothing lost that could be decoded."""

import gzip
import random
import time
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from archive.warc.codings import MEMBERS_LIMIT
from archive.warc.payload import Problem, decode_payload

TEXT = random.Random(3).randbytes(30_000).hex().encode()


def _raw_deflate(data: bytes) -> bytes:
    press = zlib.compressobj(6, zlib.DEFLATED, -15)
    return press.compress(data) + press.flush()


CODED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip in two members": (
        "X-GZIP",
        gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]),
    ),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "raw deflate": ("deflate", _raw_deflate(TEXT)),
    "br": ("br", brotli.compress(TEXT)),
    "zstd": ("zstd", zstandard.compress(TEXT)),
    "zstd in two frames": (
        "zstd",
        zstandard.compress(TEXT[:99]) + zstandard.compress(TEXT[99:]),
    ),
    "several": ("gzip, br", brotli.compress(gzip.compress(TEXT))),
    "identity": ("identity, gzip", gzip.compress(TEXT)),
}
SINGLE = [name for name in CODED if name != "several"]


@pytest.mark.parametrize("name", CODED)
def test_codings_are_undone(name: str) -> None:
    encoding, data = CODED[name]
    result = decode_payload(data, encoding)
    assert (result.data, result.problem, result.complete) == (TEXT, None, True)


@pytest.mark.parametrize("encoding", [None, "", "identity", " , "])
def test_no_coding_gives_the_body(encoding: str | None) -> None:
    assert decode_payload(TEXT, encoding).data == TEXT
    assert decode_payload(TEXT, encoding, limit_bytes=9).problem is Problem.LIMIT


@pytest.mark.parametrize("name", CODED)
def test_bytes_behind_the_end_do_no_harm(name: str) -> None:
    encoding, data = CODED[name]
    result = decode_payload(data + b"trailing", encoding)
    assert (result.data, result.problem) == (TEXT, Problem.SURPLUS)
    assert result.complete


@pytest.mark.parametrize("name", CODED)
def test_cut_data_gives_what_came_before(name: str) -> None:
    encoding, data = CODED[name]
    result = decode_payload(data[:-40], encoding)
    assert result.problem is Problem.CUT
    assert TEXT.startswith(result.data)
    if "zstd" not in name:  # which decodes whole blocks only
        assert len(result.data) > len(TEXT) - 400


@pytest.mark.parametrize("name", ["gzip", "deflate", "raw deflate", "br", "zstd"])
def test_every_cut_is_named(name: str) -> None:
    encoding, _data = CODED[name]
    small = b"Marya Kalesnikava, Minsk. " * 3
    data = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "raw deflate": _raw_deflate,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }[name](small)
    for cut in range(4, len(data)):
        result = decode_payload(data[:cut], encoding)
        assert result.problem is Problem.CUT
        assert small.startswith(result.data)


def test_corrupt_data_gives_what_came_before() -> None:
    data = bytearray(gzip.compress(b"A" * 1000 + TEXT))
    data[400:404] = b"\xff\xff\xff\xff"
    result = decode_payload(bytes(data), "gzip")
    assert result.problem is Problem.CORRUPT
    assert result.data.startswith(b"A" * 1000)
    broken = bytearray(brotli.compress(TEXT))
    broken[-6:] = b"\xff" * 6
    result = decode_payload(bytes(broken), "br")
    assert result.problem in (Problem.CORRUPT, Problem.CUT)
    assert result.data[:20_000] == TEXT[:20_000]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_mislabelled_body_is_given_as_it_is(encoding: str) -> None:
    page = "<!doctype html><p>Выбары</p>".encode()
    result = decode_payload(page, encoding)
    assert (result.data, result.problem) == (page, Problem.MISLABELLED)
    assert not result.complete


def test_one_coding_declared_twice_is_undone_once() -> None:
    result = decode_payload(gzip.compress(TEXT), "gzip, gzip")
    assert (result.data, result.problem) == (TEXT, Problem.MISLABELLED)


@pytest.mark.parametrize(
    "encoding", ["compress", "gzip, aes128gcm", ",".join(["br"] * 5)]
)
def test_unknown_coding_is_named(encoding: str) -> None:
    result = decode_payload(b"data", encoding)
    assert (result.data, result.problem) == (b"data", Problem.UNKNOWN_CODING)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_empty_body_needs_no_decoding(encoding: str) -> None:
    assert decode_payload(b"", encoding) == decode_payload(b"", None)


@pytest.mark.parametrize("name", CODED)
def test_limit_cuts_exactly(name: str) -> None:
    encoding, data = CODED[name]
    exact = decode_payload(data, encoding, limit_bytes=len(TEXT))
    assert exact.problem is None
    short = decode_payload(data, encoding, limit_bytes=len(TEXT) - 1)
    if name != "several":
        assert (short.data, short.problem) == (TEXT[:-1], Problem.LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_bomb_costs_its_limit_and_little_more(encoding: str) -> None:
    compress: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    bomb = compress[encoding](bytes(50_000_000))
    tracemalloc.start()
    try:
        result = decode_payload(bomb, encoding, limit_bytes=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(result.data), result.problem) == (1_000_000, Problem.LIMIT)
    assert peak < 20_000_000


def test_a_body_of_countless_gzip_members_is_left_after_the_first_thousands() -> None:
    member = gzip.compress(b"x", mtime=0)
    began = time.process_time()
    decoded = decode_payload(member * 300_000, "gzip", limit_bytes=1 << 20)
    assert time.process_time() - began < 5
    assert (decoded.problem, decoded.data) == (Problem.LIMIT, b"x" * MEMBERS_LIMIT)
    whole = decode_payload(member * MEMBERS_LIMIT, "gzip", limit_bytes=1 << 20)
    assert (whole.problem, whole.data) == (None, b"x" * MEMBERS_LIMIT)
