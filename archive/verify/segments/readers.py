"""Processes that read segments side by side, a piece each; results in their order.

What comes back is what one process would have found: pieces are put together only
where they join, and a reader that ends in the midst of its work ends the whole
verification. Segments are cut while they are read, a few pieces ahead, and the pipes
are the only room for results: the first come at once, and memory stays bounded.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NoReturn, Self

from archive.attest.trust.folder import TrustSet
from archive.child import python_command, python_path
from archive.errors import StoreError
from archive.store.segments.walk import SegmentChanged
from archive.verify.segments.pieces import (
    Ended,
    Piece,
    Told,
    cut_segment,
    kept_small,
    trim,
    walk_piece,
)

READERS_MOST: Final = 2
"""Processes beside our own: some 50 MB each, and 200 MB are the bound for all."""
WORTH_BYTES: Final = 32 << 20
"""Of segments: below it starting the readers takes longer than they save."""
PIPE_BYTES: Final = 1 << 20
"""Room for results of a reader that is ahead; the most Linux gives to everybody."""
AHEAD: Final = 3
"""Pieces that each reader has to read: one in work, and some that were cut before."""
BATCH: Final = 16
"""Entries handed on at once."""


class ReaderEnded(StoreError):
    """A reading process ended before its work; nothing may be concluded."""


def count_readers(all_bytes: int) -> int:
    """How many processes to start for so many bytes; 0: read them in this one."""
    processors = _count_processors()
    if processors < 2 or all_bytes < WORTH_BYTES:
        return 0
    return min(processors, READERS_MOST)


def _count_processors() -> int:
    """Those we may use; where only Linux can tell, those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


Read = Callable[[Path], Iterator[Told | Ended]]
"""What one walk over a segment finds."""


@contextmanager
def reading(
    paths: Sequence[Path], trust: TrustSet | None, count: int
) -> Iterator[Read]:
    """Read segments in their order with so many processes; 0: in this one."""

    def read_here(path: Path) -> Iterator[Told | Ended]:
        return walk_piece(Piece(path=path, start=0, stop=None), trust)

    with ExitStack() as stack:
        read: Read = read_here
        if count:
            with suppress(OSError):  # no more processes may be started here
                read = stack.enter_context(Readers(paths, trust, count)).read
        yield read


def _cut(path: Path) -> Iterator[Piece]:
    last = Piece(path=path, start=0, stop=0)
    try:
        for last in cut_segment(path):
            yield last
    except (StoreError, OSError):  # whoever reads on will say so
        yield replace(last, start=last.stop or 0, stop=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dealt:
    """A piece, and the number of the reader that has it."""

    piece: Piece
    number: int


class Readers:
    """Reading processes over the pieces of some segments; ended with the context.

    Segments must be asked for in the order given, each once and to its end.
    """

    def __init__(
        self, paths: Sequence[Path], trust: TrustSet | None, count: int
    ) -> None:
        self._uncut = (piece for path in paths for piece in _cut(path))
        self._trust = trust
        self._count = count
        self._children: list[subprocess.Popen[bytes]] = []
        self._heard: set[int] = set()
        self._turns = cycle(range(count))
        self._dealt: deque[_Dealt] = deque()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for _number in range(self._count):
                child = _start()
                stack.callback(_end, child)
                self._children.append(child)
                _send(child, self._trust)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def read(self, path: Path) -> Iterator[Told | Ended]:
        """What one walk over the segment gives; several `Ended` where it was cut.

        ReaderEnded if a reader did not finish, SegmentChanged if another file stands
        there than was cut.
        """
        is_over = has_ended = False
        while self._front(path):
            dealt, ended = self._dealt.popleft(), None
            following = self._front(path)
            for item in self._receive(dealt):
                if is_over:
                    continue  # one walk would not have come here
                yield _unchanged(item)
                ended = item if isinstance(item, Ended) else None
                has_ended = has_ended or ended is not None
            if is_over or following is None or ended is None:
                continue
            is_over = not ended.joins(following.piece)
            if is_over and ended.problem is None and ended.unreadable is None:
                # No statement ends there after all: go on as one walk does.
                rest = replace(dealt.piece, start=ended.covered_bytes, stop=None)
                yield from map(_unchanged, walk_piece(rest, self._trust))
        if not has_ended:  # nothing unread may look like a pass
            raise AssertionError(f"{path} was asked for out of its turn")

    def _front(self, path: Path) -> _Dealt | None:
        """What was dealt out longest ago, if it is of that segment; deals out more."""
        while len(self._dealt) < AHEAD * self._count:
            piece = next(self._uncut, None)
            if piece is None:
                break
            number = next(self._turns)
            _send(self._children[number], piece)
            self._dealt.append(_Dealt(piece=piece, number=number))
        is_next = bool(self._dealt) and self._dealt[0].piece.path == path
        return self._dealt[0] if is_next else None

    def _receive(self, dealt: _Dealt) -> Iterator[Told | Ended]:
        """The results of a piece.

        A reader that ends before it said anything cannot work here: it is done without.
        """
        while True:
            try:
                batch = _load(self._children[dealt.number])
            except ReaderEnded:
                if dealt.number in self._heard:
                    raise
                yield from walk_piece(dealt.piece, self._trust)
                return
            self._heard.add(dealt.number)
            yield from batch
            if batch and isinstance(batch[-1], Ended):
                return


def _unchanged(item: Told | Ended) -> Told | Ended:
    if isinstance(item, Ended) and item.is_changed:
        raise SegmentChanged(item.unreadable)
    return item


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        python_command(
            "-c", "from archive.verify.segments.readers import main; main()"
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": python_path(), "LC_ALL": "C.UTF-8"},
        pipesize=PIPE_BYTES,
    )


def _send(child: subprocess.Popen[bytes], what: TrustSet | Piece | None) -> None:
    if child.stdin is None:
        raise AssertionError("started with pipes")
    with suppress(BrokenPipeError):  # it ended: its silence is noticed
        child.stdin.write(pickle.dumps(what))
        child.stdin.flush()


def _load(child: subprocess.Popen[bytes]) -> list[Told | Ended]:
    if child.stdout is None:
        raise AssertionError("started with pipes")
    try:
        # From our own child, over a pipe that nobody else has.
        found: list[Told | Ended] = pickle.load(child.stdout)  # noqa: S301
    except (EOFError, pickle.UnpicklingError) as error:
        code = child.wait()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        raise ReaderEnded(
            f"a process that reads segments ended {how} before its work; verify again"
        ) from error
    return found


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in filter(None, (child.stdin, child.stdout)):
        with suppress(OSError):
            pipe.close()


def serve(source: BinaryIO, target: BinaryIO) -> NoReturn:
    """The life of a reader: its pieces in order, until nobody has any more for it.

    EOFError then, BrokenPipeError where nobody listens any more.
    """
    trust = pickle.load(source)  # noqa: S301 - from the process that began us
    batch: list[Told | Ended] = []
    while True:
        piece = pickle.load(source)  # noqa: S301 - as above
        for item in walk_piece(piece, trust, keep=kept_small):
            batch.append(trim(item) if isinstance(item, Told) else item)
            if len(batch) >= BATCH or isinstance(item, Ended):
                pickle.dump(batch, target)
                target.flush()
                batch = []


def main() -> None:
    """Read on, whatever is typed at the terminal: who began us ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError, EOFError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # what is not written, nobody wants
