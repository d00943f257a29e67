"""How readers are begun, fed, listened to and ended: each promise by itself."""

import errno
import fcntl
import io
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.child import python_path
from archive.store.segments.segment import list_segments
from archive.verify.segments import pieces, readers
from archive.verify.segments.pieces import (
    Ended,
    Piece,
    Told,
    kept_small,
    trim,
    walk_piece,
)
from archive.verify.segments.readers import (
    AHEAD,
    BATCH,
    PIPE_BYTES,
    WORTH_BYTES,
    ReaderEnded,
    Readers,
    count_readers,
)
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.programs.inside_reader import Inside

MANY = 2 * BATCH
"""Entries of one segment: more than one batch."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """One segment of the entry that begins an archive, and MANY captures."""
    archive = make_archive(tmp_path_factory.mktemp("parts"))
    archive.fill(MANY, job=False)
    return archive


@pytest.fixture(scope="module")
def segment(made: MadeArchive) -> Path:
    (found,) = list_segments(made.root / "segments")
    return found.path


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Inside]]:
    """Readers as threads of this process."""
    started: list[Inside] = []

    def start() -> Inside:
        started.append(Inside())
        return started[-1]

    monkeypatch.setattr(readers, "_start", start)
    yield started
    for one in started:
        assert one.wait() == 0


def whole(path: Path) -> Piece:
    return Piece(path=path, start=0, stop=None)


# How many


def test_as_many_readers_as_processors_up_to_the_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readers, "READERS_MOST", 4)
    for processors, wanted in ((1, 0), (2, 2), (3, 3), (4, 4), (5, 4)):
        found = set(range(processors))
        monkeypatch.setattr(os, "sched_getaffinity", lambda _process, n=found: n)
        assert count_readers(WORTH_BYTES) == wanted
        assert count_readers(WORTH_BYTES - 1) == 0


def test_the_processors_that_we_may_use_are_counted_not_those_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {process, 7})
    assert readers._count_processors() == 2


# A process


def test_a_reader_is_begun_with_our_modules_wide_pipes_and_nothing_else(
    segment: Path,
) -> None:
    child = readers._start()
    try:
        folder = Path("/proc") / str(child.pid)
        wait_for_program(folder)
        said = (folder / "environ").read_bytes().split(b"\0")
        own = f"PYTHONPATH={python_path()}".encode()
        assert sorted(filter(None, said)) == sorted([own, b"LC_ALL=C.UTF-8"])
        assert (folder / "fd" / "2").readlink() == Path(os.devnull)
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            assert fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) == PIPE_BYTES
        readers._send(child, None)
        readers._send(child, whole(segment))
        first = [shown(item) for item in readers._load(child)]
        assert first == [shown(item) for item in served(whole(segment))[0]]
    finally:
        readers._end(child)
    assert child.returncode == -9
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdin.closed
    assert child.stdout.closed


def wait_for_program(folder: Path) -> None:
    """Until the new program stands in the place of the fork of this one."""
    while b"archive.verify.segments.readers" not in (folder / "cmdline").read_bytes():
        pass


def test_a_real_reader_says_what_one_walk_says(
    made: MadeArchive, segment: Path
) -> None:
    trust = made.trust()
    alone = [shown(item) for item in walk_piece(whole(segment), trust)]
    with readers.reading([segment], trust, 2) as read:
        assert [shown(item) for item in read(segment)] == alone
    with readers.reading([segment], trust, 0) as read:
        assert [shown(item) for item in read(segment)] == alone


def shown(item: Told | Ended) -> object:
    """What the folder's checks look at."""
    if isinstance(item, Ended):
        return item
    checked = item.checked
    return item.entry.end_bytes, item.faults, checked and checked.leaf_line


def test_a_child_without_pipes_is_our_own_mistake() -> None:
    child: Any = SimpleNamespace(stdin=None, stdout=None)
    for call in (lambda: readers._send(child, None), lambda: readers._load(child)):
        with pytest.raises(AssertionError) as caught:
            call()
        assert str(caught.value) == "started with pipes"


def test_what_cannot_be_closed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was still to be written goes with the reader."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.wait()
    assert child.stdin is not None
    child.stdin.write(b"nobody reads this")
    readers._end(child)
    assert child.stdin.closed
    assert child.stdout is not None
    assert child.stdout.closed


def test_readers_that_were_begun_before_one_that_could_not_are_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = readers._start
    begun: list[subprocess.Popen[bytes]] = []

    def second_fails() -> Any:
        if begun:
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        begun.append(start())
        return begun[-1]

    monkeypatch.setattr(readers, "_start", second_fails)
    with pytest.raises(BlockingIOError), Readers([], None, 2):
        pass
    (child,) = begun
    assert child.returncode == -9


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("", "with exit code 0"),
        ("raise SystemExit(1)", "with exit code 1"),
        ("import os; os.kill(os.getpid(), 1)", "by signal 1"),
        ("import os; os.kill(os.getpid(), 9)", "by signal 9"),
        ("print('no pickle')", "with exit code 0"),
    ],
)
def test_a_reader_that_ended_is_said_to_have_ended_and_how(code: str, how: str) -> None:
    command = [sys.executable, "-I", "-c", code]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as child,
        pytest.raises(ReaderEnded) as ended,
    ):
        readers._load(child)
    assert str(ended.value) == (
        f"a process that reads segments ended {how} before its work; verify again"
    )


# What a reader does


def served(*wanted: Piece, trust: Any = None) -> list[list[Told | Ended]]:
    """The batches that a reader hands on for these pieces."""
    asked = b"".join(map(pickle.dumps, (trust, *wanted)))
    target = io.BytesIO()
    with pytest.raises(EOFError):
        readers.serve(io.BytesIO(asked), target)
    found, size = [], len(target.getvalue())
    target.seek(0)
    while target.tell() < size:
        found.append(pickle.load(target))
    return found


def test_entries_are_handed_on_in_full_batches_and_the_end_with_the_last(
    segment: Path,
) -> None:
    batches = served(whole(segment), whole(segment))
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 2] * 2
    ends = [isinstance(batch[-1], Ended) for batch in batches]
    assert ends == [False, False, True] * 2
    assert batches[:3] == batches[3:]


def test_what_is_handed_on_is_trimmed_and_checked_by_the_same_trust(
    made: MadeArchive, segment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = made.trust()
    (first, *_more), *_batches = served(whole(segment), trust=trust)
    told = next(iter(walk_piece(whole(segment), trust, keep=kept_small)))
    assert isinstance(told, Told)
    assert first == trim(told)
    assert first.entry.digest_at is None
    ended = served(whole(segment), trust=trust)[-1][-1]
    assert isinstance(ended, Ended)
    assert ended.passes == dict.fromkeys((1, 3, 4, 5, 6, 10), MANY + 1)


def test_large_blocks_are_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_archive(tmp_path)
    archive.fill(1)
    (found,) = list_segments(archive.root / "segments")

    def kept() -> int:
        told = [item for batch in served(whole(found.path)) for item in batch]
        entries = [item.entry for item in told if isinstance(item, Told)]
        return sum(len(record.kept) for entry in entries for record in entry.records)

    assert kept() > 0
    monkeypatch.setattr(pieces, "KEPT_LIMIT_BYTES", 10)
    assert kept() == 0


# What is dealt out


def test_each_reader_has_so_many_pieces_ahead_in_turn(
    segment: Path, inside: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, Piece | None]] = []
    send = readers._send

    def noted(child: Any, what: Any) -> None:
        sent.append((inside.index(child), what))
        send(child, what)

    def cut(path: Path) -> Iterator[Piece]:
        for number in range(10):
            yield Piece(path=path, start=number, stop=number + 1)

    monkeypatch.setattr(readers, "_send", noted)
    monkeypatch.setattr(readers, "_cut", cut)
    with Readers([segment], None, 2) as group:
        assert sent == [(0, None), (1, None)]
        front = group._front(segment)
        assert front is not None
        assert (front.number, front.piece.start) == (0, 0)
        assert [number for number, _piece in sent[2:]] == [0, 1] * AHEAD
        starts = [piece.start for _number, piece in sent[2:] if piece is not None]
        assert starts == list(range(2 * AHEAD))
        assert group._front(segment) is front
        assert len(sent) == 2 + 2 * AHEAD
        assert group._front(segment.with_name("another")) is None
        group._dealt.popleft()
        after = group._front(segment)
        assert after is not None
        assert (after.number, after.piece.start) == (1, 1)
        assert len(sent) == 2 + 2 * AHEAD + 1


def test_a_segment_out_of_its_turn_is_our_own_mistake(
    segment: Path, inside: list[Inside]
) -> None:
    with Readers([segment], None, 1) as group:
        other = segment.with_name("another")
        with pytest.raises(AssertionError) as caught:
            list(group.read(other))
        assert str(caught.value) == f"{other} was asked for out of its turn"
        assert len(list(group.read(segment))) == MANY + 2
        with pytest.raises(AssertionError):
            list(group.read(segment))
    assert len(inside) == 1


@pytest.mark.parametrize("after", [0, 1, 3])
def test_where_cutting_fails_the_rest_is_one_piece(
    after: int, segment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = segment.stat()

    def fails(path: Path) -> Iterator[Piece]:
        for number in range(after):
            yield Piece(path=path, start=5 * number, stop=5 * number + 5, seen=seen)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(readers, "cut_segment", fails)
    found = list(readers._cut(segment))
    assert [(piece.start, piece.stop) for piece in found] == [
        *((5 * number, 5 * number + 5) for number in range(after)),
        (5 * after, None),
    ]
    assert {piece.path for piece in found} == {segment}
    assert found[-1].seen is (seen if after else None)


def test_a_piece_that_ended_elsewhere_is_read_on_from_there(
    made: MadeArchive, segment: Path, inside: list[Inside], monkeypatch: Any
) -> None:
    """One walk would go on as well; what others made of the rest is dropped."""
    alone = list(walk_piece(whole(segment), made.trust()))
    ends = [item.entry.end_bytes for item in alone if isinstance(item, Told)]
    wrong = ends[3] + 7

    def cut(path: Path) -> Iterator[Piece]:
        yield Piece(path=path, start=0, stop=wrong)
        yield Piece(path=path, start=wrong, stop=ends[9])
        yield Piece(path=path, start=ends[9], stop=None)

    monkeypatch.setattr(readers, "_cut", cut)
    with Readers([segment], made.trust(), 2) as group:
        found = list(group.read(segment))
    told = [item.entry.end_bytes for item in found if isinstance(item, Told)]
    assert told == ends
    ended = [item for item in found if isinstance(item, Ended)]
    assert [one.covered_bytes for one in ended] == [ends[4], ends[-1]]
    assert {one.problem for one in ended} == {None}
    passes = {step: sum(one.passes[step] for one in ended) for step in ended[0].passes}
    assert isinstance(alone[-1], Ended)
    assert passes == alone[-1].passes
    assert len(inside) == 2
