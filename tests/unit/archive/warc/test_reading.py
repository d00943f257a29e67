"""Strict reading: one member, one record, nothing else."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from archive.capture import Exchange, MemoryBytes
from archive.digest import Digest
from archive.errors import DigestMismatch, LimitExceeded, MalformedRecord, TornMember
from archive.warc.member import Effort, write_member, write_stored_member
from archive.warc.reading import (
    RecordWalk,
    read_block,
    read_records,
    read_slice_rows,
)
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    RECORD_END,
    Record,
    RecordHeader,
    format_header,
)
from tests.support.archives.slices import Build


def _header(block: bytes, length: int | None = None) -> bytes:
    record = Record(
        type="resource",
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        date=datetime(2025, 1, 26, tzinfo=UTC),
        target_uri="urn:evidence:test",
        content_type="text/plain",
        block=MemoryBytes(block if length is None else bytes(length)),
        block_digest=Digest.of(block),
    )
    return format_header(record.header)


def _first(count: int, _header: RecordHeader) -> int:
    return count


def _read(content: bytes) -> None:
    list(read_records(io.BytesIO(write_stored_member(content))))


def test_rows_read_back_are_the_rows_written(
    build: Build, make_exchange: Callable[..., Exchange]
) -> None:
    data, draft = build(make_exchange())
    assert read_slice_rows(io.BytesIO(data)) == draft.rows


def test_every_digest_is_over_the_bytes_it_names(
    build: Build, make_exchange: Callable[..., Exchange]
) -> None:
    data, _draft = build(make_exchange())
    walk = RecordWalk(
        io.BytesIO(data), keep=lambda _header: 1 << 20, raw_limit_bytes=9999
    )
    for record in walk:
        content = format_header(record.header) + record.kept + RECORD_END
        span = record.span
        member = data[span.offset : span.offset + span.length]
        assert record.record == Digest.of(content)
        assert record.block == Digest.of(record.kept)
        assert record.member == Digest.of(member)
        assert record.raw == (member if record.header.type == "metadata" else None)
        assert read_block(
            io.BytesIO(data), start=span.offset, limit_bytes=9999
        ) == replace(record, raw=None)
    assert walk.group_digest == Digest.of(data)


def test_as_much_is_kept_as_was_asked_for(
    build: Build, make_exchange: Callable[..., Exchange]
) -> None:
    data, _draft = build(make_exchange())
    for room in (0, 1, 10, 10**9):
        first = next(read_records(io.BytesIO(data), keep=partial(_first, room)))
        assert first.kept == make_exchange().response.open().read(room)
    with pytest.raises(LimitExceeded):
        read_block(io.BytesIO(data), start=0, limit_bytes=10)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"WARC/1.1\r\n",
        _header(b"block")[:-1],
        _header(b"block") + b"block",
        _header(b"block") + b"block\r\n\r",
        _header(b"block") + b"bloc\r\n\r\n",
        _header(b"block") + b"blockk\r\n\r\n",
        _header(b"block") + b"block\r\n\r\nmore",
        _header(b"block") + b"block\r\n\r\n\r\n",
        _header(b"block") + b"block\n\n\n\n",
        _header(b"block", length=6) + b"block\r\n\r\n",
        _header(b"block", length=10**6) + b"block\r\n\r\n",
        (_header(b"block") + b"block\r\n\r\n") * 2,
        b"\r\n" + _header(b"block") + b"block\r\n\r\n",
        b"X" * (HEADER_LIMIT_BYTES + 9),
        b"WARC/1.1\r\n" + b"A" * 500_000 + RECORD_END,
    ],
    ids=range(16),
)
def test_member_that_is_not_one_record_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedRecord, match="offset 0"):
        _read(content)


def test_one_record_over_two_members_is_refused() -> None:
    content = _header(b"block") + b"block\r\n\r\n"
    halves = write_stored_member(content[:300]) + write_stored_member(content[300:])
    with pytest.raises(MalformedRecord):
        list(read_records(io.BytesIO(halves)))


def test_header_and_end_may_fall_anywhere_in_the_stream_of_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = _header(b"block" * 9) + b"block" * 9 + RECORD_END
    for size in (1, 2, 3, 7, 64, 401):
        monkeypatch.setattr("archive.warc.member.CHUNK_BYTES", size)
        (record,) = read_records(io.BytesIO(write_stored_member(content)))
        assert record.block == Digest.of(b"block" * 9)
        assert record.record == Digest.of(content)


def test_second_record_is_named_by_its_offset(
    build: Build, make_exchange: Callable[..., Exchange]
) -> None:
    data, draft = build(make_exchange())
    bad = data + write_stored_member(b"no record")
    with pytest.raises(MalformedRecord, match=f"offset {draft.length_bytes}"):
        list(read_records(io.BytesIO(bad)))


def test_slice_cut_at_any_byte_is_torn_or_shorter(
    build: Build, make_exchange: Callable[..., Exchange]
) -> None:
    data, draft = build(make_exchange())
    ends = {row.offset: row.offset + row.length for row in draft.rows}
    for cut in range(1, len(data)):
        if cut in ends:
            assert len(read_slice_rows(io.BytesIO(data[:cut]))) < len(draft.rows)
            continue
        with pytest.raises(TornMember) as torn:
            read_slice_rows(io.BytesIO(data[:cut]))
        assert torn.value.offset <= cut < ends[torn.value.offset]


def test_wrong_block_digest_is_found() -> None:
    content = _header(b"block") + b"bl0ck" + RECORD_END
    (record,) = read_records(io.BytesIO(write_stored_member(content)))
    with pytest.raises(DigestMismatch, match="block"):
        record.check_digests()


def test_wrong_payload_digest_is_found(make_exchange: Callable[..., Exchange]) -> None:
    block = make_exchange().response
    record = Record(
        type="response",
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        date=datetime(2025, 1, 26, tzinfo=UTC),
        target_uri="https://outlet.example/",
        content_type="application/http; msgtype=response",
        block=block,
        block_digest=Digest.of(block.open().read()),
        payload_digest=Digest.of(b"another"),
    )
    out = io.BytesIO()
    content = [format_header(record.header), block.open().read(), RECORD_END]
    write_member(out, content, Effort.DENSE)
    with pytest.raises(DigestMismatch, match="payload"):
        read_slice_rows(io.BytesIO(out.getvalue()))


def test_groups_are_slices_between_statements() -> None:
    one, two, three = (
        write_stored_member(_header(b"%d" % n) + b"%d" % n + RECORD_END)
        for n in (1, 2, 3)
    )
    walk = RecordWalk(io.BytesIO(b"??" + one + two + three), start=2)
    assert next(walk).span.offset == 2
    next(walk)
    assert walk.group_digest_before == Digest.of(one)
    walk.begin_group()
    next(walk)
    assert walk.group_digest == Digest.of(three)
    assert walk.group_digest_before == Digest.of(b"")
    with pytest.raises(StopIteration):
        next(walk)
