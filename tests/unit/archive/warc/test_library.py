"""Two foreign readers see in our files what we see."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.checker import Checker

from archive.capture import CaptureOutcome, Exchange
from archive.digest import Digest
from archive.errors import MalformedRecord
from archive.warc.library import (
    LibraryRecord,
    check_with_fastwarc,
    read_with_fastwarc,
    read_with_warcio,
)
from archive.warc.member import write_stored_member
from archive.warc.reading import read_records
from tests.support.archives.slices import Build

OK = b"HTTP/1.1 200 OK\r\n"
RESPONSES = {
    "length": OK + b"Content-Length: 5\r\n\r\nhello",
    "empty": OK + b"Content-Length: 0\r\n\r\n",
    "to the end": OK + b"\r\nhello",
    "gzip": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello"),
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
    "not found": b"HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
    "line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "blank first": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "odd header": OK + b"no colon\r\nX: \xff\r\n folded\r\nContent-Length: 2\r\n\r\nhi",
    "surplus": OK + b"Content-Length: 2\r\n\r\nhi, there",
    "short": OK + b"Content-Length: 9\r\n\r\nhi",
    "chunk extension": OK
    + b"Transfer-Encoding: chunked\r\n\r\n5;part=1\r\nhello\r\n0\r\n\r\n",
    "gzip, chunked": OK
    + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    + b"5\r\nhello\r\n0\r\n\r\n",
    "warc inside": OK + b"\r\nWARC/1.1\r\nContent-Length: 9\r\n\r\n\r\n\r\n",
    "not http": b"SSH-2.0-OpenSSH\r\n",
    "icy": b"ICY 200 OK\r\nicy-name: x\r\n\r\nsound",
    "large": OK + b"Content-Length: 3000000\r\n\r\n" + bytes(range(250)) * 12_000,
}
CHECKED_BY_FASTWARC = {
    "length",
    "empty",
    "to the end",
    "gzip",
    "gzip, chunked",
    "chunked",
    "no reason",
    "not found",
    "large",
}
CHECKED_BY_WARCIO = CHECKED_BY_FASTWARC - {"chunked", "gzip, chunked"}


@pytest.fixture
def segment(
    tmp_path: Path, build: Build, make_exchange: Callable[..., Exchange]
) -> Callable[..., Path]:
    """Write slices, and a stored member behind each, into one file."""

    def write(*names: str) -> Path:
        path = tmp_path / "00000000-abcdefgh.warc.gz"
        with path.open("wb") as out:
            for name in names:
                outcome = CaptureOutcome.COMPLETE
                if name == "not http":
                    outcome = CaptureOutcome.NOT_HTTP
                data, _draft = build(make_exchange(RESPONSES[name], outcome=outcome))
                out.write(data)
        return path

    return write


def _ours(path: Path) -> list[LibraryRecord]:
    with path.open("rb") as stream:
        return [
            LibraryRecord(
                type=record.header.type,
                record_id=record.header.record_id,
                length_bytes=record.header.content_length,
                block=record.block,
            )
            for record in read_records(stream)
        ]


def test_warcio_reads_every_record_and_every_block(
    segment: Callable[..., Path],
) -> None:
    path = segment(*RESPONSES)
    assert read_with_warcio(path) == _ours(path)
    assert len(_ours(path)) == 5 * len(RESPONSES)


def test_fastwarc_reads_every_record_and_every_block(
    segment: Callable[..., Path],
) -> None:
    path = segment(*RESPONSES)
    assert read_with_fastwarc(path) == _ours(path)


def test_fastwarc_finds_all_digests_of_complete_replies(
    segment: Callable[..., Path],
) -> None:
    assert check_with_fastwarc(segment(*sorted(CHECKED_BY_FASTWARC))) == []


def test_chunks_that_fastwarc_cannot_undo_are_named(
    segment: Callable[..., Path],
) -> None:
    path = segment("length", "chunk extension", "chunked")
    (_, name, _) = [r.record_id for r in _ours(path) if r.type == "response"]
    with pytest.raises(MalformedRecord, match=f"<{name}>"):
        check_with_fastwarc(path)


def test_warcio_check_finds_no_failure_on_replies_with_a_length(
    segment: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = segment(*sorted(CHECKED_BY_WARCIO))

    class Options:
        inputs = (str(path),)
        verbose = True

    checker = Checker(Options())
    checker.process_all()
    assert checker.exit_value == 0
    assert "digest failed" not in capsys.readouterr().out


def test_fastwarc_sees_a_changed_block(segment: Callable[..., Path]) -> None:
    path = segment("length")
    (first, *_rest) = read_records(io.BytesIO(path.read_bytes()))
    content = gzip.decompress(path.read_bytes()[: first.span.length])
    path.write_bytes(write_stored_member(content.replace(b"hello", b"hullo")))
    assert check_with_fastwarc(path) == [f"<{first.header.record_id}>"]


def test_stored_member_is_read_by_both(tmp_path: Path) -> None:
    block = bytes(range(256)) * 600
    content = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-8000-8000-000000000001>\r\n"
        "WARC-Date: 2025-01-26T08:00:00.000000Z\r\n"
        f"WARC-Block-Digest: {Digest.of(block)}\r\n"
        "Content-Type: application/vnd.dsse.envelope.v1+json\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    ).encode()
    path = tmp_path / "statement.warc.gz"
    path.write_bytes(write_stored_member(content + block + b"\r\n\r\n") * 2)
    assert read_with_warcio(path) == read_with_fastwarc(path) == _ours(path)
    assert check_with_fastwarc(path) == []


def test_file_that_is_no_warc_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.warc.gz"
    path.write_bytes(gzip.compress(b"<html>" * 100))
    with pytest.raises(MalformedRecord, match=r"page\.warc\.gz"):
        read_with_warcio(path)
