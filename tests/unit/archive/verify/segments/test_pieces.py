"""Pieces of a segment to the byte: where they end, what is kept, what is handed on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.attest.records.extract import EXTRACT_LIMIT_BYTES
from archive.attest.records.job import JOB_LIMIT_BYTES
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk
from archive.verify.reporting.report import Outcome
from archive.verify.segments import pieces
from archive.verify.segments.pieces import (
    Ended,
    Fault,
    Piece,
    Told,
    _Noted,
    cut_segment,
    kept_bytes,
    kept_small,
    trim,
    walk_piece,
)
from archive.verify.statements.entries import check_entry
from tests.support.archives.archives import MadeArchive, make_archive, make_page
from tests.support.programs.inside_reader import PIECE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    archive = make_archive(tmp_path_factory.mktemp("pieces"))
    archive.fill(4)
    make_page(archive)
    return archive


@pytest.fixture(scope="module")
def path(made: MadeArchive) -> Path:
    (segment,) = list_segments(made.root / "segments")
    return segment.path


def told(path: Path, made: MadeArchive, piece: Piece | None = None) -> list[Told]:
    whole = Piece(path=path, start=0, stop=None)
    walked = walk_piece(piece or whole, made.trust())
    return [one for one in walked if isinstance(one, Told)]


# What is noted


def test_faults_are_noted_whole_and_handed_on_once() -> None:
    noted = _Noted()
    noted.failed(5, "slice-altered", "nobody", "is another", altered=2)
    noted.not_checked(3, "key-unknown", "nobody", "no such key", key="ab")
    noted.passed(1)
    noted.passed(1)
    assert noted.take() == (
        Fault(
            step=5,
            outcome=Outcome.FAILED,
            code="slice-altered",
            detail="is another",
            parameters={"altered": 2},
        ),
        Fault(
            step=3,
            outcome=Outcome.NOT_CHECKED,
            code="key-unknown",
            detail="no such key",
            parameters={"key": "ab"},
        ),
    )
    assert noted.take() == ()
    assert noted.passes == {1: 2}


@pytest.mark.parametrize(
    ("problem", "unreadable", "covered", "joins"),
    [
        (None, None, 7, True),
        (None, None, 6, False),
        (None, None, 8, False),
        ("junk", None, 7, False),
        (None, "no disk", 7, False),
        ("junk", "no disk", 7, False),
    ],
)
def test_a_piece_joins_the_next_only_where_all_was_read(
    problem: str | None, unreadable: str | None, covered: int, joins: bool
) -> None:
    ended = Ended(
        covered_bytes=covered, problem=problem, unreadable=unreadable, passes={}
    )
    assert ended.joins(Piece(path=Path("x"), start=7, stop=None)) is joins


# What is kept


def head(uri: str | None, length: int = 1) -> Any:
    return SimpleNamespace(target_uri=uri, content_length=length)


def test_blocks_of_jobs_and_extracts_are_kept_up_to_their_bounds() -> None:
    job, extract = "urn:evidence:job:x:open", "urn:evidence:extract:x"
    assert kept_bytes(head(job)) == JOB_LIMIT_BYTES
    assert kept_bytes(head(extract)) == EXTRACT_LIMIT_BYTES
    for uri in (None, "", "http://a.example/", "urn:evidence:note:x", "x" + job):
        assert kept_bytes(head(uri)) == 0
    small = pieces.KEPT_LIMIT_BYTES
    assert kept_small(head(job, small)) == JOB_LIMIT_BYTES
    assert kept_small(head(job, small + 1)) == 0
    assert kept_small(head("http://a.example/", small)) == 0


def test_a_walk_keeps_what_it_is_told_to(path: Path, made: MadeArchive) -> None:
    whole = Piece(path=path, start=0, stop=None)

    def kept(**options: Any) -> set[str]:
        return {
            record.header.target_uri or ""
            for one in walk_piece(whole, made.trust(), **options)
            if isinstance(one, Told)
            for record in one.entry.records
            if record.kept
        }

    assert {uri.split(":")[2] for uri in kept()} == {"job"}
    assert "http://a.example/0" in kept(keep=lambda _header: 9)
    assert kept(keep=lambda _header: 0) == set()


# What is handed on


def test_what_goes_through_a_pipe_is_what_later_checks_need(
    path: Path, made: MadeArchive
) -> None:
    kinds = set()
    for one in told(path, made):
        entry, checked = one.entry, one.checked
        assert checked is not None
        assert entry.envelope is not None
        thin = trim(one)
        assert thin.faults == one.faults
        assert thin.checked is not None
        assert thin.checked.entry == thin.entry
        assert thin.entry.records == entry.records[:1]
        assert thin.entry.envelope is None
        assert thin.entry.slice_digest == entry.slice_digest
        assert thin.entry.end_bytes == entry.end_bytes
        assert (thin.checked.leaf_line, thin.checked.holds) == (
            checked.leaf_line,
            checked.holds,
        )
        kinds.add(checked.statement.kind)
        if checked.statement.kind not in ("capture", "page"):
            assert thin.checked.statement == checked.statement
            assert thin.checked.envelope == checked.envelope
            continue
        said, full = thin.checked.statement, checked.statement
        assert said.predicate == {**full.predicate, "records": ()}
        assert (said.payload, said.subjects) == (b"", full.subjects[:1])
        assert len(full.subjects) > 1
        assert said.seq == full.seq
        assert thin.checked.envelope.payload == b""
        assert thin.checked.envelope.signature == checked.envelope.signature
    assert {"capture", "page", "job-open", "key"} <= kinds


def test_of_an_unreadable_entry_nothing_is_made_up(
    path: Path, made: MadeArchive
) -> None:
    first = told(path, made)[0]
    bare = Told(entry=first.entry, checked=None, faults=first.faults)
    assert trim(bare).checked is None


# Where a walk ends


def test_a_walk_ends_behind_the_entry_that_reaches_its_end(
    path: Path, made: MadeArchive
) -> None:
    ends = [entry.end_bytes for entry in SegmentWalk(path)]
    for stop, last in (
        (ends[2], ends[2]),
        (ends[2] - 1, ends[2]),
        (ends[2] + 1, ends[3]),
        (None, ends[-1]),
    ):
        piece = Piece(path=path, start=ends[0], stop=stop)
        *entries, ended = walk_piece(piece, made.trust())
        assert isinstance(ended, Ended)
        assert all(isinstance(one, Told) for one in entries)
        count = ends.index(last)
        assert len(entries) == count
        assert (ended.covered_bytes, ended.problem) == (last, None)
        assert (ended.unreadable, ended.is_changed) == (None, False)
        assert ended.passes[5] == count


def test_each_entry_is_checked_against_the_trust_that_is_given(
    path: Path, made: MadeArchive
) -> None:
    entries = told(path, made)
    assert all(one.checked is not None and one.checked.holds for one in entries)
    *_told, ended = walk_piece(Piece(path=path, start=0, stop=None), None)
    assert isinstance(ended, Ended)
    assert 4 not in ended.passes


def test_what_cannot_be_read_is_told_behind_what_could(
    path: Path, made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def check(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError(5, "Input/output error")
        return check_entry(*arguments, **named)

    monkeypatch.setattr(pieces, "check_entry", check)
    *entries, ended = walk_piece(Piece(path=path, start=0, stop=None), made.trust())
    assert len(entries) == 2
    assert isinstance(ended, Ended)
    assert ended.unreadable == "[Errno 5] Input/output error"
    assert not ended.is_changed
    assert ended.passes[5] == 2


def test_another_file_in_its_place_is_told_apart(tmp_path: Path) -> None:
    place = tmp_path / "segment"
    place.write_bytes(b"long")
    (piece,) = cut_segment(place)
    place.write_bytes(b"cut")
    (ended,) = walk_piece(piece, None)
    assert isinstance(ended, Ended)
    assert ended.is_changed
    assert ended.covered_bytes == 0


# Where pieces are cut


def test_a_segment_is_cut_in_pieces_that_join(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", PIECE)
    ends = [entry.end_bytes for entry in SegmentWalk(path)]
    size = path.stat().st_size
    cut = list(cut_segment(path))
    assert len(cut) > 2
    starts = [0]
    for at in range(PIECE, size, PIECE):
        begun = [e for s, e in zip(_statements(path), ends, strict=True) if s >= at]
        if begun and starts[-1] < begun[0] < size:
            starts.append(begun[0])
    assert [piece.start for piece in cut] == starts
    assert [piece.stop for piece in cut] == [*starts[1:], None]
    for piece in cut:
        assert piece.path == path
        assert piece.seen is not None
        assert piece.seen.st_size == size


def _statements(path: Path) -> list[int]:
    return [entry.statement_offset for entry in SegmentWalk(path)]


def test_where_nothing_ends_within_a_piece_there_is_no_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 10)
    place = tmp_path / "segment"
    place.write_bytes(bytes(45))
    asked: list[tuple[int, int]] = []
    found = {10: None, 20: 30, 30: 30, 40: 45}

    def find(_stream: object, at: int, limit: int) -> int | None:
        asked.append((at, limit))
        return found[at]

    monkeypatch.setattr(pieces, "_find_statement_end", find)
    assert [(p.start, p.stop) for p in cut_segment(place)] == [(0, 30), (30, None)]
    assert asked == [(10, 20), (20, 30), (30, 40), (40, 50)]
