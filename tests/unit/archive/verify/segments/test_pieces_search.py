"""Where a statement seems to end: looked for in the bytes, at each of its bounds."""

import io
from collections.abc import Sequence
from typing import cast

import pytest

from archive.verify.segments import pieces
from archive.verify.segments.pieces import (
    _CONTENT_TYPE,
    _HEAD_BYTES,
    _RECORD_HEAD,
    _find_statement_end,
    _find_stored_end,
)
from archive.warc.member import GZIP_HEADER


def block(data: bytes, *, kind: int = 1) -> bytes:
    """A stored block: last or not, its length, the complement, the bytes."""
    size = len(data).to_bytes(2, "little")
    return bytes([kind]) + size + bytes(255 - one for one in size) + data


def record(padding: int = 2, *, first: bytes = GZIP_HEADER) -> bytes:
    """What begins like a statement, its media type so far behind its first lines."""
    said = _RECORD_HEAD + b"x" * padding + _CONTENT_TYPE + b"rest"
    return first + block(said) + bytes(8)


class Watched(io.BytesIO):
    """Tells what was asked of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[tuple[int, int]] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.append((self.tell(), cast("int", size)))
        return super().read(size)


SEARCH = 4096
OVERLAP = len(GZIP_HEADER) + 5 + _HEAD_BYTES


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SEARCH_BYTES", SEARCH)


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("at", [0, 777])
def test_the_media_type_stands_within_the_first_bytes_of_a_record(at: int) -> None:
    most = _HEAD_BYTES - len(_RECORD_HEAD) - len(_CONTENT_TYPE)
    for padding, is_found in ((0, True), (most, True), (most + 1, False)):
        for place in (at, at + 1, at + 2000, at + SEARCH - 1, at + SEARCH):
            made = record(padding)
            data = bytes(place) + made + bytes(9000)
            found = _find_statement_end(io.BytesIO(data), at, at + 2 * SEARCH)
            assert found == (place + len(made) if is_found else None), (padding, place)


@pytest.mark.usefixtures("search")
def test_a_statement_is_looked_for_up_to_the_limit() -> None:
    at, limit = 100, 100 + 2 * SEARCH
    for place, is_found in ((99, False), (limit - 1, True), (limit, False)):
        made = record()
        stream = Watched(bytes(place) + made + bytes(9000))
        found = _find_statement_end(stream, at, limit)
        assert found == (place + len(made) if is_found else None)
        wide = [(at, SEARCH + OVERLAP), (at + SEARCH, SEARCH + OVERLAP)]
        assert [one for one in stream.asked if one[1] > 5] == wide


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("short", [0, 1])
def test_nothing_is_read_behind_the_end(short: int) -> None:
    stream = Watched(bytes(SEARCH + OVERLAP - short))
    assert _find_statement_end(stream, 0, 10 * SEARCH) is None
    assert len(stream.asked) == (1 if short else 2)


@pytest.mark.usefixtures("search")
def test_the_first_of_several_is_taken_and_what_is_none_passed_over() -> None:
    real = record()
    begins = _RECORD_HEAD + b"text/plain\r\n"
    decoys: Sequence[bytes] = (
        GZIP_HEADER,
        GZIP_HEADER[:-1],
        GZIP_HEADER + block(begins),
        GZIP_HEADER + block(b"y" + _RECORD_HEAD + _CONTENT_TYPE),
    )
    before = b"".join(decoy + bytes(_HEAD_BYTES) for decoy in decoys)
    data = before + real + real + bytes(9000)
    found = _find_statement_end(io.BytesIO(data), 0, 4 * SEARCH)
    assert found == len(before) + len(real)


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_stored_blocks_are_followed_to_the_last(blocks: int) -> None:
    data = [bytes(300 + n) for n in range(blocks)]
    body = b"".join(block(one, kind=0) for one in data[:-1]) + block(data[-1])
    member = b"before" + GZIP_HEADER + body + bytes(8)
    assert _find_stored_end(io.BytesIO(member + b"behind"), 6) == len(member)
    for cut in (len(member) - 8 - len(data[-1]) - 1, 6 + len(GZIP_HEADER)):
        assert _find_stored_end(io.BytesIO(member[:cut]), 6) is None
    other = GZIP_HEADER + block(b"", kind=2) + block(b"") + bytes(8)
    assert _find_stored_end(io.BytesIO(other), 0) is None


@pytest.mark.parametrize("start", [0, 5])
def test_no_block_begins_behind_the_most_bytes_of_a_statement(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "RECORD_LIMIT_BYTES", 1000)
    monkeypatch.setattr(pieces, "STORED_BLOCK_BYTES", 300)
    for size, is_end in ((1300, True), (1301, False)):
        first = block(bytes(size - len(GZIP_HEADER) - 5), kind=0)
        member = bytes(start) + GZIP_HEADER + first + block(b"") + bytes(8)
        found = _find_stored_end(io.BytesIO(member), start)
        assert found == (len(member) if is_end else None)
