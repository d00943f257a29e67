"""Segments read by several processes: the same report as one walk gives, or none."""

import io
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archive.errors import StoreError
from archive.store.removal.removal import Removed
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk
from archive.store.tombstones import RemovalOrder
from archive.verify.reporting.report import Outcome
from archive.verify.segments import pieces, readers
from archive.verify.segments.pieces import Piece, cut_segment, kept_bytes, with_block
from archive.verify.whole import folder, stated
from archive.verify.whole.folder import verify_archive
from archive.warc.member import GZIP_HEADER
from tests.support.archives.archives import (
    MadeArchive,
    copy_archive,
    fill,
)
from tests.support.programs.inside_reader import (
    PIECE,
    SIDE_BY_SIDE,
    Inside,
    both,
    make_worth_reading,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    return make_worth_reading(tmp_path_factory.mktemp("readers"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small pieces, however small the archive is."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(folder, "count_readers", lambda _bytes: 2)


@pytest.fixture
def inside(small: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Inside]]:
    del small
    started: list[Inside] = []

    def start() -> Inside:
        started.append(Inside())
        return started[-1]

    monkeypatch.setattr(readers, "_start", start)
    yield started
    for one in started:
        assert one.wait() == 0


def segments(made: MadeArchive) -> list[Path]:
    return [segment.path for segment in list_segments(made.root / "segments")]


def test_pieces_begin_where_statements_end(made: MadeArchive, small: None) -> None:
    del small
    count = 0
    for path in segments(made):
        cut = list(cut_segment(path))
        ends = {entry.end_bytes for entry in SegmentWalk(path)}
        assert cut[0].start == 0
        assert [piece.stop for piece in cut[:-1]] == [piece.start for piece in cut[1:]]
        assert cut[-1].stop is None
        count += len({piece.start for piece in cut} & ends)
    assert count > 5


def test_processes_give_the_report_of_one_walk(made: MadeArchive, small: None) -> None:
    del small
    alone, together = both(made)
    assert alone.outcome is Outcome.VERIFIED, alone.findings
    assert together == alone


def test_a_statement_shown_in_a_body_ends_no_piece(
    made: MadeArchive, inside: list[Inside]
) -> None:
    guessed = [piece.start for piece in cut_segment(segments(made)[1])]
    ends = {entry.end_bytes for entry in SegmentWalk(segments(made)[1])}
    assert set(guessed) - ends - {0}, "no guess was wrong: the test shows nothing"
    alone, together = both(made)
    assert together == alone
    assert len(inside) == 2


def test_reading_begins_long_before_all_is_cut(
    made: MadeArchive, inside: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = readers._cut
    found: list[Piece] = []
    shown: list[int] = []

    def counted(path: Path) -> Iterator[Piece]:
        for piece in cut(path):
            found.append(piece)
            yield piece

    monkeypatch.setattr(readers, "_cut", counted)
    monkeypatch.setattr(readers, "AHEAD", 1)
    monkeypatch.setattr(folder, "PROGRESS_BYTES", 1)
    verify_archive(
        made.root,
        trust=made.trust(),
        wishes=SIDE_BY_SIDE,
        progress=lambda _progress: shown.append(len(found)),
    )
    assert shown[0] <= 3 < len(found) == shown[-1]
    assert len(inside) == 2


def test_a_disk_that_fails_while_a_segment_is_cut_cuts_no_more(
    made: MadeArchive, inside: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    find, calls = pieces._find_statement_end, 0

    def fails(*where: Any) -> int | None:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise OSError(5, "Input/output error")
        return find(*where)

    alone = verify_archive(made.root, trust=made.trust())
    monkeypatch.setattr(pieces, "_find_statement_end", fails)
    assert verify_archive(made.root, trust=made.trust(), wishes=SIDE_BY_SIDE) == alone
    assert calls >= 4
    assert len(inside) == 2


def damages(path: Path) -> Iterator[Callable[[], object]]:
    """Bits flipped all over a segment, its end cut off, something behind it."""
    size = path.stat().st_size

    def flip(at: int) -> None:
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(bytes(data))

    def replace_by_folder() -> None:
        path.unlink()
        path.mkdir()

    for at in range(11, size, size // 9):
        yield partial(flip, at)
    yield lambda: os.truncate(path, size // 2)
    yield lambda: path.write_bytes(path.read_bytes() + b"junk")
    yield path.unlink
    yield replace_by_folder


@pytest.mark.parametrize("number", [0, 1])
def test_damage_is_found_as_by_one_walk(
    number: int, made: MadeArchive, inside: list[Inside], tmp_path: Path
) -> None:
    copy = copy_archive(made, tmp_path / "copy")
    path = segments(copy)[number]
    good = path.read_bytes()
    path.chmod(0o600)
    for damage in damages(path):
        damage()
        alone, together = both(copy)
        assert alone.outcome is not Outcome.VERIFIED
        assert together == alone
        if path.is_dir():
            path.rmdir()
        path.write_bytes(good)
    assert len(inside) > 10


def test_large_blocks_are_read_again_where_they_are_needed(
    made: MadeArchive, inside: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "KEPT_LIMIT_BYTES", 100)
    alone, together = both(made)
    assert together == alone
    assert inside


def test_a_block_that_changes_meanwhile_is_no_pass(
    made: MadeArchive, inside: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(_path: Path, _record: object) -> None:
        raise StoreError("was changed while it was read")

    monkeypatch.setattr(stated, "with_block", changed)
    report = both(made)[1]
    assert report.outcome is not Outcome.VERIFIED
    found = [finding.code for finding in report.of(Outcome.NOT_CHECKED)]
    assert "segment-unreadable" in found
    assert inside


def test_reading_a_block_again_notices_other_bytes(
    made: MadeArchive, tmp_path: Path
) -> None:
    path = segments(made)[0]
    job = next(
        record
        for entry in SegmentWalk(path, keep=kept_bytes)
        for record in entry.records
        if record.kept
    )
    without = replace(job, kept=b"")
    assert with_block(path, job) is job
    assert with_block(path, without).kept == job.kept
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes()[: job.span.offset])
    with pytest.raises(StoreError, match="changed while it was read"):
        with_block(other, without)
    with pytest.raises(StoreError, match="changed while it was read"):
        with_block(path, replace(without, member=job.record))


def test_a_removal_meanwhile_fails_nothing(
    made: MadeArchive,
    inside: list[Inside],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = copy_archive(made, tmp_path / "copy")
    with copy.open_writer() as writer:
        writer.rotate()
        victim = fill(writer, copy, 6)[1]
        writer.rotate()
        fill(writer, copy, 1)
    path, cut = segments(copy)[-2], readers._cut
    order = RemovalOrder(reason="a test", authority="a court")
    stale: list[Piece] = []

    def cut_then_remove(segment: Path) -> list[Piece]:
        found = list(cut(segment))
        if segment == path:
            stale.extend(found)
            with copy.open_writer() as writer:
                assert isinstance(writer.remove(victim, order), Removed)
        return found

    monkeypatch.setattr(readers, "_cut", cut_then_remove)
    report = verify_archive(copy.root, trust=copy.trust(), wishes=SIDE_BY_SIDE)
    assert len(stale) > 1
    assert report.outcome is Outcome.NOT_CHECKED, report.findings
    assert list(report.of(Outcome.FAILED)) == list(report.of(Outcome.VERIFIED)) == []
    (finding,) = [one for one in report.findings if one.code == "segment-changed"]
    assert (finding.step, finding.subject) == (16, "segments")
    assert "was changed while it was read; verify again" in finding.detail
    monkeypatch.undo()
    again = verify_archive(copy.root, trust=copy.trust())
    assert again.outcome is Outcome.VERIFIED, again.findings
    assert inside


def test_a_file_with_the_number_of_one_that_is_gone_is_another(tmp_path: Path) -> None:
    path = tmp_path / "segment"
    path.write_bytes(b"long")
    (piece,) = cut_segment(path)
    path.write_bytes(b"cut")
    (ended,) = pieces.walk_piece(piece, None)
    assert isinstance(ended, pieces.Ended)
    assert "was changed while it was read" in (ended.unreadable or "")


def test_what_only_looks_like_a_statement_cuts_nothing(
    tmp_path: Path, small: None
) -> None:
    del small
    path = tmp_path / "segment"
    head = pieces._RECORD_HEAD
    whole = [Piece(path=path, start=0, stop=None)]
    for looks in (
        b"\1\5\0\xfa\xff" + head + b"x" * 40,  # another media type
        b"\2\5\0\xfa\xff" + head + pieces._CONTENT_TYPE,  # no stored block
        b"\0\xff\xff\0\0" + head + pieces._CONTENT_TYPE,  # ends behind the segment
    ):
        path.write_bytes(bytes(PIECE) + GZIP_HEADER + looks)
        assert list(cut_segment(path)) == whole
    path.write_bytes(bytes(3 * pieces.SEARCH_BYTES))
    assert list(cut_segment(path)) == whole


def stored(*blocks: bytes) -> bytes:
    """Blocks as a statement record has them, the last one marked."""
    last = len(blocks) - 1
    head = [
        bytes([number == last]) + struct.pack("<HH", len(block), len(block) ^ 0xFFFF)
        for number, block in enumerate(blocks)
    ]
    body = b"".join(a + b for a, b in zip(head, blocks, strict=True))
    return GZIP_HEADER + body + bytes(8)


def test_a_statement_is_found_across_the_border_of_what_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pieces, "SEARCH_BYTES", 4096)
    record = stored(pieces._RECORD_HEAD + b"\r\n" + pieces._CONTENT_TYPE)
    for place in range(4096 - len(record), 4096 + 1):
        data = bytes(place) + record + bytes(4096)
        found = pieces._find_statement_end(io.BytesIO(data), 0, len(data))
        assert found == place + len(record), place


def test_stored_blocks_longer_than_any_statement_end_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = stored(*[b"x" * 1000] * 9)
    assert pieces._find_stored_end(io.BytesIO(record), 0) == len(record)
    monkeypatch.setattr(pieces, "RECORD_LIMIT_BYTES", 1000)
    monkeypatch.setattr(pieces, "STORED_BLOCK_BYTES", 1000)
    assert pieces._find_stored_end(io.BytesIO(record), 0) is None


def test_what_cannot_be_read_is_said_by_whoever_reads_it(
    tmp_path: Path, inside: list[Inside]
) -> None:
    gone = tmp_path / "gone"
    with readers.reading([gone], None, 2) as read:
        (ended,) = read(gone)
    assert isinstance(ended, pieces.Ended)
    assert ended.unreadable is not None
    assert "cannot read" in ended.unreadable
    assert not ended.joins(Piece(path=gone, start=0, stop=None))
    assert len(inside) == 2


class Stream:
    """Standard input or output of a reader."""

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer


class Deaf(io.BytesIO):
    """Nobody listens any more."""

    def write(self, _data: object) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("target", [io.BytesIO, Deaf])
def test_a_reader_ignores_the_terminal_and_ends_when_nobody_listens(
    target: type[io.BytesIO], made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (piece, *_more) = cut_segment(segments(made)[0])
    work = pickle.dumps(made.trust()) + pickle.dumps(piece)
    out = target()
    set_up: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *how: set_up.append(how))
    monkeypatch.setattr(os, "_exit", set_up.append)
    monkeypatch.setattr(sys, "stdin", Stream(io.BytesIO(work)))
    monkeypatch.setattr(sys, "stdout", Stream(out))
    readers.main()
    assert set_up == [(signal.SIGINT, signal.SIG_IGN), 0]
    assert bool(out.getvalue()) is (target is io.BytesIO)
