"""Gzip members: exact ends, torn tails, bounds."""

import gzip
import io
import random
import zlib

import pytest

from archive.digest import Digest
from archive.errors import LimitExceeded, MalformedRecord, TornMember
from archive.warc import member as module
from archive.warc.member import (
    CHUNK_BYTES,
    Effort,
    MemberSpan,
    MemberWalk,
    compress_member,
    inflate_member,
    scan_members,
    write_member,
    write_stored_member,
)

SIZES = [0, 1, 7, 65_534, 65_535, 65_536, 131_070, 131_071, 700_000]


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _member(data: bytes, effort: Effort = Effort.DENSE) -> bytes:
    out = io.BytesIO()
    write_member(out, [data], effort)
    return out.getvalue()


@pytest.mark.parametrize("effort", Effort)
@pytest.mark.parametrize("size", SIZES)
def test_member_gives_back_its_bytes_in_any_gzip(effort: Effort, size: int) -> None:
    data = _noise(size // 2) + bytes(size - size // 2)
    written = _member(data, effort)
    assert gzip.decompress(written) == data
    assert inflate_member(written, limit_bytes=size) == data


@pytest.mark.parametrize("effort", Effort)
def test_member_names_neither_time_nor_machine(effort: Effort) -> None:
    assert _member(b"data", effort)[:10] == bytes.fromhex("1f8b08000000000000ff")


def test_member_without_isal_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_isal", None)
    data = b"Minsk " * 10_000
    for effort in Effort:
        assert inflate_member(_member(data, effort), limit_bytes=60_000) == data


BEGIN = module.CODED_BEGIN_BYTES


@pytest.mark.parametrize("has_isal", [True, False])
@pytest.mark.parametrize("cut", [0, 1, BEGIN - 1, BEGIN, BEGIN + 1, 70_000])
@pytest.mark.parametrize("size", [0, 1, BEGIN - 1, BEGIN, BEGIN + 1, 200_000])
def test_what_is_coded_is_pressed_at_its_beginning_alone(
    size: int, cut: int, has_isal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_isal:
        monkeypatch.setattr(module, "_isal", None)
    data = b"Header: value\r\n" * 200
    data = data[:BEGIN] + _noise(size)
    pieces = [data[:cut], b"", data[cut:]]
    out = io.BytesIO()
    write_member(out, pieces, Effort.CODED)
    for written in (out.getvalue(), compress_member(data, Effort.CODED)):
        assert gzip.decompress(written) == data
        assert inflate_member(written, limit_bytes=len(data)) == data
        assert size < len(written) < size + 300
        if size:
            assert data[-min(size, 1000) :] in written


@pytest.mark.parametrize("size", SIZES)
def test_stored_member_has_one_exact_form(size: int) -> None:
    data = _noise(size)
    blocks = [data[at : at + 65_535] for at in range(0, size, 65_535)] or [b""]
    expected = bytes.fromhex("1f8b08000000000000ff")
    for block in blocks[:-1]:
        expected += b"\x00\xff\xff\x00\x00" + block
    last = len(blocks[-1])
    expected += b"\x01" + last.to_bytes(2, "little")
    expected += (last ^ 0xFFFF).to_bytes(2, "little") + blocks[-1]
    expected += zlib.crc32(data).to_bytes(4, "little") + size.to_bytes(4, "little")
    assert write_stored_member(data) == expected


def test_scan_finds_every_member_exactly() -> None:
    members = [_member(_noise(size)) for size in [5, 0, 300_000, 9_000, 1, 2_000_000]]
    offset, spans = 3, []
    for one in members:
        spans.append(MemberSpan(offset=offset, length=len(one)))
        offset += len(one)
    stream = io.BytesIO(b"xyz" + b"".join(members))
    assert list(scan_members(stream, 3)) == spans


def test_scan_of_nothing_finds_nothing() -> None:
    assert list(scan_members(io.BytesIO(b""))) == []


def test_cut_at_every_byte_is_torn_at_its_member() -> None:
    first, second = _member(b"first record"), _member(_noise(300) + bytes(900))
    whole = first + second
    for cut in range(len(whole)):
        stream = io.BytesIO(whole[:cut])
        begin = 0 if cut < len(first) else len(first)
        if cut in (0, len(first)):
            assert len(list(scan_members(stream))) == (cut > 0)
            continue
        with pytest.raises(TornMember) as torn:
            list(scan_members(stream))
        assert torn.value.offset == begin


@pytest.mark.parametrize("filler", [b"\x00", b"\n", b"PK", b"\x1f\x8c", bytes(5000)])
def test_bytes_between_members_are_refused(filler: bytes) -> None:
    one = _member(b"a")
    found = []
    with pytest.raises(MalformedRecord, match=f"at {len(one)}"):
        found += list(scan_members(io.BytesIO(one + filler + one)))
    with pytest.raises(MalformedRecord):
        inflate_member(one + one, limit_bytes=10)


def test_every_bit_of_crc_and_length_counts() -> None:
    one = _member(b"evidence" * 40)
    for bit in range(64):
        broken = bytearray(one)
        broken[len(one) - 8 + bit // 8] ^= 1 << bit % 8
        with pytest.raises(MalformedRecord):
            list(scan_members(io.BytesIO(broken)))


def test_bomb_stops_at_the_limit_and_never_holds_more_than_a_chunk() -> None:
    bomb = _member(bytes(30_000_000))
    walk = MemberWalk(io.BytesIO(bomb))
    seen: list[int] = []
    with pytest.raises(LimitExceeded):
        seen.extend(map(len, walk.inflate(limit_bytes=10_000_000)))
    assert max(seen) <= CHUNK_BYTES
    assert 10_000_000 - CHUNK_BYTES <= sum(seen) <= 10_000_000
    with pytest.raises(LimitExceeded):
        inflate_member(bomb, limit_bytes=29_999_999)


def test_walk_hashes_members_and_groups_in_one_pass() -> None:
    members = [_member(_noise(size)) for size in [100, 400_000, 50, 3_000]]
    walk = MemberWalk(io.BytesIO(b"".join(members)), raw_limit_bytes=5_000)
    digests, raws = [], []
    for at, _one in enumerate(members):
        assert not walk.at_end
        for _chunk in walk.inflate():
            pass
        digests.append(walk.digest)
        raws.append(walk.raw)
        if at == 1:
            assert walk.group_digest_before == Digest.of(members[0])
            walk.begin_group()
    assert walk.at_end
    assert digests == [Digest.of(one) for one in members]
    assert raws == [members[0], None, members[2], members[3]]
    assert walk.group_digest == Digest.of(members[2] + members[3])


def test_walk_reads_from_a_stream_that_gives_single_bytes() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            return super().read(1)

    members = [_member(b"one"), _member(b"two" * 90)]
    spans = list(scan_members(Dripping(b"".join(members))))
    assert [span.length for span in spans] == [len(one) for one in members]
